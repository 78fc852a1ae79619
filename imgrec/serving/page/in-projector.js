// Where the Embedding Projector shows the picture that is large: the names of runs, and rows.

import { get } from "./api.js";
import { make, printable } from "./dom.js";
import { storeFacts } from "./facts.js";
import { large } from "./large.js";

let offered = null;

/** Offer a button below the places, as the page in TensorBoard does. */
export function offer(settings) {
  offered = settings;
}

const told = (places) => make("dl", {}, ...places.flatMap(({ run, row }) => [
  make("dt", { text: "projector" }),
  make("dd", { text: `${printable(run)}, row ${row.toLocaleString("en-US")}` }),
]));

async function describe(element, shown) {
  element.replaceChildren();
  try {
    if (shown?.asked.id === undefined || !(await storeFacts()).projector) return;
    const places = await get(`api/projector/${Number(shown.asked.id)}`);
    if (large.get() !== shown || !places.length) return;
    const button = offered && make("button", { class: "button", type: "button", ...offered });
    element.replaceChildren(told(places), ...(button ? [button] : []));
  } catch {
    // The large view says what is wrong.
  }
}

/** Tell it on an element of the large view. */
export function mount(element) {
  large.subscribe((shown) => describe(element, shown));
}
