// What the live page has more of in TensorBoard: the way to the projector, and links that lead here.

import { storeFacts } from "./facts.js";
import { offer } from "./in-projector.js";
import { onMap } from "./on-map.js";

// `#imgrec&p.imgrec.id=17`, and `&p.imgrec.view=map` behind it.
const LINK = /[#&]p\.imgrec\.id=(\d{1,15})(?:&p\.imgrec\.view=(map))?(?:&|$)/;

const openProjector = () => {
  parent.location.hash = "projector";
};

/** Wait until the page knows whether there is a map; return that. */
async function hasMap() {
  const { map } = await storeFacts();
  const root = document.documentElement;
  if (!map || root.classList.contains("has-map")) return map;
  await new Promise((resolve) => {
    new MutationObserver((_, observer) => {
      if (!root.classList.contains("has-map")) return;
      observer.disconnect();
      resolve();
    }).observe(root, { attributeFilter: ["class"] });
  });
  return true;
}

/** Show the picture that the address of TensorBoard names, at the start and when it changes. */
async function follow() {
  const { hash } = parent.location;
  const [, id, view] = LINK.exec(hash) ?? [];
  if (id === undefined) return;
  const onItsMap = view && await hasMap();
  // Meanwhile another address may have come, which is followed by itself.
  if (parent.location.hash !== hash) return;
  if (onItsMap) onMap.show(Number(id));
  else location.hash = `#id=${id}`;
}

offer({ text: "Open the projector", title: "Choose the run there, and search for the name", onclick: openProjector });
parent.addEventListener("hashchange", follow);
follow();
addEventListener("pagehide", () => parent.removeEventListener("hashchange", follow));
