// The preview of a mail: says that it is being made, and is made anew from what was typed when a form comes back.
(() => {
  for (const preview of document.querySelectorAll("[data-mail-preview]")) {
    const frame = preview.querySelector("iframe");
    const button = document.querySelector(`[formtarget="${frame.name}"]`);
    button.form.addEventListener("submit", (event) => {
      if (event.submitter === button) preview.setAttribute("aria-busy", "true");
    });
    frame.addEventListener("load", () => preview.removeAttribute("aria-busy"));
    if (preview.dataset.mailPreview === "typed") button.form.requestSubmit(button);
  }
})();
