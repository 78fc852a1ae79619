// The grid of pictures: endless, with only the rows in the page that are near the window.
//
// A row has a place of its own, so nothing moves when rows come and go, and all tiles are of one
// size, so nothing moves when pictures arrive. One tile can be reached by Tab; the arrows move on.

import { FULL } from "./actions.js";
import { make } from "./dom.js";
import { results } from "./results.js";
import { say } from "./said.js";
import { marked } from "./selection.js";
import { state } from "./state.js";
import { thumbs } from "./thumbs.js";
import { keyActs, makeTile, refresh, showThumb } from "./tile.js";
import { views } from "./views.js";

// Rows kept beyond the window on each side, and rows before the end where more are asked for.
const BEYOND = 3;
const BEFORE_END = 4;
const GAP = 12;
const CAPTION = 62;
const STEPS = { ArrowLeft: -1, ArrowRight: 1 };

const rows = new Map();
let box = null;
let columns = 1;
let rowHeight = 1;
let active = 0;
let shown = [];
let drawn = null;
let measured = 0;

/** Return the least width of a tile, in pixels, for a width of the grid. */
const leastWidth = (width) => (width < 480 ? 104 : width < 900 ? 140 : 168);

async function open(hit) {
  active = shown.indexOf(hit);
  const { large } = await import("./large.js");
  large.open({ id: hit.id });
}

function measure() {
  const width = box.clientWidth;
  measured = width;
  columns = Math.max(1, Math.floor((width + GAP) / (leastWidth(width) + GAP)));
  rowHeight = Math.round((width - GAP * (columns - 1)) / columns) + CAPTION + GAP;
  box.style.setProperty("--columns", columns);
  box.style.setProperty("--row", `${rowHeight - GAP}px`);
  box.setAttribute("aria-colcount", columns);
}

/** Arrange the grid anew where it has another width than it was drawn for. */
function fit() {
  // A grid that is not shown has no width; under the large view there is no scroll bar.
  if (!box.clientWidth || box.clientWidth === measured || document.querySelector("#large[open]")) return;
  if (!shown.length) return;
  const isAtStart = above() <= 0;
  const at = sightTop() / rowHeight;
  const first = Math.floor(at) * columns;
  redraw();
  if (isAtStart) return;
  // The row that was the first in sight is that again.
  scrollBy(0, (Math.floor(first / columns) + (at % 1)) * rowHeight - sightTop());
  draw();
}

const tilesInPage = () => [...rows.values()].flatMap((row) => [...row.children]);

const notesText = (hit) => JSON.stringify(results.notesOf(hit));

const rowCount = () => Math.ceil(shown.length / columns);

/** Return how much of the grid lies above the window, in pixels: to ask after a change costs a layout. */
const above = () => -box.getBoundingClientRect().top;

/** Return how much of it lies above what can be seen: below the head of the page. */
const sightTop = () => above() + Math.max(0, document.getElementById("top").getBoundingClientRect().bottom);

/** Return the first row to keep and the one after the last. */
function kept(top) {
  const first = Math.floor(top / rowHeight) - BEYOND;
  const last = Math.ceil((top + innerHeight) / rowHeight) + BEYOND;
  return [Math.max(0, Math.min(first, rowCount() - 1)), Math.min(rowCount(), Math.max(last, 1))];
}

// Tiles that are in no row, by their hit: made ahead, or taken over by another arrangement of the
// same answer.
let spare = new Map();

/** Return the tile of a hit: a spare one, if it is as it would be made now. */
function tileFor(hit, nearest) {
  const notes = notesText(hit);
  const had = spare.get(hit);
  if (had?.notes === notes && had.nearest === nearest) return had;
  return Object.assign(makeTile(hit, nearest, open), { nearest, notes });
}

const nearestOf = ([first]) => first?.distance ?? 0;

