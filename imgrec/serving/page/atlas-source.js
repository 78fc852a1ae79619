// Where the map in this page gets its parts from: the server, which reads the map of the site.

import { ApiError, get, originalUrl, previewUrl, read } from "./api.js";

// Bytes before the rows of a tile, and of a row and its slot.
const HEAD = 4;
const EACH = 5;

const numbered = (number, digits) => String(number).padStart(digits, "0");

/** Return the picture of a tile: behind the rows and slots of what it shows. */
function imageOf(bytes) {
  const count = new DataView(bytes).getUint32(0, true);
  return new Blob([bytes.slice(HEAD + EACH * count)], { type: "image/webp" });
}

/** Return where the page of a community is, of a site; null for none. */
function pageOf(site, community, id) {
  if (!site || community === null) return null;
  const file = community ? `pages/community-${encodeURIComponent(community)}.html` : "index.html";
  return site.replace(/[^/]*$/, `${file}#${id}`);
}

/**
 * Return the source of a map, as the map takes it (`imgrec/maps/client`).
 * @param {{map: string, facts: object}} present the answer of `api/map`.
 * @param {string} [site] address of the first page of the site.
 * @param {() => void} gone called where the map was written anew.
 */
export function sourceOf({ map, facts }, site, gone) {
  const asked = async (ask, path) => {
    try {
      return await ask(`api/map/${map}/${path}`);
    } catch (error) {
      if (error instanceof ApiError && error.status === 410) gone();
      throw error;
    }
  };
  const data = (name) => asked(get, `data/${encodeURIComponent(name)}`);
  return {
    facts: () => facts,
    points: (number) => data(`points-${numbered(number, 2)}`),
    layout: (name, number) => data(`layout-${name}-${numbered(number, 2)}`),
    label: (kind, number) => data(`label-${kind}-${numbered(number, 2)}`),
    names: () => data("labels"),
    details: (number) => data(`details-${numbered(number, 4)}`),
    near: (number) => data(`near-${numbered(number, 4)}`),
    tile: async (level, x, y) => imageOf(await asked(read, `tile/${level}/${x}/${y}`)),
    links: (id, { page }) => ({
      picture: originalUrl(id),
      preview: previewUrl(id),
      page: pageOf(site, page, id),
    }),
  };
}
