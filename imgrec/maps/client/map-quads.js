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
    out vec2 share;
    flat out vec4 part;
    flat out float layer;
    flat out vec4 edge;
    void main() {
      vec2 corner = vec2(gl_VertexID & 1, gl_VertexID >> 1) * 2.0 - 1.0;
      vec2 grown = box.zw + frame.w;
      vec2 place = (box.xy + corner * grown) / screen * 2.0 - 1.0;
      gl_Position = vec4(place.x, -place.y, 0.0, 1.0);
      // 0 to 1 within the picture; the frame lies outside.
      share = (corner * grown / box.zw + 1.0) * 0.5;
      // Half a texel less, so that no neighbor shines through.
      vec2 origin = vec2(mod(texel.y, 16.0), floor(texel.y / 16.0)) * 64.0;
      part = vec4(origin + 0.5, texel.zw - 1.0) / ${TILE_PX}.0;
      layer = texel.x;
      edge = vec4(frame.rgb, alpha);
    }`;
  const FRAGMENT = `
    in vec2 share;
    flat in vec4 part;
    flat in float layer;
    flat in vec4 edge;
    uniform mediump sampler2DArray tiles;
    out vec4 color;
    void main() {
      vec3 ink = texture(tiles, vec3(part.xy + share * part.zw, layer)).rgb;
      vec2 away = abs(share - 0.5);
      color = vec4(max(away.x, away.y) > 0.5 ? edge.rgb : ink, edge.a);
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
