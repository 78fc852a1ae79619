(() => {
  "use strict";
  // The program of points: a dot for each picture, between its places in two layouts; also rings.

  const map = (globalThis.imgrecMap ??= {});

  const VERTEX = `
    layout(location = 0) in vec2 from;
    layout(location = 1) in vec2 to;
    layout(location = 2) in vec4 color;
    uniform vec2 center;
    uniform vec2 scale;
    uniform float moved;
    uniform float size;
    uniform float strength;
    out vec4 ink;
    void main() {
      vec2 place = (mix(from, to, moved) - center) * scale;
      gl_Position = vec4(place, 0.0, 1.0);
      gl_PointSize = size;
      ink = vec4(color.rgb, color.a * strength);
    }`;
  // Small dots are squares: round ones would not be seen as such, and cost more.
  const FRAGMENT = `
    in vec4 ink;
    uniform float size;
    uniform float ring;
    out vec4 color;
    void main() {
      color = ink;
      if (size > 3.0) {
        float away = length(gl_PointCoord - 0.5) * size;
        color.a *= clamp(size * 0.5 - away, 0.0, 1.0);
        if (ring > 0.0) color.a *= clamp(away - (size * 0.5 - ring) + 0.5, 0.0, 1.0);
      }
    }`;

  /** Return the values of some rows, 32 bits each: a loop, since `from` takes ten times as long. */
  function picked(values, rows) {
    const words = new Uint32Array(values.buffer, values.byteOffset, values.byteLength / 4);
    const found = new Uint32Array(rows.length);
    for (let i = 0; i < rows.length; i += 1) found[i] = words[rows[i]];
    return found;
  }

  map.Points = class {
    constructor(gl) {
      this.gl = gl;
      this.program = map.programOf(gl, VERTEX, FRAGMENT);
      [this.from, this.to, this.color] = [gl.createBuffer(), gl.createBuffer(), gl.createBuffer()];
      this.array = gl.createVertexArray();
      gl.bindVertexArray(this.array);
      map.attribute(gl, 0, this.from, { size: 2, type: gl.UNSIGNED_SHORT });
      map.attribute(gl, 1, this.to, { size: 2, type: gl.UNSIGNED_SHORT });
      map.attribute(gl, 2, this.color, { size: 4, type: gl.UNSIGNED_BYTE, normalized: true });
      gl.bindVertexArray(null);
      this.rows = new Uint32Array(0);
    }

    /** Take the rows to draw, in their order, and their places in two layouts. */
    place(rows, from, to) {
      const { gl } = this;
      this.rows = rows;
      const places = picked(to, rows);
      map.fill(gl, this.to, places);
      map.fill(gl, this.from, from === to ? places : picked(from, rows));
    }

    /** Take the colors of all pictures. */
    paint(colors) {
      map.fill(this.gl, this.color, picked(colors, this.rows));
    }

    /**
     * Draw ranges of the rows.
     * @param {object} camera
     * @param {number[][]} ranges first and count of each.
     * @param {object} look `density` (device pixels per CSS pixel), `size` in CSS pixels,
     *   `strength` 0 to 1, `moved` 0 to 1 between the layouts, `ring` (width of a ring; 0: a dot).
     */
    draw(camera, ranges, { density, size, strength = 1, moved = 1, ring = 0 }) {
      const { gl, program: { program, at } } = this;
      gl.useProgram(program);
      gl.bindVertexArray(this.array);
      gl.uniform2f(at.center, camera.x, camera.y);
      gl.uniform2f(at.scale, (2 * camera.scale) / camera.width, (-2 * camera.scale) / camera.height);
      gl.uniform1f(at.moved, moved);
      gl.uniform1f(at.size, size * density);
      gl.uniform1f(at.strength, strength);
      gl.uniform1f(at.ring, ring * density);
      for (const [first, count] of ranges) gl.drawArrays(gl.POINTS, first, count);
    }
  };
})();
