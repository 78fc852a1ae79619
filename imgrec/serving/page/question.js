// A question: what it is made of, how an address names it, and what the server is asked for it.
//
// It imports nothing, as it is there before all else.

/**
 * @typedef {{x: number, y: number, width: number, height: number}} Box a part of a picture, in
 *   fractions of its width and height.
 * @typedef {{id?: number, upload?: string, box?: Box}} Asked a picture of a question: either `id`
 *   or `upload` is set.
 * @typedef {object} State
 * @property {readonly Asked[]} pictures wanted, up to `MOST`.
 * @property {readonly Asked[]} unwanted up to `MOST`.
 * @property {readonly string[]} text wanted words.
 * @property {readonly string[]} unwantedText unwanted words.
 * @property {string} metric
 * @property {string} fuse how distances to several pictures become one.
 * @property {string | null} encoder one feature, or null for the default of the store.
 * @property {Readonly<Record<string, number>> | null} features several with their weights.
 * @property {string} index how the nearest are found.
 * @property {readonly string[]} where filters, each "kind=value".
 * @property {readonly string[]} under folders.
 * @property {number | null} within only pictures up to this distance.
 * @property {number} k pictures of one part of an answer.
 */

/** @type {State} */
export const EMPTY = Object.freeze({
  pictures: [],
  unwanted: [],
  text: [],
  unwantedText: [],
  metric: "cosine",
  fuse: "mean",
  encoder: null,
  features: null,
  index: "auto",
  where: [],
  under: [],
  within: null,
  k: 60,
});

/** In an address, a picture from outside, which it cannot carry. */
export const UPLOAD = "upload";
/** Settings that an address names as they are. */
export const PLAIN = ["metric", "fuse", "index"];

/** Return whether a state asks for likeness; otherwise the collection is listed. */
export const isQuestion = ({ pictures, text }) => pictures.length + text.length > 0;

/** Return whether a query string names pictures from outside. */
export const namesUpload = (search) =>
  /(^|,)~?upload(:|,|$)/.test(new URLSearchParams(search).get("like") ?? "");

function pictureOf(text) {
  const [id, ...sides] = text.split(":");
  const [x, y, width, height] = sides.map(Number);
  if (!/^\d{1,15}$/.test(id)) return null;
  const isBox = sides.length === 4 && [x, y, width, height].every(Number.isFinite);
  return isBox ? { id: Number(id), box: { x, y, width, height } } : { id: Number(id) };
}

function featuresOf(texts) {
  const pairs = texts.map((text) => {
    const [, name, weight] = /^(.*?)(?:\*([\d.]+))?$/s.exec(text);
    return [name, weight === undefined ? 1 : Number(weight)];
  });
  return pairs.length ? Object.fromEntries(pairs) : null;
}

/** Return the state of a query string; what cannot be read is left out. */
export function fromQuery(search) {
  const query = new URLSearchParams(search);
  const like = (query.get("like") ?? "").split(",").filter(Boolean);
  const [unwanted, pictures] = [true, false].map((not) => (
    like.filter((text) => text.startsWith("~") === not)
      .map((text) => pictureOf(text.replace("~", ""))).filter(Boolean)
  ));
  const within = query.has("within") ? Number(query.get("within")) : NaN;
  return {
    ...EMPTY,
    ...Object.fromEntries(PLAIN.filter((name) => query.get(name)).map((n) => [n, query.get(n)])),
    pictures,
    unwanted,
    text: query.getAll("words"),
    unwantedText: query.getAll("unwanted"),
    encoder: query.get("encoder"),
    features: featuresOf(query.getAll("feature")),
    where: query.getAll("where"),
    under: query.getAll("under"),
    within: Number.isFinite(within) ? within : null,
  };
}

/** Return the body of `POST /api/search` for a state; the other routes that take one, too. */
export function searchBody(now) {
  return {
    ...listBody(now),
    pictures: now.pictures,
    unwanted: now.unwanted,
    text: now.text,
    unwanted_text: now.unwantedText,
    metric: now.metric,
    fuse: now.fuse,
    encoder: now.features ? null : now.encoder,
    features: now.features,
    index: now.index,
    within: now.within,
  };
}

/** Return the body of `POST /api/list` for a state. */
export const listBody = ({ where, under, k }) => ({ where, under, k });

/** Return what asks the server for a state. @returns {{path: string, body: object}} */
export const requestOf = (now) => (isQuestion(now)
  ? { path: "api/search", body: searchBody(now) } : { path: "api/list", body: listBody(now) });

/** Return the pictures of a part of an answer. */
export const hitsOf = ({ results, pictures }) => results ?? pictures;
