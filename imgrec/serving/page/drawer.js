// Where the window is narrow, the filters lie in a drawer over the page.

import { counts } from "./counts.js";
import { counted, make } from "./dom.js";
import { state } from "./state.js";

// As in page.css.
const NARROW = matchMedia("(max-width: 1023px)");
const BEHIND = ["top", "question", "results", "selection"];

/** Mount the drawer on the element with the filters. */
export function mount(side) {
  const toggle = document.getElementById("side-toggle");
  const done = make("button", { type: "button", class: "button main", onclick: () => turn(false) });
  const head = make("div", { class: "drawer-head" }, make("h2", { text: "Filters" }),
    make("button", { type: "button", class: "close", text: "\u00d7", "aria-label": "Close the filters",
      onclick: () => turn(false) }));
  const ground = make("div", { class: "drawer-ground", hidden: true, onclick: () => turn(false) });
  side.prepend(head);
  side.append(make("div", { class: "drawer-foot" }, done));
  side.after(ground);
  function turn(open) {
    side.classList.toggle("open", open);
    ground.hidden = !open;
    toggle.setAttribute("aria-expanded", String(open));
    for (const id of BEHIND) document.getElementById(id).inert = open;
    (open ? head.lastChild : toggle).focus();
  }
  toggle.addEventListener("click", () => turn(true));
  side.addEventListener("keydown", (event) => {
    if (event.key === "Escape" && side.classList.contains("open")) turn(false);
  });
  NARROW.addEventListener("change", () => side.classList.contains("open") && turn(false));
  const tell = () => {
    done.textContent = `Show ${counted(counts.get().images, "picture")}`;
    const { where, under } = state.get();
    const on = where.length + under.length;
    toggle.textContent = on ? `Filters (${on})` : "Filters";
  };
  counts.subscribe(tell);
  state.subscribe(tell);
  tell();
}
