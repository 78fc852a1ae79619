// The switch between the grid and the map. The map is loaded when it is first shown.

import { make } from "./dom.js";
import { storeFacts } from "./facts.js";
import { notice, tried } from "./notices.js";
import { results } from "./results.js";
import { views } from "./views.js";

const OLDER = "This picture is not on the map, which is older: imgrec graph writes it anew.";
const NAMES = { grid: "Grid", map: "Map" };

// What stands above the map and changes its height.
const ABOVE = ["top", "question", "bar", "filter-chips", "histogram", "trouble"];

let place = null;
// How far the grid was scrolled when it was left, and which answer it showed.
let left = { top: 0, answer: null };
/** @type {Promise<import("./atlas.js").Atlas> | null} */
let opened = null;

/** Return the promise of the map; loaded again after a failure. */
export function atlas() {
  opened ??= import("./atlas.js").then(({ Atlas }) => Atlas.open(place, (error) => {
    opened = null;
    tellWhy(error);
  })).catch((error) => {
    opened = null;
    throw error;
  });
  return opened;
}

/** Say in the place of the map why there is none. */
function tellWhy(error) {
  const button = (text, onclick) => make("button", { class: "button", type: "button", text, onclick });
  place.replaceChildren(make("p", { class: "map-error", role: "alert" },
    make("span", { text: error.message }),
    button("Try again", () => follow(views.get())), button("Grid", () => views.show("grid"))));
}

async function follow(view) {
  const root = document.documentElement;
  const wasMap = root.classList.contains("on-map");
  const { answer } = results.get();
  if (view === "map" && !wasMap) left = { top: scrollY, answer };
  root.classList.toggle("on-map", view === "map");
  place.hidden = view !== "map";
  fit();
  // The map fills the window from its top, which a grid that was scrolled has left behind.
  if (view === "map" && !wasMap) scrollTo(0, 0);
  if (view !== "map" && wasMap && answer === left.answer) scrollTo(0, left.top);
  if (view !== "map") return;
  try {
    await atlas();
  } catch (error) {
    tellWhy(error);
  }
}

/** Let the map end where the window does. */
function fit() {
  place.style.setProperty("--map-top", `${Math.round(place.getBoundingClientRect().top + scrollY)}px`);
}

export const onMap = {
  /** Show a picture of the catalog on the map. @param {number} id */
  async show(id) {
    const large = document.querySelector("#large[open]");
    views.show("map", Boolean(large));
    large?.close();
    const found = await tried(atlas);
    if (found && !found.show(id)) notice(OLDER);
  },

  /** Go from the grid to the map, or back; does nothing where there is no map. */
  turn() {
    if (document.documentElement.classList.contains("has-map")) {
      views.show(views.get() === "map" ? "grid" : "map");
    }
  },
};

function switchOf(element) {
  const buttons = Object.entries(NAMES).map(([view, text]) => make("button", {
    type: "button", class: "button", text, title: `${text} (V)`, onclick: () => views.show(view), data: { view },
  }));
  const show = () => {
    for (const one of buttons) one.setAttribute("aria-pressed", String(one.dataset.view === views.get()));
  };
  views.subscribe(show);
  show();
  element.setAttribute("role", "group");
  element.setAttribute("aria-label", "View");
  element.append(...buttons);
}

/** Mount the map on an element, and the switch on the one before the controls. */
export function mount(element) {
  place = element;
  const before = document.getElementById("views");
  before.hidden = true;
  switchOf(before);
  storeFacts().then(({ map }) => {
    document.documentElement.classList.toggle("has-map", map);
    before.hidden = !map;
  }, () => {
    // The results say what is wrong.
  });
  const above = new ResizeObserver(fit);
  for (const id of ABOVE) above.observe(document.getElementById(id));
  views.subscribe(follow);
  follow(views.get());
}
