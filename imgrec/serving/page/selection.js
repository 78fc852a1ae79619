// The pictures that are marked; this tab of the browser keeps them.

import { post } from "./api.js";
import { storeFacts } from "./facts.js";
import { results } from "./results.js";

const KEPT = "imgrec-marked";
const STORE = "imgrec-store";
// Characters; more marks than fit are forgotten when the page is loaded again.
const MOST_KEPT = 2_000_000;
// Pictures that the server tells of at once.
const PART = 1000;

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

function remember() {
  const text = JSON.stringify([...facts.values()]);
  try {
    if (text.length <= MOST_KEPT) sessionStorage.setItem(KEPT, text);
    else sessionStorage.removeItem(KEPT);
  } catch {
    // A full or forbidden storage costs the marks after a reload.
  }
}

function changed() {
  remember();
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
   * Return what is known of each, after asking for what was marked by its id alone; what is not in
   * the store any more stays without a path.
   */
  async known() {
    const bare = [...facts.values()].filter(({ path }) => path === undefined).map(({ id }) => id);
    for (let start = 0; start < bare.length; start += PART) {
      const { pictures } = await post("api/pictures", { ids: bare.slice(start, start + PART) });
      for (const one of pictures) if (facts.has(one.id)) facts.set(one.id, slim(one));
    }
    if (bare.length) changed();
    return [...facts.values()];
  },

  /** Mark these pictures and no others. @param {Iterable<number>} ids */
  only(ids) {
    const before = new Map(facts);
    facts.clear();
    for (const id of ids) facts.set(id, before.get(id) ?? { id });
    changed();
  },

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

/** Forget what was marked while another store was served at this address. */
async function forgetOthers() {
  const { store } = await storeFacts();
  const before = sessionStorage.getItem(STORE);
  sessionStorage.setItem(STORE, store);
  if (before !== null && before !== store) marked.clear();
}

// Without an answer there is nothing to do with what is marked.
forgetOthers().catch(() => null);
