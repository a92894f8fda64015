// Small additions to every page: the choice of theme, forms that send only what is filled in.
(() => {
  const buttons = document.querySelectorAll("[data-theme-menu] [data-theme]");
  const show = () => {
    const choice = window.portalTheme.stored();
    for (const button of buttons) {
      const chosen = button.dataset.theme === choice;
      button.setAttribute("aria-pressed", String(chosen));
      button.querySelector(".tick").hidden = !chosen;
    }
  };
  for (const button of buttons) {
    button.addEventListener("click", () => {
      try {
        localStorage.setItem("theme", button.dataset.theme);
      } catch {
        // Without storage the choice lasts until the next page.
      }
      window.portalTheme.apply();
      show();
    });
  }
  show();

  // Days and a named period exclude each other: what was chosen last holds, also in forms that come later.
  const chosen = (event) => {
    const { period, from, to } = event.target.form?.elements ?? {};
    if (!period || !from || !to) return;
    if ((event.target === from || event.target === to) && event.target.value) period.value = "custom";
    if (event.target === period && period.value !== "custom") from.value = to.value = "";
  };
  document.addEventListener("input", chosen);
  document.addEventListener("change", chosen);

  // Empty fields would make long addresses that nobody can read or share.
  for (const form of document.querySelectorAll("form[data-short-address]")) {
    form.addEventListener("submit", () => {
      for (const field of form.elements) {
        if (field.name && field.value === "") field.disabled = true;
      }
      window.addEventListener("pageshow", () => {
        for (const field of form.elements) field.disabled = false;
      }, { once: true });
    });
  }
})();
