"use strict";
// Keyboard navigation of the network: arrow keys move the focus, Enter opens, Escape goes back.

const DIRECTIONS = { ArrowLeft: [-1, 0], ArrowRight: [1, 0], ArrowUp: [0, -1], ArrowDown: [0, 1] };
// Cost of a sideways distance, relative to one in the direction of the arrow.
const ASIDE_COSTS = 2.5;
// A live region: it is there before its text is, so that screen readers notice each change.
const said = document.getElementById("said");

/** Return the id of the nearest node in a direction, null for none. */
function nodeTowards(id, [right, down]) {
  const from = positioned(nodesById.get(id));
  let [best, least] = [null, Infinity];
  for (const node of page.nodes) {
    const { x, y } = positioned(node);
    const [ahead, aside] = [
      (x - from.x) * right + (y - from.y) * down,
      Math.abs((x - from.x) * down) + Math.abs((y - from.y) * right),
    ];
    const cost = ahead + ASIDE_COSTS * aside;
    if (node.id !== id && ahead > 1 && cost < least) [best, least] = [node.id, cost];
  }
  return best;
}

/** Return the id of the node nearest to the upper left corner. */
function firstNode() {
  const corner = (node) => {
    const { x, y } = positioned(node);
    return x + 2 * y;
  };
  return page.nodes.reduce((first, node) => (corner(node) < corner(first) ? node : first)).id;
}

function isOutside(id) {
  const node = nodesById.get(id);
  const { x, y } = positioned(node);
  const [first, last] = [-0.5, 0.5].map((side) => (
    network.canvasToDOM({ x: x + side * node.width, y: y + side * node.height })
  ));
  return first.x < 0 || first.y < 0 || last.x > box.clientWidth || last.y > box.clientHeight;
}

/** Return what a screen reader says of a node. */
function spokenName({ name, class: category, members }) {
  const more = members && `${members.length} nearly identical pictures`;
  return [name, category, more].filter(Boolean).join(", ");
}

function focusOn(id) {
  focused = id;
  if (id !== null && isOutside(id)) {
    untouched = false;
    network.moveTo({ position: positioned(nodesById.get(id)) });
  }
  showHint(id);
  said.textContent = id === null ? "" : spokenName(nodesById.get(id));
  network.redraw();
}

/** Return the node on which the keyboard starts: the selected one, else that of the URL fragment. */
function startNode() {
  const named = Number(location.hash.slice(1));
  return selected ?? (nodesById.has(named) ? named : firstNode());
}

/** Go to the page above; its node of this page gets the focus there. */
function goUp() {
  location.href = page.data.up;
}

const help = document.getElementById("help");

const KEYS = {
  Enter: () => onPicture(focused),
  Home: () => focusOn(firstNode()),
  "+": () => zoom(1.4),
  "=": () => zoom(1.4),
  "-": () => zoom(1 / 1.4),
  0: () => fit(),
};
// Those that need no node.
const PAGE_KEYS = {
  PageUp: () => document.querySelector("a[rel=prev]")?.click(),
  PageDown: () => document.querySelector("a[rel=next]")?.click(),
  "?": () => help.showModal(),
};

document.addEventListener("keydown", (event) => {
  if (event.ctrlKey || event.metaKey || event.altKey || event.defaultPrevented) return;
  // Wherever the focus was lost, the keys go on to work.
  const isFree = event.target === box || event.target === document.body;
  if (Object.hasOwn(PAGE_KEYS, event.key) && !event.target.closest("input, dialog, #panel")) {
    event.preventDefault();
    PAGE_KEYS[event.key]();
    return;
  }
  const direction = DIRECTIONS[event.key];
  if (!isFree || (!direction && !Object.hasOwn(KEYS, event.key))) return;
  event.preventDefault();
  box.focus();
  if (focused === null) {
    focusOn(startNode());
    if (direction) return;
  }
  if (direction) focusOn(nodeTowards(focused, direction) ?? focused);
  else KEYS[event.key]();
});
box.addEventListener("focus", () => {
  if (box.matches(":focus-visible")) focusOn(focused ?? startNode());
});
box.addEventListener("blur", () => {
  showHint(null);
  network.redraw();
});
box.addEventListener("pointerdown", () => {
  // The pointer takes over from the keyboard.
  focused = null;
});
document.addEventListener("keydown", (event) => {
  if (event.key !== "Escape" || event.defaultPrevented || !page.data.up) return;
  if (event.target.closest("input") || document.querySelector("dialog[open]")) return;
  goUp();
});
document.getElementById("helper").addEventListener("click", () => help.showModal());
help.addEventListener("click", ({ target }) => {
  // The dialog itself is hit only beside its content.
  if (target === help || target.closest("button")) help.close();
});

/** Give the network the focus, so that the keys work from the start. */
function begin() {
  if (document.activeElement !== document.body) return;
  box.focus({ preventScroll: true });
  // The name is shown when a key is pressed. Where there are no keys, nothing is marked.
  focused = matchMedia("(pointer: coarse)").matches ? null : focused ?? startNode();
  showHint(null);
}

begin();
// A page that comes from the cache of the back button has lost its focus.
window.addEventListener("pageshow", begin);
