(() => {
  "use strict";
  // How much is shown at a scale: which levels, and how large.
  //
  // A view that rests shows levels whole: all down to the deepest one whose cells have SHOWN pixels,
  // and nothing of the next. Where the scale calls for other levels they fade, one after the other,
  // within some FADE_MS. The depth says how far: 1.3 is levels 0 and 1 whole, and 0.3 of level 2.
  // Thumbnails stand in the centers of the cells of the deepest level that is shown, so that they
  // never overlap, and move to the centers of the next one while that fades in.

  const map = (globalThis.imgrecMap ??= {});
  const SHOWN = 40;
  // Cells are never smaller, however fast one zooms out: there would be too many.
  const LEAST = 26;
  const FADE_MS = 200;
  // A side of a thumbnail, and of one of the deepest level, at most.
  const MOST = 60;
  const MOST_DEEPEST = 160;
  // Above this cells of the first level show pictures, relative to those where all is seen.
  const NEARER = 1.25;
  // The same of a layout without gaps: at home they are shown.
  const FULL = 0.9;
  const GAP = 0.94;

  const smooth = (t) => {
    const s = Math.min(Math.max(t, 0), 1);
    return s * s * (3 - 2 * s);
  };

  /** Return the side of a cell of a level in units. */
  map.cellUnits = (level) => map.UNITS >> (4 + level);

  /**
   * Return the depth of a view that rests: the deepest level that is shown, -1 if none is.
   * @param {number} scale in pixels per unit.
   * @param {number} whole scale at which everything is seen.
   * @param {number} deepest level of the layout.
   * @param {boolean} isFull whether the layout has no gaps: then dots tell nothing, and pictures are
   *   shown as soon as all of it is seen, however small.
   */
  map.depthAt = (scale, whole, deepest, isFull) => {
    const cell = scale * map.cellUnits(0);
    const home = whole * map.cellUnits(0);
    const first = isFull ? Math.min(SHOWN, FULL * home) : Math.max(SHOWN, NEARER * home);
    return cell < first ? -1 : Math.min(Math.max(Math.floor(Math.log2(cell / SHOWN)), 0), deepest);
  };

  /** The depth that is shown, on its way to the one at which it rests. */
  map.Depth = class {
    #depth = null;
    #seen = 0;
    /** Whether it is on its way. */
    isFading = false;

    /** Be at once where it rests. */
    jump() {
      this.#depth = null;
    }

    /**
     * Return the depth of a frame.
     * @param {number} rest depth at which it rests.
     * @param {number} scale in pixels per unit.
     * @param {number} now time of the frame, in milliseconds.
     */
    at(rest, scale, now) {
      // A view that rested begins to fade now, not when its last frame was drawn.
      const elapsed = this.isFading ? Math.max(now - this.#seen, 0) : 0;
      const away = rest - (this.#depth ?? rest);
      const step = (Math.max(Math.abs(away), 1) * elapsed) / FADE_MS;
      const moved = Math.abs(away) <= step ? rest : this.#depth + Math.sign(away) * step;
      const most = Math.log2((scale * map.cellUnits(0)) / LEAST);
      this.#depth = Math.min(moved, Math.max(rest, most));
      this.#seen = now;
      this.isFading = this.#depth !== rest;
      return this.#depth;
    }
  };

  /**
   * Return what is shown at a depth: `top`, the deepest level or -1; `fades`, 0 to 1 for each level
   * down to it; `side` of a thumbnail in CSS pixels.
   * @param {number} depth
   * @param {number} scale in pixels per unit.
   * @param {number} deepest level of the layout.
   */
  map.detailAt = (depth, scale, deepest) => {
    const top = Math.ceil(depth);
    const fades = Array.from({ length: top + 1 }, (_, level) => smooth(depth - level + 1));
    const room = (level) => Math.min(scale * map.cellUnits(level), level === deepest ? MOST_DEEPEST : MOST);
    let side = top < 0 ? 0 : room(top);
    if (top > 0) side = room(top - 1) + (side - room(top - 1)) * fades[top];
    return { top, fades, side: side * GAP };
  };

  /** Return the scale at which cells of the deepest level are as large as they get. */
  map.largestScale = (deepest) => MOST_DEEPEST / GAP / map.cellUnits(deepest);

  /** Return the scale at which a level is shown whole. */
  map.scaleShowing = (level) => (SHOWN * 1.25) / map.cellUnits(level);

  const center = (value, units) => Math.floor(value / units) * units + units / 2;

  /** Return where a thumbnail stands, in units, of a picture at a coordinate. */
  map.standing = (value, { top, fades }) => {
    const here = center(value, map.cellUnits(top));
    if (!top || fades[top] === 1) return here;
    const above = center(value, map.cellUnits(top - 1));
    return above + (here - above) * fades[top];
  };
})();
