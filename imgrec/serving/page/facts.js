// What the store holds, asked once.

import { get } from "./api.js";

/** @type {Promise<object> | null} */
let asked = null;

/** Return the promise of `StoreFacts`; asked for again after a failure. */
export function storeFacts() {
  asked ??= get("api/store").catch((error) => {
    asked = null;
    throw error;
  });
  return asked;
}
