"use strict";
// The panel beside the network: what is known of the picture that the address names.

const panel = document.getElementById("panel");
const part = (name) => document.getElementById(name);

function neighbour([id, similarity, name, elsewhere, cell]) {
  const link = document.createElement("a");
  link.href = `${elsewhere ? `${elsewhere}.html` : ""}#${id}`;
  link.title = name;
  link.setAttribute("aria-label", `${name}, similarity ${similarity}`);
  const canvas = document.createElement("canvas");
  canvas.dataset.side = "64";
  const sheet = elsewhere ? `${page.root}sheets/${elsewhere}.jpg` : page.sheet;
  drawCell(canvas, sheet, cell ?? nodesById.get(id).cell);
  const value = document.createElement("small");
  value.textContent = similarity.toFixed(2);
  link.append(canvas, value);
  const item = document.createElement("li");
  item.append(link);
  return item;
}

function label([kind, value]) {
  const item = document.createElement("li");
  const name = document.createElement("small");
  name.textContent = kind;
  item.append(name, ` ${value}`);
  return item;
}

function showPanel(id) {
  const picture = page.data.pictures[id];
  const node = nodesById.get(id);
  drawCell(part("large"), page.sheet, node.cell);
  part("name").textContent = node.name;
  part("path").textContent = picture.path;
  part("facts").textContent = picture.facts;
  part("full").href = picture.href;
  part("labels").replaceChildren(...picture.labels.map(label));
  part("near").replaceChildren(...picture.near.map(neighbour));
  panel.hidden = false;
  panel.scrollTop = 0;
}

/** Bring a picture into the middle of what the panel leaves free. */
function center(id) {
  const { x, y } = positioned(nodesById.get(id));
  const beside = panel.offsetWidth < box.clientWidth;
  const offset = beside ? { x: -panel.offsetWidth / 2, y: 0 } : { x: 0, y: -panel.offsetHeight / 2 };
  untouched = false;
  network.moveTo({ position: { x, y }, offset, scale: Math.max(network.getScale(), fitScale() * 1.5) });
}

function isCovered(id) {
  const { x, y } = positioned(nodesById.get(id));
  const spot = network.canvasToDOM({ x, y });
  return spot.x > panel.offsetLeft - 30 && spot.y > panel.offsetTop - 30;
}

/** Show the picture named by the address, `page.html#17`; close the panel where there is none. */
function follow() {
  const id = Number(location.hash.slice(1));
  const node = location.hash.length > 1 && nodesById.get(id);
  if (!node) {
    panel.hidden = true;
    select(null);
    return;
  }
  if (id === selected) return;
  select(id);
  showPanel(id);
  center(id);
}

function close() {
  location.hash = "";
  box.focus();
}

onPicture = (id) => {
  if (id === null) {
    if (selected !== null) close();
    return;
  }
  select(id);
  showPanel(id);
  showHint(null);
  if (isCovered(id)) center(id);
  location.hash = String(id);
};

part("close").addEventListener("click", close);
document.addEventListener("keydown", (event) => {
  if (event.key === "Escape" && !panel.hidden) close();
});
window.addEventListener("hashchange", follow);
follow();
