(() => {
  "use strict";
  // Thumbnails outside of the map: cut from the first tile that has the picture.

  const map = (globalThis.imgrecMap ??= {});

  /**
   * Return a canvas with the thumbnail of a picture, drawn when its tile has come.
   * @param {object} core
   * @param {number} row
   * @param {number} side of the square that it fits in, in CSS pixels.
   */
  map.thumbOf = (core, row, side) => {
    const { pictures, scene } = core;
    const [width, height] = [pictures.widths[row], pictures.heights[row]];
    const scale = side / Math.max(width, height);
    const style = { width: `${Math.round(width * scale)}px`, height: `${Math.round(height * scale)}px` };
    const canvas = map.make("canvas", { class: "thumb", width, height, style, "aria-hidden": "true" });
    const level = pictures.levels[row];
    const slot = scene.tiles.slotOf(row, level);
    scene.tiles.file(scene.tiles.tileOf(row, level))
      .then((file) => createImageBitmap(file, (slot & 15) * 64, (slot >> 4) * 64, width, height))
      .then((image) => {
        canvas.getContext("2d").drawImage(image, 0, 0);
        image.close();
        canvas.classList.add("drawn");
      })
      // It stays empty; the map says that a tile is missing.
      .catch(() => {});
    return canvas;
  };
})();
