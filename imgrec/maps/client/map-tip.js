(() => {
  "use strict";
  // The name of the picture that is pointed at, beside it; and its thumbnail where only a dot is.

  const map = (globalThis.imgrecMap ??= {});
  const SIDE = 112;
  const REST_MS = 70;
  const AWAY = 14;

  map.mountTip = (core, parent) => {
    const element = map.make("div", { class: "tip card", hidden: true, "aria-hidden": "true" });
    parent.append(element);
    let [shown, timer] = [-1, 0];

    function hide() {
      clearTimeout(timer);
      element.hidden = true;
      shown = -1;
    }

    async function fill(row) {
      const { path } = await core.pictures.details(row);
      if (row !== core.state.hover) return;
      const isDot = core.scene.boxOf(row).isDot;
      const parts = [isDot && map.thumbOf(core, row, SIDE), map.make("span", { text: map.nameOf(path) })];
      element.replaceChildren(...parts.filter(Boolean));
      element.hidden = false;
      place();
    }

    function place() {
      if (element.hidden || core.state.hover < 0) return;
      const { x, y, w, h } = core.scene.boxOf(core.state.hover);
      const { offsetWidth: width, offsetHeight: height } = element;
      const left = x + w + AWAY + width < core.camera.width ? x + w + AWAY : x - w - AWAY - width;
      const top = Math.min(Math.max(y - height / 2, 8), core.camera.height - height - 8);
      element.style.setProperty("transform", `translate(${Math.round(Math.max(left, 4))}px, ${Math.round(top)}px)`);
    }

    core.events.on("tip", (point) => {
      const row = point ? core.state.hover : -1;
      if (row === shown) return;
      hide();
      shown = row;
      if (row >= 0) timer = setTimeout(() => fill(row).catch(core.trouble), REST_MS);
    });
    core.events.on("hover", (row) => row < 0 && hide());
    core.events.on("frame", place);
  };
})();
