"use strict";
// Singular and plural of English nouns, for the search: "dresses" finds "dress", "berry" finds
// "berries". A form that is no word finds nothing, so the rules may be too generous.

window.imgrecNouns = (() => {
  const PLURALS = {
    man: "men", woman: "women", child: "children", person: "people", foot: "feet", tooth: "teeth",
    goose: "geese", mouse: "mice", knife: "knives", leaf: "leaves", wolf: "wolves", shelf: "shelves",
    scarf: "scarves", loaf: "loaves", half: "halves",
  };
  const SINGULARS = Object.fromEntries(Object.entries(PLURALS).map(([one, many]) => [many, one]));

  /** Return the singulars that a word may be the plural of. */
  function singularsOf(word) {
    if (Object.hasOwn(SINGULARS, word)) return [SINGULARS[word]];
    if (/[^aeiou]ies$/.test(word)) return [`${word.slice(0, -3)}y`];
    if (/(s|x|z|ch|sh)es$/.test(word)) return [word.slice(0, -2), word.slice(0, -1)];
    return /[^sui]s$/.test(word) ? [word.slice(0, -1)] : [];
  }

  /** Return the plurals of a word that do not begin with it. */
  function pluralsOf(word) {
    if (Object.hasOwn(PLURALS, word)) return [PLURALS[word]];
    return /[^aeiou]y$/.test(word) ? [`${word.slice(0, -1)}ies`] : [];
  }

  /** Return other forms of a word of at least three letters. */
  function formsOf(word) {
    if (!/^[a-z]{3,}$/.test(word)) return [];
    return [...singularsOf(word), ...pluralsOf(word)];
  }

  return { formsOf };
})();
