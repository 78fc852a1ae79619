// How the rank of each hit moved since the same question was asked in another way.

import { counted, make } from "./dom.js";
import { results } from "./results.js";
import { state } from "./state.js";

const ASKED = ["pictures", "unwanted", "text", "unwantedText", "where", "under"];
const HOW = ["metric", "fuse", "encoder", "features"];

/** @typedef {{ranks: Map<number, number>, how: string}} Order ranks from 1 by id, and how it came */

const part = (now, names) => JSON.stringify(names.map((name) => now[name]));

/** Return how a state compares pictures, for a person: "cosine · mean · lite0". */
export function howText({ metric, fuse, encoder, features, pictures, text }) {
  const compared = features ? Object.keys(features).join(" + ") : encoder;
  const several = pictures.length + text.length > 1;
  return [metric, several && fuse, compared].filter(Boolean).join(" · ");
}

/**
 * Return how a hit moved: places up (positive) or down, 0, or null for one that was not there.
 * @param {{id: number, rank?: number}} hit
 * @param {Map<number, number>} ranks of the earlier order, from 1.
 * @returns {number | null}
 */
export function moved(hit, ranks) {
  const before = ranks.get(hit.id);
  return before === undefined ? null : before - hit.rank;
}

/**
 * Return what a tile says of a move; null where it says nothing.
 * @param {{id: number, rank?: number}} hit
 * @param {Order} before
 */
export function noteOn(hit, before) {
  if (!hit.rank) return null;
  const by = moved(hit, before.ranks);
  if (by === 0) return null;
  if (by === null) {
    const title = `Not among the first ${before.ranks.size.toLocaleString("en-US")} by ${before.how}`;
    return { text: "new", title, tone: "" };
  }
  const title = `Rank ${hit.rank + by} by ${before.how}: ${counted(Math.abs(by), "place")} ${by > 0 ? "up" : "down"}`;
  return by > 0 ? { text: `▲${by}`, title, tone: "up" } : { text: `▼${-by}`, title, tone: "down" };
}

/** @type {Order | null} */
let before = null;
let hidden = false;
let present = { ranks: new Map(), asked: "" };

/** Keep the order that is shown, so that the next can be compared with it. */
function keep({ question, hits }) {
  const ranks = new Map(hits.filter((hit) => hit.rank).map((hit) => [hit.id, hit.rank]));
  present = { ranks, asked: part(question, ASKED) };
}

/** Mount the line that says what ranks are compared with, and takes the notes away. */
export function mount(element) {
  const draw = () => {
    results.annotate("moves", before && !hidden ? (hit) => noteOn(hit, before) : null);
    element.hidden = !before;
    element.replaceChildren(...(before
      ? [make("button", {
        type: "button",
        text: hidden ? "Show moves" : "Hide moves",
        title: `Ranks compared with those by ${before.how}`,
        onclick: () => {
          hidden = !hidden;
          draw();
        },
      })]
      : []));
  };
  results.subscribe(keep);
  keep(results.get());
  state.subscribe((now, earlier) => {
    const same = part(now, ASKED) === part(earlier, ASKED);
    if (same && part(now, HOW) === part(earlier, HOW)) return;
    const known = same && present.asked === part(earlier, ASKED) && present.ranks.size;
    if (known) before = { ranks: present.ranks, how: howText(earlier) };
    else if (!same) before = null;
    draw();
  });
  draw();
}
