// The map in the page: what is marked, asked and found is shown on it, and can be changed there.
//
// The map itself is that of the network site (`imgrec/maps/client`); its rows are pictures of one
// writing of the site. Where that is written anew, the map is mounted anew.

import "./map-dom.js";
import "./map-text.js";
import "./map-arrays.js";
import "./map-events.js";
import "./map-pictures.js";
import "./map-levels.js";
import "./map-places.js";
import "./map-camera.js";
import "./map-colors.js";
import "./map-detail.js";
import "./map-tiles.js";
import "./map-thumbnails.js";
import "./map-gl.js";
import "./map-points.js";
import "./map-quads.js";
import "./map-lines.js";
import "./map-scene.js";
import "./map-core.js";
import "./map-names.js";
import "./map-axes.js";
import "./map-minimap.js";
import "./map-legend.js";
import "./map-lasso.js";
import "./map-typical.js";
import "./map-save.js";
import "./map-find.js";
import "./map-thumb.js";
import "./map-panel.js";
import "./map-selected.js";
import "./map-search.js";
import "./map-pointer.js";
import "./map-tip.js";
import "./map-keys.js";
import "./map-tools.js";
import "./map-address.js";
import "./map-fallback.js";
import "./map-view.js";
import { moreLike } from "./actions.js";
import { get } from "./api.js";
import { sourceOf } from "./atlas-source.js";
import { counted, make } from "./dom.js";
import { storeFacts } from "./facts.js";
import { large } from "./large.js";
import { notice } from "./notices.js";
import { Painter } from "./painting.js";
import { results } from "./results.js";
import { marked } from "./selection.js";
import { state } from "./state.js";
import { mapAddress } from "./views.js";

// As many as a collection takes at once.
const MOST_MARKED = 100_000;

/** Load the style of the map, which reads its colors when it is mounted. */
function styled() {
  return new Promise((resolve, reject) => {
    document.head.append(make("link", {
      rel: "stylesheet", href: new URL("map.css", import.meta.url).href, onload: resolve,
      onerror: () => reject(new Error("the style of the map cannot be loaded")),
    }));
  });
}

/** Return whether two lists have the same numbers, in any order. */
function isSame(ones, others) {
  const known = new Set(ones);
  return known.size === others.length && others.every((one) => known.has(one));
}

export class Atlas {
  /**
   * @param {HTMLElement} place
   * @param {(error: Error) => void} failed called when a map that was written anew cannot be shown:
   *   then none is.
   */
  constructor(place, failed) {
    Object.assign(this, { place, failed });
    this.isMounted = false;
    this.token = "";
    this.view = null;
    this.painter = null;
    /** @type {(() => void)[]} */
    this.ends = [];
  }

  /** Return the promise of the map, mounted on an element; see the constructor. */
  static async open(place, failed) {
    const atlas = new Atlas(place, failed);
    await styled();
    await atlas.mount();
    return atlas;
  }

  /** Mount the map as it is now; again, if it is written anew meanwhile. */
  async mount() {
    const [present, { links }] = await Promise.all([get("api/map"), storeFacts()]);
    this.token = present.map;
    try {
      await this.mountPresent(present, links);
    } catch (error) {
      this.unmounted();
      if (!(await this.isAnother())) throw error;
      await this.mount();
    }
  }

  async mountPresent(present, links) {
    const source = sourceOf(present, links.site, () => this.renew());
    this.place.replaceChildren();
    this.view = globalThis.imgrecMap.mount(this.place, source, {
      actions: this.actions(), selected: false, address: mapAddress,
    });
    await this.view.ready;
    this.painter = new Painter(present.map, this.view, () => this.renew());
    this.ends = [
      this.view.on("select", (rows) => this.mark(rows)),
      marked.subscribe(() => this.select()),
      results.subscribe(({ error, loading }) => {
        this.ring();
        // Again, where it failed before.
        if (!error && !loading) this.painter.follow(state.get());
      }),
      state.subscribe((now) => {
        this.painter.follow(now);
        this.pin();
      }),
    ];
    this.select();
    this.ring();
    this.pin();
    this.painter.follow(state.get());
    this.isMounted = true;
  }

  /** What the map offers for the open picture; for marked ones there is the bar below. */
  actions() {
    const askedOf = ([row]) => ({ id: this.view.ids[row] });
    return [
      { title: "Find similar", act: (rows) => moreLike(askedOf(rows)) },
      { title: "Show large", act: (rows) => large.open(askedOf(rows)) },
    ];
  }

  /** Mount the map again if the site was written anew; what is gone may be an upload, too. */
  renew() {
    // What is being mounted sees to that itself.
    if (!this.isMounted) return;
    this.renewing ??= this.again().catch((error) => {
      if (this.isMounted) notice(error.message);
      else this.failed(error);
    }).finally(() => {
      this.renewing = null;
    });
  }

  async again() {
    if (await this.isAnother()) await this.unmounted().mount();
  }

  /** Return whether the map was written anew. */
  async isAnother() {
    return (await get("api/map")).map !== this.token;
  }

  unmounted() {
    this.isMounted = false;
    for (const end of this.ends) end();
    this.ends = [];
    this.painter?.end();
    this.view?.destroy();
    return this;
  }

  /** Show a picture; false if it is not on the map. */
  show(id) {
    const row = this.rowOf(id);
    if (row === null) return false;
    this.view.show(row);
    return true;
  }

  rowOf(id) {
    const row = this.view.rowOf(id);
    return row < 0 ? null : row;
  }

  rowsOf(ids) {
    return ids.map((id) => this.rowOf(id)).filter((row) => row !== null);
  }

  /** Mark what was selected on the map, and no other picture of the map. */
  mark(rows) {
    if (rows.length > MOST_MARKED) {
      notice(`Up to ${counted(MOST_MARKED, "picture")} can be marked; these are ${counted(rows.length, "picture")}.`);
      return;
    }
    const elsewhere = marked.all().filter((id) => this.rowOf(id) === null);
    const ids = [...elsewhere, ...Array.from(rows, (row) => this.view.ids[row])];
    if (!isSame(ids, marked.all())) marked.only(ids);
  }

  /** Select on the map what is marked. */
  select() {
    const rows = this.rowsOf(marked.all());
    if (!isSame(rows, this.view.selected())) this.view.select(rows);
  }

  /** Mark on the map what is asked about. */
  pin() {
    this.view.pin(this.rowsOf(state.get().pictures.map(({ id }) => id).filter(Boolean)));
  }

  ring() {
    const { shown, answer } = results.get();
    // Without a question all pictures are listed.
    const hits = answer?.results ? shown : [];
    this.view.ring(this.rowsOf(hits.map(({ id }) => id)));
  }
}
