(() => {
  "use strict";
  // Arrays in data files: base64 of little-endian bytes.

  const map = (globalThis.imgrecMap ??= {});

  /** Return the bytes that base64 stands for. */
  map.bytesOf = (text) => {
    if (Uint8Array.fromBase64) return Uint8Array.fromBase64(text);
    const chars = atob(text);
    const bytes = new Uint8Array(chars.length);
    for (let i = 0; i < chars.length; i += 1) bytes[i] = chars.charCodeAt(i);
    return bytes;
  };

  /**
   * Return a typed array.
   * @param {Function} Type such as Uint16Array.
   * @param {string} text base64.
   * @param {number} [length] that it must have; else an Error tells both.
   */
  map.arrayOf = (Type, text, length) => {
    const { buffer, byteLength } = map.bytesOf(text);
    const found = byteLength / Type.BYTES_PER_ELEMENT;
    if (length !== undefined && found !== length) {
      throw new Error(`an array of the map has ${found} values instead of ${length}`);
    }
    return new Type(buffer, 0, Math.floor(found));
  };

  /** Run tasks, functions that return promises, a few at a time; resolve when all are done. */
  map.fewAtOnce = async (tasks, most) => {
    let next = 0;
    const worker = async () => {
      while (next < tasks.length) {
        const task = tasks[next];
        next += 1;
        await task();
      }
    };
    await Promise.all(Array.from({ length: Math.min(most, tasks.length) }, worker));
  };

  /** A cache that forgets what was not used for longest. */
  map.Recent = class {
    #most;
    #values = new Map();

    constructor(most) {
      this.#most = most;
    }

    get(key) {
      const value = this.#values.get(key);
      if (value !== undefined) {
        this.#values.delete(key);
        this.#values.set(key, value);
      }
      return value;
    }

    set(key, value) {
      this.#values.delete(key);
      this.#values.set(key, value);
      if (this.#values.size > this.#most) this.#values.delete(this.#values.keys().next().value);
      return value;
    }

    delete(key) {
      this.#values.delete(key);
    }

    /** Return the kept promise of a key, or that of `make`; one that fails is forgotten. */
    promise(key, make) {
      const known = this.get(key);
      if (known) return known;
      const made = make();
      made.catch(() => this.delete(key));
      return this.set(key, made);
    }
  };
})();
