(() => {
  "use strict";
  // Names of communities and classes over the map: those of the zoom, none over another. One that
  // is shown stays while there is room for it, and none lies over a picture that is asked about.
  // From far a picture stands above a name, where there is room.

  const map = (globalThis.imgrecMap ??= {});
  const HEIGHT = 22;
  const PADDING = 16;
  const LONGEST = 220;
  const MOST = 60;
  // Pixels between a name and its point.
  const BELOW = 6;
  const SIDE = 48;
  const AWAY = 4;
  // Half of the mark of a picture that is asked about.
  const PIN = 11;

  const isApart = (one, other) => one.left > other.right || one.right < other.left
    || one.top > other.bottom || one.bottom < other.top;

  /** Return the box of a name above a point of the screen: within it, if the point is. */
  function boxOf(px, py, width, screen) {
    const isSeen = px > 0 && px < screen;
    const left = isSeen ? Math.max(Math.min(px - width / 2, screen - width - AWAY), AWAY) : px - width / 2;
    const bottom = py - BELOW;
    return { left, right: left + width, top: bottom - HEIGHT, bottom };
  }

  /** Return the box of the picture above a name. */
  function pictureBoxOf({ left, right, top }) {
    const middle = (left + right) / 2;
    return { left: middle - SIDE / 2, right: middle + SIDE / 2, top: top - SIDE - AWAY, bottom: top - 1 };
  }

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
        const width = Math.ceil(Math.min(ruler.measureText(text).width, LONGEST) + PADDING);
        return { ...name, text, x: name.x * units, y: name.y * units, width };
      });
      names.sort((one, other) => other.weight - one.weight);
    }

    /** Return the kind of names to show: classes while colors show classes, else communities. */
    function wanted() {
      const color = core.facts.labels[core.state.kind]?.kind;
      return names.some(({ kind }) => kind === color) ? color : "community";
    }

    /** Return the boxes of the pictures that are asked about. */
    function pinned() {
      const { positions } = core.places;
      return Array.from(core.pins ?? [], (row) => {
        const [x, y] = core.camera.toScreen(positions[2 * row], positions[2 * row + 1]);
        return { left: x - PIN, right: x + PIN, top: y - PIN, bottom: y + PIN };
      });
    }

    /** Return the names of a kind that fit, with their boxes, those shown before first. */
    function placed(wantedKind, pins) {
      const { camera } = core;
      const z = Math.max(camera.z, 0);
      const fitting = names.filter(({ kind, from, to, x, y, width }) => {
        if (kind !== wantedKind || z < from || z >= to + 1) return false;
        const [px, py] = camera.toScreen(x, y);
        return px > -width && px < camera.width + width && py > -HEIGHT && py < camera.height + HEIGHT;
      });
      fitting.sort((one, other) => elements.has(other) - elements.has(one));
      const found = [];
      for (const name of fitting) {
        let box = boxOf(...camera.toScreen(name.x, name.y), name.width, camera.width);
        const covered = pins.find((pin) => !isApart(box, pin));
        if (covered) box = { ...box, top: covered.bottom + 1, bottom: covered.bottom + 1 + HEIGHT };
        const others = [...pins, ...found.map((other) => other.box)];
        if (others.every((other) => isApart(box, other))) found.push({ name, box });
        if (found.length === MOST) break;
      }
      return found;
    }

    /** Return the names above which a picture has room. */
    function pictured(found, pins) {
      const boxes = [...pins, ...found.map(({ box }) => box)];
      const shown = new Set();
      if (core.scene.detail?.top >= 0 || core.areDots) return shown;
      for (const { name, box } of found) {
        if (!(name.row >= 0 && name.row < core.pictures.count)) continue;
        const picture = pictureBoxOf(box);
        if (!boxes.every((other) => isApart(picture, other))) continue;
        boxes.push(picture);
        shown.add(name);
      }
      return shown;
    }

    function made(name) {
      const element = map.make("span", { class: "name" }, map.make("span", { text: name.text }));
      element.style.setProperty("width", `${name.width}px`);
      elements.set(name, element);
      layer.append(element);
      return element;
    }

    function update() {
      const pins = core.places ? pinned() : [];
      const found = core.places?.name === map.BASE ? placed(wanted(), pins) : [];
      const pictures = pictured(found, pins);
      const kept = new Set(found.map(({ name }) => name));
      for (const [name, element] of elements) {
        if (kept.has(name)) continue;
        element.remove();
        elements.delete(name);
      }
      for (const { name, box } of found) {
        const element = elements.get(name) ?? made(name);
        element.style.setProperty("transform", `translate(${Math.round(box.left)}px, ${Math.round(box.top)}px)`);
        const isPictured = pictures.has(name);
        if (isPictured && !element.querySelector(".thumb")) element.prepend(map.thumbOf(core, name.row, SIDE));
        element.classList.toggle("pictured", isPictured);
      }
    }

    core.source.names().then((found) => {
      prepared(found);
      update();
    }).catch(core.trouble);
    core.events.on("frame", update);
  };
})();
