// What is told beside a large picture, and what can be done with it.

import { FULL, moreLike, roleOf, unwant, want } from "./actions.js";
import { toQuery } from "./address.js";
import { originalUrl } from "./api.js";
import { counted, make, printable } from "./dom.js";
import { storeFacts } from "./facts.js";
import { notice } from "./notices.js";
import { onMap } from "./on-map.js";
import { distanceText } from "./tile.js";
import { say } from "./said.js";
import { marked } from "./selection.js";
import { state } from "./state.js";

const UNITS = ["bytes", "kB", "MB", "GB"];

function sizeText(bytes) {
  const step = Math.min(UNITS.length - 1, Math.floor(Math.log10(Math.max(1, bytes)) / 3));
  return `${(bytes / 1000 ** step).toFixed(step ? 1 : 0)} ${UNITS[step]}`;
}

/** Return a link that shows only the pictures with a label, or in a folder. */
function filterLink(text, list, value, close) {
  const patch = (now) => ({
    [list]: now[list].includes(value) ? now[list] : [...now[list], value],
  });
  return make("a", {
    text: printable(text), title: "Only these", href: toQuery({ ...state.get(), ...patch(state.get()) }),
    onclick: (event) => {
      if (event.ctrlKey || event.metaKey || event.shiftKey) return;
      event.preventDefault();
      const next = patch(state.get());
      close();
      state.change(next);
    },
  });
}

const line = (name, ...value) => [make("dt", { text: printable(name) }), make("dd", {}, ...value)];

function metadataText(value) {
  return printable(Array.isArray(value) ? value.join(", ") : value);
}

async function copy(text, button) {
  try {
    await navigator.clipboard.writeText(text);
    button.textContent = "Copied";
  } catch {
    say("The browser does not let the page copy: select the path and copy it.", "bad");
    button.textContent = "Not copied";
  }
}

function toggle(text, title, isOn, act) {
  const onclick = () => act() === false && notice(FULL);
  const button = make("button", { class: "button", type: "button", text, title, onclick });
  button.show = () => button.setAttribute("aria-pressed", String(isOn()));
  button.show();
  return button;
}

/** Show on the buttons of a head whether its picture is marked, wanted or unwanted. */
export function refreshHead(head) {
  for (const button of head.querySelectorAll("[aria-pressed]")) button.show();
}

/**
 * Return where this server has the page of a community, "" if it does not serve it.
 * @param {string} page its file and the picture: "/home/me/site/pages/community-1.html#17".
 * @param {string} [site] address of the first page.
 */
export function servedPage(page, site) {
  const [, file] = /[\\/]pages[\\/]([^\\/]+\.html#\d+)$/.exec(page) ?? [];
  return site && file ? site.replace(/[^/]*$/, `pages/${file}`) : "";
}

function communityLink(page) {
  const link = make("a", { class: "button", target: "_blank", rel: "noopener", text: "Its community", hidden: true });
  storeFacts().then(({ links }) => {
    const address = servedPage(page, links.site);
    if (address) Object.assign(link, { href: address, hidden: false });
  }, () => {});
  return link;
}

function buttons({ asked, hit, acts }) {
  const { id } = asked;
  const more = make("button", { class: "button main", type: "button", text: "More like this",
    title: "More like this alone (S)", onclick: () => {
      acts.close();
      moreLike(asked);
    } });
  if (id === undefined) return make("div", { class: "large-acts" }, more);
  const path = make("button", { class: "button", type: "button", text: "Copy path",
    onclick: () => copy(hit.file, path) });
  return make("div", { class: "large-acts" },
    more,
    toggle("+ Want", "More like this, too (+)", () => roleOf(id) === "wanted", () => want(asked)),
    toggle("\u2212 Not", "Less like this (\u2212)", () => roleOf(id) === "unwanted",
      () => unwant(asked)),
    toggle("Mark", "Mark (M)", () => marked.has(id), () => marked.toggle(id)),
    hit ? path : null,
    make("a", { class: "button", href: originalUrl(id), target: "_blank", rel: "noopener",
      text: "Original" }),
    make("button", { class: "button place", type: "button", text: "On the map",
      title: "Show it on the map (O)", onclick: () => onMap.show(id) }),
    hit?.page ? communityLink(hit.page) : null);
}

function measures({ hit, known, told }) {
  const { width, height, bytes, format } = known ?? told ?? {};
  const size = width && `${width} \u00d7 ${height}`;
  const parts = [size, format, bytes && sizeText(bytes)].filter(Boolean);
  return [
    ...(parts.length ? line("picture", parts.join(", ")) : []),
    ...(hit?.distance === undefined ? [] : line("distance", `${distanceText(hit.distance)}, rank ${hit.rank}`)),
  ];
}

function folderLine(path, close) {
  const folder = path.slice(0, path.lastIndexOf("/"));
  return path.includes("/") ? line("folder", filterLink(folder, "under", folder, close)) : [];
}

function labelLines({ labels = {}, community }, collections, close) {
  const shown = Object.entries(labels).filter(([kind]) => kind !== "folder" && kind !== "collection");
  return [
    // Nobody asks for all of one confidence.
    ...shown.flatMap(([kind, value]) => line(kind, kind === "confidence" ? value
      : filterLink(kind === "community" && community ? community : value, "where",
        `${kind}=${value}`, close))),
    ...(collections?.length ? line("collections", ...collections.flatMap((name, i) => [
      i ? ", " : "", filterLink(name, "where", `collection=${name}`, close)])) : []),
  ];
}

function copies(known, acts) {
  if (!known?.copies?.length) return null;
  return make("details", { class: "same", open: true },
    make("summary", { text: `${counted(known.copies.length, "copy", "copies")} elsewhere` }),
    make("ul", {}, ...known.copies.map(({ id, path }) => make("li", {},
      make("button", { class: "link", type: "button", text: printable(path),
        onclick: () => acts.show({ id }) })))));
}

/**
 * @typedef {object} Known
 * @property {Asked} asked
 * @property {Hit | null} hit
 * @property {object} [known] the `Facts` of the server, which come later than the picture.
 * @property {object} [told] what the server said of an upload.
 * @property {{close: () => void, show: (asked: Asked) => void}} acts
 */

/** Return the name of a picture, and the buttons below it. @param {Known} what */
export function headOf(what) {
  const { asked, hit, told } = what;
  const name = told?.name ?? (hit ? printable(hit.path)
    : asked.upload ? "A picture from outside" : `picture ${asked.id}`);
  return [make("h2", { text: name, title: printable(hit?.file ?? name) }), buttons(what)];
}

/** Return what is told below the buttons. @param {Known} what */
export function factsOf(what) {
  const { hit, known, acts } = what;
  return [
    make("dl", {},
      ...measures(what),
      ...(hit ? folderLine(hit.path, acts.close) : []),
      ...(hit ? labelLines(hit, known?.collections, acts.close) : []),
      ...Object.entries(hit?.metadata ?? {}).flatMap(([key, value]) => (
        line(key.replaceAll("_", " "), metadataText(value))))),
    copies(known, acts),
  ].filter(Boolean);
}
