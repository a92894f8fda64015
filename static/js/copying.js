// Buttons that copy the text of a field.
(() => {
  for (const button of document.querySelectorAll("[data-copy]")) {
    button.hidden = false;
    button.addEventListener("click", async () => {
      const text = document.getElementById(button.dataset.copy);
      text.select();
      // Without a secure connection browsers leave copying to the keyboard: the text is selected.
      await navigator.clipboard?.writeText(text.value);
      if (navigator.clipboard) button.querySelector("span").textContent = button.dataset.done;
    });
  }
})();
