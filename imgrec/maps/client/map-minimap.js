(() => {
  "use strict";
  // The whole map, small, with the frame of what is seen. A press or a drag goes there.

  const map = (globalThis.imgrecMap ??= {});
  const SIDE = 132;

  /** Draw how dense pictures are where. */
  function drawDensity(canvas, { positions, count }, box, [r, g, b]) {
    const counts = new Float32Array(SIDE * SIDE);
    const place = (value, start) => Math.min(Math.max(((value - start) / box.size) * SIDE - 0.5, 0), SIDE - 1.001);
    for (let row = 0; row < count; row += 1) {
      // Shared among four pixels: cells of the map and pixels would make stripes.
      const x = place(positions[2 * row], box.left);
      const y = place(positions[2 * row + 1], box.top);
      const at = (y | 0) * SIDE + (x | 0);
      const right = x % 1;
      const below = y % 1;
      counts[at] += (1 - right) * (1 - below);
      counts[at + 1] += right * (1 - below);
      counts[at + SIDE] += (1 - right) * below;
      counts[at + SIDE + 1] += right * below;
    }
    const context = canvas.getContext("2d");
    const image = context.createImageData(SIDE, SIDE);
    const most = counts.reduce((one, other) => Math.max(one, other), 0);
    counts.forEach((n, at) => {
      if (n) image.data.set([r, g, b, 255 * Math.min(1.3 * Math.sqrt(n / most), 1)], 4 * at);
    });
    context.putImageData(image, 0, 0);
  }

  function squareOf({ left, top, right, bottom }) {
    const size = 1.08 * Math.max(right - left, bottom - top);
    return { left: (left + right - size) / 2, top: (top + bottom - size) / 2, size };
  }

  map.mountMinimap = (core, parent) => {
    const canvas = map.make("canvas", { width: SIDE, height: SIDE });
    const frame = map.make("div", { class: "frame" });
    const element = map.make("div", { class: "minimap card", "aria-hidden": "true" }, canvas, frame);
    parent.append(element);
    let box = null;

    function redraw() {
      if (!core.places) return;
      box = squareOf(core.places.box);
      drawDensity(canvas, core.places, box, core.theme.other);
      place();
    }

    function place() {
      if (!box) return;
      const { left, top, right, bottom } = core.camera.seen();
      const within = (value) => Math.min(Math.max(value * (SIDE / box.size), 0), SIDE);
      const [x, y] = [within(left - box.left), within(top - box.top)];
      const sides = { left: x, top: y, width: within(right - box.left) - x, height: within(bottom - box.top) - y };
      for (const [name, value] of Object.entries(sides)) frame.style.setProperty(name, `${value.toFixed(1)}px`);
    }

    function go(event) {
      const { left, top } = canvas.getBoundingClientRect();
      core.camera.fly({
        ...core.camera.goal,
        x: box.left + ((event.clientX - left) / SIDE) * box.size,
        y: box.top + ((event.clientY - top) / SIDE) * box.size,
      }, 0);
    }

    element.addEventListener("pointerdown", (event) => {
      element.setPointerCapture(event.pointerId);
      go(event);
    });
    element.addEventListener("pointermove", (event) => element.hasPointerCapture(event.pointerId) && go(event));
    for (const event of ["layout", "theme"]) core.events.on(event, redraw);
    core.events.on("moved", place);
  };
})();
