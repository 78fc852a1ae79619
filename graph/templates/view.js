"use strict";
// The large view: a picture as large as the window allows, with its facts, above a strip of its
// neighbors; a chosen neighbor stands beside it, so that both can be compared.

const view = document.getElementById("view");
const STRIP_PX = 64;
// The picture that is viewed, and the place of the neighbor beside it, -1 for none.
let viewed = null;
let compared = -1;
// Number of the latest change; an image that arrives after the next one is stale and dropped.
let viewTurn = 0;

const near = () => pictureData(viewed).near ?? [];

/** Return what is shown of a neighbor: id, name, similarity, and thumbnail cell with its sheet. */
function neighborAt(place) {
  const [id, similarity, name, elsewhere, cell] = near()[place];
  const sheet = elsewhere ? `${page.root}sheets/${elsewhere}.jpg` : page.sheet;
  return { id, similarity, name, elsewhere, sheet, cell: cell ?? nodeOf(id).cell };
}

/** Show the thumbnail in a frame at once, then the larger pictures as they arrive. */
async function fillFrame(frame, { id, name, sheet, cell }) {
  const turn = viewTurn;
  const canvas = document.createElement("canvas");
  [canvas.width, canvas.height] = cell.slice(2);
  canvas.setAttribute("role", "img");
  canvas.setAttribute("aria-label", name);
  frame.replaceChildren(canvas);
  const thumbnail = await loadSheet(sheet).catch(() => null);
  if (thumbnail) canvas.getContext("2d").drawImage(thumbnail, ...cell, 0, 0, canvas.width, canvas.height);
  for (const address of largerAddresses(id)) {
    const image = await firstReadable([address]);
    if (turn !== viewTurn) return;
    if (!image) continue;
    image.alt = name;
    frame.replaceChildren(image);
  }
}

/** Return a label [kind, shown, value?] as text, of a class without its probability. */
function labelText([kind, shown, value = shown]) {
  return `${kind} ${value}`;
}

/** Return the text of the labels that two pictures share. */
function commonLabels() {
  if (compared < 0) return new Set();
  const [one, other] = [viewed, neighborAt(compared).id].map((id) => (
    (pictureData(id).labels ?? []).map(labelText)
  ));
  return new Set(one.filter((text) => other.includes(text)));
}

/** Fill one side of the view: picture, name, facts, labels, link to the file. */
function fillSide(side, shown) {
  const find = (name) => side.querySelector(`.${name}`);
  const data = pictureData(shown.id);
  const common = commonLabels();
  fillFrame(find("frame"), shown);
  find("name").textContent = shown.name;
  find("folder").textContent = data.folder ?? "";
  const likeness = shown.similarity === undefined ? "" : `similarity ${shown.similarity.toFixed(2)}`;
  find("facts").textContent = [data.facts, likeness].filter(Boolean).join(" · ");
  const labels = (data.labels ?? []).map((pair) => {
    const item = label(pair);
    item.classList.toggle("common", common.has(labelText(pair)));
    return item;
  });
  find("labels").replaceChildren(...labels);
  find("full").hidden = !data.href;
  if (data.href) find("full").href = data.href;
}

function stripItem(place) {
  const { name, similarity, sheet, cell } = neighborAt(place);
  const button = document.createElement("button");
  button.type = "button";
  button.tabIndex = -1;
  button.title = name;
  button.setAttribute("aria-label", `${name}, similarity ${similarity}`);
  const canvas = document.createElement("canvas");
  canvas.dataset.side = String(STRIP_PX);
  drawCell(canvas, sheet, cell).catch(() => {});
  const value = document.createElement("small");
  value.textContent = similarity.toFixed(2);
  button.append(canvas, value);
  button.addEventListener("click", () => compare(place === compared ? -1 : place));
  const item = document.createElement("li");
  item.append(button);
  return item;
}

/** Put a neighbor beside the picture; -1 shows the picture alone. */
function compare(place) {
  compared = place;
  viewTurn += 1;
  const { name, cell } = nodesById.get(viewed);
  const [chosen, beside] = view.querySelectorAll(".side");
  view.classList.toggle("two", compared >= 0);
  beside.hidden = compared < 0;
  fillSide(chosen, { id: viewed, name, sheet: page.sheet, cell });
  if (compared >= 0) fillSide(beside, neighborAt(compared));
  part("strip").querySelectorAll("button").forEach((button, i) => {
    button.setAttribute("aria-pressed", String(i === compared));
    if (i === compared) button.scrollIntoView({ block: "nearest", inline: "nearest" });
  });
}

/** Open the large view of a picture of this page. */
function openView(id) {
  viewed = id;
  part("strip").replaceChildren(...near().map((_, place) => stripItem(place)));
  if (!view.open) {
    view.showModal();
    // On no button, so that Space closes the view again.
    view.querySelector(".sides").focus();
  }
  view.querySelector(".sides").scrollTop = 0;
  compare(-1);
}

/** Make the neighbor beside the viewed picture the viewed one, on its own page if need be. */
function viewNeighbor() {
  if (compared < 0) return;
  const { id, elsewhere } = neighborAt(compared);
  if (elsewhere) location.href = `${elsewhere}.html#${id}`;
  else openView(nodeOf(id).id);
}

function step(by) {
  const places = near().length + 1;
  compare(((compared + 1 + by + places) % places) - 1);
}

const VIEW_KEYS = {
  ArrowRight: () => step(1),
  ArrowLeft: () => step(-1),
  l: () => view.close(),
  " ": () => view.close(),
};

view.addEventListener("keydown", (event) => {
  if (event.ctrlKey || event.metaKey || event.altKey) return;
  // Space and Enter on a button or a link are its own.
  const isOwn = event.target.closest("a, button") && (event.key === " " || event.key === "Enter");
  const act = event.key === "Enter" ? viewNeighbor : VIEW_KEYS[event.key.length === 1 ? event.key.toLowerCase() : event.key];
  if (isOwn || !act) return;
  event.preventDefault();
  act();
});
view.addEventListener("close", () => {
  viewTurn += 1;
  for (const frame of view.querySelectorAll(".frame")) frame.replaceChildren();
  // The hint names the picture that has the ring, where the panel does not.
  focusOn(viewed);
  if (selected !== null && selected !== viewed) location.hash = String(viewed);
  // Unless a label of the picture led to the search.
  if (!document.activeElement.closest(".search")) box.focus();
});
view.querySelector(".close").addEventListener("click", () => view.close());
part("enlarge").addEventListener("click", () => openView(selected));

/** Open the view of the picture below the pointer, else of the one with the focus. */
function viewFocused() {
  openView(hovered ?? focused ?? startNode());
}

Object.assign(KEYS, { l: viewFocused, L: viewFocused, " ": viewFocused });
