"use strict";
// The details panel of a picture: facts, labels, near-duplicates, neighbors. The selection is kept
// in the URL fragment (page.html#17), so that links, reloads and the back button work.

const panel = document.getElementById("panel");
const LARGE_PX = 128;
// Largest enlargement of a thumbnail; beyond it the picture is blurred.
const LARGEST_SCALE = 1.5;
const part = (name) => document.getElementById(name);
// Node of each picture that is in a bundle: its representative.
const homes = new Map(page.nodes.flatMap(({ id, members }) => (members ?? []).map((i) => [i, id])));
const nodeOf = (id) => nodesById.get(homes.get(id) ?? id);

function neighbor([id, similarity, name, elsewhere, cell]) {
  const link = document.createElement("a");
  link.href = `${elsewhere ? `${elsewhere}.html` : ""}#${id}`;
  link.title = name;
  link.setAttribute("aria-label", `${name}, similarity ${similarity}`);
  const canvas = document.createElement("canvas");
  canvas.dataset.side = "64";
  const sheet = elsewhere ? `${page.root}sheets/${elsewhere}.jpg` : page.sheet;
  drawCell(canvas, sheet, cell ?? nodeOf(id).cell);
  const value = document.createElement("small");
  value.textContent = similarity.toFixed(2);
  link.append(canvas, value);
  const item = document.createElement("li");
  item.append(link);
  return item;
}

/** Return the query that finds the pictures with a label; "" if it cannot be written. */
function labelQuery(kind, value) {
  if (/[\s:="]/.test(kind) || !value || value.includes('"')) return "";
  return `${kind}:"${value}"`;
}

/** Return a label [kind, shown, value?] as a list item: a link to the search for it. */
function label([kind, shown, value = shown]) {
  const name = document.createElement("small");
  name.textContent = kind;
  const query = labelQuery(kind, value);
  const chip = document.createElement(query ? "a" : "span");
  chip.append(name, ` ${shown}`);
  if (query) {
    chip.href = `?q=${encodeURIComponent(query)}`;
    chip.title = `Search ${query}`;
    chip.addEventListener("click", (event) => {
      if (event.ctrlKey || event.metaKey || event.shiftKey) return;
      event.preventDefault();
      // The large view covers the search box.
      chip.closest("dialog")?.close();
      window.imgrecSearch.ask(query);
    });
  }
  const item = document.createElement("li");
  item.append(chip);
  return item;
}

/** Return a list item for a picture of a bundle, linked to its file. */
function member(id) {
  const picture = page.data.pictures[id];
  const link = document.createElement(picture.href ? "a" : "span");
  if (picture.href) Object.assign(link, { href: picture.href, target: "_blank", rel: "noopener" });
  link.textContent = picture.name ?? nodesById.get(id).name;
  const facts = document.createElement("small");
  facts.textContent = [picture.folder, picture.facts].filter(Boolean).join(" · ");
  const item = document.createElement("li");
  item.append(link, facts);
  return item;
}

function showBundle({ members }) {
  part("bundle").hidden = !members;
  if (!members) return;
  part("bundle").open = false;
  part("bundle").querySelector("summary").textContent = `${members.length} nearly identical pictures`;
  part("members").replaceChildren(...members.map(member));
}

function showPanel(id) {
  const picture = page.data.pictures[id];
  const node = nodesById.get(id);
  const [, , width, height] = node.cell;
  part("large").dataset.side = Math.min(LARGE_PX, Math.max(width, height) * LARGEST_SCALE);
  drawCell(part("large"), page.sheet, node.cell);
  part("name").textContent = node.name;
  part("folder").textContent = picture.folder;
  part("facts").textContent = picture.facts;
  // Without a link if the root was not reachable when the site was written.
  part("full").hidden = !picture.href;
  if (picture.href) part("full").href = picture.href;
  // A site need not have a map.
  if (part("on-map")) part("on-map").href = `${page.root}map/index.html#id=${id}`;
  part("labels").replaceChildren(...picture.labels.map(label));
  showBundle(node);
  part("near").replaceChildren(...picture.near.map(neighbor));
  panel.hidden = false;
  panel.scrollTop = 0;
  // The focus was on a link that is gone: of a neighbor that was followed.
  if (document.activeElement === document.body) box.focus();
}

/** Center a picture in the area that the panel does not cover. */
function center(id, scale = Math.max(network.getScale(), Math.min(fitScale() * 1.5, page.data.maxScale))) {
  const { x, y } = positioned(nodesById.get(id));
  const beside = panel.offsetWidth < box.clientWidth;
  const offset = beside ? { x: -panel.offsetWidth / 2, y: 0 } : { x: 0, y: -panel.offsetHeight / 2 };
  network.moveTo({ position: { x, y }, offset, scale });
}

/** Return true if a picture is partly covered by the panel or outside the view. */
function isCovered(id) {
  const node = nodesById.get(id);
  const { x, y } = positioned(node);
  const [first, last] = [-0.5, 0.5].map((side) => (
    network.canvasToDOM({ x: x + side * node.width, y: y + side * node.height })
  ));
  const beside = panel.offsetWidth < box.clientWidth;
  const right = beside ? panel.offsetLeft : box.clientWidth;
  const bottom = beside ? box.clientHeight : panel.offsetTop;
  return first.x < 0 || first.y < 0 || last.x > right || last.y > bottom;
}

/** Show the picture of the URL fragment, or close the panel if it names none. */
function follow() {
  const asked = Number(location.hash.slice(1));
  const node = location.hash.length > 1 && nodeOf(asked);
  if (!node) {
    panel.hidden = true;
    select(null);
    // Undo the movement that made room for the panel.
    if (untouched) fit();
    return;
  }
  const { id } = node;
  if (id !== selected) {
    focused = id;
    select(id);
    showPanel(id);
    center(id);
  }
  if (asked !== id) part("bundle").open = true;
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
  // Enter on the selected picture moves the focus to its link.
  if (id === selected && id === focused) part("full").focus();
  select(id);
  showPanel(id);
  showHint(null);
  if (isCovered(id)) center(id, network.getScale());
  location.hash = String(id);
};

onResize = () => {
  if (selected !== null && isCovered(selected)) center(selected);
};

const list = document.querySelector(".listing");

/** Draw the thumbnails of the list when it is opened for the first time. */
function drawList() {
  if (list.querySelector("canvas")) return;
  for (const link of list.querySelectorAll("a")) {
    const canvas = document.createElement("canvas");
    canvas.className = "thumb";
    canvas.dataset.side = "34";
    drawCell(canvas, page.sheet, nodeOf(Number(link.hash.slice(1))).cell);
    link.prepend(canvas);
  }
}

list.addEventListener("toggle", () => {
  if (list.open) drawList();
});
document.addEventListener("click", ({ target }) => {
  // Close the list after a choice, or on a click outside.
  if (target.closest(".listing a") || !target.closest(".listing")) list.open = false;
});

part("close").addEventListener("click", close);
document.addEventListener("keydown", (event) => {
  // A dialog lies above the panel; the browser closes it, unless the key is taken here.
  if (event.key !== "Escape" || document.querySelector("dialog[open]")) return;
  if (list.open) {
    event.preventDefault();
    list.open = false;
    list.querySelector("summary").focus();
  } else if (!panel.hidden) {
    event.preventDefault();
    close();
  }
});
window.addEventListener("hashchange", follow);
follow();
