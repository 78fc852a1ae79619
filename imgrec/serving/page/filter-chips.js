// The filters that are on, as chips above the pictures: each can be taken away.

import { counts } from "./counts.js";
import { make, printable } from "./dom.js";
import { kindText, parse, toggled, valueText } from "./filters.js";
import { state } from "./state.js";

function chip(kind, value, name, take) {
  const text = printable(valueText(kind, value, name));
  return make("li", { class: "filter-chip" },
    make("span", { class: "chip-kind", text: kindText(kind) }),
    make("span", { class: "chip-value", text, title: text }),
    make("button", {
      type: "button", class: "chip-take", text: "×", "aria-label": `Without ${kindText(kind).toLowerCase()} ${text}`,
      onclick: take,
    }));
}

function chipsOf({ where, under, within }) {
  const labels = where.map((filter) => {
    const { kind, value } = parse(filter);
    const name = counts.of(kind).find((one) => one.value === value)?.name ?? "";
    return chip(kind, value, name, () => state.change({ where: toggled(state.get().where, filter) }));
  });
  const folders = under.map((folder) =>
    chip("under", folder, "", () => state.change({ under: state.get().under.filter((one) => one !== folder) })));
  const limit = within === null ? [] : [chip("within", String(Number(within.toPrecision(4))), "", () => state.change({ within: null }))];
  return [...labels, ...folders, ...limit];
}

/** Mount the chips. */
export function mount(element) {
  const draw = () => {
    const inside = element.contains(document.activeElement);
    const chips = chipsOf(state.get());
    element.hidden = !chips.length;
    element.replaceChildren(make("ul", { "aria-label": "Filters that are on" }, ...chips));
    if (chips.length > 1) {
      element.append(make("button", {
        type: "button", class: "clear", text: "Clear all",
        onclick: () => state.change({ where: [], under: [], within: null }),
      }));
    }
    if (inside) (element.querySelector("button") ?? document.getElementById("results")).focus();
  };
  state.subscribe(draw);
  counts.subscribe(draw);
  draw();
}
