/* htmx under a strict CSP: no eval, no style element of its own, and a say for screen readers. */
(function () {
  "use strict";
  if (!window.htmx) return;
  htmx.config.allowEval = false;
  htmx.config.includeIndicatorStyles = false;
  htmx.config.selfRequestsOnly = true;
  htmx.config.historyCacheSize = 0;
  htmx.config.allowScriptTags = false;
  var token = document.currentScript.dataset.csrf;
  document.addEventListener("htmx:configRequest", function (event) {
    if (token) event.detail.headers["X-CSRFToken"] = token;
  });
  document.addEventListener("htmx:responseError", function (event) {
    var say = window.Samspil && window.Samspil.say;
    if (say) say(event.detail.xhr.getResponseHeader("X-Samspil-Message") || document.body.dataset.failed || "");
  });
})();
