// Pick lists: one types, the server offers what fits, and what is chosen stands as chips; plain fields without this
// script. A list is a field of its own (`data-picker`), or made by portalPicker() for other scripts. portalPickers() is
// called again when the form of options has come later.
window.portalPickers = () => {
  const source = document.getElementById("option-words");
  if (!source) return;
  const words = JSON.parse(source.textContent).picker;
  const plain = /^[^(),"\s]([^(),"]*[^(),"\s])?$/u;
  const written = (value) => (plain.test(value) ? value : JSON.stringify(value));
  let count = 0;

  const make = (name, attributes = {}, ...children) => {
    const element = document.createElement(name);
    for (const [key, value] of Object.entries(attributes)) if (value !== null) element.setAttribute(key, value);
    element.append(...children);
    return element;
  };

  // Adds the list of choices to a search field; `taken(value, label)` is told what is chosen.
  const offer = (search, url, taken, { typedToo = false } = {}) => {
    count += 1;
    const list = make("ul", { class: "pick-list", role: "listbox", id: `pick-list-${count}`, "aria-label": words.search, hidden: "" });
    const said = make("span", { class: "visually-hidden", role: "status" });
    for (const [key, value] of Object.entries({ role: "combobox", "aria-expanded": "false", "aria-controls": list.id, "aria-autocomplete": "list", autocomplete: "off", spellcheck: "false" })) search.setAttribute(key, value);
    let active = -1;
    let timer = 0;
    let asked = 0;
    const options = () => [...list.querySelectorAll('[role="option"]')];
    const close = () => {
      clearTimeout(timer);
      asked += 1;
      list.hidden = true;
      active = -1;
      search.setAttribute("aria-expanded", "false");
      search.removeAttribute("aria-activedescendant");
    };
    const mark = (place) => {
      const found = options();
      active = found.length ? (place + found.length) % found.length : -1;
      found.forEach((one, at) => one.setAttribute("aria-selected", String(at === active)));
      if (active < 0) return;
      search.setAttribute("aria-activedescendant", found[active].id);
      found[active].scrollIntoView({ block: "nearest" });
    };
    const row = (value, label, hint) => {
      const one = make("li", { role: "option", id: `${list.id}-${list.children.length}`, "aria-selected": "false" }, make("bdi", {}, label));
      if (hint && hint !== label) one.append(make("bdi", { class: "pick-hint" }, hint));
      one.addEventListener("mousedown", (event) => {
        event.preventDefault();
        take(value, label);
      });
      one.portalPick = () => take(value, label);
      list.append(one);
    };
    const note = (text) => list.append(make("li", { class: "pick-note", role: "presentation" }, text));
    const show = (found, more) => {
      const typed = search.value.trim();
      list.replaceChildren();
      const asTyped = typedToo && typed && !found.some(([value]) => value === typed);
      // A number that is typed in full must not become a longer one by Enter.
      const isNumber = /^\d+$/u.test(typed);
      if (asTyped && isNumber) row(typed, words.typed.replace("%s", typed), "");
      for (const [value, label, hint] of found) row(value, label, hint);
      if (asTyped && !isNumber) row(typed, words.typed.replace("%s", typed), "");
      if (!list.children.length) note(words.nothing);
      if (more) note(words.more);
      said.textContent = found.length ? words.found.replace("%s", found.length) : words.nothing;
      list.hidden = false;
      search.setAttribute("aria-expanded", "true");
      active = -1;
      if (typed && found.length) mark(0);
    };
    const ask = async () => {
      asked += 1;
      const mine = asked;
      try {
        const answer = await fetch(`${url}?q=${encodeURIComponent(search.value.trim())}`, { headers: { Accept: "application/json" } });
        if (!answer.ok) throw new Error(String(answer.status));
        const { choices, more } = await answer.json();
        if (mine === asked) show(choices, more);
      } catch {
        if (mine !== asked) return;
        list.replaceChildren();
        note(words.failed);
        list.hidden = false;
      }
    };
    const take = (value, label) => {
      close();
      taken(value, label.startsWith(words.typed.split("%s")[0]) ? value : label);
    };
    const soon = () => {
      clearTimeout(timer);
      timer = setTimeout(ask, 180);
    };
    search.addEventListener("input", soon);
    search.addEventListener("click", () => list.hidden && ask());
    search.addEventListener("blur", close);
    search.addEventListener("keydown", (event) => {
      if (event.key === "ArrowDown" || event.key === "ArrowUp") {
        event.preventDefault();
        if (list.hidden) ask();
        else mark(active + (event.key === "ArrowDown" ? 1 : -1));
      } else if (event.key === "Enter" && active >= 0) {
        event.preventDefault();
        options()[active].portalPick();
      } else if (event.key === "Escape" && !list.hidden) {
        event.preventDefault();
        close();
      }
    });
    return make("div", { class: "pick-offer" }, search, list, said);
  };

  // Returns a pick list of several values; `changed(values)` is told of every change.
  window.portalPicker = ({ url, search, picked, changed, typedToo = false }) => {
    const values = picked.map(([value, label]) => [value, label]);
    const chips = make("ul", { class: "picks" });
    const draw = () => {
      chips.replaceChildren(...values.map(([value, label]) => {
        const away = make("button", { type: "button", "aria-label": words.remove.replace("%s", label) }, "×");
        away.addEventListener("click", () => {
          values.splice(values.findIndex(([one]) => one === value), 1);
          draw();
          changed(values);
          search.focus();
        });
        return make("li", {}, make("bdi", {}, label), away);
      }));
      chips.hidden = !values.length;
    };
    const add = (value, label) => {
      search.value = "";
      if (!values.some(([one]) => one === value)) values.push([value, label]);
      draw();
      changed(values);
    };
    const box = offer(search, url, add, { typedToo });
    // A list that is typed or pasted is taken apart.
    const takeTyped = () => {
      for (const one of search.value.split(/[\s,;]+/u).filter(Boolean)) add(one, one);
    };
    search.addEventListener("keydown", (event) => {
      if (event.key === "Backspace" && !search.value && values.length) {
        values.pop();
        draw();
        changed(values);
      } else if (typedToo && search.value.trim() && (event.key === "," || event.key === ";" || (event.key === "Enter" && !event.defaultPrevented))) {
        event.preventDefault();
        takeTyped();
      } else if (event.key === "Enter" && search.value.trim()) {
        // The form is sent by an empty search or its button, not in the middle of a search.
        event.preventDefault();
      }
    });
    if (typedToo) {
      search.addEventListener("blur", takeTyped);
      search.addEventListener("paste", () => setTimeout(() => /[\s,;]/u.test(search.value.trim()) && takeTyped()));
    }
    draw();
    return make("div", { class: "picker" }, chips, box);
  };
  window.portalWritten = written;

  for (const field of document.querySelectorAll("input[data-picker]")) {
    const url = field.dataset.picker;
    const focused = field.autofocus;
    if ("single" in field.dataset) {
      const place = document.createComment("");
      field.before(place);
      place.replaceWith(offer(field, url, (value) => { field.value = value; }));
    } else {
      const search = make("input", {
        class: field.className, type: "text", id: field.id, dir: "auto", placeholder: words.search,
        "aria-invalid": field.getAttribute("aria-invalid"), "aria-describedby": field.getAttribute("aria-describedby"),
      });
      const store = make("input", { type: "hidden", name: field.name, value: field.value });
      field.replaceWith(window.portalPicker({
        url, search, picked: JSON.parse(field.dataset.picked), typedToo: "typedToo" in field.dataset,
        changed: (values) => { store.value = values.map(([value]) => written(value)).join(","); },
      }), store);
      if (focused) search.focus();
      continue;
    }
    if (focused) field.focus();
  }
};
window.portalPickers();
