"""Decoding: one decode for all features, compared with one decode for each feature."""

import io
import math
import time
from collections.abc import Callable, Sequence
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageOps

import picture_steps
from imgrec.pictures.decoding import Scales, decode
from imgrec.pictures.preprocessing import Preprocessing
from imgrec.samples.noise import fractal_noise
from imgrec.samples.render import render_sample
from imgrec.sources.files import read_file
from machine import rows

_Way = Callable[[bytes], object]
_ENCODER = Preprocessing(crop_px=224, resize_px=224)
_MINI = Preprocessing(crop_px=64, resize_px=64)
_SIZES = ((500, 375), (1600, 1200), (4000, 3000))
_FAMILIES = (0, 4, 9, 12)
_ROUNDS = 3
_PHOTOS = 200


def measured(photos: Path | None) -> str:
    """Return the time of both methods by picture size, and the difference of their pixels."""
    lines = [_line(f"{width} x {height}, generated", _photo_like(width, height))
             for width, height in _SIZES]  # fmt: skip
    if photos is not None:
        files = sorted(photos.rglob("*.jpg"))
        lines.append(_line(photos.name, [read_file(f) for f in files[:: len(files) // _PHOTOS]]))
    heads = [
        "pictures",
        "kB",
        "one decode, ms",
        "separate decodes, ms",
        "ratio",
        "difference at 224 px",
        "64 px",
        "thumbnail",
    ]
    table = rows(heads, lines) + (
        "\nCPU time of one core to make pixels of 224 px, a thumbnail (128 px, JPEG), a color "
        "histogram and the 64 px of `mini`. Separate decodes: Pillow opens, rotates, converts and "
        "resizes the file for each of these. Differences: mean over pixels, of 255.\n"
    )
    return table if photos is None else f"{table}\n{picture_steps.measured(photos)}"


def passes_ms(rounds: int) -> list[tuple[float, float]]:
    """Return the CPU milliseconds per picture of one pass and of separate ones, by round."""
    files = _photo_like(*_SIZES[0])
    found = [_milliseconds(files, _one_pass, _anew, rounds=1) for _ in range(rounds + 1)]
    # The first round imports what decodes.
    return [(one, anew) for one, anew in found[1:]]


def _line(name: str, files: Sequence[bytes]) -> list[object]:
    one, anew = _milliseconds(files, _one_pass, _anew)
    differences = np.mean([_differences(data) for data in files], axis=0)
    size = sum(map(len, files)) / len(files) / 1e3
    return [name, f"{size:.0f}", f"{one:.1f}", f"{anew:.1f}", f"{anew / one:.1f}",
            *(f"{difference:.2f}" for difference in differences)]  # fmt: skip


def _milliseconds(files: Sequence[bytes], *ways: _Way, rounds: int = _ROUNDS) -> list[float]:
    """Return the CPU milliseconds per picture of each method, the best of alternating rounds."""
    best = [math.inf] * len(ways)
    for _ in range(rounds):
        for k, way in enumerate(ways):
            started = time.process_time()
            for data in files:
                way(data)
            best[k] = min(best[k], time.process_time() - started)
    return [spent / len(files) * 1e3 for spent in best]


def _one_pass(data: bytes) -> tuple[NDArray[np.uint8], NDArray[np.uint8], bytes]:
    scales = Scales(decode(data, need_px=_ENCODER.resize_px).image)
    large, small = scales.pixels_for(_ENCODER), scales.pixels_for(_MINI)
    Image.fromarray(large).histogram()
    return large, small, scales.thumbnail()


def _anew(data: bytes) -> tuple[NDArray[np.uint8], NDArray[np.uint8], bytes]:
    large, small = (np.asarray(_loaded(data).resize((side, side), Image.Resampling.BILINEAR))
                    for side in (_ENCODER.crop_px, _MINI.crop_px))  # fmt: skip
    _loaded(data).resize((224, 224), Image.Resampling.BILINEAR).histogram()
    image = _loaded(data)
    scale = 128 / max(image.size)
    size = round(image.width * scale), round(image.height * scale)
    thumb = io.BytesIO()
    image.resize(size, Image.Resampling.BILINEAR).save(thumb, "JPEG", quality=85)
    return large, small, thumb.getvalue()


def _loaded(data: bytes) -> Image.Image:
    with Image.open(io.BytesIO(data)) as image:
        return ImageOps.exif_transpose(image).convert("RGB")


def _differences(data: bytes) -> list[float]:
    ours, plain = _one_pass(data), _anew(data)
    thumbs = [np.asarray(Image.open(io.BytesIO(made[2])), int) for made in (ours, plain)]
    pairs = [(ours[0], plain[0]), (ours[1], plain[1]), (thumbs[0], thumbs[1])]
    return [float(np.abs(a.astype(int) - b).mean()) for a, b in pairs]


def _photo_like(width: int, height: int) -> list[bytes]:
    """Return JPEGs with the shapes of the sample, texture at all scales and sensor noise."""
    return [_textured(index, width, height) for index in _FAMILIES]


def _textured(index: int, width: int, height: int) -> bytes:
    rng = np.random.default_rng(index)
    scene = render_sample(0, index, min(width, 1600)).resize(
        (width, height), Image.Resampling.BICUBIC
    )
    grain = fractal_noise(rng, (height, width), cells=8, octaves=9, gain=0.75)[..., None] - 0.5
    noise = rng.standard_normal((height, width, 1), np.float32)
    pixels = np.clip(np.asarray(scene, np.float32) + 90 * grain + 3 * noise, 0, 255)
    jpeg = io.BytesIO()
    Image.fromarray(pixels.astype(np.uint8)).save(jpeg, "JPEG", quality=88)
    return jpeg.getvalue()
