/* Typing an answer chooses 'Andet'; the page works without. */
"use strict";
document.addEventListener("input", (event) => {
  if (!event.target.matches(".ask-typed input[type=text]")) return;
  const radio = event.target.closest(".ask-typed").querySelector("input[type=radio]");
  if (radio && event.target.value.trim()) radio.checked = true;
});
