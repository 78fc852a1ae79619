(() => {
  "use strict";
  // Words and numbers as people read them.

  const map = (globalThis.imgrecMap ??= {});
  const UNSEEN = /[\p{Cc}\p{Zl}\p{Zp}\u061c\u200e\u200f\u202a-\u202e\u2066-\u2069]/gu;
  const LONE = /[\ud800-\udbff](?![\udc00-\udfff])|(?<![\ud800-\udbff])[\udc00-\udfff]/g;

  /**
   * Return a name on one line: control characters, line breaks, marks that turn the direction of
   * writing and bytes that are no text become a visible sign.
   */
  map.printable = (text) => String(text).replace(UNSEEN, "\u2423").replace(LONE, "\ufffd");

  /** Return the last part of a path. */
  map.nameOf = (path) => map.printable(path.slice(path.lastIndexOf("/") + 1));

  /** Return the folder of a path, "" for the top. */
  map.folderOf = (path) => map.printable(path.slice(0, Math.max(path.lastIndexOf("/"), 0)));

  map.number = (n) => n.toLocaleString("en-US");

  /** Return a number with separators, and a noun for it. */
  map.counted = (n, noun, plural = `${noun}s`) => `${map.number(n)} ${n === 1 ? noun : plural}`;

  /** Return the words of a query: composed, in lower case, without marks. */
  map.wordsOf = (text) => map.folded(text).split(/\s+/).filter(Boolean);

  /** Return a text as it is compared. */
  map.folded = (text) => text.normalize("NFC").toLowerCase();
})();
