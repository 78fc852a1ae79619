// One picture large, beside what it was found with.
//
// `#id=17` in the address opens one. Opening adds an entry to the history, so that back closes it.

import { FULL } from "./actions.js";
import { get, askedUrl, originalUrl, previewUrl, thumbUrl } from "./api.js";
import { make, nameOf } from "./dom.js";
import { grid } from "./grid.js";
import { factsOf, headOf, refreshHead } from "./large-facts.js";
import { colorOf } from "./colors.js";
import { notice } from "./notices.js";
import { results } from "./results.js";
import { marked } from "./selection.js";
import { isSame, state } from "./state.js";
import { uploadTold } from "./uploads.js";
import { keyActs } from "./tile.js";

/**
 * @typedef {object} Shown
 * @property {Asked} asked the picture that is shown.
 * @property {HTMLElement} frame lies exactly over the picture, positioned; tools draw in it.
 */

const listeners = new Set();
let dialog = null;
let inside = null;
let close = null;
/** @type {Shown | null} */
let shown = null;

const tell = () => listeners.forEach((listener) => listener(shown));
const hitOf = ({ id }) => results.get().shown.find((hit) => hit.id === id);

/** Return the id that the address names, or null. */
function idHere() {
  const [, id] = /^#id=(\d{1,15})$/.exec(location.hash) ?? [];
  return id === undefined ? null : Number(id);
}

/** Give the frame the size of the picture in the room that is there, before the picture comes. */
function fit(frame, width, height) {
  frame.style.setProperty("--ratio", String(width / height));
  frame.style.setProperty("--natural", `${Math.max(width, 480)}px`);
  frame.classList.add("fitted");
}

/** Show the thumbnail below the picture until that comes. */
const showThumb = (asked, frame) =>
  frame.style.setProperty("background-image", `url("${askedUrl(asked)}")`);

// The file itself of the shown picture, on its way.
let whole = null;

/** Load no more of the picture that is shown: its file would keep the next one waiting. */
function stopLoading() {
  inside.querySelector(".large-picture")?.removeAttribute("src");
  // Chromium never lets go of an image without an address that is in no document.
  if (whole && !whole.complete) whole.src = "";
  whole = null;
}

/** Return an image that starts with what is there soonest and becomes the file itself. */
function picture({ id, upload }, frame) {
  const image = make("img", { alt: "", class: "large-picture" });
  const ratioOfImage = () => frame.classList.contains("fitted")
    || fit(frame, image.naturalWidth, image.naturalHeight);
  image.addEventListener("load", ratioOfImage, { once: true });
  image.addEventListener("load", () => frame.style.removeProperty("background-image"), { once: true });
  if (upload) {
    image.src = askedUrl({ upload });
    return image;
  }
  image.addEventListener("error", () => (image.src = thumbUrl(id)), { once: true });
  image.src = previewUrl(id);
  image.addEventListener("load", () => {
    if (!image.isConnected) return;
    const file = new Image();
    whole = file;
    file.onload = () => image.isConnected && (image.src = file.src);
    file.src = originalUrl(id);
  }, { once: true });
  return image;
}

function step(by) {
  const hits = results.get().shown;
  const at = hits.findIndex((hit) => hit.id === shown?.asked.id);
  const next = hits[at + by];
  if (at >= hits.length - 5) results.more();
  if (at >= 0 && next) show({ id: next.id });
}

function arrow(by, text, title) {
  const hits = results.get().shown;
  const at = hits.findIndex((hit) => hit.id === shown.asked.id);
  return make("button", { class: `arrow ${by < 0 ? "left" : "right"}`, type: "button", text, title,
    "aria-label": title, disabled: at < 0 || !hits[at + by], onclick: () => step(by) });
}

/** Return the pictures of the question, which the shown one stands beside. */
function beside({ asked }) {
  const others = state.get().pictures.map((one, place) => ({ one, place }))
    .filter(({ one }) => !isSame(one, asked));
  if (!others.length) return null;
  return make("div", { class: "beside" }, ...others.map(({ one, place }) => {
    const image = make("img", { alt: `Query ${place + 1}`,
      src: one.upload ? askedUrl(one) : previewUrl(one.id) });
    if (!one.upload) image.onerror = () => {
      image.onerror = null;
      image.src = thumbUrl(one.id);
    };
    return make("button", { type: "button", title: `Query ${place + 1}`,
      style: { "--color": colorOf(place) }, onclick: () => show(one) }, image);
  }));
}

/** Tell what is known of the shown picture. */
function describe(what) {
  const acts = { close: () => large.close(), show };
  const [head, facts] = ["large-head", "large-facts"].map((id) => document.getElementById(id));
  const focused = head.contains(document.activeElement) && document.activeElement.textContent;
  head.replaceChildren(...headOf({ ...what, acts }));
  facts.replaceChildren(...factsOf({ ...what, acts }));
  dialog.setAttribute("aria-label", head.querySelector("h2").textContent);
  if (focused) [...head.querySelectorAll("button")].find((b) => b.textContent === focused)?.focus();
}

