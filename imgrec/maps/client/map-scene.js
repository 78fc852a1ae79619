(() => {
  "use strict";
  // What is drawn: points, rings, thumbnails, lines, on one WebGL2 canvas.

  const map = (globalThis.imgrecMap ??= {});
  const MOVE_MS = 800;
  const LAYERS = { few: 24, many: 40, from: 1_700_000 };
  // Diameter of a point in CSS pixels.
  const POINT = { least: 1.7, whole: 3, most: 7 };
  const RING = { least: 9, width: 2 };
  const PIN = { least: 17, width: 3 };
  const NEAR_PX = 12;

  map.Scene = class {
    #from = null;
    #begun = null;
    #before = null;
    #colors = null;
    #rings = new Uint32Array(0);
    #pins = new Uint32Array(0);

    /**
     * @param {object} core of the view: `canvas`, `camera`, `pictures`, `source`, `theme`, `state`, …
     * Raises an Error if the browser has no WebGL2.
     */
    constructor(core) {
      this.core = core;
      const { canvas } = core;
      this.gl = canvas.getContext("webgl2", { alpha: false, antialias: false, depth: false, stencil: false });
      if (!this.gl) throw new Error("this browser has no WebGL2");
      this.tiles = new map.Tiles(core.source, core.pictures, core.draw, core.trouble);
      canvas.addEventListener("webglcontextlost", (event) => {
        event.preventDefault();
        this.isLost = true;
      });
      canvas.addEventListener("webglcontextrestored", () => {
        this.isLost = false;
        this.#start();
        this.#fill();
        core.draw();
      });
      this.shown = { rows: [], x: [], y: [], alpha: [], at: new Map(), side: 0 };
      this.depth = new map.Depth();
      this.#start();
    }

    #start() {
      const { gl } = this;
      const { width, height } = this.core.camera;
      const layers = width * height > LAYERS.from ? LAYERS.many : LAYERS.few;
      this.points = new map.Points(gl);
      this.rings = new map.Points(gl);
      this.pins = new map.Points(gl);
      this.quads = new map.Quads(gl, layers);
      this.lines = new map.Lines(gl);
      this.tiles.reset(layers);
      gl.enable(gl.BLEND);
      gl.blendFunc(gl.SRC_ALPHA, gl.ONE_MINUS_SRC_ALPHA);
    }

    /** Show a layout; `moves` has the pictures move there. */
    show(places, moves) {
      this.isMoving = true;
      this.#from = moves ? this.places : null;
      this.#before = moves ? this.shown : null;
      this.#begun = null;
      this.places = places;
      // Other pictures are at other levels there.
      this.depth.jump();
      this.#fill();
      this.core.draw();
    }

    #fill() {
      if (!this.places) return;
      const { positions, order } = this.places;
      this.points.place(order, this.#from?.positions ?? positions, positions);
      if (this.#colors) this.points.paint(this.#colors);
      this.ring(this.#rings);
      this.pin(this.#pins);
    }

    /** Take the colors of all pictures. */
    paint(colors) {
      this.#colors = colors;
      this.points.paint(colors);
      this.core.draw();
    }

    /** Put rings around pictures. */
    ring(rows) {
      this.#rings = rows;
      this.ringed = this.#marked(this.rings, rows, this.core.theme.ring);
    }

    /** Put larger rings around pictures that are asked about. */
    pin(rows) {
      this.#pins = rows;
      this.pinned = this.#marked(this.pins, rows, this.core.theme.accent);
    }

    /** Place rings of one color around pictures; return a mask of their rows. */
    #marked(points, rows, [r, g, b]) {
      const mask = new Uint8Array(this.core.pictures.count);
      for (const row of rows) mask[row] = 1;
      if (this.places) {
        const { positions } = this.places;
        points.place(rows, this.#from?.positions ?? positions, positions);
        const color = new Uint32Array(new Uint8Array([r, g, b, 255]).buffer)[0];
        map.fill(this.gl, points.color, new Uint32Array(rows.length).fill(color));
      }
      this.core.draw();
      return mask;
    }

    #moved(now) {
      if (!this.#from) return 1;
      this.#begun ??= now;
      const moved = map.eased(Math.min((now - this.#begun) / MOVE_MS, 1));
      // Just before the end this is 1 already, where frames come at parts of the time.
      if (moved === 1) {
        this.#from = this.#before = null;
        // All is where it goes now: of both places one is left.
        this.#fill();
      }
      return moved;
    }

    /** Draw a frame; return whether another one must follow. */
    draw(now) {
      if (this.isLost || !this.places) return false;
      const { gl, core, places, tiles } = this;
      const { camera, theme, density } = core;
      const flies = camera.step(now);
      const moved = this.#moved(now);
      this.moved = moved;
      tiles.begin(now);
      tiles.upload((layer, image) => this.quads.put(layer, image));
      this.detail = this.#detailAt(now);
      const { shown, wanted } = map.thumbnailsSeen(camera, places, tiles, this.detail, core.moves());
      this.shown = this.#before
        ? map.thumbnailsBetween(this.#before, shown, this.#from, places, tiles, moved) : shown;
      if (!core.areDots) tiles.want(wanted);
      gl.viewport(0, 0, core.canvas.width, core.canvas.height);
      gl.clearColor(...theme.ground.map((value) => value / 255), 1);
      gl.clear(gl.COLOR_BUFFER_BIT);
      const ranges = moved < 1 ? [[0, places.count]] : places.ranges(camera.seen(8));
      this.points.draw(camera, ranges, { density, size: this.#pointSize(), strength: this.#strength(), moved });
      this.rings.draw(camera, [[0, this.#rings.length]], {
        density, size: Math.max(this.#pointSize() + 6, RING.least), ring: RING.width, moved });
      this.pins.draw(camera, [[0, this.#pins.length]], {
        density, size: Math.max(this.#pointSize() + 14, PIN.least), ring: PIN.width, moved });
      this.#drawThumbnails();
      this.#drawEdges();
      this.isChanging = flies || moved < 1 || this.depth.isFading || tiles.isFading;
      this.isMoving = this.isChanging || tiles.isLoading;
      // What is loaded asks for a frame when it has come.
      return this.isChanging || tiles.isDecoded;
    }

    /** Return what is shown of the pictures. */
    #detailAt(now) {
      const { core, depth, places: { name, deepest } } = this;
      const { scale } = core.camera;
      if (core.areDots || !core.moves()) depth.jump();
      const rest = core.areDots ? -1 : map.depthAt(scale, core.home().scale, deepest, name === map.GRID);
      return map.detailAt(depth.at(rest, scale, now), scale, deepest);
    }

    /** The diameter of a point in CSS pixels: that of a cell of the deepest level, within bounds. */
    #pointSize() {
      const cell = this.core.camera.scale * map.cellUnits(this.core.pictures.deepest);
      // Small squares touch: gaps of less than a pixel would make a pattern.
      const size = cell < POINT.whole ? cell : Math.max(0.8 * cell, POINT.whole);
      return Math.min(Math.max(size, POINT.least), POINT.most);
    }

    /** How strong points are: the less the more pictures are shown as such. */
    #strength() {
      const { detail: { fades, top }, places } = this;
      if (top < 0) return 1;
      const share = this.shown.rows.length / Math.max(this.shown.total, 1);
      const all = top === places.deepest ? fades[top] : 0;
      return (1 - 0.45 * fades[0]) * (1 - all * share);
    }

    #drawThumbnails() {
      const { quads, shown, core } = this;
      const { widths, heights } = core.pictures;
      const { density, camera } = core;
      const half = (shown.side * density) / 128;
      quads.begin();
      shown.rows.forEach((row, i) => {
        const [x, y] = camera.toScreen(shown.x[i], shown.y[i]);
        const frame = this.#frame(row);
        quads.add(
          x * density, y * density, widths[row] * half, heights[row] * half,
          shown.places[i].layer, shown.places[i].slot, widths[row], heights[row],
          ...frame.color, frame.width * density, shown.alpha[i] * frame.strength,
        );
      });
      quads.draw(core.canvas.width, core.canvas.height);
    }

    /** Return how a thumbnail is framed: chosen, pointed at, ringed, else in the color of its label. */
    #frame(row) {
      const { theme, state } = this.core;
      const color = this.#colors ? this.#colors.subarray(4 * row, 4 * row + 4) : [0, 0, 0, 255];
      const rgb = ([r, g, b]) => [r / 255, g / 255, b / 255];
      const strength = color[3] <= map.DIM ? 0.3 : 1;
      if (row === state.open) return { color: rgb(theme.accent), width: 4, strength: 1 };
      if (row === state.hover) return { color: rgb(theme.accent), width: 2.5, strength: 1 };
      if (this.pinned?.[row]) return { color: rgb(theme.accent), width: 4, strength: 1 };
      if (this.ringed?.[row]) return { color: rgb(theme.ring), width: 3, strength: 1 };
      return { color: rgb(color), width: this.core.isColored ? 2 : 0, strength };
    }

    /** The place of a picture on the screen, in CSS pixels: x, y, half width, half height. */
    boxOf(row) {
      const { camera, pictures } = this.core;
      const at = this.shown.at.get(row);
      if (at === undefined) {
        const [x, y] = camera.toScreen(this.places.positions[2 * row], this.places.positions[2 * row + 1]);
        return { x, y, w: this.#pointSize() / 2, h: this.#pointSize() / 2, isDot: true };
      }
      const [x, y] = camera.toScreen(this.shown.x[at], this.shown.y[at]);
      const half = this.shown.side / 128;
      return { x, y, w: pictures.widths[row] * half, h: pictures.heights[row] * half, isDot: false };
    }

    #drawEdges() {
      const { edges } = this.core.state;
      if (!edges || this.#from) return;
      const { density, theme, canvas } = this.core;
      const [r, g, b] = theme.accent.map((value) => value / 255);
      const from = this.boxOf(edges.row);
      const lines = edges.near.map(({ row, similar }) => {
        const to = this.boxOf(row);
        return [...[from.x, from.y, to.x, to.y].map((value) => value * density), r, g, b, 0.25 + 0.7 * similar];
      });
      this.lines.draw(lines, 2 * density, canvas.width, canvas.height);
    }

    /** Return the picture at a point of the screen, -1 if there is none. */
    pick(px, py) {
      const { shown } = this;
      for (let i = shown.rows.length - 1; i >= 0; i -= 1) {
        if (shown.alpha[i] < 0.4) continue;
        const { x, y, w, h } = this.boxOf(shown.rows[i]);
        if (Math.abs(px - x) <= w && Math.abs(py - y) <= h) return shown.rows[i];
      }
      if (!this.places || this.#strength() < 0.05) return -1;
      const { camera } = this.core;
      const [x, y] = camera.toUnits(px, py);
      return this.places.nearest(x, y, NEAR_PX / camera.scale);
    }

    /** Let go of what the graphics card holds. */
    destroy() {
      this.gl.getExtension("WEBGL_lose_context")?.loseContext();
    }
  };
})();
