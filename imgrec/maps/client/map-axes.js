(() => {
  "use strict";
  // What the directions of a layout mean.

  const map = (globalThis.imgrecMap ??= {});

  map.mountAxes = (core, parent) => {
    const element = map.make("p", { class: "axes", hidden: true });
    parent.append(element);
    core.events.on("layout", (name) => {
      const { axes } = core.facts.layouts.find((layout) => layout.name === name);
      element.hidden = !axes;
      if (axes) element.textContent = `↔ ${map.printable(axes[0])} · ↕ ${map.printable(axes[1])}`;
    });
  };
})();
