// A choice in a gadget takes effect at once; without scripts there is a button for it. Nothing is sent without a network,
// and a door that is seen again looks whether somebody has signed in in another gadget meanwhile.
(() => {
  for (const form of document.querySelectorAll("form[data-at-once]")) {
    form.querySelector("button").hidden = true;
    form.addEventListener("change", () => form.requestSubmit());
  }
  const state = document.getElementById("live-state");
  document.addEventListener("submit", (event) => {
    if (navigator.onLine || !state) return;
    // The browser's own page about the network would stay in place of the gadget.
    event.preventDefault();
    state.dataset.state = "lost";
    state.scrollIntoView();
  });
  const door = document.querySelector(".gadget-door form");
  if (!door) return;
  const typed = () => [...door.querySelectorAll("input:not([type=hidden])")].some((field) => field.value);
  document.addEventListener("visibilitychange", () => {
    if (!document.hidden && !typed()) location.replace(location.href);
  });
})();
