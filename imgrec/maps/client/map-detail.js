(() => {
  "use strict";
  // How much is shown at a scale: which levels, how far each has faded in, and how large.
  //
  // A level fades in while its cells grow from LEAST to SHOWN pixels. Thumbnails stand in the
  // centers of the cells of the deepest level that is shown, so that they never overlap, and move
  // to the centers of the next one while that fades in.

  const map = (globalThis.imgrecMap ??= {});
  const LEAST = 36;
  const SHOWN = 46;
  // A side of a thumbnail, and of one of the deepest level, at most.
  const MOST = 60;
  const MOST_DEEPEST = 160;
  // Above this cells of the first level show pictures, relative to those where all is seen.
  const NEARER = 1.12;
  // The same of a layout without gaps: at home they are as strong as they get.
  const FULL = 0.8;
  // How much larger than those that begin to show are cells of the first level that show all.
  const FADED = 1.25;
  const GAP = 0.94;

  const smooth = (t) => {
    const s = Math.min(Math.max(t, 0), 1);
    return s * s * (3 - 2 * s);
  };

  /** Return the side of a cell of a level in units. */
  map.cellUnits = (level) => map.UNITS >> (4 + level);

  /**
   * Return what is shown: `top`, the deepest level or -1; `fades`, 0 to 1 for each level; `side` of
   * a thumbnail in CSS pixels.
   * @param {number} scale in pixels per unit.
   * @param {number} whole scale at which everything is seen.
   * @param {number} deepest level of the layout.
   * @param {boolean} isFull whether the layout has no gaps: then dots tell nothing, and pictures are
   *   shown as soon as all of it is seen, however small.
   */
  map.detailAt = (scale, whole, deepest, isFull) => {
    const fades = [];
    const home = whole * map.cellUnits(0);
    const first = isFull ? Math.min(LEAST, FULL * home) : Math.max(LEAST, NEARER * home);
    for (let level = 0; level <= deepest; level += 1) {
      const cell = scale * map.cellUnits(level);
      const [low, high] = level ? [LEAST, SHOWN] : [first, first * FADED];
      fades.push(Math.min(smooth((cell - low) / (high - low)), fades[level - 1] ?? 1));
    }
    const top = fades.findLastIndex((fade) => fade > 0);
    const room = (level) => Math.min(scale * map.cellUnits(level), level === deepest ? MOST_DEEPEST : MOST);
    let side = top < 0 ? 0 : room(top);
    if (top > 0) side = room(top - 1) + (side - room(top - 1)) * fades[top];
    return { top, fades, side: side * GAP };
  };

  /** Return the scale at which cells of the deepest level are as large as they get. */
  map.largestScale = (deepest) => MOST_DEEPEST / GAP / map.cellUnits(deepest);

  /** Return the scale at which a level is shown whole. */
  map.scaleShowing = (level) => (SHOWN * 1.1) / map.cellUnits(level);

  const center = (value, units) => Math.floor(value / units) * units + units / 2;

  /** Return where a thumbnail stands, in units, of a picture at a coordinate. */
  map.standing = (value, { top, fades }) => {
    const here = center(value, map.cellUnits(top));
    if (!top || fades[top] === 1) return here;
    const above = center(value, map.cellUnits(top - 1));
    return above + (here - above) * fades[top];
  };
})();
