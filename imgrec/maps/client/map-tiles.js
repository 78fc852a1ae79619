(() => {
  "use strict";
  // The thumbnails at hand: tiles in the layers of one texture array. Decides which to load next,
  // and which to let go: of those not used for longest, then those that show the fewest pictures.

  const map = (globalThis.imgrecMap ??= {});
  const AT_ONCE = 3;
  const FADE_MS = 220;
  // A tile that could not be loaded is not asked for again so soon.
  const AGAIN_MS = 5000;
  // Files of tiles that are kept, compressed: 20 MB at most.
  const KEPT = 40;
  // A tile takes the place of one in use if it shows so many times more: they would take turns.
  const WORTH = 2;

  const offset = (level) => (4 ** level - 1) / 3;

  map.Tiles = class {
    #source;
    #there;
    #kept = new map.Recent(KEPT);
    // When, by tile.
    #failed = new Map();
    #loading = new Set();
    #decoded = [];
    #frame = 0;

    /**
     * @param {object} source of the map.
     * @param {object} pictures
     * @param {() => void} changed called when a frame should be drawn.
     * @param {(error: Error) => void} failed called with the first error.
     */
    constructor(source, pictures, changed, failed) {
      Object.assign(this, { pictures, changed, failed });
      this.#source = source;
      this.#there = pictures.facts.tiles.map((text) => map.bytesOf(text));
      this.layerOf = new Int16Array(offset(pictures.deepest + 1)).fill(-1);
      this.layers = [];
    }

    /** Forget what lies in the texture, which has so many layers now. */
    reset(layers) {
      this.layerOf.fill(-1);
      this.#decoded = [];
      this.layers = Array.from({ length: layers }, () => ({ tile: -1, born: 0, frame: -1, used: 0 }));
    }

    tileOf(row, level) {
      const { positions } = this.pictures;
      const shift = map.UNITS_BITS - level;
      return offset(level) + ((positions[2 * row + 1] >> shift) << level) + (positions[2 * row] >> shift);
    }

    slotOf(row, level) {
      const { positions } = this.pictures;
      const shift = map.UNITS_BITS - 4 - level;
      return (((positions[2 * row + 1] >> shift) & 15) << 4) + ((positions[2 * row] >> shift) & 15);
    }

    /** Start a frame: nothing is used yet. */
    begin(now) {
      this.#frame += 1;
      this.now = now;
      this.isFading = false;
    }

    /**
     * Return the place of the thumbnail of a picture: `layer`, `slot`, and how far it has faded in;
     * null if it is not at hand.
     */
    find(row, level, fades) {
      let found = null;
      const first = this.pictures.levels[row];
      const { deepest } = this.pictures;
      // From the level that is shown upwards, then below: a tile that has faded in before others.
      for (let i = 0; i <= deepest - first; i += 1) {
        const at = level - i >= first ? level - i : first + i;
        if (at > deepest || at < first) continue;
        const layer = this.layerOf[this.tileOf(row, at)];
        if (layer < 0) continue;
        const share = fades ? Math.min((this.now - this.layers[layer].born) / FADE_MS, 1) : 1;
        if (!found || share > found.share) found = { layer, at, share };
        if (found.share === 1) break;
      }
      if (!found) return null;
      const layer = this.layers[found.layer];
      if (layer.frame !== this.#frame) Object.assign(layer, { frame: this.#frame, used: 0 });
      layer.used += 1;
      if (found.share < 1) this.isFading = true;
      return { layer: found.layer, slot: this.slotOf(row, found.at), share: found.share };
    }

    #place(tile) {
      let level = 0;
      while (offset(level + 1) <= tile) level += 1;
      const index = tile - offset(level);
      return { level, index, x: index & ((1 << level) - 1), y: index >> level };
    }

    #exists(tile) {
      const { level, index } = this.#place(tile);
      return Boolean(this.#there[level][index >> 3] & (1 << (index & 7))) && !(this.now - this.#failed.get(tile) < AGAIN_MS);
    }

    /**
     * Load what is wanted, the best first.
     * @param {Map<number, {count: number, away: number}>} wanted by tile: pictures that it would
     *   show, and its distance from the center of the view.
     */
    want(wanted) {
      this.wanted = wanted;
      const room = AT_ONCE - this.#loading.size - this.#decoded.length;
      if (room <= 0) return;
      const queue = [...wanted].filter(([tile]) => !this.#loading.has(tile)
        && !this.#decoded.some((one) => one.tile === tile) && this.#exists(tile));
      queue.sort(([, one], [, other]) => one.away - other.away || other.count - one.count);
      const free = this.layers.filter(({ frame }) => frame < this.#frame).length - this.#loading.size - this.#decoded.length;
      const least = Math.min(...this.layers.map(({ used }) => used));
      const worth = queue.filter(([, { count }], place) => place < free || count > WORTH * least);
      for (const [tile] of worth.slice(0, room)) this.#load(tile);
    }

    /** Whether tiles are on their way. */
    get isLoading() {
      return this.#loading.size + this.#decoded.length > 0;
    }

    /** Whether a tile waits to be put into the texture. */
    get isDecoded() {
      return this.#decoded.length > 0;
    }

    async #load(tile) {
      this.#loading.add(tile);
      try {
        const image = await createImageBitmap(await this.file(tile), {
          premultiplyAlpha: "none", colorSpaceConversion: "none",
        });
        this.#decoded.push({ tile, image });
        this.#failed.delete(tile);
      } catch (error) {
        if (!this.#failed.size) this.failed(error);
        this.#failed.set(tile, this.now);
      }
      this.#loading.delete(tile);
      this.changed();
    }

    /** Return a promise of the compressed image of a tile. */
    file(tile) {
      const { level, x, y } = this.#place(tile);
      return this.#kept.promise(tile, () => this.#source.tile(level, x, y));
    }

    /** Put one decoded tile into the texture: `put(layer, image)`. One a frame, so that it is short. */
    upload(put) {
      const next = this.#decoded.shift();
      if (!next) return;
      const place = this.#layerFor(next.tile);
      if (place >= 0) {
        const layer = this.layers[place];
        if (layer.tile >= 0) this.layerOf[layer.tile] = -1;
        put(place, next.image);
        Object.assign(layer, { tile: next.tile, born: this.now, frame: this.#frame, used: 0 });
        this.layerOf[next.tile] = place;
      }
      next.image.close();
    }

    #layerFor(tile) {
      const free = this.layers.findIndex((layer) => layer.tile < 0);
      if (free >= 0) return free;
      let best = 0;
      const use = ({ frame, used }) => (frame >= this.#frame - 1 ? used : 0);
      this.layers.forEach((layer, place) => {
        const other = this.layers[best];
        if (use(layer) < use(other) || (use(layer) === use(other) && layer.frame < other.frame)) best = place;
      });
      const gain = this.wanted?.get(tile)?.count ?? 0;
      return WORTH * use(this.layers[best]) < gain ? best : -1;
    }
  };
})();
