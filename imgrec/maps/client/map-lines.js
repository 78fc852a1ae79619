(() => {
  "use strict";
  // The program of lines: from a picture to its nearest neighbors, the stronger the more similar.

  const map = (globalThis.imgrecMap ??= {});
  const FLOATS = 8;

  const VERTEX = `
    layout(location = 0) in vec4 ends;
    layout(location = 1) in vec4 color;
    uniform vec2 screen;
    uniform float width;
    out vec4 ink;
    out float across;
    void main() {
      vec2 along = ends.zw - ends.xy;
      vec2 normal = normalize(vec2(-along.y, along.x) + vec2(1e-6, 0.0));
      across = float(gl_VertexID & 1) * 2.0 - 1.0;
      vec2 place = (gl_VertexID < 2 ? ends.xy : ends.zw) + normal * across * (width * 0.5 + 1.0);
      gl_Position = vec4(place / screen * 2.0 - 1.0, 0.0, 1.0);
      gl_Position.y = -gl_Position.y;
      ink = color;
    }`;
  const FRAGMENT = `
    in vec4 ink;
    in float across;
    uniform float width;
    out vec4 color;
    void main() {
      float away = abs(across) * (width * 0.5 + 1.0);
      color = vec4(ink.rgb, ink.a * clamp(width * 0.5 + 0.5 - away, 0.0, 1.0));
    }`;

  map.Lines = class {
    constructor(gl) {
      this.gl = gl;
      this.program = map.programOf(gl, VERTEX, FRAGMENT);
      this.buffer = gl.createBuffer();
      this.array = gl.createVertexArray();
      gl.bindVertexArray(this.array);
      for (const place of [0, 1]) {
        map.attribute(gl, place, this.buffer, { size: 4, type: gl.FLOAT, stride: 4 * FLOATS, offset: 16 * place, divisor: 1 });
      }
      gl.bindVertexArray(null);
    }

    /**
     * Draw lines on a screen of so many device pixels.
     * @param {number[][]} lines x and y of both ends in device pixels; r, g, b and alpha, 0 to 1.
     * @param {number} thickness in device pixels.
     */
    draw(lines, thickness, width, height) {
      if (!lines.length) return;
      const { gl, program: { program, at } } = this;
      gl.useProgram(program);
      gl.bindVertexArray(this.array);
      map.fill(gl, this.buffer, new Float32Array(lines.flat()), gl.STREAM_DRAW);
      gl.uniform2f(at.screen, width, height);
      gl.uniform1f(at.width, thickness);
      gl.drawArraysInstanced(gl.TRIANGLE_STRIP, 0, 4, lines.length);
    }
  };
})();
