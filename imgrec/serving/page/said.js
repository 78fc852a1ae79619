// One line at the top of the results that says what became of what was done; screen readers say it.

import { make } from "./dom.js";

/**
 * Say a line; "" takes it away.
 * @param {string} text
 * @param {"" | "bad"} [tone]
 */
export function say(text, tone = "") {
  const line = document.getElementById("said");
  line.className = tone;
  line.replaceChildren(...(text ? [
    make("span", { text }),
    make("button", { class: "close", type: "button", text: "\u00d7", "aria-label": "Close the note",
      onclick: () => say("") }),
  ] : []));
}
