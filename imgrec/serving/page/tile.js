// One picture of the grid: the picture, how far it is, and what can be done with it.

import { FULL, moreLike, roleOf, unwant, want } from "./actions.js";
import { colorOf, sharesOf } from "./colors.js";
import { make, printable, showCut } from "./dom.js";
import { foldButton, folds } from "./folds.js";
import { titleOf } from "./names.js";
import { results } from "./results.js";
import { say } from "./said.js";
import { marked } from "./selection.js";
import { thumbs } from "./thumbs.js";

/** Show a picture on the map, whose code comes when it is first wanted. */
const showOnMap = async ({ id }) => (await import("./on-map.js")).onMap.show(id);

const ACTS = [
  ["want", "+", "Want: more like this, too", want],
  ["unwant", "\u2212", "Do not want: less like this", unwant],
  ["more", "\u2248", "More like this alone", moreLike],
  ["place", "\u25ce", "Show on the map", showOnMap],
];

/** What keys do with a picture, in the grid and large; called with it and the event. */
export const keyActs = {
  "+": want,
  "=": want,
  "-": unwant,
  s: moreLike,
  m: ({ id }, { shiftKey }) => marked.toggle(id, shiftKey),
  f: ({ id }) => folds.toggle(id),
  o: showOnMap,
};

/** Return a distance as text. */
export const distanceText = (distance) =>
  (distance >= 100 ? distance.toFixed(0) : distance.toFixed(3));

// What all tiles have. A browser copies elements in a fraction of the time that it takes to make them.
const BLANK = make("div", { class: "tile", role: "gridcell", tabindex: -1 },
  make("button", { class: "picture", type: "button", tabIndex: -1 },
    make("img", { alt: "", decoding: "async", width: 160, height: 160, elementtiming: "picture" })),
  make("input", {
    class: "mark", type: "checkbox", tabIndex: -1,
    title: "Mark (m); with Shift all from the one marked before",
  }),
  make("div", { class: "pull" }),
  make("div", { class: "caption" }, make("span", { class: "name" })),
  make("div", { class: "acts" }, ...ACTS.map(([kind, sign, title]) => (
    make("button", { class: `act ${kind}`, type: "button", tabIndex: -1, text: sign, title })))));

/** Do what the control of a tile does that was clicked. */
function press({ target, shiftKey }, hit, open) {
  const control = target.closest(".picture, .mark, .act");
  if (!control) return;
  if (control.matches(".picture")) open(hit);
  else if (control.matches(".mark")) marked.toggle(hit.id, shiftKey);
  else {
    const [, , , act] = ACTS.find(([kind]) => control.classList.contains(kind));
    if (act({ id: hit.id }) === false) say(FULL, "bad");
  }
}

/** Show the thumbnail of a tile when it is there; one that did not come may be shown later. */
export async function showThumb(tile) {
  const address = await thumbs([tile.hit.id])[0];
  tile.classList.toggle("broken", !address);
  if (address) tile.querySelector("img").src = address;
}

/** Draw the bar: as long as the picture is near, in the colors of what pulled it. */
function drawBar(bar, hit, shares, nearest) {
  if (!shares.length) return;
  const near = hit.similarity ?? (hit.distance > 0 ? nearest / hit.distance : 1);
  const length = Math.min(1, Math.max(0.06, near));
  bar.setAttribute("aria-hidden", "true");
  bar.append(make("div", { class: "pull-in", style: { width: `${(100 * length).toFixed(1)}%` } },
    ...shares.map(({ place, share }) => (
      make("i", { style: { "flex-grow": share.toFixed(3), background: colorOf(place) } })
    ))));
}

function note({ text, title, tone = "" }) {
  return make("span", { class: `note ${tone}`, text, title });
}

function spoken(hit, name, shares, notes) {
  return [
    name,
    hit.distance !== undefined && `distance ${distanceText(hit.distance)}`,
    shares.length > 1 && `nearest to query ${shares[0].place + 1}`,
    hit.folded?.length && `${hit.folded.length} more like it`,
    ...notes.map(({ title, text }) => title || text),
  ].filter(Boolean).join(", ");
}

/** Show on a tile whether its picture is marked, wanted or unwanted. */
export function refresh(tile) {
  const { id } = tile.hit;
  const role = roleOf(id);
  const isMarked = marked.has(id);
  tile.classList.toggle("is-wanted", role === "wanted");
  tile.classList.toggle("is-unwanted", role === "unwanted");
  tile.classList.toggle("is-marked", isMarked);
  tile.setAttribute("aria-selected", String(isMarked));
  tile.querySelector(".mark").checked = isMarked;
  tile.querySelector(".want").setAttribute("aria-pressed", String(role === "wanted"));
  tile.querySelector(".unwant").setAttribute("aria-pressed", String(role === "unwanted"));
}

/**
 * Return the element of a hit.
 * @param {Hit} hit
 * @param {number} nearest distance of the first result.
 * @param {(hit: Hit) => void} open shows it large.
 */
export function makeTile(hit, nearest, open) {
  const [name, path] = [titleOf(hit), printable(hit.path)];
  const [shares, notes] = [sharesOf(hit), results.notesOf(hit)];
  const tile = BLANK.cloneNode(true);
  const [picture, mark, bar, caption, acts] = tile.children;
  tile.hit = hit;
  tile.dataset.id = hit.id;
  tile.setAttribute("aria-label", spoken(hit, name, shares, notes));
  if (hit.of !== undefined) tile.classList.add("of-fold");
  picture.setAttribute("aria-label", `Large: ${name}`);
  picture.title = path;
  picture.firstChild.addEventListener("error", () => tile.classList.add("broken"));
  showThumb(tile);
  mark.setAttribute("aria-label", `Mark ${name}`);
  if (hit.folded?.length) mark.after(foldButton(hit));
  drawBar(bar, hit, shares, nearest);
  showCut(caption.firstChild, name);
  caption.firstChild.title = path;
  caption.append(...notes.map(note));
  if (hit.distance !== undefined) caption.append(make("span", {
    class: "distance", text: distanceText(hit.distance), title: `distance ${hit.distance}`,
  }));
  for (const act of acts.children) act.setAttribute("aria-label", `${act.title}: ${name}`);
  tile.addEventListener("click", (event) => press(event, hit, open));
  refresh(tile);
  return tile;
}
