// Saves what is shown, or what is marked: as a table, a list, paths, or a picture of the grid.

import { thumbUrl } from "./api.js";
import { counted, make, nameOf } from "./dom.js";
import { download, pathList, saveList } from "./files.js";
import { choice, menu } from "./menus.js";
import { notice, tried } from "./notices.js";
import { isQuestion, searchBody } from "./question.js";
import { results } from "./results.js";
import { marked } from "./selection.js";

// Pictures in one picture of the grid.
const MOST_DRAWN = 100;
const SIDE = 200;
const CAPTION = 24;
const GAP = 8;

async function copyPaths(known) {
  const hits = await known();
  const { left } = pathList(hits);
  const files = hits.map(({ file }) => file).filter((file) => file && !/[\n\r]/.test(file));
  await navigator.clipboard.writeText(`${files.join("\n")}\n`);
  notice(`${counted(files.length, "path")} copied${left ? `; ${left} with line breaks left out` : ""}.`);
}

/**
 * Return what a list of pictures can be saved as.
 * @param {() => Hit[] | Promise<Hit[]>} known returns them.
 */
function listChoices(known, name) {
  const save = (form) => tried(async () => {
    const left = saveList(await known(), form, name);
    if (left) notice(`${counted(left, "path")} with line breaks left out of the list.`);
  });
  return [
    choice("CSV", () => save("csv")),
    choice("JSON", () => save("json")),
    choice("Paths", () => save("paths"), { title: "Absolute paths, one a line" }),
    navigator.clipboard && choice("Copy paths", () => tried(() => copyPaths(known))),
  ];
}

/** Save the picture that `imgrec query --save` draws, of the question and its results. */
async function saveAnswer({ question, hits }) {
  const body = JSON.stringify({ ...searchBody(question), k: Math.min(hits.length, MOST_DRAWN) });
  const headers = { "Content-Type": "application/json" };
  const response = await fetch("api/grid", { method: "POST", headers, body });
  if (!response.ok) throw new Error((await response.json()).error);
  download("results.png", [await response.arrayBuffer()], "image/png");
}

async function loaded(id) {
  const image = new Image();
  image.src = thumbUrl(id);
  await image.decode();
  return image;
}

/** Save a picture of pictures that answer no question. */
async function saveDrawn(hits, name) {
  const some = hits.slice(0, MOST_DRAWN);
  const columns = Math.ceil(Math.sqrt(some.length));
  const [step, height] = [SIDE + GAP, SIDE + CAPTION + GAP];
  const canvas = make("canvas", { width: columns * step + GAP, height: Math.ceil(some.length / columns) * height + GAP });
  const context = canvas.getContext("2d");
  context.fillStyle = "#ffffff";
  context.fillRect(0, 0, canvas.width, canvas.height);
  context.fillStyle = "#18202a";
  context.font = "13px system-ui, sans-serif";
  const images = await Promise.all(some.map(({ id }) => loaded(id).catch(() => null)));
  some.forEach((hit, place) => {
    const [x, y] = [GAP + (place % columns) * step, GAP + Math.floor(place / columns) * height];
    const image = images[place];
    if (image) {
      const scale = Math.min(SIDE / image.naturalWidth, SIDE / image.naturalHeight);
      const [w, h] = [image.naturalWidth * scale, image.naturalHeight * scale];
      context.drawImage(image, x + (SIDE - w) / 2, y + (SIDE - h) / 2, w, h);
    }
    context.fillText(nameOf(hit.path ?? ""), x, y + SIDE + 16, SIDE);
  });
  const blob = await new Promise((resolve) => canvas.toBlob(resolve, "image/png"));
  download(`${name}.png`, [blob], "image/png");
  if (hits.length > some.length) notice(`The picture shows the first ${MOST_DRAWN}.`);
}

const heading = (text) => make("div", { class: "menu-heading", text });

function choices() {
  const present = results.get();
  const { hits, question } = present;
  const draw = isQuestion(question) ? () => saveAnswer(present) : () => saveDrawn(hits, "pictures");
  const shown = [
    heading(counted(hits.length, isQuestion(question) ? "result" : "picture")), ...listChoices(() => hits, "results"),
    choice("Picture of the grid", () => tried(draw), { title: `The first ${MOST_DRAWN}` }),
  ];
  return [...(hits.length ? shown : []), ...(marked.size ? [heading(`${marked.size.toLocaleString("en-US")} marked`), ...markedChoices()] : [])];
}

/** Return what the marked pictures can be saved as. */
export function markedChoices() {
  return [
    ...listChoices(marked.known, "marked"),
    choice("Picture of the grid", () => tried(async () => saveDrawn(await marked.known(), "marked"))),
  ];
}

/** Mount the button that saves; hidden where there is nothing. */
export function mount(element) {
  element.append(menu("Save", choices));
  const show = () => {
    element.hidden = !results.get().hits.length && !marked.size;
  };
  results.subscribe(show);
  marked.subscribe(show);
  show();
}
