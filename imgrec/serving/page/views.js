// Which view of the pictures is shown: the grid, or the map; `view=map` in the address. Beside it
// stands where one looks on the map and how, as the map itself writes it (`map-address.js`).
//
// Neither is part of the question: to change them asks nothing.

const NAME = "view";
const KINDS = new Set(["grid", "map"]);
const OF_MAP = new Set(["id", "x", "y", "z", "layout", "color", "look", "q"]);
const listeners = new Set();
const lookers = new Set();

function here() {
  const view = new URLSearchParams(location.search).get(NAME);
  return KINDS.has(view) ? view : "grid";
}

const partsOf = (query) => query.replace(/^\?/, "").split("&").filter(Boolean);
const nameOf = (part) => part.split("=", 1)[0];

/** Return where the address says that one looks on the map. */
const lookHere = () => partsOf(location.search).filter((part) => OF_MAP.has(nameOf(part))).join("&");

let present = here();
let look = present === "map" ? lookHere() : "";

function take(view) {
  if (view === present) return;
  present = view;
  for (const listener of [...listeners]) listener(view);
}

/** Return a query string as it is where a view is shown. */
export function withView(query, view = present) {
  const rest = partsOf(query).filter((part) => nameOf(part) !== NAME && !OF_MAP.has(nameOf(part)));
  const parts = view === "grid" ? rest : [...rest, `${NAME}=${view}`, ...partsOf(look)];
  return parts.length ? `?${parts.join("&")}` : "";
}

/** Where the map keeps its state: `address` of `imgrecMap.mount`. */
export const mapAddress = {
  read: () => look,
  write(text) {
    // A map that is not shown has no size, and so looks nowhere.
    if (present !== "map") return;
    look = text;
    history.replaceState(history.state, "", location.pathname + withView(location.search) + location.hash);
  },
  subscribe(listener) {
    lookers.add(listener);
    return () => lookers.delete(listener);
  },
};

export const views = {
  /** @returns {"grid" | "map"} */
  get: () => present,

  /**
   * Show a view; back leads to the one before.
   * @param {"grid" | "map"} view
   * @param {boolean} [instead] of what the address names now, such as a large picture.
   */
  show(view, instead = false) {
    if (view === present) return;
    const { large: _, ...kept } = history.state ?? {};
    const address = location.pathname + withView(location.search, view);
    history[instead ? "replaceState" : "pushState"](kept, "", address);
    take(view);
  },

  /** Call a function with the view after each change. @returns {() => void} ends it. */
  subscribe(listener) {
    listeners.add(listener);
    return () => listeners.delete(listener);
  },
};

addEventListener("popstate", () => {
  if (here() === "map") look = lookHere();
  take(here());
  if (present === "map") for (const listener of [...lookers]) listener();
});
