(() => {
  "use strict";
  // The keyboard. Arrows move the view; the picture nearest to its middle is pointed at, and Enter
  // opens it.

  const map = (globalThis.imgrecMap ??= {});
  const STEP = 0.15;
  const ZOOM = 1.5;
  // Share of a step for each time that a key which is held down repeats, some 30 times a second: a
  // flight that starts again at each would never leave.
  const HELD = 1 / 6;
  const SAID_MS = 400;

  const KEYS = [
    ["Arrows", "move; with Shift farther"],
    ["+  −", "zoom in, zoom out"],
    ["0", "show all"],
    ["Enter", "open the picture in the middle"],
    ["L", "lasso: draw around pictures; a drag with Shift draws a rectangle"],
    ["T", "dots only, or thumbnails"],
    ["/", "search"],
    ["Esc", "close, select nothing, forget what was found"],
    ["?", "this list"],
  ];

  map.makeHelp = () => {
    const dialog = map.make("dialog", { class: "help card", "aria-label": "Keys" });
    dialog.append(
      map.make("h2", { text: "Keys" }),
      map.make("dl", {}, ...KEYS.flatMap(([keys, what]) => [map.make("dt", { text: keys }), map.make("dd", { text: what })])),
      map.make("p", { text: "With Ctrl a drawn selection adds to the one before, with Alt it takes away. Fingers pan and pinch; one that rests points at a picture." }),
      map.make("button", { class: "button", type: "button", text: "Close", onclick: () => dialog.close() }),
    );
    return dialog;
  };

  map.mountKeys = (core, { search, help }) => {
    const { camera, canvas } = core;
    let timer = 0;

    /** Point at the picture in the middle, and say its name, once the view rests. */
    async function tell() {
      if (camera.isFlying || core.scene.isChanging) {
        tellLater();
        return;
      }
      const row = core.scene.pick(camera.width / 2, camera.height / 2);
      core.hover(row);
      core.events.emit("tip", [0, 0]);
      if (row >= 0) core.say(map.nameOf((await core.pictures.details(row)).path));
    }

    function tellLater() {
      clearTimeout(timer);
      timer = setTimeout(() => tell().catch(core.trouble), SAID_MS);
    }

    function point() {
      core.root.classList.add("by-keys");
      tellLater();
    }

    function pan(x, y, { shiftKey, repeat }) {
      const step = STEP * (shiftKey ? 4 : 1) * (repeat ? HELD : 1);
      const [dx, dy] = [x * step * camera.width, y * step * camera.height];
      const { goal } = camera;
      if (repeat) camera.pan(-dx, -dy);
      else core.fly({ ...goal, x: goal.x + dx / goal.scale, y: goal.y + dy / goal.scale });
      point();
    }

    function escape() {
      if (core.isLasso) core.lasso(false);
      else if (core.state.open >= 0) core.open(-1);
      else if (core.state.selection) core.select(null);
      else if (core.state.code !== null) core.look(null);
      else if (core.state.query || core.rings?.length) core.search("");
    }

    const zoom = (factor, { repeat }) => {
      if (repeat) camera.zoomAt(camera.width / 2, camera.height / 2, factor ** HELD);
      else core.zoom(factor);
      point();
    };
    const home = () => core.fly(core.home());
    const keys = {
      ArrowLeft: (event) => pan(-1, 0, event),
      ArrowRight: (event) => pan(1, 0, event),
      ArrowUp: (event) => pan(0, -1, event),
      ArrowDown: (event) => pan(0, 1, event),
      "+": (event) => zoom(ZOOM, event),
      "=": (event) => zoom(ZOOM, event),
      "-": (event) => zoom(1 / ZOOM, event),
      _: (event) => zoom(1 / ZOOM, event),
      0: home,
      Home: home,
      Enter: () => {
        const row = core.scene.pick(camera.width / 2, camera.height / 2);
        core.open(row);
        if (row >= 0) core.root.querySelector(".panel").focus();
      },
      l: () => core.lasso(!core.isLasso),
      t: () => core.showDots(!core.areDots),
      "/": () => {
        search.focus();
        search.select();
      },
      "?": () => help.showModal(),
      Escape: escape,
    };
    // Those that lists and fields have another use for.
    const onCanvas = ["ArrowLeft", "ArrowRight", "ArrowUp", "ArrowDown", "Enter", "Home"];

    function press(event) {
      if (event.ctrlKey || event.metaKey || event.altKey || event.defaultPrevented || help.open || !core.scene) return;
      const key = event.key.length === 1 ? event.key.toLowerCase() : event.key;
      if (!Object.hasOwn(keys, key)) return;
      if (onCanvas.includes(key) && event.target !== canvas && event.target !== document.body) return;
      if (event.target.matches("select, input") && key !== "Escape") return;
      event.preventDefault();
      keys[key](event);
    }

    // Where the map is the page its keys work before anyone clicks.
    const listening = core.options.isPage ? document : core.root;
    listening.addEventListener("keydown", press);
    canvas.addEventListener("pointerdown", () => core.root.classList.remove("by-keys"));
    return () => listening.removeEventListener("keydown", press);
  };
})();
