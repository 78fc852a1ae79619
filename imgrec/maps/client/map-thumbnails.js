(() => {
  "use strict";
  // Which thumbnails a frame shows, where and how strong, and which tiles it would like to have.

  const map = (globalThis.imgrecMap ??= {});
  // Pixels around the view whose thumbnails are loaded, too: the next ones while one pans.
  const AROUND = 160;

  /** The thumbnails of a frame: parallel arrays, in the order in which they are drawn. */
  class Shown {
    constructor(count) {
      Object.assign(this, { rows: [], x: [], y: [], alpha: [], places: [], side: 0 });
      this.at = new Map();
      this.total = count;
    }

    add(row, x, y, alpha, place) {
      this.at.set(row, this.rows.length);
      this.rows.push(row);
      this.x.push(x);
      this.y.push(y);
      this.alpha.push(alpha);
      this.places.push(place);
    }
  }

  /** Return the tile that would show a picture: that of the level shown, elsewhere its first one. */
  function tileFor(tiles, places, row, top) {
    const level = places.name === map.BASE ? top : tiles.pictures.levels[row];
    return tiles.tileOf(row, level);
  }

  /** Count a picture that a tile would show. */
  function count(wanted, tile, away) {
    const known = wanted.get(tile);
    if (known) {
      known.count += 1;
      known.away = Math.min(known.away, away);
    } else wanted.set(tile, { count: 1, away });
  }

  /**
   * Return the thumbnails of a layout that are seen, in units, and what they lack.
   * @param {object} camera
   * @param {object} places of the layout.
   * @param {object} tiles
   * @param {object} detail of the scale.
   * @param {boolean} fades whether tiles fade in.
   */
  map.thumbnailsSeen = (camera, places, tiles, detail, fades) => {
    const { top } = detail;
    const shown = new Shown(0);
    const wanted = new Map();
    shown.side = detail.side;
    if (top >= 0) {
      const byLevel = Array.from({ length: top + 1 }, () => []);
      places.shown(camera.seen(AROUND + detail.side), top, (row) => byLevel[places.levels[row]].push(row));
      const isBase = places.name === map.BASE;
      // The newest below: where they fade in they cover nothing.
      for (let level = top; level >= 0; level -= 1) {
        for (const row of byLevel[level]) {
          shown.total += 1;
          const place = tiles.find(row, Math.min(top, tiles.pictures.deepest), fades);
          const x = map.standing(places.positions[2 * row], detail);
          const y = map.standing(places.positions[2 * row + 1], detail);
          if (place) shown.add(row, x, y, detail.fades[level] * place.share, place);
          else count(wanted, tileFor(tiles, places, row, top), isBase ? Math.hypot(x - camera.x, y - camera.y) : 0);
        }
      }
    }
    // The first tile, before anyone zooms.
    if (tiles.layerOf[0] < 0 && !wanted.has(0)) wanted.set(0, { count: 1, away: Infinity });
    return { shown, wanted };
  };

  /**
   * Return the thumbnails of a moment between two layouts: those before move away and fade out,
   * those after come and fade in, those of both move.
   */
  map.thumbnailsBetween = (before, after, placesBefore, placesAfter, tiles, moved) => {
    const shown = new Shown(after.total);
    shown.side = before.side + (after.side - before.side) * moved;
    const between = (one, other) => one + (other - one) * moved;
    before.rows.forEach((row, i) => {
      const place = tiles.find(row, tiles.pictures.levels[row], false);
      if (!place) return;
      const at = after.at.get(row);
      const { positions } = placesAfter;
      const [x, y] = at === undefined ? [positions[2 * row], positions[2 * row + 1]] : [after.x[at], after.y[at]];
      shown.add(row, between(before.x[i], x), between(before.y[i], y), between(before.alpha[i], at === undefined ? 0 : after.alpha[at]), place);
    });
    after.rows.forEach((row, i) => {
      if (before.at.has(row)) return;
      const { positions } = placesBefore;
      shown.add(row, between(positions[2 * row], after.x[i]), between(positions[2 * row + 1], after.y[i]), after.alpha[i] * moved, after.places[i]);
    });
    return shown;
  };
})();
