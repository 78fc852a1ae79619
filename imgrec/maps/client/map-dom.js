(() => {
  "use strict";
  // Makes elements. Text goes in as text only: names of files are hostile.

  const map = (globalThis.imgrecMap ??= {});
  const SVG = "http://www.w3.org/2000/svg";

  function set(element, name, value) {
    if (name === "class") element.setAttribute("class", value);
    else if (name === "text") element.textContent = value;
    else if (name === "data") Object.assign(element.dataset, value);
    else if (name === "style") {
      // Through the object model: the policy of the page forbids style attributes.
      for (const [property, one] of Object.entries(value)) element.style.setProperty(property, one);
    } else if (name.startsWith("on")) element.addEventListener(name.slice(2), value);
    else if (name in element && !name.startsWith("aria")) element[name] = value;
    else element.setAttribute(name, value);
  }

  /**
   * Return an element.
   * @param {string} tag
   * @param {Record<string, unknown>} [settings] `class`, `text`, `on…` functions, `style` and
   *   `data` (objects), properties of the element, and else attributes; null is left out.
   * @param {...(Node | string | null | undefined | false)} children
   */
  map.make = (tag, settings = {}, ...children) => {
    const element = document.createElement(tag);
    for (const [name, value] of Object.entries(settings)) {
      if (value !== null && value !== undefined) set(element, name, value);
    }
    element.append(...children.filter((child) => child || child === 0));
    return element;
  };

  /** Return an icon of 20 × 20 units, drawn as lines along SVG paths. */
  map.icon = (...paths) => {
    const icon = document.createElementNS(SVG, "svg");
    const attributes = { viewBox: "0 0 20 20", width: 18, height: 18, "aria-hidden": "true", class: "icon" };
    for (const [name, value] of Object.entries(attributes)) icon.setAttribute(name, value);
    for (const path of paths) {
      const line = document.createElementNS(SVG, "path");
      line.setAttribute("d", path);
      icon.append(line);
    }
    return icon;
  };

  /** Return an address if a link may lead there, else null: of a map, no script and no data. */
  map.safeAddress = (address) => {
    if (typeof address !== "string" || !address) return null;
    try {
      const { protocol } = new URL(address, document.baseURI);
      return ["file:", "http:", "https:"].includes(protocol) ? address : null;
    } catch {
      return null;
    }
  };
})();
