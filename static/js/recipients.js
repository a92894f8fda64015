// "Find a person" beside a field of recipients: whom one chooses is added to the field.
(() => {
  for (const search of document.querySelectorAll("[data-recipients-search]")) {
    const field = document.getElementById(search.dataset.recipientsSearch);
    const input = search.querySelector("input");
    const said = search.querySelector("[data-recipients-said]");
    search.hidden = false;
    const add = () => {
      const chosen = [...input.list.options].some((option) => option.value === input.value);
      if (!chosen) return false;
      const before = field.value.replace(/[\s,;]+$/, "");
      field.value = before ? `${before}, ${input.value}` : input.value;
      said.textContent = `${said.dataset.added} ${input.value}`;
      input.value = "";
      return true;
    };
    input.addEventListener("input", (event) => {
      // A suggestion that is chosen arrives whole; typing arrives by letters.
      if (!event.inputType || event.inputType === "insertReplacementText") add();
    });
    input.addEventListener("change", add);
    input.addEventListener("keydown", (event) => {
      if (event.key !== "Enter") return;
      event.preventDefault();
      const found = input.list.options;
      if (add() || !input.value) return;
      if (found.length === 1) {
        input.value = found[0].value;
        add();
      } else if (found.length) {
        said.textContent = said.dataset.several;
      }
    });
    input.list.addEventListener("htmx:afterSwap", () => {
      if (input.value) said.textContent = input.list.options.length ? "" : said.dataset.none;
    });
  }
})();
