// Brings the form of a report's options when their fold is opened; it then stays in the page. Without this script, and when
// the form cannot be had, a link in the fold leads to a page that holds it.
(() => {
  const place = document.querySelector("[data-options-form]");
  if (!place) return;
  const fold = place.closest("details");
  const state = place.querySelector("[role=status]");
  const link = place.querySelector("a");
  const patience = 300;
  let isAsked = false;

  const bring = async () => {
    if (!fold.open || isAsked) return;
    isAsked = true;
    link.hidden = true;
    state.textContent = "";
    const timer = setTimeout(() => { state.textContent = place.dataset.loading; }, patience);
    try {
      const answer = await fetch(place.dataset.optionsForm);
      // Whoever was signed out meanwhile would see the page of the sign-in in the fold.
      if (!answer.ok || answer.redirected) throw new Error(String(answer.status));
      place.innerHTML = await answer.text();
      window.portalPickers();
      window.portalConditions();
    } catch {
      isAsked = false;
      state.textContent = place.dataset.failed;
      link.hidden = false;
    } finally {
      clearTimeout(timer);
    }
  };
  fold.addEventListener("toggle", bring);
  bring();
})();
