// The list of reports, searched while one types: every word must stand in the name, the description or the group.
(() => {
  const box = document.querySelector("[data-report-find]");
  if (!box) return;
  const input = box.querySelector("input");
  const state = box.querySelector("[role=status]");
  const plain = (text) => text.normalize("NFD").replace(/\p{M}/gu, "").toLowerCase();
  const groups = [...document.querySelectorAll(".report-group")].map((group) => {
    const heading = group.querySelector("h2").textContent;
    const cards = [...group.querySelectorAll(".report-card")].map((card) => {
      const parts = [...card.querySelectorAll(":scope > .report-name, :scope > span")].map((part) => part.textContent);
      return { card, text: plain([heading, ...parts].join(" ")) };
    });
    // What is no list, for instance what has been deleted, is no answer to a search.
    const rest = [...group.children].filter((part) => !part.matches("h2, .report-list"));
    return { group, cards, rest };
  });

  const find = () => {
    const words = plain(input.value).split(/\s+/u).filter(Boolean);
    let count = 0;
    for (const { group, cards, rest } of groups) {
      const fits = cards.filter(({ card, text }) => {
        card.hidden = !words.every((word) => text.includes(word));
        return !card.hidden;
      });
      for (const part of rest) part.hidden = words.length > 0;
      group.hidden = words.length > 0 && !fits.length;
      count += fits.length;
    }
    const told = count ? box.dataset.found.replace("%s", count.toLocaleString(document.documentElement.lang)) : box.dataset.none;
    state.textContent = words.length ? told : "";
  };
  input.addEventListener("input", find);
  input.addEventListener("keydown", (event) => {
    if (event.key !== "Escape" || !input.value) return;
    event.preventDefault();
    input.value = "";
    find();
  });
  box.hidden = false;
  find();
})();
