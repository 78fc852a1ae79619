"use strict";
// The index of names: which of its files a search needs, and what they say. graph/search_index.py
// tells their format, graph/words.py the same rules of words.

window.imgrecSearch = (() => {
  const MAX_LENGTH = 24;
  const MOST = { groups: 5, pictures: 30 };
  // how well a document has a word; the sum over the words is how well it has all
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

  const files = new Map(); // name to a promise of its data
  const waiting = new Map();

  function fold(text) {
    return text.normalize("NFKD").replace(MARKS, "").toLowerCase().replace(LETTER, (letter) => LETTERS[letter]);
  }

  /** The words of what is typed, each once. */
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
          if (waiting.has(name)) fail(); // it registered nothing
        };
        document.head.append(script);
      }));
    }
    return files.get(name);
  }

  /** What the files of the index call. */
  function register(name, data) {
    waiting.get(name)?.(data);
    waiting.delete(name);
  }

  /** The last place whose value is not above; -1 where all are. */
  function lastUpTo(values, value) {
    let [low, high] = [0, values.length];
    while (low < high) {
      const middle = (low + high) >> 1;
      if (values[middle] <= value) low = middle + 1;
      else high = middle;
    }
    return low - 1;
  }

  /** Give a class to the documents of a list. */
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

  /** The class of each document, 0 where neither its name nor its folder has the word. */
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

  /** Of the documents from `start` to before `end` that have all words, the best, and how many they are. */
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

  async function described(document, index) {
    const file = lastUpTo(index.starts, document);
    const { folders, pages, rows } = await load(`documents-${file}`);
    const [id, name, folder, at, ...rest] = rows[document - index.starts[file]];
    const [title, sheet] = [pages[at][1], pages[rest[4] ?? at][0]];
    const cell = rest.length ? rest.slice(0, 4) : null;
    return { id, name, folder: folders[folder], page: pages[at][0], title, sheet, cell };
  }

  async function loadIndex() {
    const index = await load("index");
    if (!index.starts) {
      index.total = 0;
      index.starts = index.documents.map((count) => (index.total += count) - count);
    }
    return index;
  }

  /** The communities and pictures that have all words, the best first, each kind with its count. */
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
