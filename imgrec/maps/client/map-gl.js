(() => {
  "use strict";
  // What the programs of the graphics card share.

  const map = (globalThis.imgrecMap ??= {});

  function compiled(gl, type, source) {
    const shader = gl.createShader(type);
    gl.shaderSource(shader, `#version 300 es\nprecision highp float;\n${source}`);
    gl.compileShader(shader);
    return shader;
  }

  /** Return a program and the places of its uniforms. */
  map.programOf = (gl, vertex, fragment) => {
    const program = gl.createProgram();
    gl.attachShader(program, compiled(gl, gl.VERTEX_SHADER, vertex));
    gl.attachShader(program, compiled(gl, gl.FRAGMENT_SHADER, fragment));
    gl.linkProgram(program);
    if (!gl.getProgramParameter(program, gl.LINK_STATUS) && !gl.isContextLost()) {
      throw new Error(`the graphics card refuses a program: ${gl.getProgramInfoLog(program)}`);
    }
    const at = {};
    const count = gl.getProgramParameter(program, gl.ACTIVE_UNIFORMS) ?? 0;
    for (let i = 0; i < count; i += 1) {
      const { name } = gl.getActiveUniform(program, i);
      at[name] = gl.getUniformLocation(program, name);
    }
    return { program, at };
  };

  /**
   * Bind a buffer to an attribute.
   * @param {object} layout `size`, `type`, `normalized`, `stride`, `offset`, `divisor`.
   */
  map.attribute = (gl, place, buffer, { size, type, normalized = false, stride = 0, offset = 0, divisor = 0 }) => {
    gl.bindBuffer(gl.ARRAY_BUFFER, buffer);
    gl.enableVertexAttribArray(place);
    gl.vertexAttribPointer(place, size, type, normalized, stride, offset);
    gl.vertexAttribDivisor(place, divisor);
  };

  /** Fill a buffer. */
  map.fill = (gl, buffer, data, usage = gl.STATIC_DRAW) => {
    gl.bindBuffer(gl.ARRAY_BUFFER, buffer);
    gl.bufferData(gl.ARRAY_BUFFER, data, usage);
  };
})();
