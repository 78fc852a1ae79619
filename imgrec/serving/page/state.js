// The question that the page asks, as one frozen object, and who wants to know when it changes.

/**
 * @typedef {{x: number, y: number, width: number, height: number}} Box a part of a picture, in
 *   fractions of its width and height.
 * @typedef {{id?: number, upload?: string, box?: Box}} Asked a picture of a question: either `id`
 *   or `upload` is set.
 * @typedef {object} State
 * @property {readonly Asked[]} pictures wanted, up to `MOST`.
 * @property {readonly Asked[]} unwanted up to `MOST`.
 * @property {readonly string[]} text wanted words.
 * @property {readonly string[]} unwantedText unwanted words.
 * @property {string} metric
 * @property {string} fuse how distances to several pictures become one.
 * @property {string | null} encoder one feature, or null for the default of the store.
 * @property {Readonly<Record<string, number>> | null} features several with their weights.
 * @property {string} index how the nearest are found.
 * @property {readonly string[]} where filters, each "kind=value".
 * @property {readonly string[]} under folders.
 * @property {number | null} within only pictures up to this distance.
 * @property {number} k pictures of one part of an answer.
 */

export const MOST = 5;

/** @type {State} */
export const EMPTY = Object.freeze({
  pictures: [],
  unwanted: [],
  text: [],
  unwantedText: [],
  metric: "cosine",
  fuse: "mean",
  encoder: null,
  features: null,
  index: "auto",
  where: [],
  under: [],
  within: null,
  k: 60,
});

const listeners = new Set();
let present = EMPTY;

export const state = {
  /** @returns {State} frozen; compare by identity to see whether it changed. */
  get: () => present,

  /**
   * Take a patch and tell the listeners; does nothing where the patch changes nothing.
   * @param {Partial<State>} patch
   * @param {{quiet?: boolean, silent?: boolean}} [how] `quiet`: no new entry in the history of the
   *   browser; `silent`: the change comes from the address.
   */
  change(patch, how = {}) {
    const next = Object.freeze({ ...present, ...patch });
    if (JSON.stringify(next) === JSON.stringify(present)) return;
    const before = present;
    present = next;
    for (const listener of [...listeners]) listener(next, before, how);
  },

  /**
   * Call a function with (now, before, how) after each change.
   * @returns {() => void} ends it.
   */
  subscribe(listener) {
    listeners.add(listener);
    return () => listeners.delete(listener);
  },
};

/** Return whether a state asks for likeness; otherwise the collection is listed. */
export const isQuestion = ({ pictures, text }) => pictures.length + text.length > 0;

/** Return whether two pictures of questions are the same, with the same box. */
export const isSame = (one, other) =>
  one.id === other.id && one.upload === other.upload
  && JSON.stringify(one.box) === JSON.stringify(other.box);
