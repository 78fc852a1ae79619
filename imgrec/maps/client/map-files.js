(() => {
  "use strict";
  // A map from files beside the page: each is a classic script, the only thing that a page opened
  // from `file://` can load, and hands its data to `imgrecMapData`.

  const map = (globalThis.imgrecMap ??= {});
  // Receiver of the data of each file that is being loaded, by name.
  const waiting = new Map();

  globalThis.imgrecMapData = (name, value) => waiting.get(name)?.(value);

  function load(folder, name) {
    return new Promise((resolve, reject) => {
      const script = document.createElement("script");
      const end = () => {
        script.remove();
        // Loaded, but it handed over nothing: it is damaged.
        if (waiting.delete(name)) reject(new Error(`map/${name}.js cannot be read`));
      };
      waiting.set(name, (value) => {
        waiting.delete(name);
        resolve(value);
      });
      script.src = `${folder}${name}.js`;
      script.onload = end;
      script.onerror = end;
      document.head.append(script);
    });
  }

  /** Return the page of a community relative to the map. */
  map.pageOf = (path) => (path ? `../pages/community-${encodeURIComponent(path)}.html` : "../index.html");

  /** Return a path as an address has it; lone surrogates stand for bytes that are no text. */
  function encodedPath(path) {
    return Array.from(path, (char) => {
      const byte = char.codePointAt(0) - 0xdc00;
      if (byte >= 0x80 && byte <= 0xff) return `%${byte.toString(16)}`;
      return char === "/" ? char : encodeURIComponent(char.toWellFormed?.() ?? char);
    }).join("");
  }

  const two = (number) => String(number).padStart(2, "0");
  const four = (number) => String(number).padStart(4, "0");

  /**
   * Return the source of a map that lies in files.
   * @param {object} facts of the map.
   * @param {string} [folder] address of the folder, with a slash at its end.
   */
  map.filesSource = (facts, folder = "") => {
    const loading = new Map();
    const file = (name) => {
      if (!loading.has(name)) {
        loading.set(name, load(folder, name).finally(() => loading.delete(name)));
      }
      return loading.get(name);
    };
    return {
      facts: () => facts,
      points: (number) => file(`points-${two(number)}`),
      layout: (name, number) => file(`layout-${name}-${two(number)}`),
      label: (kind, number) => file(`label-${kind}-${two(number)}`),
      names: () => file("labels"),
      details: (number) => file(`details-${four(number)}`),
      near: (number) => file(`near-${four(number)}`),
      tile: async (level, x, y) => {
        const { image } = await file(`${level}/${x}_${y}`);
        return new Blob([map.bytesOf(image)], { type: "image/webp" });
      },
      /** Return where a picture and the page of its community are, from its details. */
      links: (id, { path, root, page }) => ({
        picture: facts.roots[root] ? map.safeAddress(facts.roots[root] + encodedPath(path)) : null,
        preview: null,
        page: facts.pages && page !== null ? `${folder}${map.pageOf(page)}#${id}` : null,
      }),
    };
  };
})();
