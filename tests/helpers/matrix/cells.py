"""The test picture of the format matrix, and what a cell of it is: a file and its right pixels."""

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

WIDTH, HEIGHT = 21, 13
Samples = NDArray[Any]
Pixels = NDArray[np.float64]
_Y, _X = np.mgrid[:HEIGHT, :WIDTH]
# Four ramps in 0 to 1 of different directions (h, w, 4): three colors and alpha.
RAMPS: Pixels = np.stack([
    _X / (WIDTH - 1),
    _Y / (HEIGHT - 1),
    (_X + _Y) / (WIDTH + HEIGHT - 2),
    (WIDTH - 1 - _X + _Y) / (WIDTH + HEIGHT - 2),
], -1)  # fmt: skip


@dataclass(frozen=True, eq=False)
class Cell:
    """One cell of the matrix.

    Attributes:
        name: its format and variant, unique.
        suffix: the file suffix by which ImageMagick knows its format.
        data: the file.
        shown: right pixels (h, w, 3), 0 to 255; None where only other decoders know them.
        near: largest difference of a pixel from `shown`, and from other decoders.
        browser: True if Chromium reads the file and shows the same.
        magick: True if ImageMagick reads the file and shows the same.
    """

    name: str
    suffix: str
    data: bytes
    shown: Pixels | None
    near: float = 1.0
    browser: bool = False
    magick: bool = True


def samples(channels: int, bits: int) -> Samples:
    """Return the test picture (h, w, channels) in integers of a bit depth."""
    levels = np.rint(RAMPS[..., :channels] * (2**bits - 1))
    kind = np.uint8 if bits <= 8 else np.uint16 if bits <= 16 else np.uint32
    found: Samples = levels.astype(kind)
    return found


def as_rgb(values: Samples, bits: int) -> Pixels:
    """Return samples (h, w, 1 or 3) of a bit depth as RGB (h, w, 3) in 0 to 255."""
    scaled: Pixels = values.astype(np.float64) * (255 / (2**bits - 1))
    return np.broadcast_to(scaled, (*scaled.shape[:2], 3))


def over_white(colors: Samples, alpha: Samples) -> Pixels:
    """Return colors (h, w, 3) with alpha (h, w), 0 to 1, composited over white."""
    shown: Pixels = colors * alpha[..., None] + 255 * (1.0 - alpha[..., None])
    return shown


def packed(values: Samples, bits: int, order: str = ">") -> list[bytes]:
    """Return the bytes of each row of samples (h, w, c), packed from the highest bit on."""
    rows = values.reshape(len(values), -1)
    if bits in (8, 16, 32):
        return [row.astype(f"{order}u{bits // 8}").tobytes() for row in rows]
    digits = rows[..., None] >> np.arange(bits - 1, -1, -1) & 1
    return [np.packbits(row.ravel().astype(np.uint8)).tobytes() for row in digits]
