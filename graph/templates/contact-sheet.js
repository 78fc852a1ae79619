"use strict";
// The contact sheet: puts the pictures of a community into a grid, in the order that is asked for.
// The order is kept in the URL fragment (#date), so that links, reloads and the back button work.

const contact = document.getElementById("contact");
const help = document.getElementById("help");
const buttons = [...document.querySelectorAll("[data-order]")];
const SIDE_PX = 104;
// Pictures that are so near to the view are drawn.
const AHEAD_PX = 600;
const COLUMNS = { id: 0, name: 1, page: 2, cell: 3, members: 4, date: 5, size: 6, caption: 7 };
// Characters at the end of a name that are seen where it is cut: those by which names in a row differ.
const TAIL = 7;

let order = null;
const drawn = new Set();

const drawing = new IntersectionObserver((seen) => {
  for (const { isIntersecting, target } of seen) {
    if (!isIntersecting) continue;
    drawPicture(target);
  }
}, { root: contact, rootMargin: `${AHEAD_PX}px` });

/** Draw the others when there is nothing else to do, so that all are there on paper. */
function drawRest() {
  const undrawn = links.filter((link) => !drawn.has(link))[Symbol.iterator]();
  const later = window.requestIdleCallback ?? ((act) => setTimeout(act, 30));
  const next = async () => {
    const { value, done } = undrawn.next();
    if (done) return;
    await drawPicture(value);
    later(next);
  };
  later(next);
}

async function drawPicture(link) {
  if (drawn.has(link)) return;
  drawn.add(link);
  drawing.unobserve(link);
  const row = page.data.contact[link.dataset.row];
  const sheet = `${page.root}sheets/${page.data.pages[row[COLUMNS.page]]}.jpg`;
  await drawCell(link.querySelector("canvas"), sheet, row[COLUMNS.cell]);
  if (window.imgrecDrawn) return;
  // Milliseconds since navigation start, for tests and benchmarks.
  window.imgrecDrawn = performance.now();
  // A phone has less memory, and rarely a printer.
  if (!matchMedia("(pointer: coarse)").matches) drawRest();
}

function element(kind, values, ...children) {
  const found = Object.assign(document.createElement(kind), values);
  found.append(...children);
  return found;
}

/** Return the link of a picture to its page; made once, and moved when the order changes. */
function picture(row, number) {
  const canvas = element("canvas", { className: "thumb" });
  canvas.dataset.side = SIDE_PX;
  canvas.setAttribute("aria-hidden", "true");
  const link = element("a", {
    href: `${page.root}pages/${page.data.pages[row[COLUMNS.page]]}.html#${row[COLUMNS.id]}`,
  }, element("span", { className: "frame" }, canvas), element("span", { className: "caption" }));
  if (row[COLUMNS.members] > 1) {
    link.append(element("span", { className: "many", textContent: `×${row[COLUMNS.members]}` }));
  }
  link.dataset.row = number;
  drawing.observe(link);
  return link;
}

const links = page.data.contact.map(picture);

/**
 * Write below a picture what is told of it, else its name without the suffix; say both.
 *
 * Of a date and time there is room for the date.
 */
function caption(link, row, told) {
  const name = row[COLUMNS.name];
  const short = told && told === row[COLUMNS.date] ? told.split(" ")[0] : told;
  const stem = short || name.replace(/(.)\.[^.]+$/, "$1");
  const end = told ? stem.length : Math.max(0, stem.length - TAIL);
  const parts = [stem.slice(0, end), stem.slice(end)].filter(Boolean);
  link.querySelector(".caption").replaceChildren(...parts.map((textContent) => element("span", { textContent })));
  const many = row[COLUMNS.members] > 1 && `×${row[COLUMNS.members]}`;
  link.title = told ? `${name} · ${told}` : name;
  link.setAttribute("aria-label", [name, told, many].filter(Boolean).join(", "));
}

