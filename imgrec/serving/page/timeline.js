// When the pictures were taken: a bar for each year, or for each month of one; a span is a filter.

import { counts } from "./counts.js";
import { counted, make } from "./dom.js";
import { datesText, replaced, valuesOf } from "./filters.js";
import { state } from "./state.js";

// More years than this are shown without the empty ones between them: some dates are wrong.
const MOST_YEARS = 60;

/** @typedef {{span: string, count: number}} Bar `span` is a year or a month, as a filter takes it */

/**
 * Return a bar for each year from the first to the last.
 * @param {{value: string, count: number}[]} values months, as "2019-07".
 * @returns {Bar[]}
 */
export function yearBars(values) {
  const sums = new Map();
  for (const { value, count } of values) {
    const year = value.slice(0, 4);
    sums.set(year, (sums.get(year) ?? 0) + count);
  }
  const known = [...sums.keys()].sort();
  const [first, last] = [Number(known[0]), Number(known.at(-1))];
  const years = known.length && last - first < MOST_YEARS
    ? Array.from({ length: last - first + 1 }, (_, step) => String(first + step).padStart(4, "0"))
    : known;
  return years.map((span) => ({ span, count: sums.get(span) ?? 0 }));
}

/** Return the twelve bars of a year. */
export function monthBars(values, year) {
  const sums = new Map(values.map(({ value, count }) => [value, count]));
  return Array.from({ length: 12 }, (_, month) => `${year}-${String(month + 1).padStart(2, "0")}`)
    .map((span) => ({ span, count: sums.get(span) ?? 0 }));
}

/** Return the filter value of the span from one bar to another, in any order. */
export function spanOf(one, other) {
  const [from, to] = [one, other].sort();
  return from === to ? from : `${from}..${to}`;
}

// A day, month or year as its first and its last day; no month has a later one than 31.
const firstDay = (date) => date + "-01-01".slice(date.length - 4);
const lastDay = (date) => date + "-12-31".slice(date.length - 4);

/** Return whether a bar lies within one of the spans, wholly. */
export function isWithin(span, spans) {
  return spans.some((value) => {
    const [from, to] = value.includes("..") ? value.split("..") : [value, value];
    return (!from || firstDay(from) <= firstDay(span)) && (!to || lastDay(span) <= lastDay(to));
  });
}

/** Return the year that the spans lie in, if they lie in one. */
export function yearOf(spans) {
  const years = new Set(spans.flatMap((span) => span.split("..")).map((date) => date.slice(0, 4)));
  return years.size === 1 && /^\d{4}$/.test([...years][0]) ? [...years][0] : null;
}

class Timeline {
  constructor(element) {
    this.element = element;
    // The year whose months are shown.
    this.year = yearOf(valuesOf(state.get().where, "taken"));
    // The first bar of a span that is being chosen.
    this.from = null;
    this.to = null;
  }

  get spans() {
    return valuesOf(state.get().where, "taken");
  }

  draw() {
    const values = counts.of("taken");
    this.element.hidden = !values.length && !this.spans.length;
    if (this.element.hidden) return this.element.replaceChildren();
    const focused = this.element.contains(document.activeElement) && document.activeElement.dataset.span;
    this.bars = this.year ? monthBars(values, this.year) : yearBars(values);
    this.row = make("div", { class: "time-bars", role: "group", "aria-label": this.year ? `Months of ${this.year}` : "Years" },
      ...this.bars.map((bar, place) => this.button(bar, place, Math.max(1, ...this.bars.map(({ count }) => count)))));
    this.listen();
    this.element.replaceChildren(this.head(), this.row, this.ends());
    this.mark();
    if (focused) (this.at(focused) ?? this.row.firstChild)?.focus();
    return undefined;
  }

  head() {
    const chosen = this.spans;
    return make("div", { class: "time-head" },
      make("h2", { text: this.year ? this.year : "Date" }),
      this.year && make("button", { type: "button", text: "All years", onclick: () => this.leave() }),
      chosen.length > 0 && make("button", { type: "button", text: "Any date", onclick: () => this.choose(null) }));
  }

