// What the live page has more of in TensorBoard: the way to the projector, and links that lead here.

import { offer } from "./in-projector.js";

const LINK = /[#&]p\.imgrec\.id=(\d{1,15})(?:&|$)/;

const openProjector = () => {
  parent.location.hash = "projector";
};

/** Show the picture that an address of TensorBoard names, when one follows a link to it. */
function follow() {
  const [, id] = LINK.exec(parent.location.hash) ?? [];
  if (id !== undefined) location.hash = `#id=${id}`;
}

offer({ text: "Open the projector", title: "Choose the run there, and search for the name", onclick: openProjector });
parent.addEventListener("hashchange", follow);
addEventListener("pagehide", () => parent.removeEventListener("hashchange", follow));