/** Make the tiles of the first rows of an answer, while their thumbnails are on the way. */
function makeAhead(hits) {
  if (!measured) measure();
  const count = (Math.ceil(innerHeight / rowHeight) + BEYOND) * columns;
  const nearest = nearestOf(hits);
  spare = new Map(hits.slice(0, count).map((hit) => [hit, tileFor(hit, nearest)]));
}

function tileAt(index) {
  const tile = tileFor(shown[index], nearestOf(shown));
  spare.delete(tile.hit);
  tile.index = index;
  tile.setAttribute("aria-colindex", (index % columns) + 1);
  tile.tabIndex = index === active ? 0 : -1;
  return tile;
}

/** Ask for the thumbnails of rows together. */
function fetchThumbs(first, end) {
  thumbs(shown.slice(first * columns, end * columns).map(({ id }) => id));
}

function makeRow(index) {
  const first = index * columns;
  const length = Math.min(columns, shown.length - first);
  fetchThumbs(index, index + 1);
  const tiles = Array.from({ length }, (_, column) => tileAt(first + column));
  const row = make("div", {
    class: "row", role: "row", "aria-rowindex": index + 1,
    style: { transform: `translateY(${index * rowHeight}px)` },
  }, ...tiles);
  rows.set(index, row);
  return row;
}

/** Make those tiles anew whose hit, or what is noted on it, is another than before. */
function renew() {
  for (const tile of tilesInPage()) {
    const hit = shown[tile.index];
    if (tile.hit === hit && tile.notes === notesText(hit)) continue;
    const had = tile.contains(document.activeElement) && document.activeElement.className;
    const next = tileAt(tile.index);
    tile.replaceWith(next);
    if (had !== false) (next.getElementsByClassName(had)[0] ?? next).focus({ preventScroll: true });
  }
}

function removeRow(index) {
  rows.get(index).remove();
  rows.delete(index);
}

function draw(top = above()) {
  const [first, end] = kept(top);
  const focused = Math.floor(active / columns);
  fetchThumbs(first, end);
  const wanted = (index) => (index >= first && index < end) || index === focused;
  for (const index of [...rows.keys()]) {
    if (!wanted(index) || index >= rowCount()) removeRow(index);
  }
  for (let index = first; index < end; index += 1) if (!rows.has(index)) place(index);
  if (focused < rowCount() && !rows.has(focused)) place(focused);
  for (const tile of tilesInPage()) if (tile.matches(".broken")) showThumb(tile);
  if (end > rowCount() - BEFORE_END && !results.get().error) results.more();
}

/** Put a row into the page where it belongs, so that a screen reader meets the rows in order. */
function place(index) {
  const after = [...rows.keys()].filter((one) => one > index).sort((a, b) => a - b)[0];
  box.insertBefore(makeRow(index), after === undefined ? null : rows.get(after));
}

function redraw(top) {
  const hadFocus = box.contains(document.activeElement);
  for (const tile of tilesInPage()) spare.set(tile.hit, tile);
  for (const index of [...rows.keys()]) removeRow(index);
  measure();
  resize();
  draw(top);
  spare = new Map();
  if (hadFocus) focusOn(active);
}

function resize() {
  box.style.height = `${Math.max(0, rowCount() * rowHeight - GAP)}px`;
  box.toggleAttribute("hidden", !shown.length);
  box.setAttribute("aria-rowcount", results.get().done ? rowCount() : -1);
}

const isLonger = (hits) => hits.length >= shown.length && shown.every(({ id }, i) => id === hits[i].id);

/** Return the place of a picture, or of the tile that it is folded into; -1 for none. */
const placeOf = (id, hits) => hits.findIndex((hit) => hit.id === id
  || (!hit.unfolded && hit.folded?.some((one) => one.id === id)));

