// Words in the question, where the store has classes or a model that reads.

import { make } from "./dom.js";
import { storeFacts } from "./facts.js";
import { say } from "./said.js";
import { MOST, state } from "./state.js";

const LONGEST = 200;

/** Take words into the question; false if there is no room. */
export function takeWords(text, isUnwanted = false) {
  const words = text.trim();
  const list = isUnwanted ? "unwantedText" : "text";
  const there = state.get()[list];
  if (!words || there.includes(words)) return true;
  if (there.length >= MOST) {
    say(`A question has ${MOST} words or phrases at most.`, "bad");
    return false;
  }
  say("");
  state.change({ [list]: [...there, words] });
  return true;
}

/** Take words out of the question, or move them to the other side; false if there is no room there. */
export function dropWords(text, isUnwanted, moves = false) {
  const [here, there] = isUnwanted ? ["unwantedText", "text"] : ["text", "unwantedText"];
  const now = state.get();
  if (moves && now[there].length >= MOST && !now[there].includes(text)) return false;
  const other = now[there].includes(text) ? now[there] : [...now[there], text];
  state.change({
    [here]: now[here].filter((one) => one !== text),
    ...(moves ? { [there]: other } : {}),
  });
  return true;
}

/** Mount the field on an element; hidden where the store cannot be asked by words. */
export async function mountWords(element) {
  const input = make("input", {
    id: "words", type: "search", maxLength: LONGEST, autocomplete: "off", enterKeyHint: "search",
    placeholder: "Words, such as: red dress", title: "Words (/)", "aria-label": "Words that pictures should show",
  });
  const take = (isUnwanted) => {
    if (takeWords(input.value, isUnwanted)) input.value = "";
  };
  const form = make("form", {
    id: "words-form",
    onsubmit: (event) => {
      event.preventDefault();
      take(false);
    },
  }, input,
  make("button", { class: "button", type: "submit", text: "Search" }),
  make("button", { class: "button", id: "words-not", type: "button", text: "Not", title: "Less of these words",
    onclick: () => take(true) }));
  element.prepend(form);
  try {
    const { texts } = await storeFacts();
    form.classList.toggle("no-texts", !texts);
    if (!texts) {
      input.disabled = true;
      // Short enough for a telephone.
      input.placeholder = "Ask with a picture";
      input.title = "No feature of this store knows words";
      for (const one of form.querySelectorAll("button")) one.disabled = true;
    }
  } catch {
    // The results say what is wrong.
  }
}
