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

/** Return a number with separators, and a noun for it. */
export const counted = (n, noun, plural = `${noun}s`) =>
  `${n.toLocaleString("en-US")} ${n === 1 ? noun : plural}`;
