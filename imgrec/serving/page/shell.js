// Mounts what the question is asked with, and what is said of the answer.

import { clear } from "./actions.js";
import { mountAdd } from "./add.js";
import { lostUploads } from "./address.js";
import { mountChips } from "./chips.js";
import { mountControls } from "./controls.js";
import { make } from "./dom.js";
import { storeFacts } from "./facts.js";
import { mountKeys } from "./keys.js";
import { mountLarge } from "./large.js";
import { say } from "./said.js";
import { mountStatus } from "./status.js";
import { mountWords } from "./words.js";

const LOST = "This address had a picture from outside, which an address cannot carry: drop it again.";

const LINKS = { site: ["Network", "The network pages of this collection"], report: ["Report", "Its report"] };

/** Return links to what else is served, in another tab, as the question here stays. */
const linksTo = (links) => Object.entries(LINKS).filter(([kind]) => links[kind])
  .map(([kind, [text, title]]) => make("a", { href: links[kind], text, title, target: "_blank", rel: "noopener" }));

async function mountFacts() {
  try {
    const { name, links } = await storeFacts();
    document.getElementById("links").replaceChildren(...linksTo(links));
    document.getElementById("store-name").textContent = name;
    document.title = `${name} \u00b7 imgrec`;
  } catch {
    // The results say what is wrong.
  }
}

/** Tell the style how high the bars are that stay in sight above and below, however many lines these take. */
function followBars() {
  const bars = [["--head", "top"], ["--foot", "selection"]].map(([name, id]) => [name, document.getElementById(id)]);
  const measure = () => {
    for (const [name, bar] of bars) {
      const height = getComputedStyle(bar).position === "sticky" ? bar.offsetHeight : 0;
      document.documentElement.style.setProperty(name, `${height}px`);
    }
  };
  const sizes = new ResizeObserver(measure);
  for (const [, bar] of bars) sizes.observe(bar);
}

/** Mount the parts of the page that are not its grid. */
export function mountShell() {
  const at = (id) => document.getElementById(id);
  mountStatus(at("count"), at("trouble"));
  mountChips(at("chips"));
  mountAdd(at("ask"));
  mountWords(at("ask"));
  mountControls(at("controls"));
  mountLarge(at("large"));
  mountKeys(at("help"));
  mountFacts();
  followBars();
  at("home").addEventListener("click", (event) => {
    if (event.ctrlKey || event.metaKey || event.shiftKey) return;
    event.preventDefault();
    clear();
    scrollTo(0, 0);
  });
  if (lostUploads) say(LOST, "bad");
}
