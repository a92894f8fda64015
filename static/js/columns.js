// A rejected row with its many columns: find one by name or value, hide the empty ones.
(() => {
  const tools = document.querySelector("[data-columns]");
  if (!tools) return;
  const rows = [...document.getElementById(tools.dataset.columns).tBodies[0].rows];
  const find = tools.querySelector("[data-find]");
  const filled = tools.querySelector("[data-filled]");
  const shown = tools.querySelector("[data-shown]");
  const show = () => {
    const wanted = find.value.trim().toLowerCase();
    let count = 0;
    for (const row of rows) {
      const value = row.querySelector(".value").value;
      const text = `${row.cells[0].textContent} ${value}`.toLowerCase();
      row.hidden = (filled.checked && !value && !row.classList.contains("suspicious")) || !text.includes(wanted);
      count += row.hidden ? 0 : 1;
    }
    shown.textContent = shown.dataset.words.replace("%(shown)s", count).replace("%(all)s", rows.length);
  };
  find.addEventListener("input", show);
  find.addEventListener("keydown", (event) => {
    if (event.key === "Enter") event.preventDefault();
  });
  filled.addEventListener("change", show);
  filled.checked = rows.length > 40;
  tools.hidden = false;
  show();
})();
