"use strict";
// An overview: the window is divided among the communities, each a mosaic of some of its pictures
// with its name and the number of its pictures below. The division is computed anew for every size
// of the window. What a network of pictures has too (`box`, `network`, `positioned`, …) is here
// under the same names, for the keys.

const box = document.getElementById("network");
const nodesById = new Map(page.nodes.map((node) => [node.id, node]));
const tileOf = (id) => document.getElementById(`tile-${id}`);
const GAP_PX = 10;
// Least sides of a tile: a name of some words needs the width, pictures and caption the height.
const LEAST_WIDTH_PX = 140;
const LEAST_HEIGHT_PX = 176;
// Height of a caption of two lines, which is measured when the tile is there.
const CAPTION_PX = 52;
// Tiles from this size on tell folders and classes too.
const ROOMY_PX = [190, 230];
const LEAST_CELL_PX = 40;
const BETWEEN_PX = 2;
// Shape (width / height) of a tile without its caption that mosaics look best in.
const BEST_SHAPE = 1.2;
// Width of the thinnest line to a similar community.
const LINE_PX = 1.2;
// Least share of a picture that is seen, along the side that is cut.
const LEAST_SEEN = 0.45;

let sheetImage = null;
let hovered = null;
let focused = null;
// The node that the keyboard moved to, whose edges are shown.
let reached = null;
let untouched = true;
// Nothing is selected on an overview.
const selected = null;
// The size of the window that is divided now.
let fitted = [0, 0];
// Places of the tiles: left, top, width, height in pixels of the scrolled area.
const places = new Map();

/** Divide a length among weights; no part is smaller than the least one, if all fit. */
function divided(weights, length, least) {
  const parts = weights.map(() => 0);
  let open = weights.map((_, i) => i);
  let left = length;
  while (open.length) {
    const total = open.reduce((sum, i) => sum + weights[i], 0);
    const small = open.filter((i) => (left * weights[i]) / total < least);
    if (!small.length || small.length === open.length) {
      for (const i of open) parts[i] = small.length ? left / open.length : (left * weights[i]) / total;
      break;
    }
    for (const i of small) parts[i] = least;
    left -= least * small.length;
    open = open.filter((i) => !small.includes(i));
  }
  return parts;
}

/** Return the nodes in rows of about the same weight, from top to bottom and left to right. */
function rowsOf(nodes, count) {
  const byHeight = [...nodes].sort((a, b) => a.place[1] - b.place[1] || a.id - b.id);
  const total = nodes.reduce((sum, node) => sum + node.weight, 0);
  const rows = Array.from({ length: count }, () => []);
  let before = 0;
  for (const node of byHeight) {
    const row = Math.min(count - 1, Math.floor(((before + node.weight / 2) / total) * count));
    rows[row].push(node);
    before += node.weight;
  }
  return rows.filter((row) => row.length)
    .map((row) => row.sort((a, b) => a.place[0] - b.place[0] || a.id - b.id));
}

/** Place rows in a width and a height; return the places, the height they take, and a cost. */
function placedRows(rows, width, height) {
  const sum = (row) => row.reduce((total, node) => total + node.weight, 0);
  const taken = Math.max(height, GAP_PX + rows.length * (LEAST_HEIGHT_PX + GAP_PX));
  const down = divided(rows.map(sum), taken - GAP_PX, LEAST_HEIGHT_PX + GAP_PX);
  const found = new Map();
  let [top, cost] = [GAP_PX, 0];
  rows.forEach((row, i) => {
    const across = divided(row.map(({ weight }) => weight), width - GAP_PX, LEAST_WIDTH_PX + GAP_PX);
    let left = GAP_PX;
    row.forEach((node, j) => {
      const [tileWidth, tileHeight] = [across[j] - GAP_PX, down[i] - GAP_PX];
      found.set(node.id, [left, top, tileWidth, tileHeight]);
      const shape = tileWidth / Math.max(20, tileHeight - CAPTION_PX);
      cost += node.weight * Math.log(shape / BEST_SHAPE) ** 2;
      left += across[j];
    });
    top += down[i];
  });
  // Scrolling costs more than odd shapes, up to a point.
  return { found, cost: cost / sum(page.nodes) + (taken / height - 1) * 1.5, taken };
}

