"""PNG cells: color type, bit depth, interlace, color key or alpha.

Source: the PNG specification, third edition.
"""

import struct
import zlib
from collections.abc import Iterator

import numpy as np
from numpy.typing import NDArray

from matrix.cells import HEIGHT, RAMPS, WIDTH, Cell, as_rgb, over_white, packed, samples

GRAY, RGB, PALETTE, GRAY_ALPHA, RGB_ALPHA = 0, 2, 3, 4, 6
_CHANNELS = {GRAY: 1, RGB: 3, PALETTE: 1, GRAY_ALPHA: 2, RGB_ALPHA: 4}
_DEPTHS = {GRAY: (1, 2, 4, 8, 16), RGB: (8, 16), PALETTE: (1, 2, 4, 8),
           GRAY_ALPHA: (8, 16), RGB_ALPHA: (8, 16)}  # fmt: skip
# First column, first row, and the steps of each pass of Adam7.
_ADAM7 = ((0, 0, 8, 8), (4, 0, 8, 8), (0, 4, 4, 8), (2, 0, 4, 4), (0, 2, 2, 4), (1, 0, 2, 2), (0, 1, 1, 2))  # fmt: skip


def chunk(name: bytes, body: bytes, wrong_crc: bool = False) -> bytes:
    """Return a chunk with its CRC, or with a wrong one."""
    crc = zlib.crc32(name + body) ^ (0xFFFF if wrong_crc else 0)
    return struct.pack(">I", len(body)) + name + body + struct.pack(">I", crc)


def png(
    values: NDArray[np.generic],
    bits: int,
    color: int,
    *,
    before: bytes = b"",
    after: bytes = b"",
    interlaced: bool = False,
) -> bytes:
    """Return a PNG of samples (h, w, c), with chunks before and after its pixels."""
    height, width = values.shape[:2]
    passes = [values]
    if interlaced:
        passes = [values[y::down, x::across] for x, y, across, down in _ADAM7]
    rows = [row for part in passes if part.size for row in packed(part, bits)]
    head = struct.pack(">IIBBBBB", width, height, bits, color, 0, 0, interlaced)
    pixels = zlib.compress(b"".join(b"\0" + row for row in rows))
    return (
        b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", head) + before
        + chunk(b"IDAT", pixels) + after + chunk(b"IEND", b"")
    )  # fmt: skip


def cells() -> Iterator[Cell]:
    """Yield each color type, bit depth, interlace, and kind of transparency."""
    for color, depths in _DEPTHS.items():
        for bits in depths:
            for interlaced in (False, True):
                yield from _plain_and_keyed(color, bits, interlaced)


def _plain_and_keyed(color: int, bits: int, interlaced: bool) -> Iterator[Cell]:
    values = samples(_CHANNELS[color], bits)
    name = f"PNG color type {color}, {bits} bits{', interlaced' if interlaced else ''}"
    if color == PALETTE:
        yield from _of_a_palette(values, bits, interlaced, name)
        return
    colors = values[..., : 3 if color in (RGB, RGB_ALPHA) else 1]
    shown = as_rgb(colors, bits)
    if color in (GRAY_ALPHA, RGB_ALPHA):
        shown = over_white(shown, values[..., -1] / (2**bits - 1))
    yield Cell(name, "png", png(values, bits, color, interlaced=interlaced), shown, browser=True)
    if color in (GRAY, RGB):
        key = colors[HEIGHT // 2, WIDTH // 2]
        shown = over_white(shown, (colors != key).any(-1))
        keyed = chunk(b"tRNS", key.astype(">u2").tobytes())
        data = png(values, bits, color, before=keyed, interlaced=interlaced)
        yield Cell(f"{name}, color key", "png", data, shown, browser=True)


def _of_a_palette(
    indexes: NDArray[np.generic], bits: int, interlaced: bool, name: str
) -> Iterator[Cell]:
    colors = np.rint(RAMPS.reshape(-1, 4)[:: -(RAMPS.size // 4 // 2**bits) or -1][: 2**bits] * 255)
    colors = np.resize(colors, (2**bits, 4)).astype(np.uint8)
    table = chunk(b"PLTE", colors[:, :3].tobytes())
    rgb = colors[indexes[..., 0], :3].astype(float)
    data = png(indexes, bits, PALETTE, before=table, interlaced=interlaced)
    yield Cell(name, "png", data, rgb, browser=True)
    alpha = np.full(2**bits, 255)
    # Fewer entries than colors: the others are opaque.
    alpha[: 2 ** (bits - 1)] = colors[: 2 ** (bits - 1), 3]
    faded = chunk(b"tRNS", alpha[: 2 ** (bits - 1)].astype(np.uint8).tobytes())
    data = png(indexes, bits, PALETTE, before=table + faded, interlaced=interlaced)
    shown = over_white(rgb, alpha[indexes[..., 0]] / 255)
    yield Cell(f"{name}, alpha of entries", "png", data, shown, browser=True)
