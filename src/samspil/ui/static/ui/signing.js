// On the way to an outside provider and back: takes the one step that the page offers.
"use strict";
(() => {
  const step = document.querySelector("[data-go]");
  // Paged back to: the step was taken, and the person is to decide.
  const back = performance.getEntriesByType("navigation").some((entry) => entry.type === "back_forward");
  if (!step || back) return;
  if (step instanceof HTMLFormElement) step.requestSubmit();
  else window.location.assign(step.href);
})();
