(() => {
  "use strict";
  // The state of a view and what can be done to it. Parts of the page listen to its events:
  // `moved` (the camera), `layout`, `color`, `open`, `hover`, `select`, `rings`, `theme`, `dots`.

  const map = (globalThis.imgrecMap ??= {});
  const FLY_MS = 500;
  // Room for what lies over the edges of the map, in CSS pixels.
  const EDGE = 20;
  const BAR = 60;
  // A picture above a name.
  const ABOVE = 46;
  const NARROW = 700;
  // From this width on all pictures are seen beside the legend.
  const LEGEND = { room: 240, from: 1000 };

  map.Core = class {
    #places = new Map();
    #home = null;
    #asked = false;
    #turn = 0;
    #distances = null;

    /**
     * @param {HTMLElement} root that holds the view.
     * @param {HTMLCanvasElement} canvas
     * @param {object} source of the map.
     * @param {object} options of `mount`.
     */
    constructor(root, canvas, source, options) {
      Object.assign(this, { root, canvas, source, options });
      this.facts = source.facts();
      this.events = new map.Events();
      this.pictures = new map.Pictures(source);
      this.camera = new map.Camera(() => this.#moved());
      this.state = {
        layout: map.BASE, kind: -1, code: null, byDistance: true, open: -1, hover: -1, edges: null, selection: null, query: "",
      };
      this.areDots = false;
      this.draw = this.draw.bind(this);
      this.trouble = this.trouble.bind(this);
      this.theme = map.themeOf(root);
      this.still = matchMedia("(prefers-reduced-motion: reduce)");
    }

    /** Whether pictures may move and fade. */
    moves() {
      return !this.still.matches;
    }

    get isColored() {
      return this.state.kind >= 0 || this.distances !== null;
    }

    /** Draw a frame soon. */
    draw() {
      if (this.#asked || this.isGone) return;
      this.#asked = true;
      requestAnimationFrame((now) => {
        this.#asked = false;
        this.#drawFrame(now);
      });
    }

    #drawFrame(now) {
      if (this.isGone || !this.scene) return;
      const goesOn = this.scene.draw(now);
      this.events.emit("frame");
      if (goesOn) this.draw();
    }

    #moved() {
      this.events.emit("moved");
      this.draw();
    }

    /** Tell a screen reader. */
    say(text) {
      this.events.emit("said", text);
    }

    /** Show that something failed. */
    trouble(error) {
      this.events.emit("trouble", error.message);
    }

    /** Fit the canvas to its element. */
    resize() {
      const { clientWidth: width, clientHeight: height } = this.root;
      const wasHome = this.#home && this.isHome;
      this.density = Math.min(devicePixelRatio || 1, 3);
      this.canvas.width = Math.max(Math.round(width * this.density), 1);
      this.canvas.height = Math.max(Math.round(height * this.density), 1);
      this.#home = null;
      this.camera.resize(width, height);
      if (this.places) this.#limit();
      // A flight home would end where home was before.
      if (wasHome) this.fly(this.home(), { moves: false });
      // At once: a canvas whose size was set is empty.
      this.#drawFrame(document.timeline.currentTime ?? performance.now());
    }

    get isNarrow() {
      return this.camera.width < NARROW;
    }

    /** Where all pictures of the layout are seen. */
    home() {
      const top = (this.isNarrow ? 2 * BAR : BAR) + ABOVE;
      const left = this.camera.width >= LEGEND.from ? LEGEND.room : EDGE;
      this.#home ??= this.camera.fitted(this.places.box, { left, right: EDGE, top, bottom: EDGE });
      return this.#home;
    }

    /** Whether all is seen, or will be when the view comes to rest. */
    get isHome() {
      const { goal } = this.camera;
      const { x, y, scale } = this.home();
      return Math.abs(goal.scale / scale - 1) < 1e-3 && Math.hypot(goal.x - x, goal.y - y) * scale < 1;
    }

    #limit() {
      const whole = this.home().scale;
      const box = { ...this.places.box };
      const { x, y } = this.home();
      Object.assign(box, { left: Math.min(box.left, x), right: Math.max(box.right, x), top: Math.min(box.top, y), bottom: Math.max(box.bottom, y) });
      this.camera.limits = { least: whole * 0.7, most: Math.max(map.largestScale(this.places.deepest), 4 * whole), box };
    }

    fly(to, { moves = true } = {}) {
      this.camera.fly(to, moves && this.moves() ? FLY_MS : 0);
    }

    /** Zoom so that a point of the screen stays; without one the middle of where the view will rest. */
    zoom(factor, px, py) {
      const { goal } = this.camera;
      this.fly(px === undefined ? { ...goal, scale: goal.scale * factor } : this.camera.zoomed(px, py, factor));
    }

    /** Return a promise of where the pictures are in a layout. */
    placesOf(name) {
      if (!this.#places.has(name)) {
        const { pictures } = this;
        const made = pictures.layout(name).then((positions) => {
          if (name === map.BASE) return new map.Places(name, positions, pictures.levels, pictures.deepest);
          const levels = map.levelsOf(positions, pictures.levels, map.lastOf(pictures.deepest));
          return new map.Places(name, positions, levels, map.deepestOf(levels));
        });
        this.#places.set(name, made);
        made.catch(() => this.#places.delete(name));
      }
      return this.#places.get(name);
    }

    /** Show a layout; the pictures move there. The picture that is open stays in view. */
    async showLayout(name, { moves = true, stays = false } = {}) {
      if (!this.facts.layouts.some((layout) => layout.name === name)) return;
      this.state.layout = name;
      const places = await this.placesOf(name).catch((error) => {
        if (this.places && this.state.layout === name) {
          this.state.layout = this.places.name;
          this.events.emit("layout", this.places.name);
        }
        throw error;
      });
      if (this.state.layout !== name || this.places === places || this.isGone) return;
      const isFirst = !this.places;
      const wasHome = !isFirst && this.isHome;
      this.places = places;
      this.#home = null;
      this.#limit();
      this.scene.show(places, moves && !isFirst && this.moves());
      if (this.state.open >= 0 && !isFirst && !wasHome) this.#center(this.state.open);
      else if (!stays) this.fly(this.home(), { moves: !isFirst });
      this.events.emit("layout", name);
    }

    #center(row) {
      const { positions } = this.places;
      this.fly({ ...this.camera.goal, x: positions[2 * row], y: positions[2 * row + 1] });
    }

    /**
     * Color by a kind of label.
     * @param {number} kind its place in the facts; -1 for one color.
     * @param {object} [how] `byDistance`: distances go before it where they are known.
     */
    async colorBy(kind, { byDistance = false } = {}) {
      this.state.kind = this.facts.labels[kind] ? kind : -1;
      this.state.byDistance = byDistance;
      this.state.code = null;
      this.events.emit("color");
      await this.recolor();
    }

    /** Look at the pictures of one value of the label, by its code; null for all. */
    look(code) {
      this.state.code = code;
      this.events.emit("color");
      return this.recolor();
    }

    /**
     * Take distances, a byte for each picture, 255 for unknown, and color by them unless a label was
     * chosen; null: they are no longer known.
     */
    paint(distances) {
      this.#distances = distances;
      this.events.emit("color");
      return this.recolor();
    }

    get knowsDistances() {
      return this.#distances !== null;
    }

    /** The distances that pictures are colored by; null where they are colored by a label. */
    get distances() {
      return this.state.byDistance ? this.#distances : null;
    }

    async recolor() {
      const { kind } = this.state;
      try {
        const codes = kind < 0 || this.distances ? null : await this.pictures.codes(kind);
        if (kind !== this.state.kind || this.isGone) return;
        // As it is now: it may have changed while the codes came.
        const { code, selection } = this.state;
        this.scene?.paint(map.colorsOf(
          this.pictures.count, this.theme, { label: this.facts.labels[kind], codes, distances: this.distances },
          { code, mask: selection?.mask ?? null },
        ));
      } catch (error) {
        this.trouble(error);
      }
    }

    /** Read the colors of the page anew. */
    retheme() {
      this.theme = map.themeOf(this.root);
      this.events.emit("theme");
      this.scene?.ring(this.rings ?? new Uint32Array(0));
      this.scene?.pin(this.pins ?? new Uint32Array(0));
      this.recolor();
    }

    /** Open a picture, -1 for none; `flies` to where its thumbnail is seen. */
    open(wanted, { flies = false } = {}) {
      const row = Number.isInteger(wanted) && wanted < this.pictures.count ? wanted : -1;
      this.state.open = row;
      if (row >= 0 && flies) {
        const { positions, levels, deepest } = this.places;
        const scale = map.scaleShowing(Math.min(levels[row], deepest));
        this.fly({ x: positions[2 * row], y: positions[2 * row + 1], scale: Math.max(scale, this.camera.goal.scale) });
      }
      this.#join();
      this.events.emit("open", row);
      this.draw();
    }

    /** Point at a picture, -1 for none. */
    hover(row) {
      if (row === this.state.hover) return;
      this.state.hover = row;
      this.#join();
      this.events.emit("hover", row);
      this.draw();
    }

    /** Draw the edges of the picture that is pointed at, else of the open one. */
    async #join() {
      const row = this.state.hover >= 0 ? this.state.hover : this.state.open;
      this.#turn += 1;
      const turn = this.#turn;
      if (this.state.edges?.row !== row) this.state.edges = null;
      if (row < 0 || this.state.edges) return;
      try {
        const near = await this.pictures.near(row);
        if (turn === this.#turn) this.state.edges = { row, near };
        this.draw();
      } catch (error) {
        this.trouble(error);
      }
    }

    /**
     * Select pictures.
     * @param {Iterable<number> | null} rows
     * @param {"set" | "add" | "remove"} [how]
     */
    select(rows, how = "set") {
      const mask = new Uint8Array(this.pictures.count);
      for (const row of rows ?? []) mask[row] = 1;
      this.selectMask(mask, how);
    }

    /** Select the pictures that a mask has; it is kept. */
    selectMask(mask, how = "set") {
      const old = this.state.selection?.mask;
      if (how === "add" && old) for (let row = 0; row < mask.length; row += 1) mask[row] |= old[row];
      if (how === "remove") for (let row = 0; row < mask.length; row += 1) mask[row] = old?.[row] && !mask[row] ? 1 : 0;
      const rows = map.rowsOfMask(mask);
      this.state.selection = rows.length ? { mask, rows } : null;
      this.recolor();
      this.events.emit("select", rows);
    }

    /** Put rings around pictures, such as those found by a search. */
    ring(rows) {
      this.rings = Uint32Array.from(rows);
      this.scene?.ring(this.rings);
      this.events.emit("rings", this.rings);
    }

    /** Mark the pictures that are asked about. */
    pin(rows) {
      this.pins = Uint32Array.from(rows);
      this.scene?.pin(this.pins);
      this.events.emit("rings", this.rings);
    }

    /** Show dots only, or thumbnails where there is room. */
    showDots(areDots) {
      this.areDots = areDots;
      this.events.emit("dots");
      this.draw();
    }

    /** Fly to where all of some pictures are seen. */
    flyTo(rows) {
      if (!rows.length) return;
      const { positions } = this.places;
      const box = { left: map.UNITS, top: map.UNITS, right: 0, bottom: 0 };
      for (const row of rows) {
        const [x, y] = [positions[2 * row], positions[2 * row + 1]];
        box.left = Math.min(box.left, x);
        box.right = Math.max(box.right, x + 1);
        box.top = Math.min(box.top, y);
        box.bottom = Math.max(box.bottom, y + 1);
      }
      const margin = 60;
      this.fly(this.camera.fitted(box, { left: margin, right: margin, top: BAR + margin, bottom: margin }));
    }

    destroy() {
      this.isGone = true;
      this.scene?.destroy();
    }
  };
})();
