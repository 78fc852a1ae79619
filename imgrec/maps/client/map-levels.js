(() => {
  "use strict";
  // At which level a picture is first shown.
  //
  // Level z has 16 · 2^z cells a side; a cell shows its first picture by priority. So a picture
  // that is shown at a level is shown at all deeper ones: nothing pops while one zooms. The files
  // say the levels of the base layout, and these are the priorities in all others.

  const map = (globalThis.imgrecMap ??= {});
  const DEEPEST = 10;

  /** Of a picture that shares its cell with another at every level. */
  map.NEVER = 255;

  /** Return the level at which a layout that is not the base one ends, at the latest. */
  map.lastOf = (deepest) => Math.min(deepest + 2, DEEPEST);

  function byPriority(priorities) {
    const starts = new Uint32Array(257);
    for (const priority of priorities) starts[priority + 1] += 1;
    for (let i = 1; i < 257; i += 1) starts[i] += starts[i - 1];
    const rows = new Uint32Array(priorities.length);
    priorities.forEach((priority, row) => {
      rows[starts[priority]] = row;
      starts[priority] += 1;
    });
    return rows;
  }

  /**
   * Return the first level of each picture, NEVER for those that no level shows.
   * @param {Uint16Array} positions x and y of each picture.
   * @param {Uint8Array} priorities the least first; ties by row.
   * @param {number} deepest level.
   */
  map.levelsOf = (positions, priorities, deepest) => {
    const taken = Array.from({ length: deepest + 1 }, (_, level) => new Uint32Array((16 << level) ** 2 / 32));
    const levels = new Uint8Array(priorities.length).fill(map.NEVER);
    for (const row of byPriority(priorities)) {
      const [x, y] = [positions[2 * row], positions[2 * row + 1]];
      for (let level = 0; level <= deepest; level += 1) {
        const shift = 12 - level;
        const cell = ((y >> shift) << (4 + level)) + (x >> shift);
        if (taken[level][cell >> 5] & (1 << (cell & 31))) continue;
        levels[row] = level;
        // It is the first of its cells below, too: who is there has a cell above with another first.
        for (let below = level; below <= deepest; below += 1) {
          const deeper = ((y >> (12 - below)) << (4 + below)) + (x >> (12 - below));
          taken[below][deeper >> 5] |= 1 << (deeper & 31);
        }
        break;
      }
    }
    return levels;
  };

  /** Return the deepest level at which a picture is first shown: there is nothing new below. */
  map.deepestOf = (levels) => levels.reduce((most, level) => (level < map.NEVER ? Math.max(most, level) : most), 0);
})();
