// Filters by what pictures are: each kind of label with its values and how many pictures have them.

import { post } from "./api.js";
import { counts } from "./counts.js";
import { make, printable } from "./dom.js";
import { kindText, toggled, valuesOf, valueText } from "./filters.js";
import { state } from "./state.js";

// Values shown at first, and more at each press.
const FIRST = 8;
const STEP = 40;
// From so many values on there is a field to search them.
const SEARCHED = 12;
const LONGEST = 200;
// The server is asked when nothing was typed for so long.
const TYPED_MS = 150;
// The timeline and the list of collections show these.
const ELSEWHERE = new Set(["taken", "collection"]);
// Others follow as they come.
const ORDER = ["folder", "class", "community", "color", "camera", "keyword", "lens", "cluster"];
const CLOSED = new Set(["cluster", "color", "camera"]);

// What was opened, searched and expanded, by kind: the panel is drawn anew after each answer.
const panels = new Map();

function panelOf(kind) {
  if (!panels.has(kind)) {
    panels.set(kind, {
      open: !CLOSED.has(kind), most: FIRST, text: "", expanded: new Set(), request: new AbortController(),
    });
  }
  return panels.get(kind);
}

const textOf = ({ text }) => text.trim().toLowerCase();
const depthOf = (path) => path.split(".").length - 1;
const parentOf = (path) => (path.includes(".") ? path.slice(0, path.lastIndexOf(".")) : null);

/**
 * Return the values of a facet that a panel shows.
 *
 * Filters that are on are always among them. A community is shown below the one around it, once
 * that is expanded.
 * @param {{kind: string, values: import("./counts.js").Value[]}} facet
 * @param {string[]} active values of filters that are on.
 * @param {{most: number, text: string, expanded: Set<string>}} panel
 */
export function shownValues({ kind, values }, active, panel) {
  const known = new Set(values.map(({ value }) => value));
  const all = [
    ...values,
    ...active.filter((value) => !known.has(value)).map((value) => ({ value, count: 0, name: "" })),
  ];
  const text = textOf(panel);
  const fits = ({ value, name }) => `${name} ${value}`.toLowerCase().includes(text);
  if (text) return all.filter(fits).slice(0, panel.most);
  if (kind !== "community") {
    return all.filter(({ value }, place) => place < panel.most || active.includes(value));
  }
  const shown = ({ value }) => {
    const parent = parentOf(value);
    return !parent || !known.has(parent) || panel.expanded.has(parent) || active.includes(value);
  };
  const order = (one, other) => one.value.localeCompare(other.value, "en", { numeric: true });
  const tops = all.filter(({ value }) => !parentOf(value) || !known.has(parentOf(value)));
  const first = new Set(tops.slice(0, panel.most).map(({ value }) => value));
  const within = ({ value }) => [...first].some((top) => value === top || value.startsWith(`${top}.`));
  return all.filter((one) => shown(one) && (within(one) || active.includes(one.value))).sort(order);
}

function valueRow(kind, one, active, most, panel, parents) {
  const filter = `${kind}=${one.value}`;
  const text = printable(valueText(kind, one.value, one.name));
  const row = make("li", { style: { "--percent": ((100 * one.count) / Math.max(1, most)).toFixed(1) } });
  if (kind === "community") {
    row.style.setProperty("--depth", String(depthOf(one.value)));
    row.append(parents.has(one.value) ? expander(kind, one, text, panel) : make("span", { class: "no-expander" }));
  }
  row.append(make("label", { title: text },
    make("input", {
      type: "checkbox",
      checked: active.includes(one.value),
      data: { filter },
      onchange: () => state.change({ where: toggled(state.get().where, filter) }),
    }),
    make("span", { class: "facet-name", text }),
    make("span", { class: "facet-count", text: one.count.toLocaleString("en-US") })));
  return row;
}

function expander(kind, one, text, panel) {
  const open = panel.expanded.has(one.value);
  return make("button", {
    type: "button",
    class: "expander",
    text: open ? "▾" : "▸",
    "aria-expanded": open,
    "aria-label": `Communities within ${text}`,
    data: { filter: `expand ${one.value}` },
    onclick: () => {
      if (!panel.expanded.delete(one.value)) panel.expanded.add(one.value);
      redraw();
    },
  });
}

