// How many pictures have which label under the present filters: asked once for all tools.

import { post } from "./api.js";
import { results } from "./results.js";
import { state } from "./state.js";

/**
 * @typedef {object} Value
 * @property {string} value as a filter takes it, without its kind.
 * @property {number} count
 * @property {string} name what a person reads, where it differs.
 *
 * @typedef {object} Counts
 * @property {number} images pictures that pass the filters.
 * @property {{kind: string, values: Value[], total: number}[]} facets
 */

const listeners = new Set();
/** @type {Counts} */
let present = { images: 0, facets: [] };
let request = new AbortController();
// The last request failed.
let failed = false;

export const counts = {
  /** @returns {Counts} */
  get: () => present,

  /** Call a function with `Counts` after each change. @returns {() => void} ends it. */
  subscribe(listener) {
    listeners.add(listener);
    return () => listeners.delete(listener);
  },

  /** Return the values of a kind; none where no picture has any. */
  of: (kind) => present.facets.find((facet) => facet.kind === kind)?.values ?? [],

  /** Ask again; what is shown stays where the server refuses, as the pictures say why. */
  async again() {
    request.abort();
    request = new AbortController();
    const { signal } = request;
    const { where, under } = state.get();
    await results.first();
    try {
      const answer = await post("api/facets", { where, under }, signal);
      if (signal.aborted) return;
      present = answer;
      failed = false;
    } catch {
      failed ||= !signal.aborted;
      return;
    }
    for (const listener of [...listeners]) listener(present);
  },
};

// Where the server answers again, it tells what it did not tell before.
results.subscribe(({ error, loading }) => {
  if (!failed || error || loading) return;
  failed = false;
  counts.again();
});

state.subscribe((now, before) => {
  if (now.where !== before.where || now.under !== before.under) counts.again();
});
