(() => {
  "use strict";
  // What is shown where the map cannot be drawn: how dense it is where, and the way to the pages.

  const map = (globalThis.imgrecMap ??= {});

  /**
   * Show the density picture instead of a map.
   * @param {HTMLElement} root
   * @param {string} reason
   * @param {object} options `density` and `home`: addresses, or null.
   */
  map.showFallback = (root, reason, { density = null, home = null }) => {
    const address = map.safeAddress(home);
    root.replaceChildren(map.make("div", { class: "fallback" },
      map.make("p", { role: "alert", text: reason }),
      address && map.make("p", {}, map.make("a", { class: "button", href: address, text: "See all pictures on the pages" })),
      density && map.make("img", { src: density, alt: "Where on the map pictures are" })));
  };
})();