function facetList(facet, panel) {
  const { kind } = facet;
  const active = valuesOf(state.get().where, kind);
  const rows = shownValues(facet, active, panel);
  const most = Math.max(...facet.values.map(({ count }) => count));
  const parents = new Set(kind === "community" && !panel.text ? facet.values.map(({ value }) => parentOf(value)) : []);
  const list = make("ul", {}, ...rows.map((one) => valueRow(kind, one, active, most, panel, parents)));
  if (kind === "community") {
    list.style.setProperty("--deepest", String(Math.max(0, ...rows.map(({ value }) => depthOf(value)))));
  }
  if (!rows.length) list.append(make("li", { class: "quiet", text: panel.asks ? "Searching \u2026" : "None of this name." }));
  return list;
}

/** Return how many values a panel holds back. */
function heldBack(facet, panel) {
  if (textOf(panel)) {
    const active = valuesOf(state.get().where, facet.kind);
    return shownValues(facet, active, { ...panel, most: Infinity }).length - shownValues(facet, active, panel).length;
  }
  const known = new Set(facet.values.map(({ value }) => value));
  const tops = facet.kind === "community"
    ? facet.values.filter(({ value }) => !known.has(parentOf(value)))
    : facet.values;
  return Math.max(0, tops.length - panel.most);
}

/**
 * Show a facet; with a text in the field of its panel, the values that have it. Of a kind with more
 * values than the server gives at once it is asked for those, and what is known is shown meanwhile.
 */
async function search(facet, panel, show) {
  panel.request.abort();
  panel.request = new AbortController();
  const { signal } = panel.request;
  const text = textOf(panel);
  const isSame = panel.found?.text === text;
  panel.asks = Boolean(text) && facet.total > facet.values.length;
  show(panel.asks && isSame ? { ...facet, values: panel.found.values } : facet);
  if (!panel.asks) return;
  if (!isSame) await new Promise((resolve) => setTimeout(resolve, TYPED_MS));
  if (signal.aborted) return;
  const { where, under } = state.get();
  let { values } = facet;
  try {
    const { facets } = await post("api/facets", { where, under, kind: facet.kind, text }, signal);
    values = facets[0]?.values ?? [];
  } catch {
    // What is known is searched; the pictures say where the server does not answer.
  }
  if (signal.aborted) return;
  panel.found = { text, values };
  panel.asks = false;
  show({ ...facet, values });
}

function facetPanel(facet) {
  const { kind, values } = facet;
  const panel = panelOf(kind);
  const active = valuesOf(state.get().where, kind).length;
  const list = make("div", { class: "facet-values" });
  const more = make("button", { type: "button", class: "more", data: { filter: `more ${kind}` } });
  let shown = facet;
  const show = (found) => {
    shown = found;
    list.replaceChildren(facetList(found, panel));
    const held = heldBack(found, panel);
    more.hidden = !held;
    more.textContent = `Show ${Math.min(held, STEP)} more`;
  };
  more.onclick = () => {
    panel.most += STEP;
    show(shown);
  };
  search(facet, panel, show);
  const field = values.length >= SEARCHED && make("input", {
    type: "search",
    value: panel.text,
    maxLength: LONGEST,
    placeholder: `Search ${facet.total.toLocaleString("en-US")}`,
    "aria-label": `Search ${kindText(kind).toLowerCase()}`,
    data: { filter: `search ${kind}` },
    oninput: (event) => {
      panel.text = event.target.value;
      search(facet, panel, show);
    },
  });
  return make("details", {
    class: "facet",
    open: panel.open || active > 0,
    data: { kind },
    ontoggle: (event) => {
      panel.open = event.target.open;
    },
  },
  make("summary", {}, kindText(kind), active ? make("span", { class: "on", text: `${active} on` }) : null),
  field, list, more);
}

let redraw = () => {};

const placeOf = ({ kind }) => (ORDER.includes(kind) ? ORDER.indexOf(kind) : ORDER.length);
const inOrder = (facets) => [...facets].sort((one, other) => placeOf(one) - placeOf(other));

/** Return whether a facet can divide the pictures, or has to be shown as it does. */
const divides = ({ kind, values }) =>
  !ELSEWHERE.has(kind) && (values.length > 1 || valuesOf(state.get().where, kind).length > 0);

/** Mount the filters. */
export function mount(element) {
  redraw = () => {
    // The element with the focus is drawn anew.
    const focused = element.contains(document.activeElement) && document.activeElement.dataset.filter;
    const top = element.scrollTop;
    element.replaceChildren(...inOrder(counts.get().facets.filter(divides)).map(facetPanel));
    element.scrollTop = top;
    if (focused) element.querySelector(`[data-filter="${CSS.escape(focused)}"]`)?.focus();
  };
  counts.subscribe(redraw);
  counts.again();
}
