// Makes elements. Text goes in as text only: names of files are hostile.

/**
 * Return an element.
 * @param {string} tag
 * @param {Record<string, unknown>} [settings] `class`, `text`, `on…` functions, `style` (an object
 *   of CSS properties), `data` (an object), properties of the element (`hidden`, `value`, …), and
 *   else attributes; null and undefined are left out.
 * @param {...(Node | string | null | undefined | false)} children
 * @returns {HTMLElement}
 */
export function make(tag, settings = {}, ...children) {
  const element = document.createElement(tag);
  for (const [name, value] of Object.entries(settings)) {
    if (value !== null && value !== undefined) set(element, name, value);
  }
  element.append(...children.filter((child) => child || child === 0));
  return element;
}

function set(element, name, value) {
  if (name === "class") element.className = value;
  else if (name === "text") element.textContent = value;
  else if (name === "data") Object.assign(element.dataset, value);
  else if (name === "style") {
    for (const [property, one] of Object.entries(value)) element.style.setProperty(property, one);
  } else if (name.startsWith("on")) element.addEventListener(name.slice(2), value);
  else if (name in element && !name.startsWith("aria") && name !== "list") element[name] = value;
  else element.setAttribute(name, value);
}

// The longest wait for pictures to be painted.
const PAINTED_MS = 500;
const TELLS = window.PerformanceObserver?.supportedEntryTypes.includes("element");

/**
 * Return when the next pictures that have the attribute `elementtiming` are on the screen; soon,
 * where the browser does not tell.
 */
export const painted = () => new Promise((resolve) => {
  if (!TELLS) {
    requestAnimationFrame(() => requestAnimationFrame(resolve));
    return;
  }
  const observer = new PerformanceObserver(() => {
    observer.disconnect();
    resolve();
  });
  observer.observe({ type: "element" });
  setTimeout(resolve, PAINTED_MS);
});

/**
 * Return a name on one line: control characters, line breaks and marks that turn the direction of
 * writing become a visible sign.
 */
export const printable = (text) =>
  String(text).replace(/[\p{Cc}\p{Zl}\p{Zp}\u061c\u200e\u200f\u202a-\u202e\u2066-\u2069]/gu, "\u2423");

/** Return the last part of a path. */
export const nameOf = (path) => printable(path.slice(path.lastIndexOf("/") + 1));

// Letters at the end of a name that stay where it is cut, a number and the suffix; and the fewest
// before them that are worth a cut.
const [KEPT, LEAST_CUT] = [8, 3];
// Older browsers have none: there an emoji of several characters may be cut.
const LETTERS = Intl.Segmenter && new Intl.Segmenter("en", { granularity: "grapheme" });

/**
 * Fill an element with a name that is cut in its middle where it does not fit, as names differ at
 * both ends (`.cut` in page.css).
 */
export function showCut(element, name) {
  const letters = LETTERS ? Array.from(LETTERS.segment(name), ({ segment }) => segment) : [...name];
  const at = letters.length - KEPT;
  const parts = at < LEAST_CUT ? [letters] : [letters.slice(0, at), letters.slice(at)];
  element.classList.add("cut");
  // The direction of the whole name, from its first letter that has one.
  element.dir = "auto";
  element.replaceChildren(...parts.map((part) => make("span", { text: part.join("") })));
}

/** Return a number with separators, and a noun for it. */
export const counted = (n, noun, plural = `${noun}s`) =>
  `${n.toLocaleString("en-US")} ${n === 1 ? noun : plural}`;
