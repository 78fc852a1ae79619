// The thumbnails of the grid, many with one request.
//
// Sixty requests cost a browser and a server several times as much as one, and a page whose pictures
// come one after the other is drawn again for each.

import { get } from "./api.js";

// As in imgrec/serving/routes.py.
const MOST_AT_ONCE = 100;
// Some 10 MB.
const MOST_KEPT = 2000;

/** @type {Map<number, Promise<string>>} address by id, "" for none; those asked for last at the end */
const known = new Map();

async function ask(ids) {
  const { jpegs } = await get(`api/thumbs/${ids.join(",")}`);
  return new Map(ids.map((id, place) => [id, jpegs[place]]));
}

async function addressOf(id, asked) {
  const jpeg = (await asked.catch(() => null))?.get(id);
  if (jpeg) return `data:image/jpeg;base64,${jpeg}`;
  // It may be there when it is asked for again.
  known.delete(id);
  return "";
}

function keep(id, address) {
  known.delete(id);
  known.set(id, address);
  if (known.size > MOST_KEPT) known.delete(known.keys().next().value);
  return address;
}

/**
 * Return the promises of the addresses of thumbnails, in the order of the ids, "" where there is
 * none; those that are not known are asked for at once.
 * @param {number[]} ids
 * @returns {Promise<string>[]}
 */
export function thumbs(ids) {
  const unknown = ids.filter((id) => !known.has(id));
  for (let at = 0; at < unknown.length; at += MOST_AT_ONCE) {
    const some = unknown.slice(at, at + MOST_AT_ONCE);
    const asked = ask(some);
    for (const id of some) keep(id, addressOf(id, asked));
  }
  return ids.map((id) => keep(id, known.get(id)));
}
