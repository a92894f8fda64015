// A choice in a gadget takes effect at once; without scripts there is a button for it.
(() => {
  for (const form of document.querySelectorAll("form[data-at-once]")) {
    form.querySelector("button").hidden = true;
    form.addEventListener("change", () => form.requestSubmit());
  }
})();
