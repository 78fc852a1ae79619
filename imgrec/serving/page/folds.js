// Near-copies in an answer, folded into the tile of the first of them.

import { get } from "./api.js";
import { counted, make } from "./dom.js";
import { results } from "./results.js";

// Labels whose value names a group: files that are the same picture, groups to be looked at, and
// bundles of the network.
const GROUPS = ["duplicates", "similar", "bundle"];
const KEPT = "imgrec-folds";

/**
 * @typedef {import("./results.js").Hit} Hit
 * @typedef {Hit & {folded?: Hit[], unfolded?: boolean, of?: number}} Shown a hit as the grid shows
 *   it: `folded` are the further hits of its group; `unfolded`: these follow it as hits of their
 *   own, whose `of` is its id.
 */

/** Return the groups of a hit as texts. */
function keysOf({ id, labels }, copies) {
  const keys = GROUPS.filter((kind) => labels[kind]).map((kind) => `${kind}=${labels[kind]}`);
  return copies.has(id) ? [...keys, `copy of ${copies.get(id)}`] : keys;
}

/**
 * Return one tile for each group of near-copies, in the order of its first hit.
 *
 * Stable: the tiles of a longer list begin with those of a shorter one, so that nothing jumps while
 * further pages arrive; only the counts grow.
 * @param {Hit[]} hits in order.
 * @param {ReadonlyMap<number, number>} [copies] of each picture whose content others have too, the
 *   first of these.
 * @returns {{hit: Hit, folded: Hit[]}[]}
 */
export function fold(hits, copies = new Map()) {
  const tiles = [];
  const known = new Map();
  for (const hit of hits) {
    const keys = keysOf(hit, copies);
    const first = Math.min(...keys.map((key) => known.get(key) ?? Infinity));
    const place = Number.isFinite(first) ? first : tiles.push({ hit, folded: [] }) - 1;
    if (tiles[place].hit !== hit) tiles[place].folded.push(hit);
    // A picture of two groups joins them, but for tiles that are there already.
    for (const key of keys) if (!known.has(key)) known.set(key, place);
  }
  return tiles;
}

/**
 * Return the hits as the grid shows them.
 * @param {Hit[]} hits in order.
 * @param {ReadonlySet<number>} unfolded ids of the first of groups.
 * @param {ReadonlyMap<number, number>} [copies] see `fold`.
 * @returns {Shown[]}
 */
export function foldedHits(hits, unfolded, copies) {
  return fold(hits, copies).flatMap(({ hit, folded }) => {
    if (!folded.length) return [hit];
    if (!unfolded.has(hit.id)) return [copyOf(hit, { folded })];
    return [copyOf(hit, { folded, unfolded: true }), ...folded.map((one) => copyOf(one, { of: hit.id }))];
  });
}

// The copies made last, by their hit: a tile is drawn anew where its hit is another object.
const made = new WeakMap();

function copyOf(hit, more) {
  const known = made.get(hit);
  const same = known && known.of === more.of && known.unfolded === more.unfolded
    && known.folded?.length === more.folded?.length;
  if (!same) made.set(hit, { ...hit, ...more });
  return made.get(hit);
}

const unfolded = new Set();
/** @type {ReadonlyMap<number, number>} */
let copies = new Map();
let on = recall();

/** Return what the browser keeps; it may keep nothing for any page, and then says so by an error. */
function recall() {
  try {
    return localStorage.getItem(KEPT) !== "off";
  } catch {
    return true;
  }
}

function remember() {
  try {
    localStorage.setItem(KEPT, on ? "on" : "off");
  } catch {
    // It costs the choice after a reload.
  }
}

function arrange() {
  results.arrange("folds", on ? (hits) => foldedHits(hits, unfolded, copies) : null);
}

export const folds = {
  /** Unfold the near-copies of a hit, or fold them again; those of its group, where it is one of them. */
  toggle(id) {
    const hit = results.get().shown.find((one) => one.id === id);
    if (!hit?.folded && hit?.of === undefined) return;
    const first = hit.of ?? id;
    if (!unfolded.delete(first)) unfolded.add(first);
    arrange();
  },

  /** Fold near-copies, or show each on its own; the browser keeps it. */
  turn(value) {
    on = value;
    unfolded.clear();
    remember();
    arrange();
  },
};

/** Return the button on a tile that unfolds its near-copies, and folds them again. */
export function foldButton({ id, folded, unfolded: open }) {
  const title = open ? "Fold the near-copies again" : `Show ${counted(folded.length, "near-copy", "near-copies")}`;
  return make("button", {
    type: "button", class: "folded", tabIndex: -1, text: open ? `−${folded.length}` : `+${folded.length}`,
    title, "aria-label": title, "aria-expanded": open ? "true" : "false",
    onclick: (event) => {
      event.stopPropagation();
      folds.toggle(id);
    },
  });
}

/** Ask once which pictures have the same content; no label says so before duplicates were found. */
async function askCopies() {
  await results.first();
  const { groups } = await get("api/copies");
  copies = new Map(groups.flatMap((ids) => ids.map((id) => [id, ids[0]])));
  if (groups.length) arrange();
}

/** Mount the switch. */
export function mount(element) {
  element.append(make("label", { class: "switch", title: "Show one of pictures that are almost the same" },
    make("input", { type: "checkbox", checked: on, onchange: (event) => folds.turn(event.target.checked) }),
    "Fold near-copies"));
  arrange();
  // Without an answer the labels alone fold; the pictures say where the server does not answer.
  askCopies().catch(() => null);
}
