// What the live page has more of in TensorBoard: the way to the projector, and links that lead here.

import { get } from "./api.js";
import { make, printable } from "./dom.js";
import { large } from "./large.js";

const LINK = /[#&]p\.imgrec\.id=(\d{1,15})(?:&|$)/;

const place = make("div", { id: "in-projector" });

const openProjector = () => {
  parent.location.hash = "projector";
};

function told(places) {
  if (!places.length) return [];
  return [
    make("dl", {}, ...places.flatMap(({ run, row }) => [make("dt", { text: "projector" }),
      make("dd", { text: `${printable(run)}, row ${row.toLocaleString("en-US")}` })])),
    make("button", { class: "button", type: "button", text: "Open the projector",
      title: "Choose the run there, and search for the name", onclick: openProjector }),
  ];
}

async function describe(shown) {
  place.replaceChildren();
  if (shown?.asked.id === undefined) return;
  try {
    const places = await get(`api/projector/${Number(shown.asked.id)}`);
    if (large.get() === shown) place.replaceChildren(...told(places));
  } catch {
    // The large view says what is wrong.
  }
}

/** Show the picture that an address of TensorBoard names, when one follows a link to it. */
function follow() {
  const [, id] = LINK.exec(parent.location.hash) ?? [];
  if (id !== undefined) location.hash = `#id=${id}`;
}

document.getElementById("large-side").append(place);
large.subscribe(describe);
parent.addEventListener("hashchange", follow);
addEventListener("pagehide", () => parent.removeEventListener("hashchange", follow));
