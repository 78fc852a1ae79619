"""PNG cells: color type, bit depth, interlace, color key or alpha.

Source: the PNG specification, third edition.
"""

import struct
import zlib
from collections.abc import Iterator

import numpy as np

from matrix.cells import HEIGHT, RAMPS, WIDTH, Cell, Samples, as_rgb, over_white, packed, samples

GRAY, RGB, PALETTE, GRAY_ALPHA, RGB_ALPHA = 0, 2, 3, 4, 6
_CHANNELS = {GRAY: 1, RGB: 3, PALETTE: 1, GRAY_ALPHA: 2, RGB_ALPHA: 4}
_DEPTHS = {GRAY: (1, 2, 4, 8, 16), RGB: (8, 16), PALETTE: (1, 2, 4, 8),
           GRAY_ALPHA: (8, 16), RGB_ALPHA: (8, 16)}  # fmt: skip
# First column, first row, and the steps of each pass of Adam7.
_ADAM7 = ((0, 0, 8, 8), (4, 0, 8, 8), (0, 4, 4, 8), (2, 0, 4, 4),
          (0, 2, 2, 4), (1, 0, 2, 2), (0, 1, 1, 2))  # fmt: skip


def chunk(name: bytes, body: bytes, wrong_crc: bool = False) -> bytes:
    """Return a chunk with its CRC, or with a wrong one."""
    crc = zlib.crc32(name + body) ^ (0xFFFF if wrong_crc else 0)
    return struct.pack(">I", len(body)) + name + body + struct.pack(">I", crc)


def png(
    values: Samples,
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
    parts = [chunk(b"IHDR", head), before, chunk(b"IDAT", pixels), after, chunk(b"IEND", b"")]
    return b"\x89PNG\r\n\x1a\n" + b"".join(parts)


def cells() -> Iterator[Cell]:
    """Yield each color type, bit depth, interlace, and kind of transparency."""
    for color, depths in _DEPTHS.items():
        for bits in depths:
            for interlaced in (False, True):
                name = f"PNG color type {color}, {bits} bits{', interlaced' if interlaced else ''}"
                make = _of_a_palette if color == PALETTE else _of_channels
                yield from make(color, bits, interlaced, name)


def _of_channels(color: int, bits: int, interlaced: bool, name: str) -> Iterator[Cell]:
    values = samples(_CHANNELS[color], bits)
    colors = values[..., : 3 if color in (RGB, RGB_ALPHA) else 1]
    shown, near = as_rgb(colors, bits), 1.0
    if color in (GRAY_ALPHA, RGB_ALPHA):
        shown = over_white(shown, values[..., -1] / (2**bits - 1))
        # Of 16 bits Pillow keeps the upper 8, of color and of alpha.
        near = 2.0 if bits == 16 else 1.0
    data = png(values, bits, color, interlaced=interlaced)
    yield Cell(name, "png", data, shown, near, browser=True)
    if color in (GRAY, RGB):
        key = colors[HEIGHT // 2, WIDTH // 2]
        shown = over_white(shown, (colors != key).any(-1).astype(float))
        keyed = chunk(b"tRNS", key.astype(">u2").tobytes())
        data = png(values, bits, color, before=keyed, interlaced=interlaced)
        yield Cell(f"{name}, color key", "png", data, shown, browser=True)


def _of_a_palette(color: int, bits: int, interlaced: bool, name: str) -> Iterator[Cell]:
    indexes, count = samples(1, bits), 2**bits
    table = np.resize(np.rint(RAMPS[::-1].reshape(-1, 4) * 255), (count, 4)).astype(np.uint8)
    palette = chunk(b"PLTE", table[:, :3].tobytes())
    rgb = table[indexes[..., 0], :3].astype(float)
    data = png(indexes, bits, color, before=palette, interlaced=interlaced)
    yield Cell(name, "png", data, rgb, browser=True)
    # Fewer entries than colors: the others are opaque.
    faded = table[: count // 2, 3]
    alpha = np.concatenate([faded, np.full(count - len(faded), 255, np.uint8)])
    before = palette + chunk(b"tRNS", faded.tobytes())
    data = png(indexes, bits, color, before=before, interlaced=interlaced)
    shown = over_white(rgb, alpha[indexes[..., 0]] / 255)
    yield Cell(f"{name}, alpha of entries", "png", data, shown, browser=True)
