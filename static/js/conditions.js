// Builds nested conditions by pointing: groups of all, any or not, with comparisons in them. The result stands as text
// in the field below, which works without this script, too.
(() => {
  const box = document.getElementById("conditions");
  const text = document.getElementById("o-where");
  if (!box || !text) return;
  const words = JSON.parse(document.getElementById("condition-words").textContent);
  const fields = new Map(words.fields.map((field) => [field.name, field]));
  let tree = JSON.parse(document.getElementById("condition-tree").textContent) || { joint: "all", parts: [] };
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
  const select = (options, chosen, label, act, multiple = false) => {
    const element = make("select", { class: "form-select", "aria-label": label, multiple, size: multiple ? 4 : null });
    const wanted = multiple ? chosen : [chosen];
    for (const [value, shown] of options) {
      const option = make("option", { value }, shown);
      option.selected = wanted.includes(value);
      element.append(option);
    }
    element.addEventListener("change", () => act(multiple ? [...element.selectedOptions].map((one) => one.value) : element.value));
    return element;
  };
  const button = (label, sign, act) =>
    make("button", { type: "button", class: "btn btn-quiet btn-sm", on: { click: act } }, `${sign} ${label}`);

  const plain = /^[^(),"\s]([^(),"]*[^(),"\s])?$/u;
  const written = (value) => (plain.test(value) ? value : JSON.stringify(value));
  const said = (part) => {
    if (!part.joint) return part.values.length ? `${part.field}.${part.operator}(${part.values.map(written).join(",")})` : "";
    const parts = part.parts.map(said).filter(Boolean);
    return parts.length ? `${part.joint}(${parts.join(",")})` : "";
  };
  const changed = (again) => {
    text.value = said(tree);
    if (again) draw();
  };

  const comparison = (part, siblings) => {
    const field = fields.get(part.field);
    const listed = field.choices !== null;
    const names = words.fields.map((one) => [one.name, one.label]);
    const value = listed
      ? select(field.choices, part.values, words.value, (values) => { part.values = values; changed(false); }, true)
      : make("input", {
        class: "form-control", value: part.values.join(", "), "aria-label": words.value, dir: "auto", autocomplete: "off",
        on: { input: (event) => { part.values = event.target.value.split(",").map((one) => one.trim()).filter(Boolean); changed(false); } },
      });
    return make("li", { class: "condition" },
      select(names, part.field, words.field, (name) => { Object.assign(part, { field: name, operator: fields.get(name).operators[0][0], values: [] }); changed(true); }),
      select(field.operators, part.operator, words.operator, (name) => { part.operator = name; changed(false); }),
      value,
      button(words.remove, "×", () => { siblings.splice(siblings.indexOf(part), 1); changed(true); }));
  };
  const group = (part, siblings) => {
    const list = make("ul", { class: "condition-list" });
    for (const one of part.parts) list.append(one.joint ? make("li", {}, group(one, part.parts)) : comparison(one, part.parts));
    const full = part.joint === "not" && part.parts.length > 0;
    const first = words.fields[0];
    const tools = make("div", { class: "condition-tools" });
    if (!full) {
      tools.append(
        button(words.add, "+", () => { part.parts.push({ field: first.name, operator: first.operators[0][0], values: [] }); changed(true); }),
        button(words.add_group, "+", () => { part.parts.push({ joint: "any", parts: [] }); changed(true); }));
    }
    if (siblings) tools.append(button(words.remove_group, "×", () => { siblings.splice(siblings.indexOf(part), 1); changed(true); }));
    return make("div", { class: "condition-group", role: "group", "aria-label": words.group },
      select(words.joints, part.joint, words.group, (joint) => { part.joint = joint; changed(true); }), list, tools);
  };
  const draw = () => {
    const place = [...box.querySelectorAll("select, input, button")].indexOf(document.activeElement);
    box.replaceChildren(group(tree, null));
    const controls = box.querySelectorAll("select, input, button");
    if (place >= 0) controls[Math.min(place, controls.length - 1)].focus();
  };
  text.addEventListener("input", () => box.replaceChildren());
  box.hidden = false;
  draw();
})();
