// Hides what belongs to the other way of saying days. Without script both stand there, with their hints.
"use strict";
for (const period of document.querySelectorAll("[data-period]")) {
  const show = () => {
    const chosen = period.querySelector("input[name$='-kind']:checked");
    period.classList.toggle("is-dates", !!chosen && chosen.value === "dates");
  };
  period.addEventListener("change", show);
  show();
}
