// The pictures that answer the present question, part after part; without one, the collection.

import { post } from "./api.js";
import { painted } from "./dom.js";
import { takeEarly } from "./early.js";
import { EMPTY, hitsOf, requestOf } from "./question.js";
import { state } from "./state.js";
import { thumbs } from "./thumbs.js";

/**
 * @typedef {object} Hit a result of a search, or a picture of a list (without a distance)
 * @property {number} id
 * @property {string} path
 * @property {string} file
 * @property {number} [rank]
 * @property {number} [distance]
 * @property {number | null} [similarity]
 * @property {number[]} [per_query]
 * @property {number[]} [per_unwanted]
 * @property {Record<string, string>} labels
 * @property {string | null} page
 * @property {Record<string, unknown>} metadata
 * @property {string | null} community
 *
 * @typedef {object} Results
 * @property {State} question the state that they answer.
 * @property {object | null} answer the first part, as the server gave it (`Found` or `Listed`).
 * @property {Hit[]} hits all so far.
 * @property {Hit[]} shown those, after `results.arrange`: what the grid shows.
 * @property {boolean} done no more can be asked for.
 * @property {boolean} loading a part is on its way.
 * @property {boolean} renewing that part takes the place of what is shown.
 * @property {Error | null} error why the last part did not come.
 */

// Pictures that the server gives at once, and questions kept for the way back.
const MOST_AT_ONCE = 500;
const MOST_KEPT = 12;
const PATIENCE_MS = 1000;
const TOGETHER_MS = 100;

const kept = new Map();
const listeners = new Set();
const preparers = new Set();
const arrangements = new Map();
const notes = new Map();
let cursor = null;
let request = new AbortController();
/** @type {Results} */
let present = {
  question: state.get(), answer: null, hits: [], shown: [], done: false, loading: false,
  renewing: false, error: null,
};

function tell(patch) {
  present = { ...present, ...patch };
  if (patch.hits) present.shown = arranged(patch.hits);
  for (const listener of [...listeners]) listener(present);
}

function arranged(hits) {
  return [...arrangements.values()].reduce((shown, arrange) => arrange(shown), hits);
}

/** Return the next part of the present question, or the first of another. */
async function part(question, next, k) {
  const { signal } = request;
  const { path, body } = requestOf(question);
  const asked = next ? { cursor: next, k } : { ...body, k };
  return takeEarly(path, asked) ?? post(path, asked, signal);
}

// The pictures of the first part are on the screen: what is asked for beside them waits for this.
let pictured = Promise.resolve();

/** Ask for the thumbnails of a first part; return when they are there, or late. */
function fetchAhead(hits) {
  const come = Promise.all(thumbs(hits.slice(0, EMPTY.k).map(({ id }) => id)));
  pictured = come.then(() => hits.length && painted());
  pictured.then(tellFirst);
  return Promise.race([come, new Promise((resolve) => setTimeout(resolve, TOGETHER_MS))]);
}

async function ask(question, next, k = question.k) {
  const { signal } = request;
  tell({ loading: true, renewing: !next, error: null });
  try {
    const found = await part(question, next, k);
    if (signal.aborted) return;
    const hits = hitsOf(found);
    // Tiles and their pictures are drawn in one frame where both come at once.
    if (!next) {
      const come = fetchAhead(hits);
      for (const prepare of preparers) prepare(arranged(hits));
      await come;
    }
    if (signal.aborted) return;
    cursor = found.cursor;
    tell({
      question,
      answer: next ? present.answer : found,
      hits: next ? [...present.hits, ...hits] : hits,
      done: !cursor,
      loading: false,
    });
  } catch (error) {
    if (signal.aborted) return;
    // The server has forgotten where this answer went on: ask for all that is shown, and more.
    if (next && error.status === 410) await ask(question, null, longer(k));
    else tell({ loading: false, error });
    tellFirst();
  }
}

// The first pictures of the page are on the screen, or what has kept them from coming was told, or
// they are late.
let tellFirst;
const first = new Promise((resolve) => {
  tellFirst = resolve;
  setTimeout(resolve, PATIENCE_MS);
});

const longer = (k) => Math.min(MOST_AT_ONCE, present.hits.length + k);

/** Keep the results of a question that is left, for the way back. */
function keep(question) {
  if (present.question !== question || !present.answer || present.loading) return;
  const key = JSON.stringify(question);
  kept.delete(key);
  kept.set(key, { present, cursor, top: scrollY });
  if (kept.size > MOST_KEPT) kept.delete(kept.keys().next().value);
}

/** Show the results of a question that was left, scrolled as they were; false if unknown. */
function restore(question) {
  const found = kept.get(JSON.stringify(question));
  if (!found) return false;
  request.abort();
  request = new AbortController();
  cursor = found.cursor;
  tell({ ...found.present, question, hits: found.present.hits, error: null });
  scrollTo(0, found.top);
  return true;
}

export const results = {
  /** @returns {Results} */
  get: () => present,

  /** Call a function with `Results` after each change. @returns {() => void} ends it. */
  subscribe(listener) {
    listeners.add(listener);
    return () => listeners.delete(listener);
  },

  /** Call a function with the hits of another answer while their thumbnails are on the way. */
  prepare(preparer) {
    preparers.add(preparer);
  },

  /** Ask for the next part, once the pictures of the first are there, if none is on its way. */
  async more() {
    const { signal } = request;
    await pictured;
    // Another question may have come meanwhile.
    if (cursor && !present.loading && !signal.aborted) await ask(present.question, cursor);
  },

  /** Ask the present question from the start; the old pictures stay until the answer is there. */
  again() {
    request.abort();
    request = new AbortController();
    cursor = null;
    return ask(state.get(), null);
  },

  /** Ask again for what did not come: the next part of what is shown, else all from the start. */
  retry() {
    return cursor ? ask(present.question, cursor) : results.again();
  },

  /** Forget what was shown before, which is asked anew on the way back. */
  forget() {
    kept.clear();
  },

  /**
   * Change which hits are shown and in which order, by name; null takes a change back.
   * @param {string} name of the change.
   * @param {((hits: Hit[]) => Hit[]) | null} change pure; a hit it returns may be a copy with
   *   more fields, such as `folded: Hit[]`, whose number the tile shows.
   */
  arrange(name, change) {
    if (change) arrangements.set(name, change);
    else arrangements.delete(name);
    tell({ hits: present.hits });
  },

  /**
   * Write a short note on tiles, by name; null takes it back.
   * @param {string} name of the kind of notes.
   * @param {((hit: Hit) => {text: string, title: string, tone?: "up" | "down" | ""} | null) | null}
   *   note pure.
   */
  annotate(name, note) {
    if (note) notes.set(name, note);
    else notes.delete(name);
    tell({ hits: [...present.hits] });
  },

  /** Return a promise of the first pictures: what else is asked for waits for it. */
  first: () => first,

  /** Return the notes on a hit. */
  notesOf: (hit) => [...notes.values()].map((note) => note(hit)).filter(Boolean),
};

state.subscribe((now, before, how) => {
  keep(before);
  // Back and forward find what was shown; all else is asked anew.
  if (!(how.silent && restore(now))) results.again();
});
