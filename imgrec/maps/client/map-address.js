(() => {
  "use strict";
  // The state of a view in the fragment of the address: `#id=17`, or where one looks and how.

  const map = (globalThis.imgrecMap ??= {});
  const REST_MS = 400;
  const PLACES = 5;

  /** Return the fragment of a view, without its sign. */
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
    if (state.kind !== core.firstKind) parts.set("color", facts.labels[state.kind]?.kind ?? "none");
    if (state.code !== null) parts.set("look", String(state.code));
    if (state.query) parts.set("q", state.query);
    return parts.toString();
  };

  function numberOf(parts, name, low, high) {
    const value = Number(parts.get(name) ?? NaN);
    return parts.get(name)?.trim() && value >= low && value <= high ? value : null;
  }

  /** Bring a view to the state of a fragment; what cannot be read is left out. */
  map.enter = async (core, fragment) => {
    const parts = new URLSearchParams(fragment.replace(/^#/, ""));
    const layout = parts.get("layout") ?? map.BASE;
    const isKnown = core.facts.layouts.some(({ name }) => name === layout);
    await core.showLayout(isKnown ? layout : map.BASE, { moves: false });
    const color = parts.get("color");
    const kind = color === null ? core.firstKind : core.facts.labels.findIndex((label) => label.kind === color);
    if (kind !== core.state.kind) await core.colorBy(kind);
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

  /** Keep the address up to date, and follow it when someone changes it. */
  map.mountAddress = (core) => {
    let timer = 0;
    let written = location.hash.slice(1);

    function write() {
      const fragment = map.fragmentOf(core);
      if (fragment === written || core.isGone) return;
      written = fragment;
      history.replaceState(history.state, "", fragment ? `#${fragment}` : location.pathname + location.search);
    }

    for (const event of ["moved", "layout", "color", "open", "query"]) {
      core.events.on(event, () => {
        clearTimeout(timer);
        timer = setTimeout(write, REST_MS);
      });
    }
    const follow = () => {
      const fragment = location.hash.slice(1);
      if (fragment === written) return;
      written = fragment;
      map.enter(core, fragment).catch(core.trouble);
    };
    addEventListener("hashchange", follow);
    return () => removeEventListener("hashchange", follow);
  };
})();
