"use strict";
// Draws the network by vis-network, with physics off, at the positions computed by Python. Nodes
// are custom shapes: thumbnails from the sheet, with badges and highlights.

const box = document.getElementById("network");
const hint = document.getElementById("hint");
const nodesById = new Map(page.nodes.map((node) => [node.id, node]));
const MARGIN_PX = 20;

let sheetImage = null;
let hovered = null;
let selected = null;
// The node that has the keyboard focus.
let focused = null;
// Ids that are not dimmed while a picture is selected, null for no selection.
let lit = null;
// True until the user pans or zooms; until then a resize fits the view again.
let untouched = true;

function isTall() {
  return box.clientHeight > box.clientWidth;
}

function positioned(node) {
  const [x, y] = isTall() ? node.tall : [node.x, node.y];
  return { id: node.id, x, y, size: node.size };
}

/** Return the style of edges: pale, and paler while a selection highlights its own edges. */
function edgeOptions() {
  const strong = cssColor("--accent");
  const edge = (values) => Object.assign(values, { color: strong, opacity: 0.8, width: values.width + 1.5 });
  const color = { color: cssColor("--edge"), opacity: lit ? 0.06 : 0.35, inherit: false };
  return { ...page.options.edges, color, chosen: { edge } };
}

/** Draw the number of near-duplicates that a node represents, as a badge in its corner. */
function drawBadge(context, node, x, y) {
  const px = Math.min(13 / network.getScale(), node.height / 3);
  const text = `×${node.members.length}`;
  context.font = `600 ${px}px system-ui, sans-serif`;
  const [width, height] = [context.measureText(text).width + px * 0.9, px * 1.5];
  const [right, top] = [x + node.width / 2 - px * 0.2, y - node.height / 2 + px * 0.2];
  context.fillStyle = cssColor("--badge");
  context.beginPath();
  context.roundRect(right - width, top, width, height, height / 2);
  context.fill();
  context.fillStyle = cssColor("--bar");
  context.textAlign = "center";
  context.textBaseline = "middle";
  context.fillText(text, right - width / 2, top + height / 2 + px * 0.06);
}

/** Draw the edges of two more pictures below the picture of a bundle, like a stack. */
function drawStack(context, { width, height }, x, y) {
  context.fillStyle = cssColor("--stack");
  for (const step of [8, 4]) {
    context.fillRect(x - width / 2 + step, y - height / 2 + step, width, height);
    context.strokeStyle = cssColor("--ground");
    context.lineWidth = 1;
    context.strokeRect(x - width / 2 + step, y - height / 2 + step, width, height);
  }
}

/** Draw a line around a picture, at a distance from it; both in CSS pixels. */
function drawFrame(context, node, color, gapPx, linePx) {
  const { width, height } = node;
  const { x, y } = positioned(node);
  const [gap, line] = [gapPx, linePx].map((px) => px / network.getScale());
  const more = 2 * gap + line;
  context.lineWidth = line;
  context.strokeStyle = cssColor(color);
  context.strokeRect(x - (width + more) / 2, y - (height + more) / 2, width + more, height + more);
}

/** Draw what marks the selected node, that below the pointer and that of the keyboard. */
function drawFrames(context) {
  for (const id of new Set([selected, hovered])) {
    if (nodesById.has(id)) drawFrame(context, nodesById.get(id), "--accent", 0, 3);
  }
  if (!nodesById.has(focused) || document.activeElement !== box) return;
  // A gap in the color of the ground, so that the ring is seen around any picture.
  drawFrame(context, nodesById.get(focused), "--ground", 0, 2);
  drawFrame(context, nodesById.get(focused), "--accent", 2, 4);
}

/** Hook that returns a canvas to draw a node from, null for its thumbnail. See larger.js. */
let pictureFor = () => null;

/** Render a node; the `ctxRenderer` of vis-network. */
function pictureRenderer({ ctx, id, x, y }) {
  const node = nodesById.get(id);
  const { width, height } = node;
  const drawNode = () => {
    if (lit && !lit.has(id)) {
      ctx.fillStyle = cssColor("--ground");
      ctx.fillRect(x - width / 2, y - height / 2, width, height);
      ctx.globalAlpha = 0.3;
    }
    if (node.members) drawStack(ctx, node, x, y);
    const larger = pictureFor(node);
    if (larger) {
      drawWithin(ctx, larger, [0, 0, larger.width, larger.height], x, y, width, height);
    } else if (sheetImage) {
      drawWithin(ctx, sheetImage, node.cell, x, y, width, height);
    } else {
      ctx.fillStyle = cssColor("--line");
      ctx.fillRect(x - width / 2, y - height / 2, width, height);
    }
    ctx.globalAlpha = 1;
    if (node.members) drawBadge(ctx, node, x, y);
  };
  return { drawNode, nodeDimensions: { width, height } };
}

const nodes = new vis.DataSet(page.nodes.map(positioned));
const network = new vis.Network(
  box,
  { nodes, edges: new vis.DataSet(page.edges) },
  {
    ...page.options,
    edges: edgeOptions(),
    nodes: { ...page.options.nodes, ctxRenderer: pictureRenderer },
  },
);

