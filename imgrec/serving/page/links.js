// Links to what else is made of the store: its network pages, its report, its map, its projector.

import { make } from "./dom.js";
import { storeFacts } from "./collections.js";

const NAMES = {
  site: ["Communities", "The network of similar pictures, page by page"],
  report: ["Report", "What the collection holds, and its flaws"],
  map: ["Map", "All pictures on a map"],
  projector: ["Projector", "Its run in TensorBoard"],
};

/** Mount the links that the store has. */
export async function mount(element) {
  element.hidden = true;
  const { links } = await storeFacts().catch(() => ({ links: {} }));
  const all = Object.entries(links).map(([kind, href]) => {
    const [text, title] = NAMES[kind] ?? [kind, ""];
    return make("a", { href, text, title });
  });
  element.hidden = !all.length;
  element.replaceChildren(...all);
}
