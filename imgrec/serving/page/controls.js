// How pictures are compared: metric, fusion, features, index, with a line on each.

import { make } from "./dom.js";
import { storeFacts } from "./facts.js";
import { EMPTY, state } from "./state.js";

// As in imgrec/search/choices.py.
const INDEXES = {
  auto: "the fastest index that the store has and that suits the question",
  exact: "compare with every picture",
  sketch: "candidates by 128 axes in 8 bits each, then compared exactly",
  hnsw: "candidates by a graph index (imgrec index --hnsw), then compared exactly",
};

function choice(name, label, options) {
  const line = make("small", { id: `${name}-line` });
  const select = make("select", {
    id: name, "aria-describedby": line.id,
    onchange: () => state.change({ [name]: select.value }),
  }, ...Object.keys(options).map((one) => make("option", { value: one, text: one })));
  const show = () => {
    select.value = state.get()[name];
    line.textContent = options[state.get()[name]] ?? "";
  };
  return [make("div", { class: "way" }, make("label", { htmlFor: name, text: label }), select, line),
    show];
}

/** Return the features that are compared now, with their weights; the default's name alone. */
function chosen({ encoder, features }, fallback) {
  return features ?? { [encoder ?? fallback]: 1 };
}

function featureChoice({ features, default: fallback }) {
  const boxes = features.map((name) => make("input", {
    type: "checkbox", value: name, onchange: () => take(),
  }));
  const take = () => {
    const names = boxes.filter((one) => one.checked).map((one) => one.value);
    if (names.length > 1) {
      state.change({ encoder: null, features: Object.fromEntries(names.map((one) => [one, 1])) });
    } else {
      const only = names[0] === fallback || !names.length ? null : names[0];
      state.change({ encoder: only, features: null });
    }
    show();
  };
  const show = () => {
    const has = chosen(state.get(), fallback);
    for (const one of boxes) one.checked = one.value in has;
  };
  const labels = boxes.map((one) => make("label", { class: "check" }, one,
    one.value === fallback ? `${one.value} (default)` : one.value));
  return [make("fieldset", { class: "way" }, make("legend", { text: "Features" }), ...labels,
    make("small", { text: "What is compared; several are joined with equal weights." })), show];
}

function summary(now, fallback) {
  const names = Object.keys(chosen(now, fallback)).join(" + ");
  return `${names}, ${now.metric}`;
}

/** Mount the controls on an element. */
export async function mountControls(element) {
  const title = make("summary", { class: "button", text: "Compare" });
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
    choice("metric", "Metric", facts.metrics),
    choice("fuse", "Several pictures", facts.fusions),
    choice("index", "Index", INDEXES),
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
    title.textContent = `Compare: ${summary(state.get(), facts.default)}`;
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
