// Which view of the pictures is shown: the grid, or the map; `view=map` in the address.
//
// It is no part of the question: to change it asks nothing.

const NAME = "view";
const KINDS = new Set(["grid", "map"]);
const listeners = new Set();

function here() {
  const view = new URLSearchParams(location.search).get(NAME);
  return KINDS.has(view) ? view : "grid";
}

let present = here();

function take(view) {
  if (view === present) return;
  present = view;
  for (const listener of [...listeners]) listener(view);
}

/** Return a query string as it is where a view is shown. */
export function withView(query, view = present) {
  const rest = query.replace(/^\?/, "").split("&").filter((part) => part && !part.startsWith(`${NAME}=`));
  const parts = view === "grid" ? rest : [...rest, `${NAME}=${view}`];
  return parts.length ? `?${parts.join("&")}` : "";
}

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

addEventListener("popstate", () => take(here()));
