// Files that the page gives to the person: tables, lists, pictures.

// What a spreadsheet takes for a formula, and the mark that prevents it, as in the other tables of
// imgrec (`imgrec.system.csv_cells`).
const QUOTED = /^[=+\-@']/;
const COLUMNS = ["rank", "id", "path", "file", "distance", "similarity"];
const LABELS = ["folder", "class", "confidence", "color", "community", "cluster", "collection"];

/** Return one character as Python escapes it. */
function escaped(letter) {
  const known = { "\\": "\\\\", "\n": "\\n", "\r": "\\r", "\t": "\\t" }[letter];
  if (known) return known;
  if (letter === " " || !/[\p{C}\p{Z}]/u.test(letter)) return letter;
  const code = letter.codePointAt(0);
  const [mark, digits] = code < 0x100 ? ["x", 2] : code < 0x10000 ? ["u", 4] : ["U", 8];
  return `\\${mark}${code.toString(16).padStart(digits, "0")}`;
}

/**
 * Return a name escaped for a cell: no formula, no unprintable character, reversible.
 * @param {string} name
 */
export function cell(name) {
  const text = [...name].map(escaped).join("");
  return QUOTED.test(text) ? `'${text}` : text;
}

const quoted = (text) => (/[",\n\r]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text);
const number = (value) => (value === null || value === undefined ? "" : String(value));

/**
 * Return pictures as CSV: a header, then one row each.
 * @param {import("./results.js").Hit[]} hits
 */
export function csvText(hits) {
  const rows = hits.map((hit) => [
    number(hit.rank), number(hit.id), cell(hit.path ?? ""), cell(hit.file ?? ""),
    number(hit.distance), number(hit.similarity),
    ...LABELS.map((kind) => cell(hit.labels?.[kind] ?? "")), cell(String(hit.metadata?.taken ?? "")),
  ]);
  const lines = [[...COLUMNS, ...LABELS, "taken"], ...rows].map((row) => row.map(quoted).join(","));
  return `${lines.join("\n")}\n`;
}

/** Return pictures as JSON, as they came. */
export const jsonText = (hits) => `${JSON.stringify(hits, null, 1)}\n`;

/**
 * Return the bytes of a list of absolute paths, one a line, as they are on the disk: a byte that is
 * no UTF-8 came as a lone surrogate. Paths with a line break cannot stand in it.
 * @param {{file?: string}[]} hits
 * @returns {{parts: BlobPart[], left: number}} and how many were left out.
 */
export function pathList(hits) {
  const fit = hits.filter(({ file }) => file && !/[\n\r]/.test(file));
  const parts = fit.flatMap(({ file }) => [...file.split(/([\udc80-\udcff])/u).map((part) =>
    (/^[\udc80-\udcff]$/u.test(part) ? new Uint8Array([part.charCodeAt(0) - 0xdc00]) : part)), "\n"]);
  return { parts, left: hits.length - fit.length };
}

/** Give a file to the person, under a name. */
export function download(name, parts, type) {
  const link = document.createElement("a");
  link.href = URL.createObjectURL(new Blob(parts, { type }));
  link.download = name;
  link.click();
  // The download has begun by then.
  setTimeout(() => URL.revokeObjectURL(link.href), 60_000);
}

/** Download pictures as "csv", "json" or "paths". Returns how many could not be listed. */
export function saveList(hits, form, name) {
  if (form === "csv") download(`${name}.csv`, [csvText(hits)], "text/csv");
  else if (form === "json") download(`${name}.json`, [jsonText(hits)], "application/json");
  else {
    const { parts, left } = pathList(hits);
    download(`${name}.txt`, parts, "text/plain");
    return left;
  }
  return 0;
}