// vis-network makes its own element a second stop of the Tab key.
box.firstElementChild.removeAttribute("tabindex");

/** Return the scale at which the whole network fits into the view. */
function fitScale() {
  let [width, height] = [1, 1];
  for (const node of page.nodes) {
    const { x, y } = positioned(node);
    width = Math.max(width, 2 * Math.abs(x) + node.width);
    height = Math.max(height, 2 * Math.abs(y) + node.height);
  }
  const across = (box.clientWidth - 2 * MARGIN_PX) / width;
  const down = (box.clientHeight - 2 * MARGIN_PX) / height;
  return Math.max(0.01, Math.min(across, down, page.data.maxScale));
}

function fit() {
  untouched = true;
  network.moveTo({ position: { x: 0, y: 0 }, scale: fitScale() });
}

/** Zoom in or out; the node of the keyboard stays at its place, without one the middle. */
function zoom(factor) {
  const scale = Math.min(Math.max(network.getScale() * factor, fitScale() / 2), 8);
  const node = nodesById.get(focused);
  untouched = false;
  if (node && document.activeElement === box) {
    const spot = network.canvasToDOM(positioned(node));
    const offset = { x: spot.x - box.clientWidth / 2, y: spot.y - box.clientHeight / 2 };
    network.moveTo({ position: positioned(node), offset, scale });
    if (!hint.hidden) showHint(focused);
  } else {
    network.moveTo({ scale });
    showHint(null);
  }
}

/** Note that the user moved the view: a name would no longer be below its picture. */
function moved() {
  untouched = false;
  hover(null);
  showHint(null);
}

/** Return the id of the picture at a point in canvas coordinates, null for none. */
function pictureAt(point) {
  const tall = isTall();
  for (const node of page.nodes) {
    const [x, y] = tall ? node.tall : [node.x, node.y];
    if (Math.abs(point.x - x) <= node.width / 2 && Math.abs(point.y - y) <= node.height / 2) {
      return node.id;
    }
  }
  return null;
}

function showHint(id) {
  const node = id === selected ? undefined : nodesById.get(id);
  hint.hidden = !node;
  if (!node) return;
  hint.textContent = node.class ? `${node.name} · ${node.class}` : node.name;
  const { x, y } = positioned(node);
  const below = network.canvasToDOM({ x, y: y + node.height / 2 });
  const half = hint.offsetWidth / 2;
  const left = Math.min(Math.max(below.x, half + 8), box.clientWidth - half - 8);
  const top = Math.min(below.y + 8, box.clientHeight - hint.offsetHeight - 8);
  hint.style.transform = `translate(${left - half}px, ${top}px)`;
}

function hover(id) {
  if (id === hovered) return;
  hovered = id;
  box.style.cursor = id === null ? "" : "pointer";
  showHint(id);
  network.redraw();
}

/** Select a picture and highlight its edges; null clears the selection. */
function select(id) {
  selected = id;
  lit = id === null ? null : new Set([id, ...network.getConnectedNodes(id)]);
  network.setOptions({ edges: edgeOptions() });
  network.unselectAll();
  if (id !== null) network.selectNodes([id]);
  // The panel names the selected picture; what the hint named may be another one.
  if (!hint.hidden) showHint(focused);
  network.redraw();
}

/** Hook that is called on a click on a picture (null: on the background). See panel.js. */
let onPicture = () => {};

/** Hook that is called after a resize. See panel.js. */
let onResize = () => {};

box.addEventListener("pointermove", (event) => {
  if (event.pointerType === "touch") return;
  const frame = box.getBoundingClientRect();
  const spot = { x: event.clientX - frame.left, y: event.clientY - frame.top };
  hover(pictureAt(network.DOMtoCanvas(spot)));
});
box.addEventListener("pointerleave", () => hover(null));
network.on("click", ({ pointer }) => onPicture(pictureAt(pointer.canvas)));
network.on("dragStart", () => {
  moved();
});
network.on("zoom", ({ scale }) => {
  moved();
  if (scale < fitScale() / 2 || scale > 8) zoom(1);
});
// After the event, vis-network scales the view by the change of its size.
network.on("resize", () => queueMicrotask(() => {
  nodes.update(page.nodes.map(positioned));
  if (untouched) fit();
  onResize();
}));
document.getElementById("closer").addEventListener("click", () => zoom(1.4));
document.getElementById("farther").addEventListener("click", () => zoom(1 / 1.4));
document.getElementById("fit").addEventListener("click", fit);
matchMedia("(prefers-color-scheme: dark)").addEventListener("change", () => {
  network.setOptions({ edges: edgeOptions() });
});

fit();
network.on("afterDrawing", (context) => {
  // Above all pictures.
  drawFrames(context);
  // Milliseconds since navigation start, for tests and benchmarks.
  if (sheetImage) window.imgrecDrawn ??= performance.now();
});
loadSheet(page.sheet).then((image) => {
  sheetImage = image;
  network.redraw();
});
