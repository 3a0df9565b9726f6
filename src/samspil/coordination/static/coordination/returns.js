/* Typing an answer chooses 'Andet'; the page works without. */
"use strict";
document.addEventListener("input", (event) => {
  if (!event.target.matches(".ask-typed input[type=text]")) return;
  const radio = event.target.closest(".ask-typed").querySelector("input[type=radio]");
  if (radio && event.target.value.trim()) radio.checked = true;
});
/* Choosing another answer takes back what was typed. */
document.addEventListener("change", (event) => {
  if (!event.target.matches(".ask-choices input[type=radio]") || event.target.value === "typed") return;
  const typed = event.target.closest(".ask-choices").querySelector(".ask-typed input[type=text]");
  if (typed) typed.value = "";
});
