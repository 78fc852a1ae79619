// The bar at the bottom: how many pictures are marked, and what to do with them.

import { likeThese } from "./actions.js";
import { post, thumbUrl } from "./api.js";
import { chooseCollection } from "./collections.js";
import { collections } from "./collection-store.js";
import { counted, make } from "./dom.js";
import { menu } from "./menus.js";
import { notice, tried } from "./notices.js";
import { isQuestion, listBody, searchBody } from "./question.js";
import { results } from "./results.js";
import { markedChoices } from "./saving.js";
import { marked } from "./selection.js";
import { MOST } from "./state.js";

const SHOWN = 6;
const PART = 500;
// As many as a collection takes at once.
const MOST_MARKED = 100_000;

const button = (text, act, settings = {}) =>
  make("button", { type: "button", class: "button", text, onclick: act, ...settings });

async function add() {
  await tried(() => collections.load());
  const name = await chooseCollection(`Add ${counted(marked.size, "picture")} to`);
  if (name) await collections.add(name, marked.all());
}

async function takeOut() {
  await tried(() => collections.load());
  const name = await chooseCollection(`Remove ${counted(marked.size, "picture")} from`, { isNew: false });
  if (name) await collections.remove(name, marked.all());
}

function clear() {
  const hits = marked.hits();
  marked.clear();
  notice(`${counted(hits.length, "mark")} taken`, { label: "Undo", act: () => marked.add(hits) });
  document.getElementById("results").focus();
}

/**
 * Mark all pictures that answer the question, those of parts not shown yet too.
 *
 * Parts come from the server in larger steps than the grid takes them.
 */
export async function markAll() {
  const { question } = results.get();
  const asks = isQuestion(question);
  const path = asks ? "api/search" : "api/list";
  let cursor = null;
  let some = 0;
  do {
    const body = cursor ? { cursor } : asks ? searchBody(question) : listBody(question);
    const part = await post(path, { ...body, k: PART });
    const hits = part.results ?? part.pictures;
    marked.add(hits);
    some += hits.length;
    ({ cursor } = part);
  } while (cursor && some < MOST_MARKED && question === results.get().question);
}

function allText({ question }) {
  if (question.within !== null) return "Mark all within";
  return isQuestion(question) ? "Mark all results" : "Mark all";
}

function strip() {
  const ids = marked.all().slice(-SHOWN).reverse();
  return make("div", { class: "marked-strip", "aria-hidden": "true" },
    ...ids.map((id) => make("img", { src: thumbUrl(id), alt: "", width: 36, height: 36 })));
}

/** Mount the bar; hidden where nothing is marked. */
export function mount(element) {
  element.setAttribute("aria-label", "Marked pictures");
  const count = make("output", { class: "marked-count" });
  const pictures = make("div", {});
  const all = button("", () => tried(async () => {
    all.disabled = true;
    try {
      await markAll();
    } finally {
      all.disabled = false;
    }
  }));
  const ask = button("Search with these", () => tried(() => likeThese(marked.all())));
  const inside = make("div", { class: "selection-in" }, pictures, count,
    make("div", { class: "selection-acts" },
      button("Add to collection…", add, { class: "button main" }),
      button("Remove from…", takeOut),
      ask, menu("Save", markedChoices), all),
    button("Clear", clear, { class: "button marked-clear" }));
  element.append(inside);
  const draw = () => {
    element.hidden = !marked.size;
    document.body.classList.toggle("has-marked", marked.size > 0);
    count.textContent = `${marked.size.toLocaleString("en-US")} marked`;
    pictures.replaceChildren(strip());
    ask.title = marked.size > MOST ? `With ${MOST} that stand for them` : "";
    all.textContent = allText(results.get());
  };
  marked.subscribe(draw);
  results.subscribe(() => {
    all.textContent = allText(results.get());
  });
  draw();
}
