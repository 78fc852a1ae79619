(() => {
  "use strict";
  // Finds pictures by words: each word must be part of the path or of a label.

  const map = (globalThis.imgrecMap ??= {});
  const LABELS = 8;

  /** Return the values of labels that have all words, most frequent first: `at`, `code`, `count`. */
  map.findLabels = (facts, text) => {
    const words = map.wordsOf(text);
    if (!words.length) return [];
    const found = facts.labels.flatMap(({ kind, title, values, counts }, at) => values
      .map((value, place) => ({ at, kind, title, value, code: place + 1, count: counts[place] }))
      .filter(({ value }) => {
        const folded = map.folded(value);
        return words.every((word) => folded.includes(word));
      }));
    return found.sort((one, other) => other.count - one.count).slice(0, LABELS);
  };

  /** Return, for each kind of label, which codes have a word: 1 or 0. */
  function codesWith(facts, word) {
    return facts.labels.map(({ values }) => {
      const has = new Uint8Array(map.OTHER + 1);
      values.forEach((value, place) => {
        if (map.folded(value).includes(word)) has[place + 1] = 1;
      });
      return has;
    });
  }

  /**
   * Return a promise of the rows found, ascending; null if it was stopped.
   * @param {object} pictures
   * @param {string} text
   * @param {(rows: number[], share: number) => boolean} progress called after each file; false stops.
   */
  map.findPictures = async (pictures, text, progress) => {
    const { facts } = pictures;
    const words = map.wordsOf(text);
    if (!words.length) return [];
    const tables = words.map((word) => codesWith(facts, word));
    const codes = await Promise.all(facts.labels.map((_, kind) => pictures.codes(kind)));
    const rows = [];
    for (let number = 0; number < pictures.detailsFiles; number += 1) {
      const { paths } = await pictures.detailsFile(number);
      const start = number * facts.per_details;
      paths.forEach((path, place) => {
        const folded = map.folded(String(path));
        const row = start + place;
        const isFound = words.every((word, i) => folded.includes(word)
          || codes.some((of, kind) => tables[i][kind][of[row]]));
        if (isFound) rows.push(row);
      });
      if (!progress(rows, (number + 1) / pictures.detailsFiles)) return null;
    }
    return rows;
  };

  /** Return a promise of the rows that have a value of a label. */
  map.rowsOfValue = async (pictures, at, code) => {
    const codes = await pictures.codes(at);
    const rows = [];
    for (let row = 0; row < codes.length; row += 1) if (codes[row] === code) rows.push(row);
    return rows;
  };
})();
