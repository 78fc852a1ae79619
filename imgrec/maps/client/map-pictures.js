(() => {
  "use strict";
  // The pictures of a map: one row each, in typed arrays. All is loaded when it is first needed.
  //
  // Positions count 65,536 units a side, x to the right and y down. The base layout has cells, so
  // a shift of a position is its cell at a level, its tile, or its slot in the tile.

  const map = (globalThis.imgrecMap ??= {});
  const AT_ONCE = 4;
  // Files of details and of neighbors that are kept: 600,000 pictures, about 100 MB.
  const KEPT = 120;

  map.UNITS_BITS = 16;
  map.UNITS = 65_536;
  map.BASE = "map";
  map.GRID = "grid";

  map.Pictures = class {
    #source;
    #layouts = new Map();
    #codes = new Map();
    #details = new map.Recent(KEPT);
    #near = new map.Recent(KEPT);
    #parts = new map.Recent(KEPT);

    constructor(source) {
      this.#source = source;
      this.facts = source.facts();
      this.count = this.facts.pictures;
      this.deepest = this.facts.levels - 1;
      this.ids = new Float64Array(this.count);
      this.positions = new Uint16Array(2 * this.count);
      this.widths = new Uint8Array(this.count);
      this.heights = new Uint8Array(this.count);
      this.levels = new Uint8Array(this.count);
    }

    #files(per) {
      const starts = [];
      for (let start = 0; start < this.count; start += per) starts.push(start);
      return starts.map((start, number) => ({ number, start, length: Math.min(per, this.count - start) }));
    }

    /** Load what all pictures need to be drawn; `progress` is called with a share of it. */
    async load(progress) {
      const files = this.#files(this.facts.per_points);
      let done = 0;
      await map.fewAtOnce(files.map((file) => async () => {
        this.#take(await this.#source.points(file.number), file);
        done += 1;
        progress(done / files.length);
      }), AT_ONCE);
      this.#layouts.set(map.BASE, Promise.resolve(this.positions));
    }

    #take(part, { start, length }) {
      const of = (Type, name) => map.arrayOf(Type, part[name], length);
      const pairs = (Type, name) => map.arrayOf(Type, part[name], 2 * length);
      this.ids.set(of(Uint32Array, "ids"), start);
      this.levels.set(of(Uint8Array, "levels"), start);
      const sides = pairs(Uint8Array, "sides");
      for (let i = 0; i < length; i += 1) {
        this.widths[start + i] = sides[2 * i];
        this.heights[start + i] = sides[2 * i + 1];
      }
      // The center of a cell of the deepest level.
      const size = map.UNITS / (this.facts.cells * 2 ** this.deepest);
      const cells = pairs(Uint16Array, "cells");
      for (let i = 0; i < cells.length; i += 1) this.positions[2 * start + i] = cells[i] * size + size / 2;
    }

    /** Return a promise of the positions of a layout: x and y of each picture. */
    layout(name) {
      if (!this.#layouts.has(name)) {
        const made = this.#load((number) => this.#source.layout(name, number), 
          ({ positions }, length) => map.arrayOf(Uint16Array, positions, 2 * length), 2);
        this.#layouts.set(name, made);
        made.catch(() => this.#layouts.delete(name));
      }
      return this.#layouts.get(name);
    }

    /** Return a promise of the codes of a kind of label, by its place in the facts. */
    codes(kind) {
      if (!this.#codes.has(kind)) {
        const made = this.#load((number) => this.#label(kind, number), (codes) => codes, 1);
        this.#codes.set(kind, made);
        made.catch(() => this.#codes.delete(kind));
      }
      return this.#codes.get(kind);
    }

    async #load(ask, arrayOf, each) {
      const all = new Uint16Array(each * this.count);
      await map.fewAtOnce(this.#files(this.facts.per_points).map(({ number, start, length }) => async () => {
        all.set(arrayOf(await ask(number), length), each * start);
      }), AT_ONCE);
      return all;
    }

    #label(kind, number) {
      return this.#parts.promise(`${kind} ${number}`, async () => {
        const { codes } = await this.#source.label(kind, number);
        const length = Math.min(this.facts.per_points, this.count - number * this.facts.per_points);
        return map.arrayOf(Uint16Array, codes, length);
      });
    }

    /** Return a promise of the labels of a picture: objects with `title`, `kind` and `value`. */
    async labelsOf(row) {
      const [number, place] = this.#place(row, this.facts.per_points);
      const found = await Promise.all(this.facts.labels.map(async ({ kind, title, values }, at) => {
        const code = (await this.#label(at, number))[place];
        return { kind, title, at, code, value: values[code - 1] };
      }));
      return found.filter(({ value }) => value !== undefined);
    }

    #place(row, per) {
      return [Math.floor(row / per), row % per];
    }

    /** Return a promise of a file of details, by its number. */
    detailsFile(number) {
      return this.#details.promise(number, () => this.#source.details(number));
    }

    /** The number of files of details. */
    get detailsFiles() {
      return Math.ceil(this.count / this.facts.per_details);
    }

    /** Return a promise of what is known of a picture. */
    async details(row) {
      const [number, place] = this.#place(row, this.facts.per_details);
      const file = await this.detailsFile(number);
      const [width, height] = file.sizes[place];
      return {
        path: String(file.paths[place]),
        root: file.roots[place],
        page: file.pages[file.page[place]] ?? null,
        taken: String(file.taken[place] ?? ""),
        width,
        height,
      };
    }

    /** Return addresses `picture`, `preview` and `page` of a picture, each may be null. */
    links(row, details) {
      return this.#source.links(this.ids[row], details);
    }

    /** Return a promise of the nearest pictures: objects with `row` and `similar`, 0 to 1. */
    async near(row) {
      const [number, place] = this.#place(row, this.facts.per_details);
      const { rows, similar, each } = await this.nearFile(number);
      const found = [];
      for (let i = place * each; i < (place + 1) * each; i += 1) {
        if (rows[i] < this.count) found.push({ row: rows[i], similar: similar[i] / 255 });
      }
      return found;
    }

    /** Return a promise of the neighbors of all pictures of a file: `rows`, `similar`, `each`. */
    nearFile(number) {
      return this.#near.promise(number, async () => {
        const { rows, similarity, k } = await this.#source.near(number);
        return { rows: map.arrayOf(Uint32Array, rows), similar: map.arrayOf(Uint8Array, similarity), each: k };
      });
    }

    /** Return the row of a catalog id, -1 if the map does not have it. */
    rowOf(id) {
      let [low, high] = [0, this.count];
      while (low < high) {
        const middle = (low + high) >> 1;
        if (this.ids[middle] < id) low = middle + 1;
        else high = middle;
      }
      return this.ids[low] === id ? low : -1;
    }
  };

})();
