// Shows the fields that fit who signs up and how many; without script all of them stand there.
(() => {
  const form = document.querySelector("[data-sign-up]");
  if (!form) return;
  const part = (name) => form.querySelector(`[data-of="${name}"]`);
  const show = (name, on) => {
    const found = part(name);
    if (found) found.hidden = !on;
  };
  const update = () => {
    const orderer = form.querySelector('[name="orderer"]:checked')?.value ?? "private";
    const count = Number(form.querySelector('[name="head_count"]')?.value) || 1;
    show("company", orderer !== "private");
    show("private", orderer === "private" || orderer === "self_employed");
    show("group", count > 1);
  };
  form.addEventListener("change", update);
  form.addEventListener("input", update);
  update();
})();
