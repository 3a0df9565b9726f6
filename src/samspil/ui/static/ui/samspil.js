/* What every page does beyond HTML. Nothing depends on it: without this file every form still posts. */
(function () {
  "use strict";
  var root = document.documentElement;
  root.classList.add("js");

  /** Say a short sentence to screen readers and show it for a moment at the foot of the window. */
  function say(text) {
    var live = document.querySelector("[data-live]");
    if (!live) return;
    live.textContent = "";
    window.setTimeout(function () { live.textContent = text; }, 60);
    window.clearTimeout(say.timer);
    say.timer = window.setTimeout(function () { live.textContent = ""; }, 6000);
  }

  function menu() {
    var toggle = document.querySelector(".menu-toggle");
    if (!toggle) return;
    var header = toggle.closest(".header");
    function set(open) {
      toggle.setAttribute("aria-expanded", String(open));
      header.classList.toggle("menu-open", open);
    }
    toggle.addEventListener("click", function () { set(toggle.getAttribute("aria-expanded") !== "true"); });
    header.addEventListener("keydown", function (event) {
      if (event.key === "Escape" && header.classList.contains("menu-open")) { set(false); toggle.focus(); }
    });
  }

  function errors() {
    var summary = document.querySelector("[data-error-summary]");
    if (!summary) return;
    summary.focus();
    summary.addEventListener("click", function (event) {
      var link = event.target.closest("a[href^='#']");
      var field = link && document.getElementById(link.hash.slice(1));
      if (!field) return;
      event.preventDefault();
      var group = field.closest(".form-group");
      (group || field).scrollIntoView({ block: "start" });
      var target = field.matches("input,select,textarea,button") ? field : field.querySelector("input,select,textarea");
      (target || field).focus({ preventScroll: true });
    });
  }

  function filter(input) {
    var table = document.querySelector(input.dataset.filter);
    if (!table) return;
    var words = input.value.toLocaleLowerCase("da").split(/\s+/).filter(Boolean);
    var shown = 0;
    table.querySelectorAll("tbody tr").forEach(function (row) {
      var text = row.textContent.toLocaleLowerCase("da");
      var hit = words.every(function (word) { return text.indexOf(word) >= 0; });
      row.classList.toggle("row-hidden", !hit);
      if (hit) shown += 1;
    });
    window.clearTimeout(input.sayTimer);
    input.sayTimer = window.setTimeout(function () { say(input.dataset.found.replace("%s", shown)); }, 700);
  }

  document.addEventListener("input", function (event) {
    if (event.target.matches("[data-filter]")) filter(event.target);
  });
  document.addEventListener("change", function (event) {
    if (event.target.matches("[data-autosubmit]")) event.target.form.requestSubmit();
  });
  /* A filter box must not post the page away on Enter while it filters by itself. */
  document.addEventListener("keydown", function (event) {
    if (event.key === "Enter" && event.target.matches("[data-filter]")) event.preventDefault();
  });
  /* A double click, or a second one while the answer is under way, is one click. */
  var sent = new WeakMap();
  document.addEventListener("submit", function (event) {
    if (event.defaultPrevented || event.target.method !== "post") return;
    var now = Date.now();
    if (now - (sent.get(event.target) || 0) < 10000) event.preventDefault();
    else sent.set(event.target, now);
  });
  window.addEventListener("pageshow", function () { sent = new WeakMap(); });
  document.addEventListener("submit", function (event) {
    var button = event.submitter;
    if (!button || !button.dataset.busy || event.defaultPrevented) return;
    /* After this turn, so that the button's own name and value are still sent. */
    window.setTimeout(function () {
      button.setAttribute("aria-disabled", "true");
      button.textContent = button.dataset.busy;
      say(button.dataset.busy);
    }, 0);
  });
  document.addEventListener("click", function (event) {
    var off = event.target.closest("[aria-disabled='true']");
    if (off) { event.preventDefault(); event.stopPropagation(); return; }
    var print = event.target.closest("[data-print]");
    if (print) window.print();
    var copy = event.target.closest("[data-copy]");
    if (copy && navigator.clipboard) {
      navigator.clipboard.writeText(document.querySelector(copy.dataset.copy).textContent.trim());
      say(copy.dataset.copied);
    }
  }, true);

  window.Samspil = { say: say };
  function start() { menu(); errors(); }
  if (document.readyState === "loading") document.addEventListener("DOMContentLoaded", start); else start();
})();
