"use strict";
// The network: vis-network draws it with physics off, each picture cut from the sheet.

const box = document.getElementById("network");
const hint = document.getElementById("hint");
const nodesById = new Map(page.nodes.map((node) => [node.id, node]));
const MARGIN_PX = 20;

let sheetImage = null;
let hovered = null;
let selected = null;
let lit = null; // ids that stay bright while a picture is selected
let untouched = true; // the view is ours to fit until the reader moves it

function colour(name) {
  return getComputedStyle(document.documentElement).getPropertyValue(name).trim();
}

function isTall() {
  return box.clientHeight > box.clientWidth;
}

function positioned(node) {
  const [x, y] = isTall() ? node.tall : [node.x, node.y];
  return { id: node.id, x, y, size: node.size };
}

function edgeOptions() {
  const strong = colour("--accent");
  const color = { color: colour("--edge"), highlight: strong, hover: strong, opacity: 0.35, inherit: false };
  return { ...page.options.edges, color };
}

function drawCaption(context, node, x, y) {
  const scale = network.getScale();
  if (node.width * scale < 22) return;
  context.font = `600 ${(scale < 0.7 ? 11 : 13) / scale}px system-ui, sans-serif`;
  context.textAlign = "center";
  context.textBaseline = "top";
  context.lineJoin = "round";
  context.lineWidth = 4 / scale;
  context.strokeStyle = colour("--ground");
  context.strokeText(node.caption, x, y + node.height / 2 + 4);
  context.fillStyle = colour("--quiet");
  context.fillText(node.caption, x, y + node.height / 2 + 4);
}

/** What vis-network calls for every node. */
function pictureRenderer({ ctx, id, x, y }) {
  const node = nodesById.get(id);
  const { width, height } = node;
  const drawNode = () => {
    if (lit && !lit.has(id)) {
      ctx.fillStyle = colour("--ground");
      ctx.fillRect(x - width / 2, y - height / 2, width, height);
      ctx.globalAlpha = 0.3;
    }
    if (sheetImage) {
      ctx.imageSmoothingQuality = "high";
      ctx.drawImage(sheetImage, ...node.cell, x - width / 2, y - height / 2, width, height);
    } else {
      ctx.fillStyle = colour("--line");
      ctx.fillRect(x - width / 2, y - height / 2, width, height);
    }
    if (id === selected || id === hovered) {
      const line = 3 / network.getScale();
      ctx.globalAlpha = 1;
      ctx.lineWidth = line;
      ctx.strokeStyle = colour("--accent");
      ctx.strokeRect(x - (width + line) / 2, y - (height + line) / 2, width + line, height + line);
    }
    if (node.caption) drawCaption(ctx, node, x, y);
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

/** The scale at which the whole page is seen. */
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

function zoom(factor) {
  const scale = network.getScale() * factor;
  untouched = false;
  network.moveTo({ scale: Math.min(Math.max(scale, fitScale() / 2), 8) });
}

/** The id of the picture at a point of the canvas, the one on top where several are. */
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
  hint.textContent = node.name;
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

/** Make a picture the selected one, with the edges it has; null for none. */
function select(id) {
  selected = id;
  lit = null;
  network.unselectAll();
  if (id !== null) {
    network.selectNodes([id]);
    lit = new Set([id, ...network.getConnectedNodes(id)]);
  }
  network.redraw();
}

/** What a click does; a page may put its own in place. */
let onPicture = (id) => {
  if (id !== null) location.href = page.data.targets[id];
};

box.addEventListener("pointermove", (event) => {
  if (event.pointerType === "touch") return;
  const frame = box.getBoundingClientRect();
  const spot = { x: event.clientX - frame.left, y: event.clientY - frame.top };
  hover(pictureAt(network.DOMtoCanvas(spot)));
});
box.addEventListener("pointerleave", () => hover(null));
network.on("click", ({ pointer }) => onPicture(pictureAt(pointer.canvas)));
network.on("dragStart", () => {
  untouched = false;
  hover(null);
});
network.on("zoom", ({ scale }) => {
  untouched = false;
  hover(null);
  if (scale < fitScale() / 2 || scale > 8) zoom(1);
});
network.on("resize", () => {
  nodes.update(page.nodes.map(positioned));
  if (untouched) fit();
});
document.getElementById("closer").addEventListener("click", () => zoom(1.4));
document.getElementById("farther").addEventListener("click", () => zoom(1 / 1.4));
document.getElementById("fit").addEventListener("click", fit);
matchMedia("(prefers-color-scheme: dark)").addEventListener("change", () => {
  network.setOptions({ edges: edgeOptions() });
});

fit();
network.on("afterDrawing", () => {
  // milliseconds since the page was asked for
  if (sheetImage) window.imgrecDrawn ??= performance.now();
});
loadSheet(page.sheet).then((image) => {
  sheetImage = image;
  network.redraw();
});
