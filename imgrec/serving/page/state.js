// The question that the page asks, as one frozen object, and who wants to know when it changes.

import { EMPTY } from "./question.js";

/** @typedef {import("./question.js").State} State */

export { EMPTY, isQuestion } from "./question.js";

export const MOST = 5;

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

/** Return whether two pictures of questions are the same, with the same box. */
export const isSame = (one, other) =>
  one.id === other.id && one.upload === other.upload
  && JSON.stringify(one.box) === JSON.stringify(other.box);
