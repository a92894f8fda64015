// A box in the head of a table that chooses all boxes of one name, and follows them.
(() => {
  for (const all of document.querySelectorAll("[data-choose-all]")) {
    const boxes = [...document.querySelectorAll(`input[type="checkbox"][name="${all.dataset.chooseAll}"]`)];
    const follow = () => {
      const chosen = boxes.filter((box) => box.checked).length;
      all.checked = chosen > 0 && chosen === boxes.length;
      all.indeterminate = chosen > 0 && chosen < boxes.length;
    };
    all.addEventListener("change", () => {
      for (const box of boxes) box.checked = all.checked;
    });
    for (const box of boxes) box.addEventListener("change", follow);
    all.hidden = boxes.length < 2;
    follow();
  }
})();
