(() => {
  "use strict";
  // Names of communities and classes over the map: those of the zoom, none over another. One that
  // is shown stays while there is room for it.

  const map = (globalThis.imgrecMap ??= {});
  const HEIGHT = 22;
  const PADDING = 16;
  const MOST = 60;
  // A picture below its name.
  const BELOW = 6;

  map.mountNames = (core, parent) => {
    const layer = map.make("div", { class: "names", "aria-hidden": "true" });
    parent.append(layer);
    const elements = new Map();
    const ruler = document.createElement("canvas").getContext("2d");
    let names = [];

    function prepared({ names: found }) {
      ruler.font = `600 13px ${getComputedStyle(core.root).fontFamily}`;
      const units = map.cellUnits(core.pictures.deepest);
      names = found.map((name) => {
        const text = map.printable(name.text);
        return { ...name, text, x: name.x * units, y: name.y * units, width: Math.min(ruler.measureText(text).width, 220) + PADDING };
      });
      names.sort((one, other) => other.weight - one.weight);
    }

    /** Return the names that fit, with their boxes, those shown before first. */
    function placed() {
      const { camera } = core;
      const z = Math.max(camera.z, 0);
      const boxes = [];
      const fitting = names.filter(({ from, to, x, y, width }) => {
        if (z < from || z >= to + 1) return false;
        const [left, top] = camera.toScreen(x, y);
        return left > -width && left < camera.width + width && top > -HEIGHT && top < camera.height + HEIGHT;
      });
      fitting.sort((one, other) => elements.has(other) - elements.has(one));
      for (const name of fitting) {
        const [x, y] = camera.toScreen(name.x, name.y);
        const box = { name, x, y: y - BELOW, left: x - name.width / 2, right: x + name.width / 2, top: y - HEIGHT - BELOW, bottom: y - BELOW };
        if (boxes.every((other) => box.left > other.right || box.right < other.left || box.top > other.bottom || box.bottom < other.top)) boxes.push(box);
        if (boxes.length === MOST) break;
      }
      return boxes;
    }

    function update() {
      const boxes = core.places?.name === map.BASE ? placed() : [];
      const kept = new Set(boxes.map(({ name }) => name));
      for (const [name, element] of elements) {
        if (kept.has(name)) continue;
        element.remove();
        elements.delete(name);
      }
      for (const { name, left, top } of boxes) {
        let element = elements.get(name);
        if (!element) {
          element = map.make("span", { class: `name ${name.kind === "class" ? "of-class" : "of-community"}`, text: name.text });
          elements.set(name, element);
          layer.append(element);
        }
        element.style.setProperty("transform", `translate(${Math.round(left)}px, ${Math.round(top)}px)`);
        element.style.setProperty("width", `${Math.ceil(name.width)}px`);
      }
    }

    core.source.names().then((found) => {
      prepared(found);
      update();
    }).catch(core.trouble);
    core.events.on("frame", update);
  };
})();
