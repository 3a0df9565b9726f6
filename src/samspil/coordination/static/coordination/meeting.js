/* A page that follows the meeting by itself, and the leader's keys. Without this file the pages
   are reloaded by a link, and every decision is a form of its own. */
(function () {
  "use strict";
  var box = document.querySelector("[data-watch], [data-lead]");
  if (!box) return;
  var line = document.querySelector("[data-line]");
  var every = Number(box.dataset.every), etag = box.dataset.etag, pass = box.dataset.pass;
  var failures = 0, timer, asking = false, over = false, leaving = false;

  /* ---------- following ---------- */

  function wait(ms) {
    window.clearTimeout(timer);
    timer = window.setTimeout(ask, ms);
  }
  function gone(yes) {
    if (!line) return;
    line.hidden = !yes;
    box.classList.toggle("gone", yes);
  }
  function signedOut() {
    over = true;
    gone(true);
    if (!line) return;
    line.querySelector("[data-gone]").hidden = true;
    line.querySelector("[data-out]").hidden = false;
  }
  function typing() {
    if (document.querySelector("details[open]:not(.meet-keys)")) return true;
    var at = document.activeElement;
    return Boolean(at && at.matches("input:not([type=checkbox]), textarea, select"));
  }
  function changed(answer) {
    if (leaving) return;
    if ("lead" in box.dataset) {
      /* Another leader, or a school on the board. What is being written here is not thrown away. */
      var note = document.querySelector("[data-changed]");
      if (typing() && note) note.hidden = false;
      else window.location.reload();
      return;
    }
    box.innerHTML = answer.html;
    box.classList.remove("fresh");
    void box.offsetWidth; /* starts the highlight again */
    box.classList.add("fresh");
    /* What was decided last, and what the room looks at now. */
    window.Samspil.say([".meet-done li b", ".meet-done .meet-words", ".meet-title"].map(function (name) {
      var part = box.querySelector(name);
      return part ? part.textContent.trim().replace(/\s+/g, " ") : "";
    }).filter(Boolean).join(" · "));
  }
  function ask() {
    if (asking || over) return;
    if (document.hidden) return; /* asks at once when it is looked at again */
    asking = true;
    var began = Date.now();
    var stop = new AbortController();
    var late = window.setTimeout(function () { stop.abort(); }, 8000);
    fetch(box.dataset.url + "?pas=" + encodeURIComponent(pass), {
      headers: { "If-None-Match": etag, "X-Requested-With": "fetch" },
      cache: "no-store", credentials: "same-origin", signal: stop.signal
    }).then(function (response) {
      if (response.redirected || response.status === 401 || response.status === 403 || response.status === 404) {
        signedOut();
        return null;
      }
      if (response.status !== 304 && !response.ok) throw new Error(String(response.status));
      pass = response.headers.get("Samspil-Pass") || pass;
      if (response.status === 304) return null;
      return response.json().then(function (answer) {
        etag = response.headers.get("ETag") || etag;
        changed(answer);
      });
    }).then(function () {
      if (over) return;
      failures = 0;
      gone(false);
      /* From the question on, so that a slow answer does not add to the time between two. */
      wait(Math.max(200, every - (Date.now() - began)));
    }).catch(function () {
      failures += 1;
      if (failures > 1 || !navigator.onLine) gone(true);
      wait(Math.min(15000, every * Math.pow(2, Math.min(failures, 4) - 1)) * (0.75 + Math.random() / 2));
    }).then(function () {
      window.clearTimeout(late);
      asking = false;
    });
  }
  function now() { failures = 0; wait(0); }
  /* One's own decision is on its way: its answer shows what is new, with the message that goes with it. */
  document.addEventListener("submit", function (event) { if (!event.defaultPrevented) leaving = true; });
  window.addEventListener("pageshow", function () { leaving = false; });
  document.addEventListener("visibilitychange", function () { if (!document.hidden) now(); });
  window.addEventListener("online", now);
  window.addEventListener("offline", function () { gone(true); });
  /* Spread over the first turn, so that a room that opens the page together does not ask together. */
  wait(Math.random() * every);

  /* ---------- the leader's keys ---------- */

  var keys = document.querySelector("[data-keys]");
  if (!keys) return;
  try { keys.checked = window.localStorage.getItem("samspil-meeting-keys") !== "off"; } catch (e) { /* no storage: keys are on */ }
  keys.addEventListener("change", function () {
    try { window.localStorage.setItem("samspil-meeting-keys", keys.checked ? "on" : "off"); } catch (e) { /* for this page only */ }
  });
  function panels() { return Array.prototype.slice.call(document.querySelectorAll("details[data-panel]")); }
  function close() {
    panels().forEach(function (panel) { panel.open = false; });
    if (document.activeElement) document.activeElement.blur();
  }
  function open(panel) {
    var was = panel.open;
    close();
    if (was) return;
    panel.open = true;
    panel.scrollIntoView({ block: "nearest" });
    var field = panel.querySelector("input:not([type=hidden]), select, textarea");
    (field || panel.querySelector("summary")).focus();
  }
  document.addEventListener("keydown", function (event) {
    if (event.key === "Escape") { close(); return; }
    if (!keys.checked || event.ctrlKey || event.metaKey || event.altKey || event.repeat) return;
    if (event.target.matches("input, textarea, select, [contenteditable]")) return;
    var key = event.key.toLowerCase(), button = null;
    document.querySelectorAll("[data-key]").forEach(function (known) {
      if (known.dataset.key === key || known.dataset.arrow === event.key) button = known;
    });
    var panel = panels().filter(function (known) { return known.dataset.panel === key; })[0];
    if (!button && !panel) return;
    event.preventDefault();
    if (button) button.form.requestSubmit(button);
    else open(panel);
  });
  box.dataset.ready = ""; /* the keys answer from here on */
  /* The panel that came back with a fault is where one goes on. */
  var wrong = document.querySelector("details[open] [aria-invalid=true]");
  if (wrong) wrong.focus();
})();
