(() => {
  "use strict";
  // Who wants to know what happens to a view.

  const map = (globalThis.imgrecMap ??= {});

  map.Events = class {
    #listeners = new Map();

    /** Call a function at each event of a name; return a function that ends this. */
    on(name, listener) {
      if (!this.#listeners.has(name)) this.#listeners.set(name, new Set());
      this.#listeners.get(name).add(listener);
      return () => this.#listeners.get(name).delete(listener);
    }

    emit(name, ...values) {
      for (const listener of [...(this.#listeners.get(name) ?? [])]) listener(...values);
    }
  };
})();
