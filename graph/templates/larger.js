"use strict";
// Larger pictures than the thumbnails of the sheet: the site's preview of a picture, where it has
// been written, else the original file, where the browser can read it. Where neither can be had,
// the thumbnail stays.

// Enlargement of a thumbnail, in screen pixels, from which a larger picture is loaded.
const ENLARGED_FROM = 1.5;
// Longer side of a picture that is kept for the canvas; the large view shows all pixels.
const KEPT_PX = 768;
// Pictures kept, about 2 MB each; the longest unused one is dropped first.
const MOST_KEPT = 48;
const LOADED_AT_ONCE = 4;
// Debounce of loading, since the view may move on.
const STILL_MS = 120;
const PREVIEWS_A_FOLDER = 1000;

// By node: a canvas, or null while the picture is loaded and where it cannot be had.
const kept = new Map();
let settling = 0;

/** Return what the page says of a picture, on this page or another one. */
function pictureData(id) {
  return page.data.pictures?.[id] ?? page.data.others?.[id] ?? {};
}

/** Return the URLs of larger pictures, the preferred one first. */
function largerAddresses(id) {
  const folder = Math.floor(id / PREVIEWS_A_FOLDER);
  const preview = page.data.previews ? `${page.root}previews/${folder}/${id}.webp` : null;
  return [preview, pictureData(id).href].filter(Boolean);
}

/** Return a promise of the first image that can be read, null for none. */
async function firstReadable(addresses) {
  for (const address of addresses) {
    const image = new Image();
    image.src = address;
    try {
      await image.decode();
      return image;
    } catch {
      // Absent, out of reach, or of a format that browsers do not read: the next one.
    }
  }
  return null;
}

/** Return an image as a canvas of at most `KEPT_PX`, so that its full size need not be kept. */
function reduced(image) {
  const [width, height] = [image.naturalWidth, image.naturalHeight];
  const scale = Math.min(1, KEPT_PX / Math.max(width, height));
  const canvas = document.createElement("canvas");
  canvas.width = Math.max(1, Math.round(width * scale));
  canvas.height = Math.max(1, Math.round(height * scale));
  const context = canvas.getContext("2d");
  context.imageSmoothingQuality = "high";
  context.drawImage(image, 0, 0, canvas.width, canvas.height);
  return canvas;
}

/** Return true if a thumbnail is drawn so large that it is blurred. */
function isBlurred({ width, cell }) {
  const shown = width * network.getScale() * (window.devicePixelRatio || 1);
  return shown >= ENLARGED_FROM * cell[2];
}

/** Return the canvas to draw a node from instead of its thumbnail, null for none. */
function largerOf(node) {
  return (isBlurred(node) && kept.get(node.id)) || null;
}

async function loadLarger(node) {
  kept.set(node.id, null);
  const image = await firstReadable(largerAddresses(node.id));
  if (!image || Math.max(image.naturalWidth, image.naturalHeight) <= Math.max(...node.cell.slice(2))) return;
  kept.set(node.id, reduced(image));
  network.redraw();
}

/** Drop the longest unused pictures; those that cannot be had are remembered. */
function dropUnused() {
  const canvases = [...kept].filter(([, canvas]) => canvas);
  for (const [id] of canvases.slice(0, Math.max(0, canvases.length - MOST_KEPT))) kept.delete(id);
}

/** Return the blurred nodes in the view, those in its middle first. */
function blurredNodes() {
  const [first, last] = [{ x: 0, y: 0 }, { x: box.clientWidth, y: box.clientHeight }].map((spot) => network.DOMtoCanvas(spot));
  const middle = { x: (first.x + last.x) / 2, y: (first.y + last.y) / 2 };
  const placed = page.nodes.filter(isBlurred).map((node) => ({ node, ...positioned(node) }));
  return placed
    .filter(({ node, x, y }) => (
      x + node.width / 2 > first.x && x - node.width / 2 < last.x
      && y + node.height / 2 > first.y && y - node.height / 2 < last.y
    ))
    .sort((a, b) => Math.hypot(a.x - middle.x, a.y - middle.y) - Math.hypot(b.x - middle.x, b.y - middle.y))
    .map(({ node }) => node);
}

async function loadBlurred() {
  const nodes = blurredNodes().slice(0, MOST_KEPT);
  for (const { id } of nodes) {
    const canvas = kept.get(id);
    if (!canvas) continue;
    // The latest of the Map, so that it is dropped last.
    kept.delete(id);
    kept.set(id, canvas);
  }
  const wanted = nodes.filter(({ id }) => !kept.has(id));
  const loadNext = async () => {
    while (wanted.length) await loadLarger(wanted.shift());
  };
  await Promise.all(Array.from({ length: LOADED_AT_ONCE }, loadNext));
  dropUnused();
}

if (page.data.pictures) {
  pictureFor = largerOf;
  let view = "";
  network.on("afterDrawing", () => {
    const { x, y } = network.getViewPosition();
    const shown = `${network.getScale()} ${x} ${y} ${isTall()}`;
    if (shown === view) return;
    view = shown;
    clearTimeout(settling);
    settling = setTimeout(loadBlurred, STILL_MS);
  });
}
