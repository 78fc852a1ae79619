(() => {
  "use strict";
  // Which pictures lie inside a polygon, by the even-odd rule.
  //
  // Grid cells that no edge of the polygon crosses lie inside or outside as a whole; only in the
  // others each picture is tested, against the edges that cross its row of cells.

  const map = (globalThis.imgrecMap ??= {});

  /** Return the edges, four numbers each, that reach into a band of y. */
  function edgesWithin(polygon, low, high) {
    const edges = [];
    polygon.forEach(([x1, y1], i) => {
      const [x2, y2] = polygon[(i + 1) % polygon.length];
      if (Math.max(y1, y2) >= low && Math.min(y1, y2) <= high) edges.push(x1, y1, x2, y2);
    });
    return Float64Array.from(edges);
  }

  function isInside(edges, x, y) {
    let inside = false;
    for (let i = 0; i < edges.length; i += 4) {
      const y1 = edges[i + 1];
      const y2 = edges[i + 3];
      if (y1 > y !== y2 > y && x < edges[i] + ((y - y1) / (y2 - y1)) * (edges[i + 2] - edges[i])) inside = !inside;
    }
    return inside;
  }

  /** Return which columns of cells the edges touch within a band: 1 or 0. */
  function crossedColumns(edges, low, high, size, side) {
    const crossed = new Uint8Array(side);
    const column = (x) => Math.min(Math.max(Math.floor(x / size), 0), side - 1);
    for (let i = 0; i < edges.length; i += 4) {
      const [x1, y1, x2, y2] = edges.subarray(i, i + 4);
      const at = (y) => (y1 === y2 ? x1 : x1 + ((Math.min(Math.max(y, Math.min(y1, y2)), Math.max(y1, y2)) - y1) / (y2 - y1)) * (x2 - x1));
      const ends = y1 === y2 ? [x1, x2] : [at(low), at(high)];
      crossed.fill(1, column(Math.min(...ends)), column(Math.max(...ends)) + 1);
    }
    return crossed;
  }

  /** Return the rows that a mask has, ascending. */
  map.rowsOfMask = (mask) => {
    let count = 0;
    for (let row = 0; row < mask.length; row += 1) count += mask[row];
    const rows = new Uint32Array(count);
    for (let row = 0, place = 0; place < count; row += 1) {
      if (mask[row]) {
        rows[place] = row;
        place += 1;
      }
    }
    return rows;
  };

  /**
   * Return a mask, 1 for each picture inside.
   * @param {object} places of the layout.
   * @param {number[][]} polygon x and y of each corner, in units.
   */
  map.maskInside = (places, polygon) => {
    const { side, shift, bits, starts, order, positions } = places;
    const size = 1 << shift;
    const mask = new Uint8Array(places.count);
    const band = (y) => Math.min(Math.max(Math.floor(y / size), 0), side - 1);
    const ys = polygon.map(([, y]) => y);
    const last = band(Math.max(...ys));
    for (let row = band(Math.min(...ys)); row <= last; row += 1) {
      const [low, high] = [row * size, (row + 1) * size];
      const edges = edgesWithin(polygon, low, high);
      const crossed = crossedColumns(edges, low, high, size, side);
      for (let column = 0; column < side; column += 1) {
        const cell = (row << bits) + column;
        const end = starts[cell + 1];
        const isWhole = !crossed[column];
        if (starts[cell] === end || (isWhole && !isInside(edges, (column + 0.5) * size, low + size / 2))) continue;
        for (let i = starts[cell]; i < end; i += 1) {
          const one = order[i];
          if (isWhole || isInside(edges, positions[2 * one], positions[2 * one + 1])) mask[one] = 1;
        }
      }
    }
    return mask;
  };
})();
