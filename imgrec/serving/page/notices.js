// Short notices at the bottom, read out too, with one thing to do about them, such as to undo.

import { make } from "./dom.js";

const STAYS_MS = 12_000;
let place = null;
let timer = 0;

/**
 * Show a notice; it takes the place of the one before.
 * @param {string} text
 * @param {{label: string, act: () => void} | null} [offer]
 */
export function notice(text, offer = null) {
  place ??= make("div", { id: "notice", role: "status" });
  // A dialog lies over all else.
  const parent = document.querySelector("dialog[open]") ?? document.body;
  if (place.parentElement !== parent) parent.append(place);
  clearTimeout(timer);
  const hide = () => place.replaceChildren();
  place.replaceChildren(make("span", { text }), ...(offer
    ? [make("button", {
      type: "button", text: offer.label,
      onclick: () => {
        hide();
        offer.act();
      },
    })]
    : []), make("button", { type: "button", class: "close", text: "×", "aria-label": "Close", onclick: hide }));
  // It stays while somebody is at it.
  const end = () => {
    if (place.matches(":hover, :focus-within")) timer = setTimeout(end, STAYS_MS);
    else hide();
  };
  timer = setTimeout(end, STAYS_MS);
}

/** Run something; show why it failed. */
export async function tried(act) {
  try {
    return await act();
  } catch (error) {
    notice(error.message);
    return undefined;
  }
}
