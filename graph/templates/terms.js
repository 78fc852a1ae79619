"use strict";
// The terms of a query of the search box: words, and labels such as `color:red`. Words are folded
// and cut by the same rules as in graph/words.py, keys of labels are those of
// graph/name_search/labels.py; both sides must agree.

window.imgrecTerms = (() => {
  const MAX_LENGTH = 24;
  const MARKS = /[\u0300-\u036f\ufe00-\ufe0f]/gu;
  const LETTERS = {
    ß: "ss", ς: "σ", ı: "i", ø: "o", đ: "d", ð: "d", ł: "l", ħ: "h", ŧ: "t", æ: "ae", œ: "oe", þ: "th",
  };
  const LETTER = new RegExp(`[${Object.keys(LETTERS).join("")}]`, "gu");
  const ONE = "[\\p{L}\\p{M}\\p{N}]";
  const UNSPACED = `(?:(?=[\\u0e00-\\u0eff\\u1000-\\u109f\\u1780-\\u17ff\\u3005-\\u3007\\u3040-\\u30ff\\u31f0-\\u31ff`
    + `\\u3400-\\u4dbf\\u4e00-\\u9fff\\u{20000}-\\u{3ffff}])${ONE})+`;
  const WORD = new RegExp(`(${UNSPACED})|\\p{So}|(?:(?!${UNSPACED})${ONE})+`, "gu");
  const LABELED = /([^\s:="]+)[:=](?:"([^"]*)"|([^\s"]+))/gu;
  const DATE = /^\d{4}(-\d\d){0,2}$/;
  // Letters by which a kind of label may be misspelled.
  const MOST_WRONG = 2;
  // Length of the value in the key of a label.
  const MAX_VALUE = 60;

  function fold(text) {
    return text.normalize("NFKD").replace(MARKS, "").toLowerCase().replace(LETTER, (letter) => LETTERS[letter]);
  }

  /** Return the distinct words of a query, folded. */
  function wordsOf(query) {
    const found = new Set();
    for (const [word, unspaced] of fold(query).matchAll(WORD)) {
      const letters = [...word];
      if (!unspaced) {
        found.add(letters.slice(0, MAX_LENGTH).join(""));
      } else if (letters.length === 1) {
        found.add(word);
      } else {
        letters.slice(1).forEach((letter, i) => found.add(letters[i] + letter));
      }
    }
    return [...found];
  }

  /**
   * Return the terms of a query: each has words, labels, or both as alternatives.
   *
   * `color:red`, `class:"golden retriever"` and `color red` name a kind of label; so does a date or year.
   * A label is exact if it is in quotes or a number: 1 is not 12.
   */
  function termsOf(text, kinds) {
    const found = [];
    const label = (kind, value, isExact) => ({
      key: `:${kind}:${[...fold(value)].slice(0, MAX_VALUE).join("")}`,
      isExact: isExact || /^[\d.]+$/.test(value),
    });
    const rest = text.replace(LABELED, (all, kind, quoted, bare) => {
      if (!kinds.includes(fold(kind)) || !(quoted ?? bare)) return all;
      found.push({ words: [], label: label(fold(kind), quoted ?? bare, quoted !== undefined) });
      return " ";
    });
    const typed = rest.split(/\s+/).filter(Boolean);
    for (let i = 0; i < typed.length; i += 1) {
      const [word, next] = typed.slice(i, i + 2);
      if (next && kinds.includes(fold(word)) && wordsOf(next).length) {
        found.push({ words: [...wordsOf(word), ...wordsOf(next)], label: label(fold(word), next, false) });
        i += 1;
      } else if (DATE.test(word)) {
        found.push({ words: wordsOf(word), label: label("taken", word, true) });
      } else {
        found.push(...wordsOf(word).map((one) => ({ words: [one] })));
      }
    }
    return found;
  }

  /** Return true if a term asks for a label. */
  function isAsked([kind, value], { words, label }) {
    const key = `:${fold(kind)}:${fold(value)}`;
    if (label && (label.isExact && kind !== "taken" ? key === label.key : key.startsWith(label.key))) return true;
    const own = wordsOf(value);
    return !label && words.some((word) => own.some((one) => one.startsWith(word)));
  }

  /** Return the edit distance of two short words: letters to insert, remove or replace. */
  function distance(one, other) {
    let row = Array.from({ length: other.length + 1 }, (_, i) => i);
    for (let i = 1; i <= one.length; i += 1) {
      const next = [i];
      for (let j = 1; j <= other.length; j += 1) {
        next.push(Math.min(next[j - 1] + 1, row[j] + 1, row[j - 1] + (one[i - 1] === other[j - 1] ? 0 : 1)));
      }
      row = next;
    }
    return row.at(-1);
  }

  /** Return what to try instead of a query that finds nothing. */
  function advice(text, kinds) {
    for (const [, kind, quoted, bare] of text.matchAll(LABELED)) {
      if (kinds.includes(fold(kind))) continue;
      const far = (one) => distance(fold(kind).slice(0, MAX_LENGTH), one);
      const near = kinds.filter((one) => far(one) <= MOST_WRONG).sort((a, b) => far(a) - far(b))[0];
      const value = quoted === undefined ? bare : `"${quoted}"`;
      if (near) return `There is no label ${kind}: try ${near}:${value}`;
      return `There is no label ${kind}: labels are ${kinds.join(", ")}`;
    }
    const terms = termsOf(text, kinds);
    if (terms.length > 1) return "A picture must match every word: try fewer words";
    return terms[0]?.label ? "Try the beginning of the value, or the word alone" : "Try the beginning of the word, or another one";
  }

  return { advice, fold, isAsked, termsOf, wordsOf };
})();