async function draw() {
  const { asked, frame } = shown;
  const here = shown;
  stopLoading();
  showThumb(asked, frame);
  frame.append(picture(asked, frame));
  const focused = inside.contains(document.activeElement) && document.activeElement.className;
  inside.replaceChildren(
    make("div", { class: "stage" }, arrow(-1, "\u2039", "The one before (\u2190)"),
      make("div", { class: "room" }, frame), arrow(1, "\u203a", "The next (\u2192)")),
    ...[beside(shown)].filter(Boolean));
  const again = focused && [...inside.querySelectorAll("button")]
    .find((one) => one.className === focused && !one.disabled);
  if (focused) (again || close).focus();
  const told = uploadTold(asked.upload);
  const hit = asked.upload ? null : hitOf(asked);
  here.hit = hit;
  describe({ asked, hit, told });
  tell();
  if (asked.upload) {
    if (told?.width) fit(frame, told.width, told.height);
    return;
  }
  try {
    const known = await get(`api/pictures/${Number(asked.id)}`);
    if (shown !== here) return;
    here.known = known;
    fit(frame, known.width, known.height);
    describe({ asked, hit: { ...known.picture, ...hitOf(asked) }, known });
  } catch (error) {
    if (shown !== here) return;
    document.getElementById("large-facts").append(
      make("p", { class: "error", text: error.message }));
  }
}

function show(asked) {
  shown = { asked, frame: make("div", { class: "frame" }) };
  if (asked.id !== undefined && idHere() !== asked.id) {
    const [how, entry] = dialog.open && idHere() !== null
      ? ["replaceState", history.state] : ["pushState", { ...history.state, large: true }];
    history[how](entry, "", `${location.pathname}${location.search}#id=${asked.id}`);
  }
  if (!dialog.open) dialog.showModal();
  document.documentElement.classList.add("has-large");
  draw();
}

/** After the dialog closed: the address and the focus are as before. */
function closed() {
  // The event comes late: by then it may be open again.
  if (dialog.open) return;
  const id = shown?.asked.id;
  shown = null;
  stopLoading();
  inside.replaceChildren();
  document.documentElement.classList.remove("has-large");
  if (idHere() !== null) {
    if (history.state?.large) history.back();
    else history.replaceState(history.state, "", location.pathname + location.search);
  }
  tell();
  // The window may have turned meanwhile.
  grid.fit();
  grid.focus(id ?? null);
}

/** Open or close as the address says. */
function follow() {
  const id = idHere();
  if (id === null && dialog.open && shown?.asked.id !== undefined) dialog.close();
  else if (id !== null && !(dialog.open && shown?.asked.id === id)) show({ id });
}

function press(event) {
  if (event.ctrlKey || event.metaKey || event.altKey || event.target.matches("input")) return;
  const key = event.key.length === 1 ? event.key.toLowerCase() : event.key;
  if (event.defaultPrevented) return;
  if (key === "ArrowLeft" || key === "ArrowRight") step(key === "ArrowLeft" ? -1 : 1);
  else if (key === "l") large.close();
  else if (keyActs[key] && shown.asked.id !== undefined) {
    if (keyActs[key](shown.asked, event) === false) notice(FULL);
    if (key === "s") large.close();
  } else return;
  event.preventDefault();
}

export const large = {
  /** @returns {Shown | null} */
  get: () => shown,

  /** Show a picture. @param {Asked} asked */
  open: (asked) => show(asked),

  close: () => dialog.close(),

  /** Call a function with `Shown` or null after each change. @returns {() => void} ends it. */
  subscribe(listener) {
    listeners.add(listener);
    if (shown) listener(shown);
    return () => listeners.delete(listener);
  },
};

/** Take what the results say of the shown picture, which may come after it. */
function renew() {
  if (!shown || shown.asked.upload) return;
  const hits = results.get().shown;
  const at = hits.findIndex((hit) => hit.id === shown.asked.id);
  const [left, right] = inside.querySelectorAll(".arrow");
  left.disabled = at < 1;
  right.disabled = at < 0 || at === hits.length - 1;
  if (hits[at] && hits[at] !== shown.hit) {
    shown.hit = hits[at];
    describe({ asked: shown.asked, hit: { ...shown.known?.picture, ...hits[at] }, known: shown.known });
  }
}

/** Make a dialog the large view. */
export function mountLarge(element) {
  dialog = element;
  inside = document.getElementById("large-in");
  close = make("button", { class: "button close-large", type: "button", text: "\u00d7",
    title: "Close (Esc)", "aria-label": "Close", onclick: () => large.close() });
  document.getElementById("large-side").prepend(close);
  dialog.addEventListener("close", closed);
  dialog.addEventListener("keydown", press);
  dialog.addEventListener("click", (event) => event.target === dialog && dialog.close());
  results.subscribe(renew);
  for (const source of [marked, state]) source.subscribe(() => refreshHead(document.getElementById("large-head")));
  addEventListener("popstate", follow);
  addEventListener("hashchange", follow);
  follow();
}
