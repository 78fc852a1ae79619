// One picture large, beside what it was found with.

/**
 * @typedef {object} Shown
 * @property {Asked} asked the picture that is shown.
 * @property {HTMLElement} frame lies exactly over the picture, positioned; tools draw in it.
 */

const listeners = new Set();

export const large = {
  /** Show a picture. @param {Asked} asked */
  open() {},
  close() {},
  /** Call a function with `Shown` or null after each change. */
  subscribe(listener) {
    listeners.add(listener);
    return () => listeners.delete(listener);
  },
};
