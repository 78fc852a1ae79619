(() => {
  "use strict";
  // What the colors mean: the values of the label, the most frequent first. A value that is
  // pressed is looked at, the others fade.

  const map = (globalThis.imgrecMap ??= {});
  const MOST = 400;
  // Of a kind of label in the facts.
  const MOST_VALUES = 4096;

  map.mountLegend = (core, parent) => {
    const title = map.make("summary");
    const list = map.make("ul");
    const element = map.make("details", { class: "legend card", open: !core.isNarrow, hidden: true }, title, list);
    parent.append(element);

    function entry(label, code, text, count) {
      const swatch = map.make("i", { style: { background: map.css(map.colorOfValue(core.theme, label, code)) } });
      const isLooked = core.state.code === code;
      return map.make("li", {}, map.make("button", {
        type: "button", "aria-pressed": String(isLooked), title: text,
        onclick: () => core.look(core.state.code === code ? null : code),
      }, swatch, map.make("span", { text }), map.make("small", { text: map.number(count) })));
    }

    function entries(label) {
      const { values, counts } = label;
      const made = values.slice(0, MOST).map((value, place) => entry(label, place + 1, map.printable(value), counts[place]));
      const known = counts.reduce((sum, count) => sum + count, 0);
      const rest = core.facts.pictures - known;
      // The facts list the most frequent values only, and then all others are `other`.
      const [code, text] = values.length < MOST_VALUES ? [0, "none"] : [map.OTHER, "other"];
      if (rest > 0) made.push(entry(label, code, text, rest));
      if (values.length > MOST) made.push(map.make("li", { class: "more", text: `${map.number(values.length - MOST)} more: search for them` }));
      return made;
    }

    /** What the rings mean. */
    function signs() {
      const found = [["pin", "asked about", core.pins], ["ring", "found", core.rings]];
      return found.filter(([, , rows]) => rows?.length).map(([sign, text]) => (
        map.make("li", { class: "sign" }, map.make("i", { class: sign }), map.make("span", { text }))));
    }

    function update() {
      const label = core.facts.labels[core.state.kind];
      element.hidden = !label && !core.distances;
      if (core.distances) {
        title.textContent = "Distance";
        list.replaceChildren(
          map.make("li", { class: "ramp", title: "By rank: the nearest quarter of the pictures has the left half" },
            map.make("span", { text: "nearest" }), map.make("i"), map.make("span", { text: "farthest" })),
          ...signs());
      } else if (label) {
        title.textContent = label.title;
        const top = list.scrollTop;
        const focused = [...list.querySelectorAll("button")].indexOf(document.activeElement);
        list.replaceChildren(...entries(label));
        list.scrollTop = top;
        if (focused >= 0) list.querySelectorAll("button")[focused]?.focus({ preventScroll: true });
      }
    }

    for (const event of ["color", "theme", "rings"]) core.events.on(event, update);
    update();
  };
})();
