"use strict";
// Client of the search index: loads the files that a query needs and ranks the documents.
// graph/name_search/index.py writes the files and documents their format.

window.imgrecSearch = (() => {
  const { formsOf } = window.imgrecNouns;
  const { isAsked, termsOf } = window.imgrecTerms;
  const MOST = { groups: 5, pictures: 30 };
  // Score of a match by kind; the score of a document is the sum over all terms of the query.
  const CLASSES = { partFolder: 1, partName: 2, begunFolder: 3, begunName: 4, wholeFolder: 5, wholeName: 6 };
  // Letters of a part of a word, at least, and words that it is looked for in, at most.
  const PART = { least: 3, words: 40 };
  const ALPHABET = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";
  const VALUES = new Uint8Array(128);
  for (let value = 0; value < 64; value += 1) VALUES[ALPHABET.charCodeAt(value)] = value;

  // Promise of the data of each file, by name.
  const files = new Map();
  // Resolver of each file that is being loaded, by name.
  const waiting = new Map();

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

  /** Return the entry of a word, and the entries that begin with it (or their combined one). */
  async function entriesOf(word, index) {
    const first = Math.max(0, lastUpTo(index.words, word));
    const entries = index.words.length ? await load(`words-${first}`) : [];
    const own = entries.find((entry) => entry[0] === word);
    if (own?.length === 5) return { own, begun: [["", own[3], own[4]]] };
    const begun = entries.filter((entry) => entry[0].startsWith(word));
    for (let next = first + 1; index.words[next]?.startsWith(word); next += 1) {
      begun.push(...(await load(`words-${next}`)).filter((entry) => entry[0].startsWith(word)));
    }
    return { own, begun };
  }

  /** Return the words of letters that have a part inside, the most frequent first. */
  async function wordsAround(part, index) {
    if (!index.parts || [...part].length < PART.least || !/^\p{L}+$/u.test(part)) return [];
    const words = (await load("parts")).split(" ");
    return words.filter((word) => word.indexOf(part) > 0).slice(0, PART.words);
  }

  /** Return the class of each document for a word, prefix or part, 0 for no match. */
  async function classesOf(word, index) {
    const classes = new Uint8Array(index.total);
    const whole = async (one) => (await entriesOf(one, index)).own;
    const { own, begun } = await entriesOf(word, index);
    const around = await Promise.all((await wordsAround(word, index)).map(whole));
    const forms = await Promise.all(formsOf(word).map(whole));
    const marks = [
      [around, 2, CLASSES.partFolder], [around, 1, CLASSES.partName],
      [[...begun, ...forms], 2, CLASSES.begunFolder], [[...begun, ...forms], 1, CLASSES.begunName],
      [[own], 2, CLASSES.wholeFolder], [[own], 1, CLASSES.wholeName],
    ];
    for (const [entries, list, value] of marks) {
      for (const entry of entries) if (entry) mark(classes, entry[list], value);
    }
    return classes;
  }

  /** Return the class of each document for a term: all its words, or its label. */
  async function classesOfTerm({ words, label }, index) {
    const ofWords = await Promise.all(words.map((word) => classesOf(word, index)));
    const classes = ofWords.length
      ? ofWords.reduce((least, other) => least.map((value, i) => Math.min(value, other[i])))
      : new Uint8Array(index.total);
    if (!label) return classes;
    const { own, begun } = await entriesOf(label.key, index);
    for (const entry of label.isExact ? [own] : begun) {
      if (!entry) continue;
      const labeled = new Uint8Array(index.total);
      mark(labeled, entry[2], CLASSES.wholeFolder);
      labeled.forEach((value, i) => {
        if (value > classes[i]) classes[i] = value;
      });
    }
    return classes;
  }

  /** Return the count and the best `most` of the documents in [start, end) that match all terms. */
  function best(ofTerms, start, end, most) {
    const ranked = Array.from({ length: CLASSES.wholeName * ofTerms.length + 1 }, () => []);
    let count = 0;
    for (let document = start; document < end; document += 1) {
      let sum = 0;
      for (const classes of ofTerms) {
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
  async function described(document, index, terms) {
    const file = lastUpTo(index.starts, document);
    const { folders, labels, pages, rows } = await load(`documents-${file}`);
    const [id, name, folder, at, ...rest] = rows[document - index.starts[file]];
    const cell = rest.length ? rest.slice(0, 4) : null;
    // After the cell: of a community the page of its sheet, of a picture its labels.
    const [sheet, own] = id === null ? [rest[4] ?? at, []] : [at, rest.slice(4).map((label) => labels[label])];
    return {
      id, name, cell, folder: folders[folder],
      category: own.find(([kind]) => kind === "class")?.[1] ?? "",
      // Why the picture was found, where neither name nor folder nor class says it.
      told: own.filter((label) => label[0] !== "class" && terms.some((term) => isAsked(label, term))),
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

  /** Return the communities and pictures that match a query, each with count and best rows. */
  async function find(query) {
    const index = await loadIndex();
    const terms = termsOf(query, index.kinds);
    const ofTerms = await Promise.all(terms.map((term) => classesOfTerm(term, index)));
    const parts = [[0, index.groups, MOST.groups], [index.groups, index.total, MOST.pictures]];
    const [groups, pictures] = await Promise.all(parts.map(async (part) => {
      const found = best(ofTerms, ...part);
      return { count: found.count, rows: await Promise.all(found.best.map((row) => described(row, index, terms))) };
    }));
    return { groups, pictures, kinds: index.kinds };
  }

  return { find, loadIndex, register };
})();
