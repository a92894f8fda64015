// A choice in a gadget takes effect at once; without scripts there is a button for it. A door that is seen again looks
// whether somebody has signed in in another gadget meanwhile.
(() => {
  for (const form of document.querySelectorAll("form[data-at-once]")) {
    form.querySelector("button").hidden = true;
    form.addEventListener("change", () => form.requestSubmit());
  }
  const door = document.querySelector(".gadget-door form");
  if (!door) return;
  const typed = () => [...door.querySelectorAll("input:not([type=hidden])")].some((field) => field.value);
  document.addEventListener("visibilitychange", () => {
    if (!document.hidden && !typed()) location.replace(location.href);
  });
})();
