// Builds nested conditions by pointing: groups of all, any or none, with comparisons in them. The result stands as a
// formula in the field below, which works without this script, too. portalConditions() is called again when the form of
// options has come later.
window.portalConditions = () => {
  const box = document.getElementById("conditions");
  const text = document.getElementById("o-where");
  const sentence = document.getElementById("condition-said");
  if (!box || !text) return;
  const words = JSON.parse(document.getElementById("option-words").textContent);
  const fields = new Map(words.fields.map((field) => [field.name, field]));
  let tree = JSON.parse(document.getElementById("condition-tree").textContent);
  // A formula that cannot be read is put right as a formula.
  if (!tree && text.value) return;
  tree ||= { joint: "all", parts: [] };
  if (!tree.joint) tree = { joint: "all", parts: [tree] };

  const make = (name, attributes = {}, ...children) => {
    const element = document.createElement(name);
    for (const [key, value] of Object.entries(attributes)) {
      if (key === "on") for (const [type, act] of Object.entries(value)) element.addEventListener(type, act);
      else if (value === true) element.setAttribute(key, "");
      else if (value !== false && value !== null) element.setAttribute(key, value);
    }
    element.append(...children);
    return element;
  };
  const select = (options, chosen, label, act) => {
    const element = make("select", { class: "form-select", "aria-label": label });
    for (const [value, shown] of options) {
      const option = make("option", { value }, shown);
      option.selected = value === chosen;
      element.append(option);
    }
    element.addEventListener("change", () => act(element.value));
    return element;
  };
  const button = (label, sign, act) =>
    make("button", { type: "button", class: "btn btn-quiet btn-sm", on: { click: act } }, `${sign} ${label}`);
  const cross = (label, act) =>
    make("button", { type: "button", class: "btn btn-quiet btn-sm", "aria-label": label, title: label, on: { click: act } }, "×");

  const written = (part) => {
    if (!part.joint) return part.values.length ? `${part.field}.${part.operator}(${part.values.map(([value]) => window.portalWritten(value)).join(",")})` : "";
    const parts = part.parts.map(written).filter(Boolean);
    if (!parts.length) return "";
    if (part.joint !== "none") return `${part.joint}(${parts.join(",")})`;
    return parts.length > 1 ? `not(any(${parts.join(",")}))` : `not(${parts[0]})`;
  };
  const said = (part, outermost) => {
    if (!part.joint) {
      const field = fields.get(part.field);
      const operator = field.operators.find(([name]) => name === part.operator);
      return part.values.length ? `${field.label} ${operator ? operator[1] : part.operator} ${part.values.map(([, label]) => label).join(", ")}` : "";
    }
    const parts = part.parts.map((one) => said(one, false)).filter(Boolean);
    const joined = parts.join(` ${words.between[part.joint === "none" ? "any" : part.joint]} `);
    if (part.joint === "none") return parts.length ? words.none.replace("%s", joined) : "";
    return outermost || parts.length < 2 ? joined : `(${joined})`;
  };
  const changed = (again) => {
    text.value = written(tree);
    tell();
    if (again) draw();
  };
  const tell = () => {
    const told = said(tree, true);
    sentence.hidden = !told;
    sentence.textContent = told ? `${words.intro} ${told}` : "";
  };

  const ticks = (field, part) =>
    make("div", { class: "ticks", role: "group", "aria-label": words.value }, ...field.choices.map(([value, label]) => {
      const tick = make("input", { type: "checkbox" });
      tick.checked = part.values.some(([one]) => one === value);
      tick.addEventListener("change", () => {
        part.values = part.values.filter(([one]) => one !== value);
        if (tick.checked) part.values.push([value, label]);
        changed(false);
      });
      return make("label", { class: "tick-box" }, tick, make("span", {}, label));
    }));
  const value = (field, part) => {
    if (field.choices) return ticks(field, part);
    const input = make("input", { class: "form-control", "aria-label": words.value, dir: "auto", autocomplete: "off", placeholder: field.hint || null });
    if (field.search) {
      input.placeholder = words.picker.search;
      return window.portalPicker({
        url: field.search, search: input, picked: part.values, typedToo: field.typedToo,
        changed: (values) => { part.values = values.map((one) => [...one]); changed(false); },
      });
    }
    input.value = part.values.map(([one]) => one).join(", ");
    input.addEventListener("input", () => {
      part.values = input.value.split(",").map((one) => one.trim()).filter(Boolean).map((one) => [one, one]);
      changed(false);
    });
    return input;
  };
  const comparison = (part, siblings) => {
    const field = fields.get(part.field);
    const names = words.fields.map((one) => [one.name, one.label]);
    return make("div", { class: "condition" },
      select(names, part.field, words.field, (name) => { Object.assign(part, { field: name, operator: fields.get(name).operators[0][0], values: [] }); changed(true); }),
      select(field.operators, part.operator, words.operator, (name) => { part.operator = name; changed(false); }),
      value(field, part),
      cross(words.remove, () => { siblings.splice(siblings.indexOf(part), 1); changed(true); }));
  };
  const group = (part, siblings) => {
    const list = make("ul", { class: "condition-list" });
    part.parts.forEach((one, place) => {
      const item = make("li", {});
      if (place) item.append(make("span", { class: "condition-between" }, words.between[part.joint]));
      item.append(one.joint ? group(one, part.parts) : comparison(one, part.parts));
      list.append(item);
    });
    const add = (one) => { part.parts.push(one); changed(true); focusLast(part); };
    const first = words.fields.find((one) => one.name === "number") || words.fields[0];
    const blank = () => ({ field: first.name, operator: first.operators[0][0], values: [] });
    const tools = make("div", { class: "condition-tools" },
      button(words.add, "+", () => add(blank())),
      button(words.addGroup, "+", () => add({ joint: "any", parts: [blank(), blank()] })));
    const head = make("div", { class: "condition-head" },
      select(words.joints, part.joint, words.group, (joint) => { part.joint = joint; changed(true); }));
    if (siblings) head.append(cross(words.removeGroup, () => { siblings.splice(siblings.indexOf(part), 1); changed(true); }));
    const element = make("div", { class: "condition-group", role: "group", "aria-label": words.group }, head, list, tools);
    part.element = element;
    return element;
  };
  const focusLast = (part) => {
    const last = part.element.querySelector(":scope > .condition-list > li:last-child");
    last?.querySelector(".condition select")?.focus();
  };
  const draw = () => {
    const controls = () => [...box.querySelectorAll("select, input, button")];
    const place = controls().indexOf(document.activeElement);
    box.replaceChildren(group(tree, null));
    const left = controls();
    if (place >= 0) left[Math.min(place, left.length - 1)].focus();
  };
  // What is typed as a formula holds; the drawing of another one would only confuse.
  text.addEventListener("input", () => { box.hidden = sentence.hidden = true; });
  box.hidden = false;
  draw();
  tell();
};
window.portalConditions();
