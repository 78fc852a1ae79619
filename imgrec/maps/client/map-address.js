(() => {
  "use strict";
  // The state of a view as text, in the form of a query: `id=17`, or where one looks and how. The
  // page of a map keeps it in the fragment of its address; another page may keep it elsewhere.

  const map = (globalThis.imgrecMap ??= {});
  const REST_MS = 400;
  const PLACES = 5;

  /** Return the state of a view as text; "" for all of the map as it is first shown. */
  map.fragmentOf = (core) => {
    const { state, camera, facts } = core;
    const { x, y, scale } = camera.goal;
    const parts = new URLSearchParams();
    if (state.open >= 0) parts.set("id", core.pictures.ids[state.open]);
    if (!core.isHome) {
      parts.set("x", (x / map.UNITS).toFixed(PLACES));
      parts.set("y", (y / map.UNITS).toFixed(PLACES));
      parts.set("z", camera.zOf(scale).toFixed(2));
    }
    if (state.layout !== map.BASE) parts.set("layout", state.layout);
    const isChosen = core.knowsDistances && !state.byDistance;
    if (isChosen || state.kind !== core.firstKind) parts.set("color", facts.labels[state.kind]?.kind ?? "none");
    if (state.code !== null) parts.set("look", String(state.code));
    if (state.query) parts.set("q", state.query);
    return parts.toString();
  };

  function numberOf(parts, name, low, high) {
    const value = Number(parts.get(name) ?? NaN);
    return parts.get(name)?.trim() && value >= low && value <= high ? value : null;
  }

  /** Show the layout that a text names, at once; the base one where it names none that can be read. */
  async function enterLayout(core, name) {
    const isKnown = core.facts.layouts.some((layout) => layout.name === name);
    try {
      await core.showLayout(isKnown ? name : map.BASE, { moves: false });
    } catch (error) {
      // Without the base layout there is no map.
      if (!isKnown || name === map.BASE) throw error;
      core.trouble(error);
      if (!core.places) await core.showLayout(map.BASE, { moves: false });
    }
  }

  // By view, the text that it was brought to last.
  const entering = new WeakMap();

  /**
   * Bring a view to the state of a text; what cannot be read is left out. A text that is entered
   * while the parts of one before are still on their way takes its place.
   */
  map.enter = async (core, text) => {
    const parts = new URLSearchParams(text);
    entering.set(core, parts);
    const isOvertaken = () => core.isGone || entering.get(core) !== parts;
    await enterLayout(core, parts.get("layout") ?? map.BASE);
    if (isOvertaken()) return;
    const color = parts.get("color");
    const kind = color === null ? core.firstKind : core.facts.labels.findIndex((label) => label.kind === color);
    const byDistance = color === null;
    if (kind !== core.state.kind || byDistance !== core.state.byDistance) await core.colorBy(kind, { byDistance });
    const code = numberOf(parts, "look", 0, map.OTHER);
    if (code !== core.state.code) await core.look(code);
    if (isOvertaken()) return;
    const query = parts.get("q") ?? "";
    if (query !== core.state.query) core.search(query);
    const [x, y, z] = [numberOf(parts, "x", 0, 1), numberOf(parts, "y", 0, 1), numberOf(parts, "z", -8, 20)];
    const isPlace = x !== null && y !== null && z !== null;
    const id = numberOf(parts, "id", 0, Number.MAX_SAFE_INTEGER);
    const row = id === null ? -1 : core.pictures.rowOf(id);
    if (isPlace) core.camera.fly({ x: x * map.UNITS, y: y * map.UNITS, scale: core.camera.scaleOf(z) }, 0);
    else if (row < 0) core.camera.fly(core.home(), 0);
    core.open(row, { flies: row >= 0 && !isPlace });
    if (id !== null && row < 0) core.trouble(new Error(`the map has no picture with the id ${id}`));
  };

  /** Keeps the state in the fragment of the address; see `mount`. */
  map.inFragment = {
    read: () => location.hash.slice(1),
    write: (text) => history.replaceState(history.state, "", text ? `#${text}` : location.pathname + location.search),
    subscribe(listener) {
      addEventListener("hashchange", listener);
      return () => removeEventListener("hashchange", listener);
    },
  };

  /**
   * Keep the address up to date, and follow it when someone changes it; return what ends this.
   * @param {object} core of the view.
   * @param {object} address see `mount`.
   * @param {string} written what the view was brought to.
   */
  map.mountAddress = (core, address, written) => {
    let timer = 0;

    function write() {
      const text = map.fragmentOf(core);
      if (text === written || core.isGone) return;
      written = text;
      address.write(text);
    }

    for (const event of ["moved", "layout", "color", "open", "query"]) {
      core.events.on(event, () => {
        clearTimeout(timer);
        timer = setTimeout(write, REST_MS);
      });
    }
    function follow() {
      const text = address.read();
      if (text === written) return;
      written = text;
      map.enter(core, text).catch(core.trouble);
    }

    const end = address.subscribe(follow);
    // It may have been changed while the map was loaded.
    follow();
    return end;
  };
})();
