// Filters of the state: texts "kind=value", any of the values of a kind, and that for every kind.

/** @typedef {{kind: string, value: string}} Wanted */

/**
 * Return the kind and the value of a filter.
 * @param {string} filter
 * @returns {Wanted}
 */
export function parse(filter) {
  const at = filter.indexOf("=");
  return { kind: filter.slice(0, at), value: filter.slice(at + 1) };
}

/** Return the values of a kind. */
export const valuesOf = (where, kind) =>
  where.map(parse).filter((one) => one.kind === kind).map(({ value }) => value);

/** Return the filters with one more, or without it where it is there. */
export function toggled(where, filter) {
  return where.includes(filter) ? where.filter((one) => one !== filter) : [...where, filter];
}

/** Return the filters with these values of a kind in the place of what there is. */
export const replaced = (where, kind, values) =>
  [...where.filter((one) => parse(one).kind !== kind), ...values.map((value) => `${kind}=${value}`)];

const WORDS = new Map([
  ["taken", "Date"],
  ["under", "Folder and below"],
  ["class", "Class"],
  ["community", "Community"],
  ["duplicates", "Group of copies"],
  ["similar", "Group of similar pictures"],
  ["bundle", "Bundle"],
]);

/** Return what a person reads for a kind. */
export const kindText = (kind) => WORDS.get(kind) ?? kind.charAt(0).toUpperCase() + kind.slice(1);

/** Return a span of dates for a person: "2019", "Jul 2019 – Aug 2019". */
export function datesText(value) {
  const [from, to] = value.includes("..") ? value.split("..") : [value, value];
  const one = (date) => {
    const [year, month, day] = date.split("-").map(Number);
    if (!month) return date;
    const options = { year: "numeric", month: "short", ...(day ? { day: "numeric" } : {}), timeZone: "UTC" };
    return new Date(Date.UTC(year, month - 1, day || 1)).toLocaleDateString("en-US", options);
  };
  if (from === to) return one(from);
  return `${from ? one(from) : "…"} – ${to ? one(to) : "…"}`;
}

/** Return what a person reads for a value of a kind. */
export const valueText = (kind, value, name = "") =>
  name || (kind === "taken" && /^[\d.-]+$/.test(value) ? datesText(value) : value);
