(() => {
  "use strict";
  // The bar over the map: search, layout, color, lasso, dots; and the buttons that zoom.

  const map = (globalThis.imgrecMap ??= {});
  const ICONS = {
    lasso: ["M10 3.5c4.2 0 7 1.9 7 4.6s-2.8 4.6-7 4.6-7-1.9-7-4.6 2.8-4.6 7-4.6z", "M6 12.4c-1.6.5-2 2-.8 2.8 1 .6 1.5 1.3 1.3 2.3"],
    dots: ["M5 5h.01M10 5h.01M15 5h.01M5 10h.01M10 10h.01M15 10h.01M5 15h.01M10 15h.01M15 15h.01"],
    closer: ["M10 5v10M5 10h10"],
    farther: ["M5 10h10"],
    home: ["M4 8V4h4M12 4h4v4M16 12v4h-4M8 16H4v-4"],
    keys: ["M7.5 7.5a2.6 2.6 0 1 1 3.6 2.4c-.8.4-1.1.8-1.1 1.8M10 14.7v.01"],
  };

  const DISTANCE = "distance";

  function button(icon, label, onclick, settings = {}) {
    return map.make("button", { type: "button", "aria-label": label, title: label, onclick, ...settings }, map.icon(...ICONS[icon]));
  }

  function choice(name, options, onchange) {
    const select = map.make("select", { "aria-label": name, title: name, onchange: () => onchange(select.value) },
      ...options.map(([value, text]) => map.make("option", { value, text })));
    return select;
  }

  /** A button that stays pressed. */
  function toggle(made, isOn) {
    made.setAttribute("aria-pressed", String(isOn));
  }

  map.mountTools = (core, parent, help) => {
    const bar = map.make("div", { class: "tools", role: "toolbar", "aria-label": "Map" });
    const search = map.mountSearch(core, bar);
    const { layouts, labels } = core.facts;
    const layout = choice("Layout", layouts.map(({ name, title }) => [name, map.printable(title)]),
      (name) => core.showLayout(name).catch(core.trouble));
    const color = choice("Color", [...labels.map(({ title }, at) => [String(at), `Color: ${map.printable(title)}`]), ["-1", "One color"]],
      (kind) => (kind === DISTANCE
        ? core.colorBy(core.firstKind, { byDistance: true }) : core.colorBy(Number(kind))));
    const byDistance = map.make("option", { value: DISTANCE, text: "Color: Distance" });
    const lasso = button("lasso", "Lasso (L)", () => core.lasso(!core.isLasso), { "aria-pressed": "false" });
    const dots = button("dots", "Dots only (T)", () => core.showDots(!core.areDots), { "aria-pressed": "false" });
    layout.hidden = layouts.length < 2;
    color.hidden = !labels.length;
    bar.append(map.make("div", { class: "group" }, layout, color, lasso, dots));
    core.events.on("layout", (name) => {
      layout.value = name;
      core.say(`Layout: ${layout.selectedOptions[0]?.textContent}`);
    });
    core.events.on("color", () => {
      if (!core.knowsDistances) byDistance.remove();
      else if (!byDistance.isConnected) color.prepend(byDistance);
      color.hidden = !labels.length && !core.knowsDistances;
      color.value = core.distances ? DISTANCE : String(core.state.kind);
    });
    core.events.on("lasso", (isOn) => {
      toggle(lasso, isOn);
      if (isOn) core.say("Draw around pictures");
    });
    core.events.on("dots", () => toggle(dots, core.areDots));
    const zoom = map.make("div", { class: "zoom card", role: "group", "aria-label": "Zoom" },
      button("closer", "Zoom in (+)", () => core.zoom(1.6)),
      button("farther", "Zoom out (−)", () => core.zoom(1 / 1.6)),
      button("home", "Show all (0)", () => core.fly(core.home())),
      button("keys", "Keys (?)", () => help.showModal(), { "aria-haspopup": "dialog" }));
    parent.append(bar, zoom);
    return search;
  };
})();
