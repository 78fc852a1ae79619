"use strict";
// Client of the search index: loads the files that a query needs and ranks the documents.
// graph/name_search/index.py writes the files and documents their format. Words are tokenized and
// folded by the same rules as in graph/words.py; both sides must agree.

window.imgrecSearch = (() => {
  const MAX_LENGTH = 24;
  const MOST = { groups: 5, pictures: 30 };
  // Score of a match by kind; the score of a document is the sum over all words of the query.
  const CLASSES = { begunFolder: 1, begunName: 2, wholeFolder: 3, wholeName: 4 };
  const MARKS = /[\u0300-\u036f\ufe00-\ufe0f]/gu;
  const LETTERS = {
    ß: "ss", ς: "σ", ı: "i", ø: "o", đ: "d", ð: "d", ł: "l", ħ: "h", ŧ: "t", æ: "ae", œ: "oe", þ: "th",
  };
  const LETTER = new RegExp(`[${Object.keys(LETTERS).join("")}]`, "gu");
  const ONE = "[\\p{L}\\p{M}\\p{N}]";
  const UNSPACED = `(?:(?=[\\u0e00-\\u0eff\\u1000-\\u109f\\u1780-\\u17ff\\u3005-\\u3007\\u3040-\\u30ff\\u31f0-\\u31ff`
    + `\\u3400-\\u4dbf\\u4e00-\\u9fff\\u{20000}-\\u{3ffff}])${ONE})+`;
  const WORD = new RegExp(`(${UNSPACED})|\\p{So}|(?:(?!${UNSPACED})${ONE})+`, "gu");
  const ALPHABET = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";
  const VALUES = new Uint8Array(128);
  for (let value = 0; value < 64; value += 1) VALUES[ALPHABET.charCodeAt(value)] = value;

  // Promise of the data of each file, by name.
  const files = new Map();
  // Resolver of each file that is being loaded, by name.
  const waiting = new Map();

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

  /** Return a promise of the data of an index file; a failed file is tried again next time. */
  function load(name) {
    if (!files.has(name)) {
      files.set(name, new Promise((resolve, reject) => {
        const script = document.createElement("script");
        const fail = () => {
          files.delete(name);
          reject(new Error(`search/${name}.js cannot be read`));
        };
        waiting.set(name, resolve);
        script.src = `${page.root}search/${name}.js`;
        script.onerror = fail;
        script.onload = () => {
          script.remove();
          // The script was loaded, but registered nothing: it is damaged.
          if (waiting.has(name)) fail();
        };
        document.head.append(script);
      }));
    }
    return files.get(name);
  }

  /** Receive the data of an index file; called by the file itself. */
  function register(name, data) {
    waiting.get(name)?.(data);
    waiting.delete(name);
  }

  /** Return the last index whose value is at most `value`, -1 for none (binary search). */
  function lastUpTo(values, value) {
    let [low, high] = [0, values.length];
    while (low < high) {
      const middle = (low + high) >> 1;
      if (values[middle] <= value) low = middle + 1;
      else high = middle;
    }
    return low - 1;
  }

  /** Decode a posting list and set the class of its documents. */
  function mark(classes, list, value) {
    if (list[0] === ".") {
      for (let i = 1; i < list.length; i += 1) {
        const bits = VALUES[list.charCodeAt(i)];
        for (let bit = 0; bit < 6; bit += 1) {
          if (bits & (32 >> bit)) classes[6 * (i - 1) + bit] = value;
        }
      }
      return;
    }
    let place = 0;
    const number = () => {
      let [sum, unit] = [0, 1];
      for (;;) {
        const letter = VALUES[list.charCodeAt(place)];
        place += 1;
        sum += (letter % 32) * unit;
        unit *= 32;
        if (letter < 32) return sum;
      }
    };
    let end = 0;
    while (place < list.length) {
      const step = number();
      const start = end + (step >> 1);
      end = start + (step % 2 ? number() + 2 : 1);
      classes.fill(value, start, end);
    }
  }

  /** Return the class of each document for a word or prefix, 0 for no match. */
  async function classesOf(word, index) {
    const classes = new Uint8Array(index.total);
    const first = Math.max(0, lastUpTo(index.words, word));
    const entries = index.words.length ? await load(`words-${first}`) : [];
    const own = entries.find((entry) => entry[0] === word);
    const begun = own?.length === 5 ? [["", own[3], own[4]]] : entries.filter((entry) => entry[0].startsWith(word));
    if (own?.length !== 5) {
      for (let next = first + 1; index.words[next]?.startsWith(word); next += 1) {
        begun.push(...(await load(`words-${next}`)).filter((entry) => entry[0].startsWith(word)));
      }
    }
    for (const entry of begun) mark(classes, entry[2], CLASSES.begunFolder);
    for (const entry of begun) mark(classes, entry[1], CLASSES.begunName);
    if (own) mark(classes, own[2], CLASSES.wholeFolder);
    if (own) mark(classes, own[1], CLASSES.wholeName);
    return classes;
  }

  /** Return the count and the best `most` of the documents in [start, end) that match all words. */
  function best(ofWords, start, end, most) {
    const ranked = Array.from({ length: CLASSES.wholeName * ofWords.length + 1 }, () => []);
    let count = 0;
    for (let document = start; document < end; document += 1) {
      let sum = 0;
      for (const classes of ofWords) {
        if (!classes[document]) {
          sum = 0;
          break;
        }
        sum += classes[document];
      }
      if (!sum) continue;
      count += 1;
      if (ranked[sum].length < most) ranked[sum].push(document);
    }
    return { count, best: ranked.reverse().flat().slice(0, most) };
  }

  /** Return what a result shows, by the number of its document. */
  async function described(document, index) {
    const file = lastUpTo(index.starts, document);
    const { folders, classes, pages, rows } = await load(`documents-${file}`);
    const [id, name, folder, at, ...rest] = rows[document - index.starts[file]];
    const cell = rest.length ? rest.slice(0, 4) : null;
    // After the cell: of a community the page of its sheet, of a picture its class.
    const [sheet, category] = id === null ? [rest[4] ?? at, undefined] : [at, rest[4]];
    return {
      id, name, cell, folder: folders[folder], category: classes[category] ?? "",
      page: pages[at][0], title: pages[at][1], sheet: pages[sheet][0],
    };
  }

  async function loadIndex() {
    const index = await load("index");
    if (!index.starts) {
      index.total = 0;
      index.starts = index.documents.map((count) => (index.total += count) - count);
    }
    return index;
  }

  /** Return the communities and pictures that match all words, each with count and best rows. */
  async function find(words) {
    const index = await loadIndex();
    const ofWords = await Promise.all(words.map((word) => classesOf(word, index)));
    const parts = [[0, index.groups, MOST.groups], [index.groups, index.total, MOST.pictures]];
    const [groups, pictures] = await Promise.all(parts.map(async (part) => {
      const found = best(ofWords, ...part);
      return { count: found.count, rows: await Promise.all(found.best.map((row) => described(row, index))) };
    }));
    return { groups, pictures };
  }

  return { find, fold, loadIndex, register, wordsOf };
})();
