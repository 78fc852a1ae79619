// What the buttons and keys of the page do to the question.

import { post } from "./api.js";
import { EMPTY, isQuestion, isSame, MOST, state } from "./state.js";

/** Said where a picture has no room in the question. */
export const FULL = "There are five already: take one out first.";

const without = (pictures, asked) => pictures.filter((one) => !isSame(one, asked));

/** Return "wanted", "unwanted" or "" for a picture of the catalog. */
export function roleOf(id) {
  const { pictures, unwanted } = state.get();
  const has = (list) => list.some((one) => one.id === id);
  return has(pictures) ? "wanted" : has(unwanted) ? "unwanted" : "";
}

function put(asked, here, there) {
  const now = state.get();
  if (now[here].some((one) => isSame(one, asked))) {
    state.change({ [here]: without(now[here], asked) });
    return true;
  }
  if (now[here].length >= MOST) return false;
  const moved = without(now[there], asked);
  state.change({ [here]: [...now[here], asked], [there]: moved });
  return true;
}

/** Add a picture to the wanted ones, or take it away again; false if they are full. */
export const want = (asked) => put(asked, "pictures", "unwanted");

/** Add a picture to the unwanted ones, or take it away again; false if they are full. */
export const unwant = (asked) => put(asked, "unwanted", "pictures");

/** Take a picture out of the question. */
export function drop(asked) {
  const { pictures, unwanted } = state.get();
  state.change({ pictures: without(pictures, asked), unwanted: without(unwanted, asked) });
}

/** Ask for pictures like one; filters and choices stay. */
export const moreLike = (asked) =>
  state.change({ pictures: [asked], unwanted: [], text: [], unwantedText: [], within: null });

/**
 * Ask for pictures like some; of more than a question takes, with those that stand for them.
 * @param {number[]} ids
 * @throws {ApiError}
 */
export async function likeThese(ids) {
  const { ids: some } = ids.length > MOST ? await post("api/medoids", { ids }) : { ids };
  const pictures = some.map((id) => ({ id }));
  state.change({ pictures, unwanted: [], text: [], unwantedText: [], within: null });
}

/** Ask nothing: the whole collection, without filters. */
export const clear = () => state.change(EMPTY);

/** Return whether there is anything to clear. */
export const isAsked = (now) =>
  isQuestion(now) || now.unwanted.length + now.unwantedText.length > 0;
