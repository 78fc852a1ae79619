// The keys that work everywhere, and the list of all keys.

import { grid } from "./grid.js";
import { make } from "./dom.js";
import { onMap } from "./on-map.js";

const KEYS = [
  ["Arrows, Page Up, Page Down, Home, End", "move through the pictures"],
  ["Enter, Space, L", "show the picture large; there the arrows go on"],
  ["+", "want it: more like this, too; again: not"],
  ["\u2212", "do not want it: less like this; again: not"],
  ["S", "more like this alone"],
  ["M", "mark it; with Shift all from the one marked before"],
  ["F", "unfold its near-copies, or fold them again"],
  ["O", "show it on the map"],
  ["V", "the map, or the grid again"],
  ["/", "go to the words"],
  ["G", "go to the pictures"],
  ["?", "this list"],
  ["Esc", "close what lies on top"],
];

function makeHelp(help) {
  help.append(
    make("h2", { text: "Keys" }),
    make("dl", {}, ...KEYS.flatMap(([keys, what]) => [
      make("dt", { text: keys }), make("dd", { text: what }),
    ])),
    make("p", { text: "Pictures can be dropped and pasted anywhere on the page." }),
    make("button", { class: "button", type: "button", text: "Close", autofocus: true,
      onclick: () => help.close() }));
}

/** Return whether what has the focus takes letters. */
const isWriting = (element) =>
  element.matches?.("input:not([type=checkbox]):not([type=file]), textarea, select");

/** Listen for keys, and put the list of keys into a dialog. */
export function mountKeys(help) {
  makeHelp(help);
  help.addEventListener("click", (event) => event.target === help && help.close());
  const acts = {
    "/": () => document.getElementById("words").focus(),
    "?": () => help.showModal(),
    g: () => grid.focus(null),
    v: () => onMap.turn(),
  };
  addEventListener("keydown", (event) => {
    if (event.ctrlKey || event.metaKey || event.altKey || event.defaultPrevented) return;
    if (isWriting(event.target) || document.querySelector("dialog[open]")) return;
    const act = acts[event.key.toLowerCase()];
    if (!act) return;
    event.preventDefault();
    act();
  });
  document.getElementById("help-button").addEventListener("click", () => help.showModal());
}