/** Put the pictures in an order, under its headings. */
function show(name) {
  order = name;
  const column = COLUMNS[name] ?? COLUMNS.caption;
  for (const [number, link] of links.entries()) {
    const row = page.data.contact[number];
    caption(link, row, row[column] || row[COLUMNS.caption]);
  }
  contact.replaceChildren(...page.data.orders[name].map(([heading, numbers]) => {
    const grid = element("div", { className: "grid" }, ...numbers.map((number) => links[number]));
    if (!heading) return element("section", {}, grid);
    // Of pictures, as above: a stack counts all of its own.
    const pictures = numbers.reduce((sum, i) => sum + page.data.contact[i][COLUMNS.members], 0);
    const count = element("small", { textContent: pictures.toLocaleString("en-US") });
    return element("section", {}, element("h2", { textContent: heading }, count), grid);
  }));
  for (const button of buttons) {
    button.setAttribute("aria-pressed", String(button.dataset.order === name));
  }
}

/** Return the links of the pictures as they stand on the sheet. */
function standing() {
  return [...contact.querySelectorAll(".grid a")];
}

/** Give a picture the focus; it is the one stop of the Tab key. */
function focusOn(link) {
  for (const one of links) one.tabIndex = one === link ? 0 : -1;
  link.focus();
}

/** Return the nearest picture in the row above or below, null for none. */
function across(link, down) {
  const [own, all] = [link.getBoundingClientRect(), standing()];
  const ahead = (side) => down * (side.top - own.top);
  const sides = all.map((one) => one.getBoundingClientRect());
  const rows = sides.map(ahead).filter((distance) => distance > own.height / 2);
  if (!rows.length) return null;
  const nearest = Math.min(...rows);
  const inRow = all.filter((_, i) => Math.abs(ahead(sides[i]) - nearest) < own.height / 2);
  const aside = (one) => Math.abs(one.getBoundingClientRect().left - own.left);
  return inRow.reduce((best, one) => (aside(one) < aside(best) ? one : best));
}

const STEPS = { ArrowLeft: -1, ArrowRight: 1 };
const ROWS = { ArrowUp: -1, ArrowDown: 1 };

function moved(link, key) {
  const all = standing();
  if (key === "Home") return all[0];
  if (key === "End") return all.at(-1);
  if (Object.hasOwn(ROWS, key)) return across(link, ROWS[key]);
  return all[all.indexOf(link) + STEPS[key]];
}

document.addEventListener("keydown", (event) => {
  if (event.ctrlKey || event.metaKey || event.altKey || event.defaultPrevented) return;
  if (event.target.closest("input") || document.querySelector("dialog[open]")) return;
  const number = Number(event.key);
  if (event.key === "Escape") location.href = document.getElementById("network-page").href;
  else if (event.key === "?") help.showModal();
  else if (number >= 1 && number <= buttons.length) buttons[number - 1].click();
  else if (Object.hasOwn(STEPS, event.key) || Object.hasOwn(ROWS, event.key) || ["Home", "End"].includes(event.key)) {
    const link = event.target.closest(".grid a");
    const next = link ? moved(link, event.key) : standing()[0];
    if (next) focusOn(next);
  } else return;
  event.preventDefault();
});
for (const button of buttons) {
  button.addEventListener("click", () => { location.hash = button.dataset.order; });
}
document.getElementById("helper").addEventListener("click", () => help.showModal());
help.addEventListener("click", ({ target }) => {
  if (target === help || target.closest("button")) help.close();
});

function follow() {
  const asked = location.hash.slice(1);
  const name = Object.hasOwn(page.data.orders, asked) ? asked : "likeness";
  if (name === order) return;
  show(name);
  const first = standing()[0];
  for (const one of links) one.tabIndex = one === first ? 0 : -1;
  contact.scrollTop = 0;
}

window.addEventListener("hashchange", follow);
follow();
// The keys work from the start.
standing()[0].focus({ preventScroll: true, focusVisible: !matchMedia("(pointer: coarse)").matches });
