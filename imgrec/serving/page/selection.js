// The pictures that are marked; this tab of the browser keeps them.

import { results } from "./results.js";

const KEPT = "imgrec-marked";
// Characters; more marks than fit are forgotten when the page is loaded again.
const MOST_KEPT = 2_000_000;

const listeners = new Set();
/** @type {Map<number, {id: number} & Partial<import("./results.js").Hit>>} in the order of marking */
const facts = new Map(kept());
// The picture that was marked last: a range begins there.
let anchor = null;

function kept() {
  try {
    return JSON.parse(sessionStorage.getItem(KEPT) ?? "[]").map((one) => [one.id, one]);
  } catch {
    return [];
  }
}

function changed() {
  const text = JSON.stringify([...facts.values()]);
  if (text.length <= MOST_KEPT) sessionStorage.setItem(KEPT, text);
  else sessionStorage.removeItem(KEPT);
  for (const listener of [...listeners]) listener();
}

/** Return what a mark keeps of a hit: what lists of pictures say. */
const slim = ({ id, path, file, labels, metadata, distance, similarity, rank }) =>
  ({ id, path, file, labels, metadata, distance, similarity, rank });

/**
 * Return the ids from one hit to another, in any order; only the last where one is not there.
 * @param {{id: number}[]} hits
 */
export function range(hits, from, to) {
  const [one, other] = [from, to].map((id) => hits.findIndex((hit) => hit.id === id));
  if (one < 0 || other < 0) return [to];
  return hits.slice(Math.min(one, other), Math.max(one, other) + 1).map(({ id }) => id);
}

export const marked = {
  has: (id) => facts.has(id),

  /** Number of marked pictures. */
  get size() {
    return facts.size;
  },

  /** Return the ids, in the order they were marked. */
  all: () => [...facts.keys()],

  /** Return what is known of each. */
  hits: () => [...facts.values()],

  /**
   * Mark a picture, or take its mark.
   * @param {number} id
   * @param {boolean} [wide] all from the one marked last to this one, as shift does.
   */
  toggle(id, wide = false) {
    const on = !facts.has(id);
    const { shown, hits } = results.get();
    for (const one of wide ? range(shown, anchor, id) : [id]) {
      if (!on) facts.delete(one);
      else if (!facts.has(one)) facts.set(one, slim(hits.find((hit) => hit.id === one) ?? { id: one }));
    }
    anchor = id;
    changed();
  },

  /** Mark hits. */
  add(hits) {
    for (const hit of hits) if (!facts.has(hit.id)) facts.set(hit.id, slim(hit));
    changed();
  },

  /** Take marks; all of them where none are named. */
  clear(ids = [...facts.keys()]) {
    for (const id of ids) facts.delete(id);
    changed();
  },

  /** Call a function after each change. @returns {() => void} ends it. */
  subscribe(listener) {
    listeners.add(listener);
    return () => listeners.delete(listener);
  },
};
