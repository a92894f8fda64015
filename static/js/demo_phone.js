/* The keypad of the demo's phone: digits go into the form on the display, or choose an item of its menu. */
(() => {
  "use strict";
  const phone = document.querySelector("[data-phone]");
  if (!phone) return;

  let last = null;

  const field = () => {
    const fields = [...phone.querySelectorAll("input[name=value]")];
    return fields.includes(last) ? last : fields[0];
  };

  const press = (digit) => {
    const target = field();
    if (target) {
      if (target.value.length < target.maxLength) target.value += digit;
      return;
    }
    phone.querySelectorAll(".phone-items button")[Number(digit) - 1]?.click();
  };

  phone.addEventListener("focusin", (event) => {
    if (event.target.matches("input[name=value]")) last = event.target;
  });

  phone.addEventListener("click", (event) => {
    const key = event.target.closest("[data-digit]");
    if (key) press(key.dataset.digit);
    if (event.target.closest("[data-erase]") && field()) field().value = field().value.slice(0, -1);
  });

  document.addEventListener("keydown", (event) => {
    if (event.target.matches("input, textarea, select") || event.ctrlKey || event.metaKey || event.altKey) return;
    if (/^[0-9]$/.test(event.key)) press(event.key);
  });

  phone.addEventListener("htmx:afterSwap", (event) => {
    if (event.target.id === "phone-screen") (phone.querySelector("[autofocus]") ?? phone.querySelector(".phone-items button, .phone-soft button"))?.focus();
  });
})();
