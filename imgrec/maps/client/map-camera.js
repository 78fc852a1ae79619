(() => {
  "use strict";
  // Which part of the map the view shows: a center in units, and a scale in CSS pixels per unit.

  const map = (globalThis.imgrecMap ??= {});
  const TILE_PX = 1024;
  const eased = (t) => (t < 0.5 ? 4 * t ** 3 : 1 - (2 - 2 * t) ** 3 / 2);

  map.eased = eased;

  map.Camera = class {
    #flight = null;
    #moved;

    /** @param {() => void} moved called at each change. */
    constructor(moved) {
      this.#moved = moved;
      Object.assign(this, { x: map.UNITS / 2, y: map.UNITS / 2, scale: 0.01, width: 1, height: 1 });
      this.limits = { least: 1e-4, most: 10, box: { left: 0, top: 0, right: map.UNITS, bottom: map.UNITS } };
    }

    /** The zoom as a level of tiles: at 0 a tile of level 0 fills 1,024 pixels. */
    get z() {
      return this.zOf(this.scale);
    }

    /** Return the zoom of a scale. */
    zOf(scale) {
      return Math.log2((scale * map.UNITS) / TILE_PX);
    }

    /** Where the view comes to rest: the end of the flight that is under way, else where it is. */
    get goal() {
      const { x, y, scale } = this.#flight?.to ?? this;
      return { x, y, scale };
    }

    /** Whether a flight is under way. */
    get isFlying() {
      return this.#flight !== null;
    }

    /** Return the scale of a zoom. */
    scaleOf(z) {
      return (TILE_PX * 2 ** z) / map.UNITS;
    }

    resize(width, height) {
      Object.assign(this, { width: Math.max(width, 1), height: Math.max(height, 1) });
      this.#moved();
    }

    toScreen(x, y) {
      return [(x - this.x) * this.scale + this.width / 2, (y - this.y) * this.scale + this.height / 2];
    }

    toUnits(px, py) {
      return [(px - this.width / 2) / this.scale + this.x, (py - this.height / 2) / this.scale + this.y];
    }

    /** Return the part of the map that is seen, and some pixels around it. */
    seen(margin = 0) {
      const [left, top] = this.toUnits(-margin, -margin);
      const [right, bottom] = this.toUnits(this.width + margin, this.height + margin);
      return { left, top, right, bottom };
    }

    /** Return a view within the limits; what is left out is as it is now. */
    #within({ x = this.x, y = this.y, scale = this.scale }) {
      const { least, most, box } = this.limits;
      const within = (value, low, high) => Math.min(Math.max(value, low), high);
      return { x: within(x, box.left, box.right), y: within(y, box.top, box.bottom), scale: within(scale, least, most) };
    }

    /** Look elsewhere, within the limits. */
    set(view) {
      Object.assign(this, this.#within(view));
      this.#moved();
    }

    /** End a flight where it is. */
    stop() {
      this.#flight = null;
    }

    pan(dx, dy) {
      this.stop();
      this.set({ x: this.x - dx / this.scale, y: this.y - dy / this.scale });
    }

    /** Return where zooming by a factor leads if a point of the screen stays. */
    zoomed(px, py, factor) {
      const from = this.#flight?.to ?? this;
      const scale = Math.min(Math.max(from.scale * factor, this.limits.least), this.limits.most);
      const [x, y] = this.toUnits(px, py);
      return { x: x - (px - this.width / 2) / scale, y: y - (py - this.height / 2) / scale, scale };
    }

    zoomAt(px, py, factor) {
      this.stop();
      this.set(this.zoomed(px, py, factor));
    }

    /** Return where a rectangle of the map is seen whole, clear of what covers the edges. */
    fitted({ left, top, right, bottom }, insets) {
      const width = Math.max(this.width - insets.left - insets.right, 40);
      const height = Math.max(this.height - insets.top - insets.bottom, 40);
      const scale = Math.min(width / (right - left), height / (bottom - top));
      return {
        x: (left + right) / 2 - (insets.left - insets.right) / 2 / scale,
        y: (top + bottom) / 2 - (insets.top - insets.bottom) / 2 / scale,
        scale,
      };
    }

    /** Fly somewhere within some milliseconds; 0 jumps. */
    fly(to, duration) {
      this.stop();
      if (duration) {
        const { x, y, scale } = this;
        this.#flight = { from: { x, y, scale }, to: this.#within(to), start: null, duration };
        this.#moved();
      } else this.set(to);
    }

    /** Move on with a flight; return whether it goes on. */
    step(now) {
      const flight = this.#flight;
      if (!flight) return false;
      flight.start ??= now;
      const t = Math.min((now - flight.start) / flight.duration, 1);
      const { from, to } = flight;
      const scale = from.scale * (to.scale / from.scale) ** eased(t);
      // Along the straight line on which a point of the screen stays.
      const ratio = to.scale / from.scale;
      const share = Math.abs(ratio - 1) < 1e-3 ? eased(t) : (1 - from.scale / scale) / (1 - 1 / ratio);
      if (t === 1) this.#flight = null;
      this.set({ x: from.x + (to.x - from.x) * share, y: from.y + (to.y - from.y) * share, scale });
      return t < 1;
    }
  };
})();
