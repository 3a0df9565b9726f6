// The school's form: saves as one types, arrow keys as in a spreadsheet, paste from Excel.
"use strict";
(() => {
  const form = document.querySelector(".sheet-form");
  if (!form) return;
  const table = form.querySelector("table");
  const state = form.querySelector("[data-state]");
  const progress = document.querySelector("[data-progress] p, [data-progress] label, [data-progress] .progress-label");
  const fields = "select, input:not([type=hidden])";
  const dirty = new Map(); // line -> Set of names
  let timer = 0;
  let sending = false;

  const rows = () => [...table.querySelectorAll("tr[data-line]")];
  const cells = (row) => [...row.querySelectorAll(fields)];
  const nameOf = (field) => field.name.slice(0, field.name.lastIndexOf("-"));
  const textOf = (field) => (field.type === "checkbox" ? (field.checked ? "ja" : "nej") : field.value);
  const say = (text) => { if (state) state.textContent = text; };

  function put(field, text) {
    const clean = text.trim();
    if (field.type === "checkbox") {
      field.checked = clean !== "" && !/^(nej|n|0|-|–|falsk|false)$/i.test(clean);
    } else if (field.tagName === "SELECT") {
      field.value = clean === "" ? "" : /^(nej|n|0|-|–|falsk|false)$/i.test(clean) ? "nej" : "ja";
    } else {
      field.value = clean;
    }
    mark(field);
  }

  function mark(field) {
    const line = field.closest("tr").dataset.line;
    if (!dirty.has(line)) dirty.set(line, new Set());
    dirty.get(line).add(nameOf(field));
    window.clearTimeout(timer);
    timer = window.setTimeout(save, 500);
  }

  async function save() {
    if (sending || dirty.size === 0) return;
    sending = true;
    say(form.dataset.saving);
    const batch = new Map(dirty);
    dirty.clear();
    const body = new URLSearchParams();
    body.set("csrfmiddlewaretoken", form.querySelector("[name=csrfmiddlewaretoken]").value);
    for (const [line, names] of batch) {
      body.set(`seen-${line}`, form.querySelector(`[name="seen-${line}"]`).value);
      for (const name of names) body.set(`${name}-${line}`, textOf(form.querySelector(`[name="${name}-${line}"]`)));
    }
    try {
      const answer = await fetch(form.dataset.save, { method: "POST", body, redirect: "error" });
      if (!(answer.headers.get("content-type") || "").includes("json")) throw new Error(String(answer.status));
      show(await answer.json(), batch);
    } catch {
      for (const [line, names] of batch) {
        const now = dirty.get(line) || new Set();
        names.forEach((name) => now.add(name));
        dirty.set(line, now);
      }
      say(form.dataset.lost);
      window.clearTimeout(timer);
      timer = window.setTimeout(save, 5000);
    } finally {
      sending = false;
    }
    if (dirty.size && !timer) timer = window.setTimeout(save, 500);
  }

  function show(answer, batch) {
    for (const [line, stored] of Object.entries(answer.lines)) {
      const row = table.querySelector(`tr[data-line="${line}"]`);
      if (!row) continue;
      form.querySelector(`[name="seen-${line}"]`).value = stored.version;
      const again = dirty.get(line) || new Set();
      for (const field of cells(row)) {
        const name = nameOf(field);
        const wrong = stored.errors[name];
        if (batch.get(line)?.has(name)) field.toggleAttribute("aria-invalid", Boolean(wrong));
        if (wrong) field.setAttribute("aria-invalid", "true");
        if (wrong || again.has(name) || field === document.activeElement) continue;
        if (field.type === "checkbox") field.checked = stored.texts[name] === "ja";
        else field.value = stored.texts[name];
      }
      row.querySelector("[data-problem]").textContent = Object.values(stored.errors).join(" ");
      row.classList.add("saved");
    }
    if (progress) {
      progress.textContent = answer.progress;
      const [done, all] = (answer.progress.match(/\d+/g) || []).map(Number);
      const bar = document.querySelector("[data-progress] svg");
      if (bar && all) {
        bar.setAttribute("aria-label", answer.progress);
        bar.querySelector(".done").setAttribute("width", String(Math.round((100 * done) / all)));
      }
    }
    say(answer.error || form.dataset.saved);
    if (answer.error && window.Samspil) window.Samspil.say(answer.error);
  }

  table.addEventListener("input", (event) => mark(event.target));
  table.addEventListener("change", (event) => mark(event.target));

  table.addEventListener("keydown", (event) => {
    const field = event.target;
    if (!field.matches(fields) || event.altKey || event.ctrlKey || event.metaKey) return;
    const row = field.closest("tr");
    const column = cells(row).indexOf(field);
    const all = rows();
    const at = all.indexOf(row);
    const go = (to) => { if (to) { to.focus(); if (to.select) to.select(); event.preventDefault(); } };
    const text = field.tagName === "INPUT" && field.type !== "checkbox";
    const whole = text && field.selectionStart === 0 && field.selectionEnd === field.value.length;
    if (event.key === "ArrowDown" && field.tagName !== "SELECT") go(all[at + 1] && cells(all[at + 1])[column]);
    else if (event.key === "ArrowUp" && field.tagName !== "SELECT") go(all[at - 1] && cells(all[at - 1])[column]);
    else if (event.key === "Enter") { go(all[at + (event.shiftKey ? -1 : 1)] && cells(all[at + (event.shiftKey ? -1 : 1)])[column]); event.preventDefault(); }
    else if (event.key === "ArrowRight" && (!text || whole || field.selectionStart === field.value.length)) go(cells(row)[column + 1]);
    else if (event.key === "ArrowLeft" && (!text || whole || field.selectionEnd === 0)) go(cells(row)[column - 1]);
  });

  // Rows and columns of a copied range go into the fields from the focused one on.
  table.addEventListener("paste", (event) => {
    const text = event.clipboardData.getData("text/plain");
    if (!/[\t\n]/.test(text.replace(/\r?\n$/, ""))) return;
    event.preventDefault();
    const start = event.target.closest("tr");
    const column = cells(start).indexOf(event.target);
    const all = rows();
    text.replace(/\r?\n$/, "").split(/\r?\n/).forEach((line, down) => {
      const row = all[all.indexOf(start) + down];
      if (!row) return;
      line.split("\t").forEach((value, right) => {
        const field = cells(row)[column + right];
        if (field && !field.disabled) put(field, value);
      });
    });
  });

  window.addEventListener("beforeunload", (event) => { if (dirty.size) event.preventDefault(); });
  // What is typed just before handing in must be part of it.
  document.querySelectorAll(".submit-part form").forEach((hand) => hand.addEventListener("submit", async (event) => {
    if (dirty.size === 0 && !sending) return;
    event.preventDefault();
    while (sending) await new Promise((done) => window.setTimeout(done, 50));
    await save();
    if (dirty.size === 0) hand.submit();
  }));
})();
