(() => {
  "use strict";
  // Where pictures are in one layout: rows sorted by grid cell, in a cell by first level. Finds
  // those in a rectangle, those a level shows there, and the nearest to a point.

  const map = (globalThis.imgrecMap ??= {});
  const LEVELS = 16;
  // Pictures of a cell, about.
  const EACH = 64;

  /** Return the cells of the first level that a rectangle touches: each shows a whole picture. */
  function roundedOut({ left, top, right, bottom }) {
    const cell = map.cellUnits(0);
    const [low, high] = [(value) => Math.floor(value / cell) * cell, (value) => Math.ceil(value / cell) * cell];
    return { left: low(left), top: low(top), right: high(right), bottom: high(bottom) };
  }

  map.Places = class {
    /**
     * @param {string} name of the layout.
     * @param {Uint16Array} positions x and y of each picture.
     * @param {Uint8Array} levels at which each is first shown.
     * @param {number} deepest level.
     */
    constructor(name, positions, levels, deepest) {
      Object.assign(this, { name, positions, levels, deepest });
      this.count = levels.length;
      const bits = Math.round(Math.log2(Math.max(this.count / EACH, 16)) / 2);
      this.bits = Math.min(Math.max(bits, 2), 9);
      this.side = 1 << this.bits;
      this.shift = map.UNITS_BITS - this.bits;
      this.#sort();
      this.box = name === map.GRID ? roundedOut(this.#bounds()) : this.#bounds();
    }

    #sort() {
      const { positions, levels, count, side, bits, shift } = this;
      const keys = new Uint32Array(count);
      const starts = new Uint32Array(side * side * LEVELS + 1);
      for (let row = 0; row < count; row += 1) {
        const cell = ((positions[2 * row + 1] >> shift) << bits) + (positions[2 * row] >> shift);
        keys[row] = cell * LEVELS + Math.min(levels[row], LEVELS - 1);
        starts[keys[row] + 1] += 1;
      }
      for (let i = 1; i < starts.length; i += 1) starts[i] += starts[i - 1];
      this.starts = new Uint32Array(side * side + 1);
      for (let cell = 0; cell <= side * side; cell += 1) this.starts[cell] = starts[cell * LEVELS];
      this.order = new Uint32Array(count);
      for (let row = 0; row < count; row += 1) {
        this.order[starts[keys[row]]] = row;
        starts[keys[row]] += 1;
      }
    }

    #bounds() {
      let [left, top, right, bottom] = [map.UNITS, map.UNITS, 0, 0];
      const { positions } = this;
      for (let i = 0; i < positions.length; i += 2) {
        const [x, y] = [positions[i], positions[i + 1]];
        if (x < left) left = x;
        if (x > right) right = x;
        if (y < top) top = y;
        if (y > bottom) bottom = y;
      }
      return { left, top, right: Math.max(right, left + 1), bottom: Math.max(bottom, top + 1) };
    }

    /** Return the columns and rows of grid cells that a rectangle touches. */
    #cells({ left, top, right, bottom }) {
      const cell = (value) => Math.min(Math.max(Math.floor(value) >> this.shift, 0), this.side - 1);
      return [cell(left), cell(top), cell(right), cell(bottom)];
    }

    /** Return [first, count] pairs in `order` that hold all pictures of a rectangle, and some more. */
    ranges(box) {
      const [left, top, right, bottom] = this.#cells(box);
      const found = [];
      for (let y = top; y <= bottom; y += 1) {
        const first = this.starts[(y << this.bits) + left];
        const end = this.starts[(y << this.bits) + right + 1];
        const last = found.at(-1);
        if (last && last[0] + last[1] === first) last[1] += end - first;
        else if (end > first) found.push([first, end - first]);
      }
      return found;
    }

    /** Call a function with each row in a rectangle that a level shows. */
    shown(box, level, visit) {
      const [left, top, right, bottom] = this.#cells(box);
      const { positions, levels, starts, order } = this;
      for (let y = top; y <= bottom; y += 1) {
        for (let x = left; x <= right; x += 1) {
          const cell = (y << this.bits) + x;
          for (let i = starts[cell]; i < starts[cell + 1]; i += 1) {
            const row = order[i];
            if (levels[row] > level) break;
            const [px, py] = [positions[2 * row], positions[2 * row + 1]];
            if (px >= box.left && px <= box.right && py >= box.top && py <= box.bottom) visit(row);
          }
        }
      }
    }

    /** Return the nearest row to a point, -1 if none is within a distance. */
    nearest(x, y, within) {
      const box = { left: x - within, top: y - within, right: x + within, bottom: y + within };
      let [best, least] = [-1, within * within];
      this.shown(box, map.NEVER, (row) => {
        const dx = this.positions[2 * row] - x;
        const dy = this.positions[2 * row + 1] - y;
        const distance = dx * dx + dy * dy;
        if (distance < least || (distance === least && row < best)) [best, least] = [row, distance];
      });
      return best;
    }
  };
})();
