(() => {
  "use strict";
  // The colors of pictures: by a label, by a distance, dimmed where another is looked at.
  //
  // Source: M. Okabe, K. Ito, "Color Universal Design", 2008, and three darker ones beside them,
  // told apart by people who see two primary colors only. Ten further values have the same colors,
  // paler. Color words have their own colors.

  const map = (globalThis.imgrecMap ??= {});
  const OTHER = 65_535;
  const WORDS = {
    black: "#1b1b1b", white: "#ffffff", gray: "#8d8d8d", beige: "#d9c7a3", brown: "#7c5230", red: "#d22f2f",
    orange: "#ef8421", yellow: "#eac71d", green: "#2f9e44", turquoise: "#24b5b0", blue: "#2b6fd4",
    purple: "#8148b5", pink: "#ee86b4",
  };
  // Alpha of points that are looked at, and of the others.
  const FULL = 255;
  const DIM = 36;
  const FAR = 70;
  // Of pictures whose distance is not known.
  const UNKNOWN = 255;
  // Colors of their own, and the share of the ground in the paler ones.
  const STRONG = 10;
  const PALE = 0.5;

  const hex = (text) => [1, 3, 5].map((at) => parseInt(text.slice(at, at + 2), 16));

  /** Read the colors of a theme from the style of an element. */
  map.themeOf = (element) => {
    const style = getComputedStyle(element);
    const color = (name) => hex(style.getPropertyValue(`--map-${name}`).trim());
    const strong = Array.from({ length: STRONG }, (_, i) => color(`color-${i + 1}`));
    return {
      ground: color("ground"), plain: color("plain"), other: color("other"), none: color("none"),
      accent: color("accent"), ring: color("ring"), near: color("near"), far: color("far"),
      palette: [...strong, ...strong.map((one) => mixed(one, color("ground"), PALE))],
    };
  };

  /** Return the color of a value of a label: [r, g, b]. */
  map.colorOfValue = (theme, { kind, values }, code) => {
    if (code === 0) return theme.none;
    const word = kind === "color" && WORDS[values[code - 1]];
    if (word) return hex(word);
    return code <= theme.palette.length ? theme.palette[code - 1] : theme.other;
  };

  /** Return [r, g, b] as CSS writes it. */
  map.css = ([r, g, b]) => `rgb(${r} ${g} ${b})`;

  const mixed = (one, other, share) => one.map((value, i) => value + (other[i] - value) * share);

  /**
   * Return which share of the pictures is nearer than each of the 255 distances, 0 for the nearest
   * to 1 for the farthest that there is.
   */
  map.ranksOf = (distances) => {
    const counts = new Uint32Array(UNKNOWN + 1);
    for (const distance of distances) counts[distance] += 1;
    let nearer = 0;
    const before = Array.from(counts.subarray(0, UNKNOWN), (count) => (nearer += count) - count);
    const last = counts.subarray(0, UNKNOWN).findLastIndex((count) => count > 0);
    const most = Math.max(before[last] ?? 0, 1);
    return before.map((count) => Math.min(count / most, 1));
  };

  /**
   * Return colors of the 256 distances, the near ones strong. They go by rank: most pictures are
   * nearly as far as each other, so that by distance all but a few would have one color.
   */
  function ramp({ near, far }, distances) {
    const colors = map.ranksOf(distances).map((share) => [
      ...mixed(near, far, Math.sqrt(share)), FULL - (FULL - FAR) * share,
    ]);
    return [...colors, [...far, DIM]];
  }

  /**
   * Return the colors of all pictures: r, g, b and alpha of each row.
   * @param {number} count of pictures.
   * @param {object} theme
   * @param {object} by `label` and `codes`, or `distances`; neither for one color.
   * @param {object} looked `code` that is looked at, or `mask` of the rows that are.
   */
  map.colorsOf = (count, theme, { label, codes, distances }, { code = null, mask = null }) => {
    const colors = new Uint8Array(4 * count);
    const words = new Uint32Array(colors.buffer);
    const packed = ([r, g, b], alpha) => new Uint32Array(new Uint8Array([r, g, b, alpha]).buffer)[0];
    const dims = (color) => packed(color, DIM);
    const plain = packed(theme.plain, FULL);
    if (distances) {
      const table = Uint32Array.from(ramp(theme, distances), ([r, g, b, alpha]) => packed([r, g, b], alpha));
      for (let row = 0; row < count; row += 1) words[row] = table[distances[row]];
    } else if (codes) {
      const table = new Uint32Array(OTHER + 1).fill(packed(theme.other, FULL));
      for (let value = 0; value <= label.values.length; value += 1) {
        table[value] = packed(map.colorOfValue(theme, label, value), FULL);
      }
      if (code !== null) {
        // A value without a color of its own gets one while it is looked at.
        const isPlain = code !== OTHER && map.colorOfValue(theme, label, code) === theme.other;
        const kept = isPlain ? packed(theme.accent, FULL) : table[code];
        table.fill(dims(theme.other));
        table[code] = kept;
      }
      for (let row = 0; row < count; row += 1) words[row] = table[codes[row]];
    } else words.fill(plain);
    if (mask) for (let row = 0; row < count; row += 1) if (!mask[row]) colors[4 * row + 3] = Math.min(colors[4 * row + 3], DIM);
    return colors;
  };

  map.DIM = DIM;
  map.OTHER = OTHER;
})();
