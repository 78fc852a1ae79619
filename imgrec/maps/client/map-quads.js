(() => {
  "use strict";
  // The program of thumbnails: all that are seen in one draw call, from one texture array whose
  // layers are tiles.

  const map = (globalThis.imgrecMap ??= {});
  const TILE_PX = 1024;
  // x, y, half width and height in device pixels; layer, slot, width and height in the texture;
  // r, g, b of the frame and its width; alpha.
  const FLOATS = 13;

  const VERTEX = `
    layout(location = 0) in vec4 box;
    layout(location = 1) in vec4 texel;
    layout(location = 2) in vec4 frame;
    layout(location = 3) in float alpha;
    uniform vec2 screen;
    out vec3 uv;
    out vec2 inner;
    out vec2 half_size;
    out vec4 edge;
    out float opacity;
    flat out vec4 bounds;
    void main() {
      vec2 corner = vec2(gl_VertexID & 1, gl_VertexID >> 1) * 2.0 - 1.0;
      vec2 grown = box.zw + frame.w;
      vec2 place = box.xy + corner * grown;
      gl_Position = vec4(place / screen * 2.0 - 1.0, 0.0, 1.0);
      gl_Position.y = -gl_Position.y;
      inner = corner * grown;
      half_size = box.zw;
      vec2 origin = vec2(mod(texel.y, 16.0), floor(texel.y / 16.0)) * 64.0;
      // The frame lies outside of the picture, which ends half a texel before its neighbors.
      vec2 share = (corner * grown / box.zw + 1.0) * 0.5;
      uv = vec3(origin + share * texel.zw, texel.x);
      bounds = vec4(origin + 0.5, origin + texel.zw - 0.5);
      edge = frame;
      opacity = alpha;
    }`;
  const FRAGMENT = `
    in vec3 uv;
    in vec2 inner;
    in vec2 half_size;
    in vec4 edge;
    in float opacity;
    uniform mediump sampler2DArray tiles;
    flat in vec4 bounds;
    out vec4 color;
    void main() {
      vec2 out_by = abs(inner) - half_size;
      vec2 texel = clamp(uv.xy, bounds.xy, bounds.zw);
      color = texture(tiles, vec3(texel / ${TILE_PX}.0, uv.z));
      color.a = 1.0;
      if (max(out_by.x, out_by.y) > 0.0) color = vec4(edge.rgb, 1.0);
      color.a *= opacity;
    }`;

  map.Quads = class {
    /**
     * @param {WebGL2RenderingContext} gl
     * @param {number} layers of the texture.
     */
    constructor(gl, layers) {
      this.gl = gl;
      this.program = map.programOf(gl, VERTEX, FRAGMENT);
      this.buffer = gl.createBuffer();
      this.array = gl.createVertexArray();
      gl.bindVertexArray(this.array);
      const stride = 4 * FLOATS;
      [[4, 0], [4, 16], [4, 32], [1, 48]].forEach(([size, offset], place) => {
        map.attribute(gl, place, this.buffer, { size, type: gl.FLOAT, stride, offset, divisor: 1 });
      });
      gl.bindVertexArray(null);
      this.texture = gl.createTexture();
      gl.bindTexture(gl.TEXTURE_2D_ARRAY, this.texture);
      gl.texStorage3D(gl.TEXTURE_2D_ARRAY, 1, gl.RGBA8, TILE_PX, TILE_PX, layers);
      for (const [name, value] of [["MIN_FILTER", "LINEAR"], ["MAG_FILTER", "LINEAR"], ["WRAP_S", "CLAMP_TO_EDGE"], ["WRAP_T", "CLAMP_TO_EDGE"]]) {
        gl.texParameteri(gl.TEXTURE_2D_ARRAY, gl[`TEXTURE_${name}`], gl[value]);
      }
      this.data = new Float32Array(FLOATS * 256);
      this.count = 0;
    }

    /** Put a decoded tile into a layer. */
    put(layer, image) {
      const { gl } = this;
      gl.bindTexture(gl.TEXTURE_2D_ARRAY, this.texture);
      const [width, height] = [Math.min(image.width, TILE_PX), Math.min(image.height, TILE_PX)];
      gl.texSubImage3D(gl.TEXTURE_2D_ARRAY, 0, 0, 0, layer, width, height, 1, gl.RGBA, gl.UNSIGNED_BYTE, image);
    }

    begin() {
      this.count = 0;
    }

    /** Add a thumbnail, by the 13 numbers of an instance. */
    add(...numbers) {
      if ((this.count + 1) * FLOATS > this.data.length) {
        const larger = new Float32Array(2 * this.data.length);
        larger.set(this.data);
        this.data = larger;
      }
      this.data.set(numbers, this.count * FLOATS);
      this.count += 1;
    }

    /** Draw what was added, on a screen of so many device pixels. */
    draw(width, height) {
      const { gl, program: { program, at } } = this;
      if (!this.count) return;
      gl.useProgram(program);
      gl.bindVertexArray(this.array);
      map.fill(gl, this.buffer, this.data.subarray(0, this.count * FLOATS), gl.STREAM_DRAW);
      gl.uniform2f(at.screen, width, height);
      gl.bindTexture(gl.TEXTURE_2D_ARRAY, this.texture);
      gl.drawArraysInstanced(gl.TRIANGLE_STRIP, 0, 4, this.count);
    }
  };
})();
