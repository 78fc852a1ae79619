// What the store holds, asked once, after the first pictures.

import { get } from "./api.js";
import { results } from "./results.js";

/** @type {Promise<object> | null} */
let asked = null;

/** Return the promise of `StoreFacts`; asked for again after a failure. */
export function storeFacts() {
  asked ??= results.first().then(() => get("api/store")).catch((error) => {
    asked = null;
    throw error;
  });
  return asked;
}