/** Return the best division of a width and a height: rows whose tiles fit, and look well. */
function division(width, height) {
  const most = Math.max(1, Math.floor((width - GAP_PX) / (LEAST_WIDTH_PX + GAP_PX)));
  let best = null;
  for (let count = 1; count <= page.nodes.length; count += 1) {
    const rows = rowsOf(page.nodes, count).flatMap((row) => {
      // A row of more tiles than fit is broken into rows of about the same length.
      const parts = Math.ceil(row.length / most);
      return Array.from({ length: parts }, (_, i) => row.slice(
        Math.round((i * row.length) / parts), Math.round(((i + 1) * row.length) / parts),
      ));
    });
    const tried = placedRows(rows, width, height);
    if (!best || tried.cost < best.cost) best = tried;
  }
  return best;
}

/** Return columns and rows of a mosaic of up to `count` pictures of a shape, in a box. */
function gridOf(count, shape, width, height) {
  let [best, least] = [[1, 1], Infinity];
  for (let columns = 1; columns <= count; columns += 1) {
    for (let rows = 1; rows * columns <= count; rows += 1) {
      const [cellWidth, cellHeight] = [width / columns, height / rows];
      const few = Math.max(0, Math.min(4, count) - rows * columns);
      const small = Math.max(0, LEAST_CELL_PX / Math.min(cellWidth, cellHeight) - 1);
      const cost = Math.abs(Math.log(cellWidth / cellHeight / shape)) + 3 * few + 4 * small
        - 0.06 * rows * columns;
      if (cost < least) [best, least] = [[columns, rows], cost];
    }
  }
  return best;
}

/** Draw a cell of the sheet over a whole box; what does not fit is cut from the longer side. */
function drawCovering(context, [left, top, width, height], x, y, boxWidth, boxHeight) {
  const shape = boxWidth / boxHeight;
  let [seenWidth, seenHeight] = [Math.min(width, height * shape), Math.min(height, width / shape)];
  seenWidth = Math.max(seenWidth, width * LEAST_SEEN);
  seenHeight = Math.max(seenHeight, height * LEAST_SEEN);
  const scale = Math.min(boxWidth / seenWidth, boxHeight / seenHeight);
  const [shownWidth, shownHeight] = [seenWidth * scale, seenHeight * scale];
  context.imageSmoothingQuality = "high";
  context.drawImage(
    sheetImage,
    left + (width - seenWidth) / 2, top + (height - seenHeight) / 2, seenWidth, seenHeight,
    x + (boxWidth - shownWidth) / 2, y + (boxHeight - shownHeight) / 2, shownWidth, shownHeight,
  );
}

function median(values) {
  return [...values].sort((a, b) => a - b)[values.length >> 1];
}

/** Draw the mosaic of a community into the canvas of its tile. */
function drawMosaic(node) {
  const canvas = tileOf(node.id).querySelector("canvas");
  const [width, height] = [canvas.clientWidth, canvas.clientHeight];
  if (width < 1 || height < 1) return;
  const density = Math.min(window.devicePixelRatio || 1, 2);
  [canvas.width, canvas.height] = [width, height].map((side) => Math.round(side * density));
  if (!sheetImage) return;
  const context = canvas.getContext("2d");
  context.scale(density, density);
  const shape = median(node.cells.map(([, , cellWidth, cellHeight]) => cellWidth / cellHeight));
  const [columns, rows] = gridOf(node.cells.length, shape, width, height);
  const edge = (length, count, i) => Math.round((i * (length + BETWEEN_PX)) / count);
  node.cells.slice(0, columns * rows).forEach((cell, i) => {
    const [column, row] = [i % columns, Math.floor(i / columns)];
    const [left, right] = [column, column + 1].map((at) => edge(width, columns, at));
    const [top, bottom] = [row, row + 1].map((at) => edge(height, rows, at));
    drawCovering(context, cell, left, top, right - left - BETWEEN_PX, bottom - top - BETWEEN_PX);
  });
  node.shown = columns * rows;
}

function drawAll() {
  for (const node of page.nodes) drawMosaic(node);
  // Milliseconds since navigation start, for tests and benchmarks.
  if (sheetImage) window.imgrecDrawn ??= performance.now();
}

