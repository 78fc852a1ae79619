// A part of a picture, drawn small.

import { askedUrl, previewUrl } from "./api.js";
import { make } from "./dom.js";

/**
 * Return a square canvas that shows the part of a picture that is asked about, once it came.
 * @param {import("./state.js").Asked} asked with a box.
 * @param {number} side_px
 */
export function croppedThumb(asked, side_px) {
  const side = Math.round(side_px * Math.max(1, devicePixelRatio));
  const canvas = make("canvas", { width: side, height: side, class: "crop" });
  const image = new Image();
  image.onload = () => {
    const { x, y, width, height } = asked.box;
    const [w, h] = [width * image.naturalWidth, height * image.naturalHeight];
    const scale = side / Math.max(w, h);
    const [to_w, to_h] = [w * scale, h * scale];
    canvas.getContext("2d").drawImage(image, x * image.naturalWidth, y * image.naturalHeight, w, h,
      (side - to_w) / 2, (side - to_h) / 2, to_w, to_h);
  };
  // Without a preview the thumbnail does.
  image.onerror = () => {
    image.onerror = null;
    image.src = askedUrl(asked);
  };
  image.src = asked.upload ? askedUrl(asked) : previewUrl(asked.id);
  return canvas;
}
