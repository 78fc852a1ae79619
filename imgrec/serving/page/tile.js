// One picture of the grid: the picture, how far it is, and what can be done with it.

import { moreLike, roleOf, unwant, want } from "./actions.js";
import { colorOf, sharesOf } from "./colors.js";
import { make, printable } from "./dom.js";
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

function button([kind, sign, title, act], hit, name) {
  return make("button", {
    class: `act ${kind}`, type: "button", tabIndex: -1, text: sign, title,
    "aria-label": `${title}: ${name}`,
    onclick: (event) => {
      event.stopPropagation();
      if (act({ id: hit.id }) === false) say("There are five already: take one out first.", "bad");
    },
  });
}

function picture(hit, name, open) {
  const fail = () => image.closest(".tile")?.classList.add("broken");
  const image = make("img", {
    alt: "", decoding: "async", width: 160, height: 160, elementtiming: "picture", onerror: fail,
  });
  thumbs([hit.id])[0].then((address) => {
    if (address) image.src = address;
    else fail();
  });
  return make("button", {
    class: "picture", type: "button", tabIndex: -1, "aria-label": `Large: ${name}`,
    title: printable(hit.path), onclick: () => open(hit),
  }, image);
}

/** Return the bar: as long as the picture is near, in the colors of what pulled it. */
function bar(hit, nearest) {
  const shares = sharesOf(hit);
  if (!shares.length) return make("div", { class: "pull" });
  const near = hit.similarity ?? (hit.distance > 0 ? nearest / hit.distance : 1);
  const length = Math.min(1, Math.max(0.06, near));
  return make("div", { class: "pull", "aria-hidden": "true" },
    make("div", { class: "pull-in", style: { width: `${(100 * length).toFixed(1)}%` } },
      ...shares.map(({ place, share }) => (
        make("i", { style: { "flex-grow": share.toFixed(3), background: colorOf(place) } })
      ))));
}

function note({ text, title, tone = "" }) {
  return make("span", { class: `note ${tone}`, text, title });
}

function spoken(hit, name) {
  const shares = sharesOf(hit);
  return [
    name,
    hit.distance !== undefined && `distance ${distanceText(hit.distance)}`,
    shares.length > 1 && `nearest to query ${shares[0].place + 1}`,
    hit.folded?.length && `${hit.folded.length} more like it`,
    ...results.notesOf(hit).map(({ title, text }) => title || text),
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
  const name = titleOf(hit);
  const tile = make("div", {
    class: hit.of === undefined ? "tile" : "tile of-fold", role: "gridcell", tabindex: -1,
    "aria-label": spoken(hit, name), data: { id: hit.id },
  },
  picture(hit, name, open),
  make("input", {
    class: "mark", type: "checkbox", tabIndex: -1, "aria-label": `Mark ${name}`,
    title: "Mark (m); with Shift all from the one marked before",
    onclick: ({ shiftKey }) => marked.toggle(hit.id, shiftKey),
  }),
  hit.folded?.length ? foldButton(hit) : null,
  bar(hit, nearest),
  make("div", { class: "caption" },
    make("span", { class: "name", text: name, title: printable(hit.path) }),
    ...results.notesOf(hit).map(note),
    hit.distance === undefined ? null
      : make("span", { class: "distance", text: distanceText(hit.distance),
        title: `distance ${hit.distance}` })),
  make("div", { class: "acts" }, ...ACTS.map((one) => button(one, hit, name))));
  tile.hit = hit;
  refresh(tile);
  return tile;
}
