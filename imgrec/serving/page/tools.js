// The tools of the page: each is a module that exports `mount(element)`.

import * as box from "./box.js";
import * as collections from "./collections.js";
import * as drawer from "./drawer.js";
import * as facets from "./facets.js";
import * as filterChips from "./filter-chips.js";
import * as folds from "./folds.js";
import * as histogram from "./histogram.js";
import * as inProjector from "./in-projector.js";
import * as moves from "./moves.js";
import * as onMap from "./on-map.js";
import * as saving from "./saving.js";
import * as selectionBar from "./selection-bar.js";
import * as timeline from "./timeline.js";

/** @type {[string, {mount: (element: HTMLElement) => void}][]} id of the element, and its module */
const TOOLS = [
  ["folds", folds],
  ["moves", moves],
  ["filter-chips", filterChips],
  ["side", drawer],
  ["timeline", timeline],
  ["facets", facets],
  ["histogram", histogram],
  ["collections", collections],
  ["saving", saving],
  ["selection", selectionBar],
  ["box", box],
  ["in-projector", inProjector],
  ["map", onMap],
];

/** Mount each tool on its element. */
export function mountTools() {
  for (const [id, tool] of TOOLS) tool.mount(document.getElementById(id));
}
