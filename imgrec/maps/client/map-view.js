(() => {
  "use strict";
  // Puts a map into an element, and gives others a handle to it.

  const map = (globalThis.imgrecMap ??= {});
  const NO_WEBGL = "This browser cannot draw the map: it has no WebGL 2.";

  /** The elements of a view. */
  function built(element) {
    const canvas = map.make("canvas", {
      class: "canvas", tabIndex: 0, role: "application", "aria-label": "Map of all pictures",
      "aria-roledescription": "map",
    });
    const said = map.make("p", { class: "unseen", role: "status" });
    const trouble = map.make("p", { class: "trouble card", role: "alert", hidden: true });
    const progress = map.make("progress", { class: "progress", max: 1, value: 0, "aria-label": "Loading the map" });
    const left = map.make("div", { class: "left" });
    const right = map.make("div", { class: "right" });
    const middle = map.make("div", { class: "middle", "aria-hidden": "true" });
    const root = map.make("div", { class: "imgrec-map" }, canvas);
    root.append(middle, left, right, progress, trouble, said);
    element.replaceChildren(root);
    return { root, canvas, said, trouble, progress, left, right };
  }

  function listenForTexts(core, { said, trouble }) {
    let timer = 0;
    core.events.on("said", (text) => {
      said.textContent = text;
    });
    core.events.on("trouble", (text) => {
      trouble.textContent = text;
      trouble.hidden = false;
      clearTimeout(timer);
      timer = setTimeout(() => {
        trouble.hidden = true;
      }, 12_000);
    });
  }

  /** Call a function when a CSS pixel has another number of device pixels; return what ends this. */
  function followDensity(changed) {
    let ended = new AbortController();
    const next = () => {
      ended = new AbortController();
      matchMedia(`(resolution: ${devicePixelRatio}dppx)`).addEventListener("change", () => {
        next();
        changed();
      }, { once: true, signal: ended.signal });
    };
    next();
    return () => ended.abort();
  }

  /** Follow the size of the element and the theme of the page; return what ends this. */
  function follow(core, { root }) {
    const observer = new ResizeObserver(() => core.resize());
    observer.observe(root);
    // On another screen the element has the same size.
    const endDensity = followDensity(() => core.resize());
    const dark = matchMedia("(prefers-color-scheme: dark)");
    const retheme = () => core.retheme();
    dark.addEventListener("change", retheme);
    return () => {
      observer.disconnect();
      endDensity();
      dark.removeEventListener("change", retheme);
    };
  }

  function mountParts(core, parts) {
    const help = map.makeHelp();
    map.mountNames(core, parts.root);
    map.mountAxes(core, parts.root);
    map.mountPointer(core, parts.root);
    map.mountTip(core, parts.root);
    const search = map.mountTools(core, parts.root, help);
    map.mountLegend(core, parts.left);
    map.mountMinimap(core, parts.left);
    map.mountPanel(core, parts.right);
    if (core.options.selected !== false) map.mountSelected(core, parts.right);
    parts.root.append(help);
    return map.mountKeys(core, { search, help });
  }

  /** The handle of a view. Rows are ranks of pictures by ascending id. */
  function handle(core, ready, end) {
    return {
      /** Resolves when all dots are drawn. */
      ready,
      get ids() {
        return core.pictures.ids;
      },
      rowOf: (id) => core.pictures.rowOf(id),
      /** Listen for `select` (rows), `open` and `hover` (a row or -1); returns what ends it. */
      on: (name, listener) => core.events.on(name, listener),
      select: (rows) => core.select(rows),
      selected: () => [...(core.state.selection?.rows ?? [])],
      ring: (rows) => core.ring(rows),
      pin: (rows) => core.pin(rows),
      paint: (distances) => core.paint(distances),
      show: (row) => core.open(row, { flies: true }),
      layout: (name) => core.showLayout(name),
      colorBy: (kind) => core.colorBy(core.facts.labels.findIndex((label) => label.kind === kind)),
      resize: () => core.resize(),
      destroy: end,
      /** For tests and benchmarks. */
      core,
    };
  }

  /**
   * Show a map in an element.
   * @param {HTMLElement} element whose size it takes.
   * @param {object} source of the map.
   * @param {object} [options] `address`: what keeps the state, by `read()`, `write(text)` and
   *   `subscribe(listener)`, which returns what ends it; `isPage`: keys work wherever the focus is;
   *   `density`, `home`: addresses for a browser without WebGL 2; `actions`: [{title, act(rows)}]
   *   offered for the open picture and for what is selected; `selected`: false where the page itself
   *   tells of that.
   * @returns {object} its handle; see `handle`.
   */
  map.mount = (element, source, options = {}) => {
    const parts = built(element);
    const core = new map.Core(parts.root, parts.canvas, source, options);
    core.firstKind = core.facts.labels.length ? 0 : -1;
    const ends = [];
    listenForTexts(core, parts);

    async function start() {
      // Colors come along with the points; if they fail there is one color.
      if (core.firstKind >= 0) core.pictures.codes(core.firstKind).catch(() => {});
      await core.pictures.load((share) => {
        parts.progress.value = share;
      });
      if (core.isGone) return;
      core.resize();
      core.scene = new map.Scene(core);
      ends.push(mountParts(core, parts), follow(core, parts));
      await core.colorBy(core.firstKind, { byDistance: true });
      const text = options.address?.read() ?? "";
      await map.enter(core, text);
      if (options.address) ends.push(map.mountAddress(core, options.address, text));
      parts.progress.remove();
      parts.root.classList.add("ready");
      core.say(`${map.counted(core.pictures.count, "picture")} on the map`);
    }

    // Asked before anything is loaded.
    const isAble = Boolean(document.createElement("canvas").getContext("webgl2"));
    const ready = isAble ? start() : Promise.reject(new Error(NO_WEBGL));
    ready.catch((error) => {
      if (core.isGone) return;
      core.destroy();
      map.showFallback(parts.root, error.message, options);
    });
    return handle(core, ready, () => {
      core.destroy();
      for (const end of ends) end();
      element.replaceChildren();
    });
  };
})();
