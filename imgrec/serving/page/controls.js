// How pictures are compared: metric, fusion, features, index, with a line on each.

import { make } from "./dom.js";
import { storeFacts } from "./facts.js";
import { EMPTY, state } from "./state.js";

/** Return what an object has of its own at a name: those of an address may be any, such as `constructor`. */
const own = (object, name) => (Object.hasOwn(object, name) ? object[name] : undefined);

function choice(name, label, options, patch = (value) => ({ [name]: value })) {
  const line = make("small", { id: `${name}-line` });
  const select = make("select", {
    id: name, "aria-describedby": line.id,
    onchange: () => state.change(patch(select.value)),
  }, ...Object.keys(options).map((one) => make("option", { value: one, text: one })));
  const show = () => {
    select.value = state.get()[name];
    line.textContent = own(options, state.get()[name]) ?? "";
  };
  return [make("div", { class: "way" }, make("label", { htmlFor: name, text: label }), select, line),
    show];
}

/** Return the features that are compared now, with their weights; the default's name alone. */
function chosen({ encoder, features }, fallback) {
  return features ?? { [encoder ?? fallback]: 1 };
}

/** Return the feature that a metric compares where none is chosen: some compare histograms only. */
function defaultOf({ compared, default: fallback }, metric) {
  const able = own(compared, metric) ?? [fallback];
  return able.includes(fallback) ? fallback : able[0] ?? fallback;
}

/** Return the change to a metric; features that it cannot compare are no longer chosen. */
function metricPatch({ compared }, metric) {
  const now = state.get();
  const able = Object.keys(chosen(now, "")).every((one) => !one || own(compared, metric)?.includes(one));
  return able ? { metric } : { metric, encoder: null, features: null };
}

function featureChoice(facts) {
  const { features, compared, default: usual } = facts;
  const boxes = features.map((name) => make("input", {
    type: "checkbox", value: name, onchange: () => take(),
  }));
  const take = () => {
    const names = boxes.filter((one) => one.checked && !one.disabled).map((one) => one.value);
    if (names.length > 1) {
      state.change({ encoder: null, features: Object.fromEntries(names.map((one) => [one, 1])) });
    } else {
      const only = names[0] === defaultOf(facts, state.get().metric) || !names.length ? null : names[0];
      state.change({ encoder: only, features: null });
    }
    show();
  };
  const show = () => {
    const { metric } = state.get();
    const has = chosen(state.get(), defaultOf(facts, metric));
    for (const one of boxes) {
      one.checked = one.value in has;
      one.disabled = !one.checked && own(compared, metric)?.includes(one.value) === false;
    }
  };
  const labels = boxes.map((one) => make("label", { class: "check" }, one,
    one.value === usual ? `${one.value} (default)` : one.value));
  return [make("fieldset", { class: "way" }, make("legend", { text: "Features" }), ...labels,
    make("small", { text: "What is compared; several are joined with equal weights." })), show];
}

function summary(now, fallback) {
  const names = Object.keys(chosen(now, fallback)).join(" + ");
  return `${names}, ${now.metric}`;
}

/** Mount the controls on an element. */
export async function mountControls(element) {
  const how = make("span", { class: "how" });
  const title = make("summary", { class: "button" }, make("span", {}, "Compare", how));
  const panel = make("div", { class: "panel" });
  const details = make("details", { id: "compare" }, title, panel);
  element.append(details);
  let facts;
  try {
    facts = await storeFacts();
  } catch {
    return;
  }
  const choices = [
    choice("metric", "Metric", facts.metrics, (metric) => metricPatch(facts, metric)),
    choice("fuse", "Several pictures", facts.fusions),
    choice("index", "Index", facts.indexes),
    featureChoice(facts),
  ];
  const reset = make("button", {
    class: "button", type: "button", text: "As it was",
    onclick: () => state.change(Object.fromEntries(
      ["metric", "fuse", "index", "encoder", "features"].map((name) => [name, EMPTY[name]]))),
  });
  panel.append(...choices.map(([one]) => one), reset);
  const show = () => {
    for (const [, one] of choices) one();
    how.textContent = `: ${summary(state.get(), defaultOf(facts, state.get().metric))}`;
  };
  state.subscribe(show);
  show();
  addEventListener("pointerdown", ({ target }) => {
    if (!details.contains(target)) details.open = false;
  });
  details.addEventListener("keydown", (event) => {
    if (event.key !== "Escape" || !details.open) return;
    event.stopPropagation();
    details.open = false;
    title.focus();
  });
}
