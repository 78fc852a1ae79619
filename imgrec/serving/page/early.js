// Asks for the first pictures of the address, and for their thumbnails, while the rest of the page is
// still on its way.
//
// It imports little, so that it runs first.

import { post } from "./api.js";
import { EMPTY, fromQuery, hitsOf, namesUpload, requestOf } from "./question.js";
import { thumbs } from "./thumbs.js";

const { path, body } = requestOf(fromQuery(location.search));

// What was uploaded is known to the history of the browser only.
let answer = namesUpload(location.search) || history.state?.pictures ? null : ask();

async function ask() {
  const found = await post(path, body);
  thumbs(hitsOf(found).slice(0, EMPTY.k).map(({ id }) => id));
  return found;
}

// The page tells why there is none, when it takes it.
answer?.catch(() => null);

/** Return the promise of the answer to what was asked early, once, if a request is the same. */
export function takeEarly(asked, given) {
  if (asked !== path || JSON.stringify(given) !== JSON.stringify(body)) return null;
  const taken = answer;
  answer = null;
  return taken;
}
