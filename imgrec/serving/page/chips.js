// The pictures and words of the question, each with a color of its own and a number.

import { drop, isAsked, unwant, want, clear } from "./actions.js";
import { askedUrl, get } from "./api.js";
import { croppedThumb } from "./crop.js";
import { colorOf, unwantedColorOf } from "./colors.js";
import { counted, make, printable, showCut } from "./dom.js";
import { titleOf } from "./names.js";
import { results } from "./results.js";
import { say } from "./said.js";
import { state } from "./state.js";
import { uploadTold } from "./uploads.js";
import { dropWords } from "./words.js";

const NO_ROOM = "There are five on the other side already.";
// By id: name and path, or the promise of them.
const names = new Map();

const named = (picture) => ({ name: titleOf(picture), path: printable(picture.path) });

const only = (name) => ({ name, path: name });

/** Return the name and path that the server has, the id if it does not answer. */
async function askedFor(id) {
  try {
    return named((await get(`api/pictures/${id}`)).picture);
  } catch {
    return only(`picture ${id}`);
  }
}

/** Return name and path of a picture of the question, asked for where the results do not have it. */
async function namesOfAsked({ id, upload }) {
  if (upload) return only(uploadTold(upload)?.name ?? "a picture from outside");
  const hit = results.get().hits.find((one) => one.id === id);
  if (hit) names.set(id, named(hit));
  if (!names.has(id)) names.set(id, askedFor(id));
  return names.get(id);
}

function action(sign, label, act) {
  return make("button", { class: "chip-act", type: "button", text: sign, title: label,
    "aria-label": label, onclick: act });
}

function chip(settings, ...children) {
  const { place, isUnwanted, label } = settings;
  const color = isUnwanted ? unwantedColorOf(place) : colorOf(place);
  return make("li", {
    class: `chip ${isUnwanted ? "not" : ""}`, "aria-label": label, style: { "--color": color },
  }, make("span", { class: "badge", "aria-hidden": "true", text: isUnwanted ? "\u2212" : place + 1 }),
  ...children);
}

function pictureChip(asked, place, isUnwanted) {
  const label = make("span", { class: "chip-name", text: "\u2026" });
  const image = asked.box
    ? croppedThumb(asked, 44)
    : make("img", { alt: "", width: 44, height: 44, src: askedUrl(asked), onerror: ({ target }) => target.classList.add("gone") });
  const show = make("button", {
    class: "chip-picture", type: "button",
    onclick: async () => (await import("./large.js")).large.open(asked),
  }, image, label);
  namesOfAsked(asked).then(({ name, path }) => {
    showCut(label, asked.box ? `part of ${name}` : name);
    show.title = path;
  });
  const move = () => (isUnwanted ? want : unwant)(asked)
    || say(NO_ROOM, "bad");
  return chip({ place, isUnwanted }, show,
    action("\u21c4", isUnwanted ? "Want it instead" : "Do not want it instead", move),
    action("\u00d7", "Take it out", () => drop(asked)));
}

/** Return what the server made of a text: its note, or how many pictures show it. */
function understood(text, isUnwanted) {
  const found = results.get().answer?.texts?.find((one) => (
    one.text === text && one.unwanted === isUnwanted));
  if (!found) return "";
  const { classes = [], pictures, note } = found;
  const shown = pictures === null || pictures === undefined ? "" : counted(pictures, "picture");
  const of = classes.length > 1 || (classes[0] && classes[0] !== text)
    ? `${classes.slice(0, 3).join(", ")}${classes.length > 3 ? ` and ${classes.length - 3} more` : ""}`
    : "";
  return [note, of, shown].filter(Boolean).join(" \u00b7 ");
}

function wordChip(text, place, isUnwanted) {
  const how = understood(text, isUnwanted);
  return chip({ place, isUnwanted },
    make("span", { class: "chip-words" },
      make("b", { text: printable(text) }),
      how ? make("small", { text: how, title: how }) : null),
    action("\u21c4", isUnwanted ? "Want it instead" : "Do not want it instead",
      () => dropWords(text, isUnwanted, true) || say(NO_ROOM, "bad")),
    action("\u00d7", "Take it out", () => dropWords(text, isUnwanted)));
}

function side(now, isUnwanted) {
  const [pictures, texts] = isUnwanted
    ? [now.unwanted, now.unwantedText] : [now.pictures, now.text];
  if (!pictures.length && !texts.length) return null;
  return make("ul", { class: `side ${isUnwanted ? "not" : ""}`,
    "aria-label": isUnwanted ? "Not like" : "Like" },
  ...pictures.map((one, place) => pictureChip(one, place, isUnwanted)),
  ...texts.map((text, i) => wordChip(text, pictures.length + i, isUnwanted)));
}

/** Return the line for a picture from outside that the collection has. */
function sameLines(now) {
  return [...now.pictures, ...now.unwanted].map(({ upload }) => uploadTold(upload))
    .filter((one) => one?.same?.length)
    .map(({ name, same }) => make("details", { class: "same" },
      make("summary", { text: `You have ${name} already: ${counted(same.length, "place")}` }),
      make("ul", {}, ...same.map(({ id, file, path }) => make("li", {},
        make("a", { href: `#id=${Number(id)}`, text: printable(path), title: printable(file) }))))));
}

const welcome = () => make("p", { class: "welcome" },
  make("b", { text: "Find pictures with a picture." }),
  make("span", {}, "Drop or paste one anywhere, ",
    make("button", { class: "link", type: "button", text: "choose one",
      onclick: () => document.getElementById("choose").click() }),
    ", or press \u2248 below one here."));

/** Mount the chips on an element. */
export function mountChips(element) {
  const draw = () => {
    const now = state.get();
    const focused = document.activeElement?.closest("#chips") && document.activeElement.ariaLabel;
    if (!isAsked(now)) {
      if (!element.querySelector(".welcome")) element.replaceChildren(welcome());
    } else {
      element.replaceChildren(...[
        make("div", { class: "sides" }, side(now, false), side(now, true),
          make("button", { class: "button", type: "button", text: "Clear", onclick: clear })),
        now.pictures.length + now.text.length ? null : make("p", { class: "hint",
          text: "Now say what you want: a picture or words." }),
        ...sameLines(now),
      ].filter(Boolean));
    }
    // A chip that goes takes the focus with it: what took its place has it then.
    if (focused) element.querySelector(`[aria-label="${CSS.escape(focused)}"]`)?.focus();
  };
  let [question, answer] = [null, null];
  const redraw = () => {
    if (state.get() === question && results.get().answer === answer) return;
    [question, answer] = [state.get(), results.get().answer];
    draw();
  };
  state.subscribe(redraw);
  results.subscribe(redraw);
  redraw();
}