  ends() {
    const [first, last] = [this.bars[0], this.bars.at(-1)].map((bar) => bar && datesText(bar.span));
    return make("div", { class: "ends", "aria-hidden": "true" },
      make("span", { text: first ?? "" }), this.bars.length > 1 && make("span", { text: last }));
  }

  button({ span, count }, place, most) {
    const text = `${datesText(span)}: ${counted(count, "picture")}`;
    return make("button", {
      type: "button", class: "time-bar", title: text, "aria-label": text, data: { span },
      tabIndex: place ? -1 : 0, style: { "--height": `${count ? Math.max(4, (100 * count) / most) : 0}%` },
    });
  }

  at(span) {
    return [...this.row.children].find((bar) => bar.dataset.span === span);
  }

  mark() {
    const spans = this.from ? [spanOf(this.from, this.to)] : this.spans;
    for (const bar of this.row.children) {
      bar.setAttribute("aria-pressed", String(isWithin(bar.dataset.span, spans)));
    }
    const tab = this.row.querySelector("[aria-pressed=true]") ?? this.row.firstChild;
    for (const bar of this.row.children) bar.tabIndex = bar === tab ? 0 : -1;
  }

  listen() {
    const under = ({ clientX }) => {
      const bars = [...this.row.children];
      return (bars.find((bar) => clientX < bar.getBoundingClientRect().right) ?? bars.at(-1)).dataset.span;
    };
    this.row.onpointerdown = (event) => {
      if (event.button || !this.row.children.length) return;
      this.row.setPointerCapture(event.pointerId);
      [this.from, this.to] = event.shiftKey && this.spans.length ? [this.spans[0].split("..")[0], under(event)] : [under(event), under(event)];
      this.mark();
    };
    this.row.onpointermove = (event) => {
      if (!this.from || !this.row.hasPointerCapture(event.pointerId)) return;
      this.to = under(event);
      this.mark();
    };
    this.row.onpointerup = () => this.from && this.end();
    this.row.onpointercancel = () => {
      this.from = null;
      this.mark();
    };
    // Enter and Space; a pointer has chosen already.
    this.row.onclick = (event) => {
      if (event.detail) return;
      this.from ??= event.target.dataset.span;
      this.to = event.target.dataset.span;
      this.end();
    };
    this.row.onkeydown = (event) => this.key(event);
  }

  key(event) {
    const step = { ArrowLeft: -1, ArrowRight: 1 }[event.key];
    const place = this.bars.findIndex(({ span }) => span === event.target.dataset.span);
    const next = step && this.row.children[place + step];
    if (!next) return;
    event.preventDefault();
    if (event.shiftKey) {
      this.from ??= event.target.dataset.span;
      this.to = next.dataset.span;
    } else this.from = null;
    this.mark();
    next.tabIndex = 0;
    next.focus();
  }

  end() {
    const span = spanOf(this.from, this.to);
    this.from = null;
    const again = this.spans.length === 1 && this.spans[0] === span;
    this.choose(again ? null : span);
  }

  /** Take the filter from the years of a span to its months, and back. */
  choose(span) {
    const opens = span && !this.year && /^\d{4}$/.test(span);
    if (opens) this.year = span;
    state.change({ where: replaced(state.get().where, "taken", span ? [span] : []) });
    this.draw();
  }

  leave() {
    this.year = null;
    this.draw();
    this.row.querySelector("[tabindex='0']")?.focus();
  }
}

/** Mount the timeline; hidden where no picture has a date. */
export function mount(element) {
  element.hidden = true;
  const timeline = new Timeline(element);
  counts.subscribe(() => timeline.draw());
  state.subscribe((now, before) => {
    if (now.where === before.where) return;
    const spans = valuesOf(now.where, "taken");
    if (!spans.length || yearOf(spans) !== timeline.year) timeline.year = yearOf(spans) ?? (spans.length ? null : timeline.year);
    timeline.draw();
  });
  timeline.draw();
}
