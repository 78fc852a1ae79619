"""The same dots in regl-scatterplot and sigma.js, where npm is at hand; nothing of it is kept."""

import json
import shutil
import subprocess
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import numpy as np
from browsing import waited
from numpy.typing import NDArray

from browser import chromium

_PACKAGES = ("regl-scatterplot@1", "sigma@3", "graphology@0", "esbuild@0")
_DONE = """
  // Read back, so that they are on the screen.
  const read = (canvas) => {
    const flat = canvas.getContext("2d");
    if (flat) return flat.getImageData(0, 0, 1, 1);
    const gl = canvas.getContext("webgl2") ?? canvas.getContext("webgl");
    return gl?.readPixels(0, 0, 1, 1, gl.RGBA, gl.UNSIGNED_BYTE, new Uint8Array(4));
  };
  const finish = () => requestAnimationFrame(() => requestAnimationFrame(() => {
    document.querySelectorAll("canvas").forEach(read);
    globalThis.dotsAt = performance.now();
  }));
  const points = new Float32Array(await (await fetch("points.bin")).arrayBuffer());
  const codes = new Uint8Array(await (await fetch("codes.bin")).arrayBuffer());
"""
_SCRIPTS = {
    "regl-scatterplot": """
      import createScatterplot from "regl-scatterplot";
      const n = codes.length;
      const canvas = document.querySelector("canvas");
      const plot = createScatterplot({ canvas, width: innerWidth, height: innerHeight, pointSize: 2,
        colorBy: "valueA", pointColor: COLORS });
      const x = Array.from(codes, (_, i) => points[2 * i]);
      const y = Array.from(codes, (_, i) => points[2 * i + 1]);
      await plot.draw({ x, y, valueA: Array.from(codes) });
      finish();
    """,
    "sigma.js": """
      import Graph from "graphology";
      import Sigma from "sigma";
      const graph = new Graph();
      codes.forEach((code, i) => {
        graph.addNode(i, { x: points[2 * i], y: points[2 * i + 1], size: 1, color: COLORS[code] });
      });
      document.querySelector("canvas").remove();
      const view = new Sigma(graph, document.querySelector("div"), { renderLabels: false });
      view.once("afterRender", finish);
      view.refresh();
    """,
}
_COLORS = ["#0072b2", "#e69f00", "#009e73", "#d55e00", "#cc79a7", "#56b4e9", "#8c7a00", "#6a51a3"]
_PAGE = """<!doctype html><meta charset="utf-8"><link rel="icon" href="data:,">
<style>html, body, div, canvas { width: 100%; height: 100%; margin: 0 }</style>
<div><canvas></canvas></div><script type="module" src="NAME.bundle.js"></script>"""


def dots_ms(
    positions: NDArray[np.float32], codes: NDArray[np.uint8], work: Path
) -> dict[str, float]:
    """Return the ms until all dots are drawn, by library; none where npm is not at hand.

    Args:
        positions: (n, 2), -1 to 1.
        codes: (n,) colors, below 8.
        work: folder to install into.
    """
    npm = shutil.which("npm")
    if not npm:
        return {}
    folder = work / "other"
    folder.mkdir(exist_ok=True)
    subprocess.run([npm, "install", "--no-fund", "--no-audit", "--prefix", folder, *_PACKAGES],
                   check=True, capture_output=True, cwd=folder)  # fmt: skip
    (folder / "points.bin").write_bytes(positions.astype("<f4").tobytes())
    (folder / "codes.bin").write_bytes(codes.astype(np.uint8).tobytes())
    found = {}
    with _served(folder) as origin:
        for name, script in _SCRIPTS.items():
            _bundle(folder, name, script)
            with chromium(work / f"profile-{name}", width=1280, height=900) as browser:
                browser.get(f"{origin}/{name}.html")
                found[name] = waited(browser, "dotsAt")
    return found


def _bundle(folder: Path, name: str, script: str) -> None:
    source = folder / f"{name}.source.js"
    source.write_text(_DONE + script.replace("COLORS", json.dumps(_COLORS)))
    build = folder / "node_modules" / ".bin" / "esbuild"
    subprocess.run([build, source, "--bundle", "--format=esm", "--minify", "--log-level=error",
                    f"--outfile={folder / f'{name}.bundle.js'}"], check=True)  # fmt: skip
    (folder / f"{name}.html").write_text(_PAGE.replace("NAME", name))


class _Quiet(SimpleHTTPRequestHandler):
    def log_message(self, format: str, *args: object) -> None:
        del format, args


@contextmanager
def _served(folder: Path) -> Iterator[str]:
    """Serve a folder on this machine; the libraries load nothing from files."""
    server = ThreadingHTTPServer(("127.0.0.1", 0), partial(_Quiet, directory=folder))
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_port}"
    finally:
        server.shutdown()
        thread.join()
        server.server_close()
