/* Puts a school's list of runs in a frame where the script stands. No cookies, no styles of the host's.
   <script src="https://…/indlejr/skolens-navn.js" data-farve="#1f6b3a" data-sprog="da" async></script>
   With data-vis="udbud" it is the school's offer as the law wants it shown. */
(function () {
  "use strict";
  var script = document.currentScript;
  if (!script || !script.parentNode) return;
  var from = new URL(script.src);
  var shows = script.getAttribute("data-vis") === "udbud" ? "/udbud/" : "/";
  var address = new URL(from.pathname.replace(/\.js$/, shows), from.origin);
  ["farve", "baggrund", "sprog"].forEach(function (name) {
    var value = script.getAttribute("data-" + name);
    if (value) address.searchParams.set(name, value);
  });
  address.hash = "vaert=" + encodeURIComponent(window.location.origin);
  var frame = document.createElement("iframe");
  frame.src = address.href;
  frame.title = script.getAttribute("data-titel") || "Kurser";
  frame.width = "100%";
  frame.height = "480";
  frame.loading = "lazy";
  frame.referrerPolicy = "no-referrer";
  frame.style.border = "0";
  frame.style.display = "block";
  script.parentNode.insertBefore(frame, script.nextSibling);
  window.addEventListener("message", function (event) {
    if (event.origin !== from.origin || event.source !== frame.contentWindow) return;
    var height = event.data && event.data.samspil === "height" ? Number(event.data.height) : 0;
    if (height > 0 && height < 50000) frame.height = String(Math.ceil(height));
  });
})();