/** Divide the window among the tiles. */
function fit() {
  const [width, height] = [box.clientWidth, box.clientHeight];
  if (width < 1 || height < 1) return;
  let best = division(width, height);
  // A bar to scroll by takes from the width.
  box.style.overflowY = best.taken > height ? "scroll" : "hidden";
  if (box.clientWidth !== width) best = division(box.clientWidth, height);
  fitted = [width, height];
  places.clear();
  for (const [id, place] of best.found) {
    places.set(id, place);
    const tile = tileOf(id);
    const [left, top, tileWidth, tileHeight] = place;
    tile.classList.toggle("roomy", tileWidth >= ROOMY_PX[0] && tileHeight >= ROOMY_PX[1]);
    Object.assign(tile.style, {
      left: `${left}px`, top: `${top}px`, width: `${tileWidth}px`, height: `${tileHeight}px`,
    });
    const node = nodesById.get(id);
    [node.width, node.height] = [tileWidth, tileHeight];
  }
  edges.setAttribute("width", box.clientWidth);
  edges.setAttribute("height", best.taken);
  edges.style.height = `${best.taken}px`;
  drawAll();
  mark();
}

/** Return the middle of a tile. */
function positioned({ id }) {
  const [left, top, width, height] = places.get(id);
  return { id, x: left + width / 2, y: top + height / 2 };
}

const edges = document.createElementNS("http://www.w3.org/2000/svg", "svg");
edges.id = "edges";
edges.setAttribute("aria-hidden", "true");

function shape(kind, values) {
  const found = document.createElementNS("http://www.w3.org/2000/svg", kind);
  for (const [name, value] of Object.entries(values)) found.setAttribute(name, value);
  return found;
}

/** Mark the tiles of pointer and keyboard, and those like one of them; lines lead there. */
function mark() {
  const isFocused = document.activeElement === box;
  const near = hovered ?? reached;
  const found = near === null ? [] : page.edges.filter(({ from, to }) => from === near || to === near);
  const others = new Set(found.map(({ from, to }) => (from === near ? to : from)));
  for (const { id } of page.nodes) {
    const { classList } = tileOf(id);
    classList.toggle("hovered", id === hovered);
    classList.toggle("focused", id === focused && isFocused);
    classList.toggle("joined", others.has(id));
  }
  edges.replaceChildren(...found.flatMap(({ from, to, width }) => {
    const [a, b] = [from, to].map((id) => positioned(nodesById.get(id)));
    const line = { x1: a.x, y1: a.y, x2: b.x, y2: b.y };
    return [
      shape("line", { ...line, class: "casing", "stroke-width": width + LINE_PX + 3 }),
      shape("line", { ...line, "stroke-width": width + LINE_PX }),
    ];
  }));
}

const network = {
  redraw: mark,
  getScale: () => 1,
  canvasToDOM: ({ x, y }) => ({ x, y: y - box.scrollTop }),
  moveTo: ({ position }) => {
    if (position) box.scrollTo({ top: position.y - box.clientHeight / 2 });
  },
};

/** Show the edges of the node that the keyboard moved to; its name is always seen. */
function showHint(id) {
  reached = id;
}

// The window is filled at any size.
function zoom() {}

function onPicture(id) {
  if (id !== null) location.href = page.data.targets[id];
}

// Below the tiles: lines are seen between them, and cross neither pictures nor names.
box.prepend(edges);
box.classList.add("placed");
for (const { id } of page.nodes) {
  const tile = tileOf(id);
  // The network is one stop of the Tab key; arrows lead from tile to tile.
  tile.tabIndex = -1;
  tile.addEventListener("pointerenter", ({ pointerType }) => {
    if (pointerType === "touch") return;
    hovered = id;
    mark();
  });
  tile.addEventListener("pointerleave", () => {
    hovered = null;
    mark();
  });
}
new ResizeObserver(fit).observe(box);
matchMedia("(prefers-color-scheme: dark)").addEventListener("change", mark);
// Beside the links, where it covers no caption.
document.querySelector(".steps").append(document.getElementById("helper"));
fit();
loadSheet(page.sheet).then((image) => {
  sheetImage = image;
  drawAll();
});
