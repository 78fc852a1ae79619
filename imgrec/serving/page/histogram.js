// The distances of all pictures to the question as bars, and a limit that is drawn over them.

import { post } from "./api.js";
import { counted, make } from "./dom.js";
import { isQuestion, searchBody } from "./question.js";
import { results } from "./results.js";
import { state } from "./state.js";

const SVG = "http://www.w3.org/2000/svg";
const STEPS = 1000;
const WIDTH = 1000;
const HEIGHT = 100;
// A limit becomes a question when nobody moved it for so long.
const REST_MS = 300;

/**
 * @typedef {{edges: number[], counts: number[], images: number, exact: boolean}} Distances
 */

/**
 * Return how many pictures lie within a distance, from the bins: within one they count by share.
 * @param {Distances} found
 * @param {number} within
 */
export function countedWithin({ edges, counts }, within) {
  return counts.reduce((sum, count, bin) => {
    const [low, high] = [edges[bin], edges[bin + 1]];
    if (within >= high) return sum + count;
    return within <= low ? sum : sum + (count * (within - low)) / (high - low);
  }, 0);
}

/**
 * Return the text beside the slider. The number is that of the hits where all of them are known,
 * else from the bins.
 * @param {Distances} found
 * @param {number} within
 * @param {import("./results.js").Results} answer
 */
export function withinText(found, within, { hits, done, question }) {
  const distance = shortDistance(within, found);
  if (within >= found.edges.at(-1)) return `All ${counted(found.images, "picture")}`;
  const all = done && within <= (question.within ?? Infinity);
  // A list without a question has no distances; an answer without a hit has nothing within.
  const known = hits.length ? hits[0].distance !== undefined && (all || hits.at(-1).distance > within)
    : all && question.within !== null;
  if (known) {
    return `${counted(hits.filter((hit) => hit.distance <= within).length, "picture")} within ${distance}`;
  }
  const number = Math.round(countedWithin(found, within));
  const onEdge = found.exact && found.edges.includes(within);
  return `${onEdge ? "" : "about "}${counted(number, "picture")} within ${distance}`;
}

/** Return a distance with as many digits as its range asks for. */
export function shortDistance(distance, { edges }) {
  const range = edges.at(-1) - edges[0];
  const digits = range >= 100 ? 0 : Math.max(3, 2 - Math.floor(Math.log10(range || 1)));
  return distance.toFixed(digits);
}

function bars({ edges, counts }, within) {
  const svg = document.createElementNS(SVG, "svg");
  svg.setAttribute("viewBox", `0 0 ${WIDTH} ${HEIGHT}`);
  svg.setAttribute("preserveAspectRatio", "none");
  svg.setAttribute("aria-hidden", "true");
  const [least, most] = [edges[0], edges.at(-1)];
  // Roots, as the few that are near are what is looked for among the many that are far.
  const highest = Math.sqrt(Math.max(1, ...counts));
  counts.forEach((count, bin) => {
    const bar = document.createElementNS(SVG, "rect");
    const [left, right] = [edges[bin], edges[bin + 1]].map((edge) => (WIDTH * (edge - least)) / (most - least));
    const height = count ? Math.max(2, (HEIGHT * Math.sqrt(count)) / highest) : 0;
    const shape = { x: left, y: HEIGHT - height, width: Math.max(0.5, right - left - 1), height };
    for (const [name, value] of Object.entries(shape)) bar.setAttribute(name, value.toFixed(2));
    bar.setAttribute("class", edges[bin] < within ? "bar near" : "bar");
    svg.append(bar);
  });
  return svg;
}

/** What makes other distances. */
const askedOf = (now) => JSON.stringify({ ...searchBody(now), within: null, k: undefined });

const howOf = ({ metric, fuse, encoder, features }) => JSON.stringify([metric, fuse, encoder, features]);

class Panel {
  constructor(element) {
    this.element = element;
    this.asked = "";
    /** @type {Distances | null} */
    this.found = null;
    this.request = new AbortController();
    this.timer = 0;
  }

  async ask(now) {
    const asked = isQuestion(now) ? askedOf(now) : "";
    if (asked === this.asked) return this.follow(now);
    this.asked = asked;
    // A limit that was being chosen was of the distances before.
    clearTimeout(this.timer);
    this.timer = 0;
    this.request.abort();
    this.request = new AbortController();
    if (!asked) return this.show(null);
    const { signal } = this.request;
    await results.first();
    if (signal.aborted) return undefined;
    try {
      const found = await post("api/distances", { ...searchBody(now), within: null }, signal);
      if (!signal.aborted) this.show(found.images && found.edges.at(-1) > found.edges[0] ? found : null);
    } catch {
      // The pictures say why there is no answer; with theirs it is asked again.
      if (signal.aborted) return undefined;
      this.asked = "";
      this.show(null);
    }
    return undefined;
  }

  show(found) {
    this.found = found;
    this.element.hidden = !found;
    this.element.replaceChildren();
    if (!found) return;
    const [least, most] = [found.edges[0], found.edges.at(-1)];
    this.chart = make("div", { class: "bars" });
    this.slider = make("input", {
      type: "range", min: least, max: most, step: (most - least) / STEPS,
      "aria-label": "Farthest distance",
      oninput: () => this.moved(),
      onchange: () => this.moved(),
    });
    this.text = make("output", {});
    this.every = make("button", { type: "button", text: "No limit", onclick: () => this.limit(null) });
    this.element.append(
      make("div", { class: "within" }, this.text, this.every),
      make("div", { class: "over" }, this.chart, this.slider),
      make("div", { class: "ends", "aria-hidden": "true" },
        make("span", { text: shortDistance(least, found) }), make("span", { text: shortDistance(most, found) })));
    this.follow(state.get());
  }

  /** Show the limit of the state, unless another is being chosen. */
  follow({ within }) {
    if (!this.found || this.timer) return;
    // Full steps do not always reach the end.
    this.slider.value = String(within ?? this.found.edges.at(-1));
    this.every.hidden = within === null;
    this.draw(within ?? this.found.edges.at(-1));
  }

  draw(within) {
    this.text.textContent = withinText(this.found, within, results.get());
    this.slider.setAttribute("aria-valuetext", this.text.textContent);
    this.chart.replaceChildren(bars(this.found, within));
    this.element.classList.toggle("limited", within < this.found.edges.at(-1));
  }

  moved() {
    const most = this.found.edges.at(-1);
    // As it is shown, so that the page says what it asks.
    const within = Number(shortDistance(Number(this.slider.value), this.found));
    const none = within >= most - (most - this.found.edges[0]) / STEPS;
    this.draw(none ? most : within);
    clearTimeout(this.timer);
    this.timer = setTimeout(() => this.limit(none ? null : within), REST_MS);
  }

  limit(within) {
    clearTimeout(this.timer);
    this.timer = 0;
    state.change({ within });
  }
}

/** Mount the histogram; hidden where nothing is asked. */
export function mount(element) {
  const panel = new Panel(element);
  element.hidden = true;
  element.setAttribute("role", "group");
  element.setAttribute("aria-label", "Distances");
  state.subscribe((now, before) => {
    panel.ask(now);
    // A distance of one metric or feature means nothing in another. Other listeners go first.
    const stale = now.within !== null && now.within === before.within && howOf(now) !== howOf(before);
    if (stale) queueMicrotask(() => state.change({ within: null }, { quiet: true }));
  });
  results.subscribe(({ error, loading }) => (error || loading ? panel.follow(state.get()) : panel.ask(state.get())));
  panel.ask(state.get());
}
