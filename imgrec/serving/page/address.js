// Keeps the question in the address, so that back, forward, reload and bookmarks work.
//
// An upload is known to the server only, for a while: the history of the browser keeps its token,
// the address only says that there was one.

import { EMPTY, fromQuery, isQuestion, namesUpload, PLAIN, UPLOAD } from "./question.js";
import { state } from "./state.js";
import { withView } from "./views.js";

/** Whether the address that was opened had uploads that nobody can bring back. */
export let lostUploads = false;

function pictureText({ id, box }) {
  const parts = box ? [box.x, box.y, box.width, box.height].map((n) => Number(n.toFixed(4))) : [];
  return [id ?? UPLOAD, ...parts].join(":");
}

/** Return the query string of a state, with its question mark; "" for the empty state. */
export function toQuery(now) {
  const query = new URLSearchParams();
  const like = [
    ...now.pictures.map(pictureText),
    ...now.unwanted.map((one) => `~${pictureText(one)}`),
  ];
  if (like.length) query.set("like", like.join(","));
  for (const text of now.text) query.append("words", text);
  for (const text of now.unwantedText) query.append("unwanted", text);
  for (const name of PLAIN) if (now[name] !== EMPTY[name]) query.set(name, now[name]);
  for (const [name, weight] of Object.entries(now.features ?? {})) {
    query.append("feature", weight === 1 ? name : `${name}*${weight}`);
  }
  if (!now.features && now.encoder) query.set("encoder", now.encoder);
  for (const one of now.where) query.append("where", one);
  for (const one of now.under) query.append("under", one);
  if (now.within !== null) query.set("within", String(now.within));
  const text = query.toString().replaceAll("%2C", ",").replaceAll("%3A", ":");
  return text && `?${text.replaceAll("%7E", "~")}`;
}

/** Return the state that the address and the history name. */
function stateHere() {
  const here = fromQuery(location.search);
  const { pictures, unwanted } = history.state ?? {};
  lostUploads = namesUpload(location.search) && !pictures;
  return pictures ? { ...here, pictures, unwanted } : here;
}

/** Return what an entry of the history keeps of a state; null for what its address says as well. */
function entryOf(now) {
  const { pictures, unwanted } = now;
  return isQuestion(now) || unwanted.length ? { pictures, unwanted } : null;
}

/** Follow the history to another of its entries. */
function follow() {
  const asked = (query) => JSON.stringify([fromQuery(query), new URLSearchParams(query).get("like")]);
  // A link within the page makes an entry that keeps nothing: what was uploaded is still asked about.
  const isLink = history.state === null && asked(location.search) === asked(toQuery(state.get()));
  if (isLink) history.replaceState(entryOf(state.get()), "");
  else state.change(stateHere(), { silent: true });
}

/** Take the state of the address, and keep both the same from now on. */
export function startAddress() {
  history.scrollRestoration = "manual";
  state.change(stateHere(), { silent: true });
  state.subscribe((now, before, how) => {
    if (how.silent) return;
    // The large view stays open, and so does its address.
    const hash = document.getElementById("large").open ? location.hash : "";
    const address = location.pathname + withView(toQuery(now)) + hash;
    history[how.quiet ? "replaceState" : "pushState"](entryOf(now), "", address);
  });
  addEventListener("popstate", follow);
}
