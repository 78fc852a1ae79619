"""Independent decoders of pictures: ImageMagick, and Chromium."""

import base64
import json
import shutil
import subprocess
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import pytest
from numpy.typing import NDArray
from PIL import Image

if TYPE_CHECKING:
    from selenium.webdriver import Chrome

_IN_CHROMIUM = """
const [files, done] = arguments;
async function pixels(data) {
  const bytes = Uint8Array.from(atob(data), (letter) => letter.charCodeAt(0));
  const image = await createImageBitmap(new Blob([bytes]));
  const canvas = new OffscreenCanvas(image.width, image.height);
  const context = canvas.getContext("2d");
  context.fillStyle = "white";
  context.fillRect(0, 0, image.width, image.height);
  context.drawImage(image, 0, 0);
  const shown = context.getImageData(0, 0, image.width, image.height).data;
  let text = "";
  for (const value of shown) text += String.fromCharCode(value);
  return [image.width, image.height, btoa(text)];
}
Promise.all(files.map((data) => pixels(data).catch((error) => String(error)))).then(
  (found) => done(JSON.stringify(found)));
"""
_OPTIONS = ("-format", "ppm", "-auto-orient", "-background", "white", "-alpha", "remove",
            "-colorspace", "sRGB", "-depth", "8")  # fmt: skip
Shown = dict[str, NDArray[np.uint8] | str]


def by_magick(files: Mapping[str, tuple[str, bytes]], folder: Path) -> Shown:
    """Return what ImageMagick shows of files, over white: {name: pixels (h, w, 3), or an error}.

    Args:
        files: by name, the file's suffix and bytes.
        folder: empty, for the files.
    """
    program = shutil.which("mogrify")
    if not program:
        pytest.skip("no ImageMagick on this machine (apt: imagemagick)")
    names = list(files)
    for number, (suffix, data) in enumerate(files.values()):
        (folder / f"{number}.{suffix}").write_bytes(data)
    shown = folder / "shown"
    shown.mkdir()
    waiting = [f"{number}.{suffix}" for number, (suffix, _) in enumerate(files.values())]
    while waiting:
        command = [program, "-path", "shown", *_OPTIONS, *waiting[:100]]
        subprocess.run(command, cwd=folder, capture_output=True, check=False)
        # It stops at some files that it cannot read: go on behind the first without a result.
        unread = [name for name in waiting[:100] if _read(shown, name) is None]
        waiting = waiting[(waiting.index(unread[0]) + 1) if unread else 100 :]
    found = {name: f"{number}.{files[name][0]}" for number, name in enumerate(names)}
    results = {name: _read(shown, file) for name, file in found.items()}
    return {name: "not read" if one is None else one for name, one in results.items()}


def _read(folder: Path, name: str) -> NDArray[np.uint8] | None:
    number = name.partition(".")[0]
    # Of several frames the first.
    for path in (folder / f"{number}.ppm", folder / f"{number}-0.ppm"):
        if path.exists():
            with Image.open(path) as image:
                return np.asarray(image.convert("RGB"))
    return None


def by_chromium(files: Mapping[str, bytes], browser: "Chrome") -> Shown:
    """Return what Chromium shows of files, over white: {name: pixels (h, w, 3), or an error}."""
    browser.get("about:blank")
    browser.set_script_timeout(60)
    encoded = [base64.b64encode(data).decode() for data in files.values()]
    found: list[object] = json.loads(browser.execute_async_script(_IN_CHROMIUM, encoded))
    return {name: _pixels(one) for name, one in zip(files, found, strict=True)}


def _pixels(found: object) -> NDArray[np.uint8] | str:
    if not isinstance(found, list):
        return str(found)
    width, height, text = found
    values = np.frombuffer(base64.b64decode(text), np.uint8)
    return values.reshape(height, width, 4)[..., :3]
