// Paints the map with how far each picture is from the question.

import { post } from "./api.js";
import { isQuestion, searchBody } from "./question.js";
import { results } from "./results.js";

/** What distances depend on: not on how many results are shown. */
const keyOf = (now) => (isQuestion(now) ? JSON.stringify({ ...searchBody(now), k: 1 }) : "");

export class Painter {
  /**
   * @param {string} map token of the map.
   * @param {object} view of the map.
   * @param {() => void} gone called where the map was written anew.
   */
  constructor(map, view, gone) {
    Object.assign(this, { map, view, gone, key: "", request: new AbortController() });
  }

  /** Paint the distances of another question; none where nothing is asked. */
  async follow(now) {
    const key = keyOf(now);
    if (key === this.key) return;
    this.key = key;
    this.request.abort();
    this.request = new AbortController();
    const { signal } = this.request;
    if (!key) {
      this.view.paint(null);
      return;
    }
    try {
      await results.first();
      const found = await post(`api/map/${this.map}/distances`, { ...searchBody(now), k: 1 }, signal);
      if (!signal.aborted) this.view.paint(globalThis.imgrecMap.bytesOf(found.distances));
    } catch (error) {
      if (signal.aborted) return;
      this.key = "";
      this.view.paint(null);
      // Why there is no answer is said beside the results.
      if (error.status === 410) this.gone();
    }
  }

  end() {
    this.request.abort();
  }
}
