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
    const parts = new URLSearchParams();
    if (state.open >= 0) parts.set("id", core.pictures.ids[state.open]);
    if (!core.isHome) {
      parts.set("x", (camera.x / map.UNITS).toFixed(PLACES));
      parts.set("y", (camera.y / map.UNITS).toFixed(PLACES));
      parts.set("z", camera.z.toFixed(2));
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

  /** Bring a view to the state of a text; what cannot be read is left out. */
  map.enter = async (core, text) => {
    const parts = new URLSearchParams(text);
    const layout = parts.get("layout") ?? map.BASE;
    const isKnown = core.facts.layouts.some(({ name }) => name === layout);
    await core.showLayout(isKnown ? layout : map.BASE, { moves: false });
    const color = parts.get("color");
    const kind = color === null ? core.firstKind : core.facts.labels.findIndex((label) => label.kind === color);
    const byDistance = color === null;
    if (kind !== core.state.kind || byDistance !== core.state.byDistance) await core.colorBy(kind, { byDistance });
    const code = numberOf(parts, "look", 0, map.OTHER);
    if (code !== core.state.code) await core.look(code);
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

  /** Keep the address up to date, and follow it when someone changes it; return what ends this. */
  map.mountAddress = (core, address) => {
    let timer = 0;
    let written = address.read();

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
    return address.subscribe(() => {
      const text = address.read();
      if (text === written) return;
      written = text;
      map.enter(core, text).catch(core.trouble);
    });
  };
})();
