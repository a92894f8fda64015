// On a phone the rows of a plain table stand one below the other: each cell then says the name of its column.
(() => {
  const roles = { TABLE: "table", THEAD: "rowgroup", TBODY: "rowgroup", TR: "row", TH: "columnheader", TD: "cell" };
  const stack = (table) => {
    const heads = [...table.querySelectorAll("thead tr:only-child > th")];
    const rows = [...table.tBodies].flatMap((body) => [...body.rows]);
    if (heads.length < 2 || !rows.length || rows.some((row) => row.cells.length !== heads.length)) return;
    const names = heads.map((head) => (head.querySelector(".visually-hidden, input") ? "" : head.innerText.trim()));
    for (const row of rows) {
      for (const [place, cell] of [...row.cells].entries()) {
        if (names[place]) cell.dataset.label = names[place];
      }
    }
    // Cells that are no longer laid out as a table would be read without their columns.
    for (const part of [table, ...table.querySelectorAll("thead, tbody, tr, th, td")]) {
      if (!part.hasAttribute("role")) part.setAttribute("role", part.scope === "row" ? "rowheader" : roles[part.tagName] ?? "none");
    }
    table.classList.add("grid-stacked");
  };
  const stackAll = (root) => {
    for (const table of root.querySelectorAll(".grid:not(.grid-cards, .inline-grid, .grid-stacked, .grid-wide)")) stack(table);
  };
  if (!document.querySelector("main.stacks-tables")) return;
  stackAll(document);
  document.addEventListener("htmx:afterSwap", (event) => stackAll(event.target));
})();
