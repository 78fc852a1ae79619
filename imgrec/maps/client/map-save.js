(() => {
  "use strict";
  // Saves a selection: a table, a list of paths, or the list in the clipboard.

  const map = (globalThis.imgrecMap ??= {});

  // What a spreadsheet takes for a formula, and the mark that prevents it, as in the other tables of
  // imgrec (`imgrec.system.csv_cells`).
  const FORMULA = /^[=+\-@']/;

  /** Return one character as Python escapes it. */
  function escaped(letter) {
    const known = { "\\": "\\\\", "\n": "\\n", "\r": "\\r", "\t": "\\t" }[letter];
    if (known) return known;
    if (letter === " " || !/[\p{C}\p{Z}]/u.test(letter)) return letter;
    const code = letter.codePointAt(0);
    const [mark, digits] = code < 0x100 ? ["x", 2] : code < 0x10000 ? ["u", 4] : ["U", 8];
    return `\\${mark}${code.toString(16).padStart(digits, "0")}`;
  }

  /** Return a text escaped for a cell: no formula, no unprintable character, reversible. */
  function told(text) {
    const found = Array.from(text, escaped).join("");
    return FORMULA.test(found) ? `'${found}` : found;
  }

  /** Return a value as CSV writes it (RFC 4180). */
  const cell = (value) => (/[",\r\n]/.test(value) ? `"${String(value).replaceAll('"', '""')}"` : String(value));

  function download(name, text, type) {
    const url = URL.createObjectURL(new Blob([text], { type }));
    map.make("a", { href: url, download: name }).click();
    // Not at once: the browser reads it later.
    setTimeout(() => URL.revokeObjectURL(url), 60_000);
  }

  /** Return a promise of the details of rows, file after file. */
  async function detailsOf(pictures, rows) {
    const found = [];
    for (const row of rows) found.push(await pictures.details(row));
    return found;
  }

  /** Return a promise of the table of rows: id, path, date, sides, and each kind of label. */
  map.tableOf = async (pictures, rows) => {
    const { labels } = pictures.facts;
    const codes = await Promise.all(labels.map((_, kind) => pictures.codes(kind)));
    const details = await detailsOf(pictures, rows);
    const head = ["id", "path", "taken", "width", "height", ...labels.map(({ kind }) => kind)];
    const lines = details.map(({ path, taken, width, height }, i) => {
      const values = labels.map(({ values: all }, kind) => told(all[codes[kind][rows[i]] - 1] ?? ""));
      return [pictures.ids[rows[i]], told(path), told(taken), width, height, ...values];
    });
    return [head, ...lines].map((line) => `${line.map(cell).join(",")}\r\n`).join("");
  };

  /** Return the absolute path of a file on this machine, null where the page does not know it. */
  function absolute(file) {
    if (!file) return null;
    const url = new URL(file, document.baseURI);
    if (url.protocol !== "file:") return null;
    try {
      return decodeURIComponent(url.pathname);
    } catch {
      // A name that is no text stays as the address has it.
      return url.pathname;
    }
  }

  /** Return a promise of the paths of rows, and how many cannot stand on a line of their own. */
  map.pathsOf = async (pictures, rows) => {
    const details = await detailsOf(pictures, rows);
    const paths = details.map((detail, i) => absolute(pictures.links(rows[i], detail).picture) ?? detail.path);
    const whole = paths.filter((path) => !/[\r\n]/.test(path));
    return { text: whole.map((path) => `${path}\n`).join(""), count: whole.length, left: paths.length - whole.length };
  };

  map.saveTable = async (pictures, rows) => download("pictures.csv", await map.tableOf(pictures, rows), "text/csv");

  map.savePaths = async (pictures, rows) => {
    const paths = await map.pathsOf(pictures, rows);
    download("pictures.txt", paths.text, "text/plain");
    return paths;
  };

  map.copyPaths = async (pictures, rows) => {
    const paths = await map.pathsOf(pictures, rows);
    await navigator.clipboard.writeText(paths.text);
    return paths;
  };
})();
