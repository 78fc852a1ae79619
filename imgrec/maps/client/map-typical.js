(() => {
  "use strict";
  // The most typical pictures of a selection: those that most others of it have among their
  // nearest. Not those near the middle of their positions: in a map of two groups nobody is there.

  const map = (globalThis.imgrecMap ??= {});
  // Of a larger selection neighbors are not read: its first pictures by level stand for it.
  const MOST_FILES = 40;

  /** Return how often each picture is among the nearest of another one of the selection. */
  async function votes(pictures, { mask, rows }) {
    const per = pictures.facts.per_details;
    const files = [...new Set(rows.map((row) => Math.floor(row / per)))];
    if (files.length > MOST_FILES) return null;
    const counts = new Uint32Array(pictures.count);
    await map.fewAtOnce(files.map((file) => async () => {
      const { rows: near, each } = await pictures.nearFile(file);
      for (let i = 0; i < near.length; i += 1) {
        const row = file * per + Math.floor(i / each);
        if (mask[row] && near[i] < pictures.count && mask[near[i]]) counts[near[i]] += 1;
      }
    }), 3);
    return counts;
  }

  /** Return the first rows of an order that are not near one another. */
  async function apart(pictures, order, most) {
    const taken = [];
    const near = new Set();
    for (const row of order.slice(0, 20 * most)) {
      if (taken.length === most) break;
      if (near.has(row)) continue;
      taken.push(row);
      for (const one of await pictures.near(row)) near.add(one.row);
    }
    return taken;
  }

  /**
   * Return a promise of the most typical pictures of a selection: `rows`, and `how` they were found.
   * @param {object} pictures
   * @param {{mask: Uint8Array, rows: Uint32Array}} selection
   * @param {number} most
   */
  map.typical = async (pictures, selection, most) => {
    const counts = await votes(pictures, selection);
    const order = [...selection.rows];
    if (!counts) {
      order.sort((one, other) => pictures.levels[one] - pictures.levels[other] || one - other);
      return { rows: order.slice(0, most), how: "those that the map shows first" };
    }
    order.sort((one, other) => counts[other] - counts[one] || one - other);
    return {
      rows: await apart(pictures, order, most),
      how: "most others selected have these among their nearest",
    };
  };
})();
