(() => {
  "use strict";
  // Starts the map of a site: the facts are in the page, all else in files beside it.

  const map = (globalThis.imgrecMap ??= {});
  const facts = JSON.parse(document.getElementById("facts").textContent);
  map.view = map.mount(document.getElementById("map"), map.filesSource(facts), {
    address: map.inFragment, isPage: true, density: "density.png", home: facts.pages ? "../index.html" : null,
  });
})();
