/* The board by keyboard and mouse. Without this file every cell is a link to its own form. */
(function () {
  "use strict";
  var table, panel, undoForm, current = null, busy = Promise.resolve();

  function token() { return document.querySelector("[name=csrfmiddlewaretoken]").value; }
  /** Everything to reach in a row: the course, its comments, the cells. The grid is one tab stop. */
  function cells(row) { return Array.prototype.slice.call(row.querySelectorAll("a")); }
  function first(row) { return row.querySelector("a.c"); }
  function rows() {
    return Array.prototype.slice.call(table.tBodies[0].rows).filter(function (row) {
      return !row.classList.contains("row-hidden") && row.querySelector("a.c");
    });
  }
  /** Place of a cell in its row, so that up and down keep the column. */
  function column(link) { return link.closest("td,th").cellIndex; }

  function make(link) {
    if (current && current !== link) current.tabIndex = -1;
    current = link;
    if (link) link.tabIndex = 0;
  }
  function go(link) {
    if (!link) return;
    make(link);
    link.focus({ preventScroll: true });
    link.closest("td,th").scrollIntoView({ block: "nearest", inline: "nearest" });
  }
  function nearest(row, index) {
    var best = null, far = Infinity;
    cells(row).forEach(function (link) {
      var d = Math.abs(column(link) - index);
      if (d < far) { far = d; best = link; }
    });
    return best;
  }
  function again(path) { return table.querySelector('tbody a[href="' + path + '"]'); }

  /* ---------- saying ---------- */

  function fetchForm(url, body) {
    var options = { headers: { "X-Requested-With": "fetch" }, credentials: "same-origin" };
    if (body) {
      options.method = "POST";
      body.append("csrfmiddlewaretoken", token());
      body.append("columns", table.dataset.columns);
      if (table.dataset.across) body.append("across", "1");
      else body.append("fkb", table.dataset.fkb);
      options.body = body;
    }
    return fetch(url, options);
  }
  function fail() { window.Samspil.say(document.body.dataset.failed); }

  function replace(html, path) {
    var holder = document.createElement("tbody");
    holder.innerHTML = html;
    var fresh = holder.rows[0];
    var old = table.querySelector('tr[data-row="' + fresh.dataset.row + '"]');
    if (!old) return; /* a row that this board does not show */
    /* Whoever went on to another cell of the row meanwhile stays there. */
    var stood = old.contains(document.activeElement) && document.activeElement.getAttribute("href");
    old.replaceWith(fresh);
    fresh.classList.add("changed");
    cells(fresh).forEach(function (link) { link.tabIndex = -1; });
    if (stood) go(again(stood));
    if (!current || !current.isConnected) make(again(path) || first(fresh) || first(table));
  }
  function took(answer, path) {
    if (answer.reload) { window.location.reload(); return; }
    answer.rows.forEach(function (html) { replace(html, path); });
    if (answer.lede) document.getElementById("lede").innerHTML = answer.lede;
    if (answer.counts) {
      var links = document.querySelectorAll(".board-filters .seg:first-child a");
      links.forEach(function (link, i) {
        link.textContent = link.textContent.trim().replace(/\d+$/, answer.counts[i]);
      });
    }
    if (undoForm && "undo" in answer) {
      if (answer.undo) undoForm.action = answer.undo;
      undoForm.hidden = !answer.undo;
      undoForm.querySelector("button").title = "";
    }
    if (answer.message) window.Samspil.say(answer.message);
  }

  /* ---------- the panel ---------- */

  function show(html) {
    panel.innerHTML = html;
    if (!panel.open) panel.showModal();
    var wrong = panel.querySelector("[aria-invalid=true]");
    var chosen = panel.querySelector("input[type=radio]:checked");
    (wrong || (panel.querySelector(".alert") && panel.querySelector("h2")) || chosen || panel.querySelector("h2")).focus();
  }
  function open(link) {
    make(link);
    var path = link.getAttribute("href");
    panel.dataset.path = path;
    fetchForm(path)
      .then(function (response) {
        if (!response.ok || response.redirected) throw new Error(String(response.status));
        return response.text();
      })
      .then(show)
      .catch(function () { window.location.href = path; });
  }
  function close() {
    if (panel.open) panel.close();
  }
  var saving = false;
  function save(form) {
    if (saving) return; /* a double click would meet its own first half as somebody else's change */
    saving = true;
    var path = panel.dataset.path;
    fetchForm(path, new FormData(form))
      .then(function (response) {
        if (response.headers.get("Content-Type").indexOf("json") < 0) {
          return response.text().then(show);
        }
        return response.json().then(function (answer) {
          if (response.ok) {
            close();
            took(answer, path);
            go(again(path));
          } else {
            if (answer.row) replace(answer.row, path);
            if (answer.form) show(answer.form);
          }
        });
      })
      .catch(fail)
      .then(function () { saving = false; });
  }

  /* ---------- one key ---------- */

  function quick(link, key) {
    var path = link.getAttribute("href");
    /* One after the other: the next key must see the version that this one makes. */
    busy = busy.then(function () {
      var now = again(path);
      if (!now) return null;
      var body = new FormData();
      body.append("quick", key);
      body.append("version", now.dataset.v);
      return fetchForm(path, body)
        .then(function (response) { return response.json().then(function (answer) { return [response, answer]; }); })
        .then(function (pair) {
          var answer = pair[1];
          if (pair[0].ok) took(answer, path);
          else {
            if (answer.row) replace(answer.row, path);
            if (answer.form) { panel.dataset.path = path; show(answer.form); return; }
            window.Samspil.say(answer.message);
          }
        });
    }).catch(fail);
  }

  /** Undo where one stands: the rows come back, and the focus stays. */
  function undo() {
    if (!undoForm || undoForm.hidden || panel.open) return;
    var path = current && current.getAttribute("href");
    busy = busy.then(function () {
      if (undoForm.hidden) return null;
      return fetchForm(undoForm.action, new FormData())
        .then(function (response) {
          return response.json().then(function (answer) {
            if (response.ok) took(answer, path);
            else window.Samspil.say(answer.message);
            if (document.activeElement === document.body) go(again(path));
          });
        });
    }).catch(fail);
  }

  var KEYS = { u: "holder", f: "follower", g: "guarantee", x: "own", Delete: "none", Backspace: "none" };

  function onKey(event) {
    var link = event.target.closest && event.target.closest("#tavle tbody a");
    var isCell = link && link.matches(".c");
    if ((event.ctrlKey || event.metaKey) && event.key === "z" && !event.target.matches("input,textarea")) {
      if (panel.open) return;
      event.preventDefault();
      undo();
      return;
    }
    if (!link || event.altKey || event.metaKey) return;
    var row = link.closest("tr"), list = rows(), at = list.indexOf(row), inRow = cells(row), i = inRow.indexOf(link);
    var to;
    switch (event.key) {
      case "ArrowRight": to = inRow[i + 1] || link; break;
      case "ArrowLeft": to = inRow[i - 1] || link; break;
      case "ArrowDown": to = list[at + 1] ? nearest(list[at + 1], column(link)) : link; break;
      case "ArrowUp": to = list[at - 1] ? nearest(list[at - 1], column(link)) : link; break;
      case "PageDown": to = nearest(list[Math.min(list.length - 1, at + 10)], column(link)); break;
      case "PageUp": to = nearest(list[Math.max(0, at - 10)], column(link)); break;
      case "Home": to = first(event.ctrlKey ? list[0] : row); break;
      case "End": to = event.ctrlKey ? cells(list[list.length - 1]).pop() : inRow[inRow.length - 1]; break;
      case " ": if (isCell) { event.preventDefault(); open(link); } return;
      default:
        if (event.ctrlKey || !isCell) return;
        if (/^[0-9]$/.test(event.key)) quick(link, event.key);
        else if (KEYS[event.key]) quick(link, KEYS[event.key]);
        else return;
        event.preventDefault();
        return;
    }
    event.preventDefault();
    go(to);
  }

  function start() {
    table = document.querySelector("table.cells.can-write");
    panel = document.getElementById("felt");
    undoForm = document.getElementById("fortryd");
    if (!table || !panel) return;
    table.setAttribute("role", "grid");
    table.querySelectorAll("tbody a").forEach(function (link) { link.tabIndex = -1; });
    make(first(table));
    table.addEventListener("click", function (event) {
      var link = event.target.closest("a.c");
      if (!link || event.ctrlKey || event.metaKey || event.shiftKey || event.button) return;
      event.preventDefault();
      open(link);
    });
    table.addEventListener("focusin", function (event) {
      var link = event.target.closest("tbody a");
      if (link) make(link);
    });
    document.addEventListener("keydown", onKey);
    if (undoForm) {
      undoForm.addEventListener("submit", function (event) {
        event.preventDefault();
        undo();
      });
    }
    panel.addEventListener("submit", function (event) {
      event.preventDefault();
      save(event.target);
    });
    panel.addEventListener("click", function (event) {
      if (event.target === panel || event.target.closest("[data-close]")) { event.preventDefault(); close(); }
    });
    panel.addEventListener("close", function () {
      panel.innerHTML = "";
      go(again(panel.dataset.path));
    });
  }
  if (document.readyState === "loading") document.addEventListener("DOMContentLoaded", start); else start();
})();
