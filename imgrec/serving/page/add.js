// How pictures get into the question: dropped, pasted, chosen, photographed.

import { make } from "./dom.js";
import { say } from "./said.js";
import { takeFiles } from "./uploads.js";

const hasFiles = (transfer) => [...(transfer?.types ?? [])].includes("Files");
const hasAddress = (transfer) => [...(transfer?.types ?? [])].includes("text/uri-list");

function chooser(id, settings) {
  const input = make("input", {
    id, class: "unseen", type: "file", accept: "image/*", tabIndex: -1, "aria-hidden": "true",
    onchange: () => {
      takeFiles([...input.files]);
      input.value = "";
    },
    ...settings,
  });
  return input;
}

function button(text, title, input, settings = {}) {
  return make("button", { class: "button", type: "button", text, title,
    onclick: () => input.click(), ...settings });
}

/** Return the area of the window that takes what is dropped, in two halves. */
function dropArea() {
  const half = (isUnwanted, text) => make("div", {
    class: `half ${isUnwanted ? "not" : ""}`, text,
    ondragenter: (event) => event.currentTarget.classList.add("over"),
    ondragleave: (event) => event.currentTarget.classList.remove("over"),
    ondragover: (event) => event.preventDefault(),
    ondrop: (event) => drop(event, isUnwanted),
  });
  const area = make("div", { id: "drop", hidden: true, "aria-hidden": "true" },
    half(false, "More like this"), half(true, "Not like this"));
  const close = () => {
    area.hidden = true;
    for (const one of area.children) one.classList.remove("over");
  };
  function drop(event, isUnwanted) {
    event.preventDefault();
    event.stopPropagation();
    close();
    receive(event.dataTransfer, isUnwanted);
  }
  addEventListener("dragenter", (event) => {
    if (!hasFiles(event.dataTransfer) && !hasAddress(event.dataTransfer)) return;
    if (isOwn(event)) return;
    event.preventDefault();
    area.hidden = false;
  });
  addEventListener("dragover", (event) => !area.hidden && event.preventDefault());
  // Out of the window, or given up.
  addEventListener("dragleave", (event) => !event.relatedTarget && close());
  // Text goes into the field that it is dropped on.
  const isOurs = ({ dataTransfer }) => hasFiles(dataTransfer) || hasAddress(dataTransfer);
  addEventListener("drop", (event) => isOurs(event) && drop(event, false));
  return area;
}

let ownDrag = false;
addEventListener("dragstart", () => (ownDrag = true));
addEventListener("dragend", () => (ownDrag = false));
const isOwn = () => ownDrag;

/** Take what was dropped or pasted. Addresses are never fetched, by the page or by the server. */
function receive(transfer, isUnwanted) {
  const files = [...(transfer?.files ?? [])];
  if (files.length) takeFiles(files, isUnwanted);
  else if (hasAddress(transfer)) {
    say("That is the address of a picture, which is not fetched: save it and drop the file.", "bad");
  }
}

/** Return whether a field takes what is pasted: office programs copy text, and a picture of it too. */
const isText = ({ target, clipboardData }) =>
  target.matches?.("input:is([type=search], [type=text])") && [...clipboardData.types].includes("text/plain");

/** Mount the buttons on an element, and listen for what is dropped and pasted. */
export function mountAdd(element) {
  const choose = chooser("choose", { multiple: true });
  const photograph = chooser("photograph", { capture: "environment" });
  element.append(
    choose, photograph,
    button("Choose pictures", "Choose up to five; or drop or paste them anywhere", choose,
      { id: "choose-button" }),
    button("Camera", "Photograph something", photograph, { id: "photograph-button" }));
  document.body.append(dropArea());
  addEventListener("paste", (event) => {
    if (!hasFiles(event.clipboardData) || isText(event)) return;
    event.preventDefault();
    receive(event.clipboardData, false);
  });
}