function take({ shown: hits, answer, loading, renewing }) {
  // With nothing shown it would only fade in, frame after frame, what comes first.
  box.classList.toggle("busy", loading && renewing && shown.length > 0);
  if (!answer || hits === shown) return;
  const longer = shown.length > 0 && isLonger(hits);
  const before = shown;
  shown = hits;
  if (longer) {
    const top = above();
    renew();
    const last = Math.floor((before.length - 1) / columns);
    // Its last row may have had room; the focus does not leave a tile that stays.
    if (before.length % columns && rows.has(last)) mendRow(last);
    resize();
    draw(top);
    spare = new Map();
  } else {
    // Another arrangement of the same answer leaves one where one is.
    const at = answer === drawn ? placeOf(before[active]?.id, hits) : 0;
    active = Math.max(0, at);
    // First: where one was in another answer, there is nothing to draw.
    if (answer !== drawn) scrollTo(0, 0);
    redraw(answer === drawn ? undefined : above());
  }
  drawn = answer;
}

function mendRow(index) {
  const row = rows.get(index);
  const more = makeRow(index);
  row.append(...[...more.children].slice(row.children.length));
  rows.set(index, row);
}

function tileOf(index) {
  return rows.get(Math.floor(index / columns))?.children[index % columns];
}

/** Give the focus to a tile and scroll it into sight. */
function focusOn(index) {
  if (!shown.length) return;
  const before = tileOf(active);
  active = Math.max(0, Math.min(index, shown.length - 1));
  if (before) before.tabIndex = -1;
  draw();
  const tile = tileOf(active);
  if (!tile) return;
  tile.tabIndex = 0;
  tile.focus({ preventScroll: true });
  tile.scrollIntoView({ block: "nearest" });
}

function target(key) {
  const page = Math.max(1, Math.floor(innerHeight / rowHeight)) * columns;
  const steps = {
    ...STEPS, ArrowUp: -columns, ArrowDown: columns, PageUp: -page, PageDown: page,
    Home: -active, End: shown.length,
  };
  return key in steps ? active + steps[key] : null;
}

const OPEN = new Set(["Enter", " ", "l"]);

function press(event) {
  if (event.ctrlKey || event.metaKey || event.altKey || !event.target.matches(".tile, .tile *")) return;
  const key = event.key.length === 1 ? event.key.toLowerCase() : event.key;
  const to = target(key);
  const hit = shown[active];
  // A button or a check box that a click gave the focus does what it does.
  if (/^(Enter| )$/.test(key) && !event.target.matches(".tile")) return;
  if (to !== null) {
    const isOut = key.startsWith("Arrow") && (to < 0 || to >= shown.length);
    if (!isOut) focusOn(to);
  } else if (OPEN.has(key)) open(hit);
  else if (keyActs[key]) {
    if (keyActs[key]({ id: hit.id }, event) === false) say(FULL, "bad");
  } else return;
  event.preventDefault();
}

/** Draw the results in an element, and keep them drawn. */
export function mount(element) {
  box = element;
  box.setAttribute("role", "grid");
  box.setAttribute("aria-label", "Pictures");
  box.setAttribute("aria-multiselectable", "true");
  box.addEventListener("keydown", press);
  box.addEventListener("focusin", ({ target: on }) => {
    const tile = on.closest(".tile");
    if (!tile || tile.index === active) return;
    tileOf(active)?.setAttribute("tabindex", "-1");
    active = tile.index;
    tile.tabIndex = 0;
  });
  const refreshAll = () => [...tilesInPage(), ...spare.values()].forEach(refresh);
  marked.subscribe(refreshAll);
  state.subscribe(refreshAll);
  results.subscribe(take);
  results.prepare(makeAhead);
  // A window that becomes higher shows more rows of the same width.
  for (const kind of ["scroll", "resize"]) {
    addEventListener(kind, () => requestAnimationFrame(() => draw()), { passive: true });
  }
  new ResizeObserver(fit).observe(element.parentElement);
  take(results.get());
}

/** What other parts of the page may do with the grid. */
export const grid = {
  fit,

  /** Give the focus to the tile of a picture, if it is among the results; null for the last. */
  focus(id) {
    if (views.get() !== "grid") return;
    const index = id === null ? active : shown.findIndex((hit) => hit.id === id);
    if (index >= 0) focusOn(index);
  },
};
