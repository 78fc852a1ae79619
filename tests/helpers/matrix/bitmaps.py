"""Cells of formats with plain samples: BMP, GIF, the PPM family, TGA.

Sources: the BITMAPINFOHEADER family of Windows, GIF89a, netpbm's pages, TGA version 2.0.
"""

import itertools
import struct
from collections.abc import Iterator
from typing import NamedTuple

import numpy as np

from matrix.cells import (
    HEIGHT,
    RAMPS,
    WIDTH,
    Cell,
    Pixels,
    Samples,
    as_rgb,
    over_white,
    packed,
    samples,
)

_RGB = np.rint(RAMPS[..., :3] * 255).astype(np.uint8)
_MASKS = (
    (16, (0xF800, 0x7E0, 0x1F, 0)),
    (16, (0x7C00, 0x3E0, 0x1F, 0)),
    (32, (0xFF0000, 0xFF00, 0xFF, 0)),
    (32, (0xFF0000, 0xFF00, 0xFF, 0xFF000000)),
)
_ALPHA = np.rint(RAMPS[..., 3] * 255).astype(np.uint8)


def cells() -> Iterator[Cell]:
    """Yield the cells of each format."""
    yield from _bmp_of_indexes()
    yield from _bmp_of_colors()
    yield from _gif()
    yield from _ppm()
    yield from _tga()


def _table(count: int) -> Samples:
    return (np.arange(3 * count) * 89 % 256).astype(np.uint8).reshape(count, 3)


def _bmp(
    rows: list[bytes], bits: int, *, compression: int = 0, table: bytes = b"", masks: bytes = b"",
    top_down: bool = False, header: int = 40, size: tuple[int, int] = (WIDTH, HEIGHT),
) -> bytes:  # fmt: skip
    """Return a BMP of rows from the top; each is padded to four bytes unless it is compressed."""
    if compression not in (1, 2):
        rows = [row + bytes(-len(row) % 4) for row in rows]
    pixels = b"".join(rows if top_down else rows[::-1])
    width, height = size
    if header == 12:
        info = struct.pack("<IHHHH", 12, width, height, 1, bits)
    else:
        info = struct.pack("<IiiHHIIiiII", header, width, -height if top_down else height, 1, bits,
                           compression, len(pixels), 2835, 2835, len(table) // 4, 0)  # fmt: skip
        info = (info + masks).ljust(header, b"\0") if header > 40 else info + masks
    start = 14 + len(info) + len(table)
    return b"BM" + struct.pack("<IHHI", start + len(pixels), 0, 0, start) + info + table + pixels


def _bmp_of_indexes() -> Iterator[Cell]:
    for bits, top_down, header in itertools.product((1, 4, 8), (False, True), (12, 40, 108, 124)):
        if top_down and header == 12:
            continue
        colors, indexes = _table(2**bits), samples(1, bits)
        entry = [] if header == 12 else [np.zeros((2**bits, 1), np.uint8)]
        table = np.concatenate([colors[:, ::-1], *entry], 1).tobytes()
        data = _bmp(packed(indexes, bits), bits, table=table, top_down=top_down, header=header)
        name = f"BMP palette {bits} bits, header {header}{', top-down' if top_down else ''}"
        yield Cell(name, "bmp", data, colors[indexes[..., 0]].astype(float), browser=True)
    for bits, compression in ((8, 1), (4, 2)):
        colors, indexes = _table(2**bits), samples(1, bits)[..., 0]
        table = np.concatenate([colors[:, ::-1], np.zeros((2**bits, 1), np.uint8)], 1).tobytes()
        rows = [_runs(row, bits) + b"\0\0" for row in indexes]
        rows[0] += b"\0\1"
        data = _bmp(rows, bits, compression=compression, table=table)
        shown = colors[indexes].astype(float)
        yield Cell(f"BMP palette {bits} bits, RLE", "bmp", data, shown, browser=True)


def _runs(row: Samples, bits: int) -> bytes:
    """Return a row as one absolute run and encoded runs of one pixel."""
    out = b""
    if bits == 8:
        start = row[:5].astype(np.uint8).tobytes()
        out = bytes([0, 5]) + start + b"\0"
        return out + b"".join(bytes([1, int(value)]) for value in row[5:])
    return b"".join(bytes([1, int(value) << 4]) for value in row)


def _bmp_of_colors() -> Iterator[Cell]:
    bgr, shown = _RGB[..., ::-1], _RGB.astype(float)
    rows = [row.tobytes() for row in bgr]
    for top_down, header in itertools.product((False, True), (12, 40, 108, 124)):
        if top_down and header == 12:
            continue
        name = f"BMP 24 bits, header {header}{', top-down' if top_down else ''}"
        data = _bmp(rows, 24, top_down=top_down, header=header)
        yield Cell(name, "bmp", data, shown, browser=True)
    for (bits, masks), header in itertools.product(_MASKS, (40, 108, 124)):
        if masks[3] and header == 40:
            continue
        data, right = _by_masks(bits, masks, header)
        name = f"BMP {bits} bits, masks {'/'.join(f'{mask:x}' for mask in masks)}, header {header}"
        # Pillow expands 5 bits by repeating the upper ones, others by rounding.
        yield Cell(name, "bmp", data, right, 4.0 if bits == 16 else 1.0, browser=True)
    fields = np.concatenate([bgr, np.zeros_like(bgr[..., :1])], -1)
    data = _bmp([row.tobytes() for row in fields], 32)
    yield Cell("BMP 32 bits", "bmp", data, shown, browser=True)
    words, right = _five_bits()
    data = _bmp([row.tobytes() for row in words], 16)
    yield Cell("BMP 16 bits", "bmp", data, right, browser=True)


def _five_bits() -> tuple[Samples, Pixels]:
    """Return words of 5 bits a channel (h, w), and their colors."""
    five = (_RGB >> 3).astype(int)
    words = five[..., 0] << 10 | five[..., 1] << 5 | five[..., 2]
    return words.astype("<u2"), five * (255 / 31)


def _by_masks(bits: int, masks: tuple[int, ...], header: int) -> tuple[bytes, Pixels]:
    words = np.zeros((HEIGHT, WIDTH), np.uint32)
    levels = []
    for mask, ramp in zip(masks, np.moveaxis(RAMPS, -1, 0), strict=True):
        if not mask:
            levels.append(np.ones_like(ramp))
            continue
        shift = (mask & -mask).bit_length() - 1
        most = mask >> shift
        level = np.rint(ramp * most)
        words |= level.astype(np.uint32) << shift
        levels.append(level / most)
    shown = over_white(np.stack(levels[:3], -1) * 255, levels[3])
    packed_masks = struct.pack("<4I", *masks)[: 12 if header == 40 else 16]
    rows = [row.tobytes() for row in words.astype(f"<u{bits // 8}")]
    return _bmp(rows, bits, compression=3, masks=packed_masks, header=header), shown


def _gif() -> Iterator[Cell]:
    colors, local = _table(256), _table(256)[::-1].copy()
    indexes = samples(1, 8)[..., 0].astype(np.uint8)
    shown = colors[indexes].astype(float)
    yield Cell("GIF", "gif", gif(indexes, colors), shown, browser=True)
    yield Cell("GIF interlaced", "gif", gif(indexes, colors, interlaced=True), shown, browser=True)
    data = gif(indexes, colors, local=local)
    yield Cell("GIF local palette", "gif", data, local[indexes].astype(float), browser=True)
    key = int(indexes[HEIGHT // 2, WIDTH // 2])
    clear = over_white(shown, indexes != key)
    yield Cell("GIF transparent", "gif", gif(indexes, colors, key=key), clear, browser=True)
    around = np.full((HEIGHT + 7, WIDTH + 5, 3), 255.0)
    around[4 : 4 + HEIGHT, 3 : 3 + WIDTH] = clear
    data = gif(indexes, colors, key=key, canvas=(WIDTH + 5, HEIGHT + 7), place=(3, 4))
    yield Cell("GIF transparent, smaller than its canvas", "gif", data, around, browser=True)
    around = np.full((HEIGHT + 7, WIDTH + 5, 3), 255.0)
    around[4 : 4 + HEIGHT, 3 : 3 + WIDTH] = shown
    data = gif(indexes, colors, canvas=(WIDTH + 5, HEIGHT + 7), place=(3, 4))
    yield Cell("GIF smaller than its canvas", "gif", data, around, browser=True)


def gif(
    indexes: Samples,
    colors: Samples,
    *,
    local: Samples | None = None,
    key: int | None = None,
    interlaced: bool = False,
    canvas: tuple[int, int] | None = None,
    place: tuple[int, int] = (0, 0),
) -> bytes:
    """Return a GIF of one frame with 256 colors, whose background color is number 7.

    Args:
        indexes: colors by number (h, w).
        colors: the global palette (256, 3).
        local: the palette of the frame; None for the global one.
        key: the number of the transparent color.
        interlaced: True to store every eighth row first.
        canvas: width and height; None for those of the frame.
        place: column and row of the frame on the canvas.
    """
    height, width = indexes.shape
    if interlaced:
        indexes = indexes[sorted(range(height), key=lambda y: (_gif_pass(y), y))]
    out = b"GIF89a" + struct.pack("<HHBBB", *(canvas or (width, height)), 0xF7, 7, 0)
    out += colors.tobytes()
    if key is not None:
        out += struct.pack("<BBBBHBB", 0x21, 0xF9, 4, 1, 0, key, 0)
    flags = (0x87 if local is not None else 0) | (0x40 if interlaced else 0)
    out += b"," + struct.pack("<HHHHB", *place, width, height, flags)
    out += b"" if local is None else local.tobytes()
    return out + b"\x08" + _blocks(_nine_bit_codes(indexes.tobytes())) + b";"


def _gif_pass(row: int) -> int:
    return 0 if row % 8 == 0 else 1 if row % 8 == 4 else 2 if row % 4 == 2 else 3


def _nine_bit_codes(data: bytes) -> bytes:
    codes: list[int] = []
    for k in range(0, len(data), 200):
        codes += [256, *data[k : k + 200]]
    number = sum(code << 9 * k for k, code in enumerate([*codes, 257]))
    return number.to_bytes((9 * (len(codes) + 1) + 7) // 8, "little")


def _blocks(data: bytes) -> bytes:
    parts = [data[k : k + 255] for k in range(0, len(data), 255)]
    return b"".join(bytes([len(part)]) + part for part in parts) + b"\0"


def _ppm() -> Iterator[Cell]:
    for channels, most in itertools.product((1, 3), (1, 7, 100, 255, 256, 1000, 65535)):
        values = np.rint(RAMPS[..., :channels] * most).astype(int)
        shown = np.broadcast_to(values * (255 / most), (HEIGHT, WIDTH, 3))
        size = f"{WIDTH} {HEIGHT}\n{most}\n"
        kind = 5 if channels == 1 else 6
        width = "u1" if most < 256 else ">u2"
        binary = f"P{kind}\n# a comment\n{size}".encode() + values.astype(width).tobytes()
        near = 2.0 if channels == 3 and most > 255 else 1.0
        yield Cell(f"PNM P{kind}, maxval {most}", "ppm", binary, shown, near)
        text = f"P{kind - 3}\n{size}" + " ".join(map(str, values.ravel())) + "\n"
        yield Cell(f"PNM P{kind - 3}, maxval {most}", "ppm", text.encode(), shown, near)
    bits = samples(1, 1)
    shown = as_rgb(1 - bits.astype(int), 1)
    rows = b"".join(packed(bits, 1))
    yield Cell("PNM P4", "ppm", f"P4\n{WIDTH} {HEIGHT}\n".encode() + rows, shown)
    text = f"P1\n{WIDTH} {HEIGHT}\n" + "".join(map(str, bits.ravel())) + "\n"
    yield Cell("PNM P1", "ppm", text.encode(), shown)
    for channels, order in itertools.product((1, 3), "<>"):
        floats = RAMPS[::-1, :, :channels].astype(f"{order}f4")
        head = (
            f"P{'f' if channels == 1 else 'F'}\n{WIDTH} {HEIGHT}\n{-1 if order == '<' else 1}.0\n"
        )
        shown = np.broadcast_to(RAMPS[..., :channels] * 255, (HEIGHT, WIDTH, 3))
        name = f"PFM {'gray' if channels == 1 else 'RGB'}, {'little' if order == '<' else 'big'}"
        yield Cell(name, "pfm", head.encode() + floats.tobytes(), shown)


def _tga() -> Iterator[Cell]:
    kinds = _tga_kinds()
    for (name, kind), top, runs in itertools.product(kinds.items(), (False, True), (False, True)):
        rows = kind.values if top else kind.values[::-1]
        colors, flags = len(kind.palette) // 3, kind.alpha_bits | (0x20 if top else 0)
        head = struct.pack("<BBBHHB", 0, bool(colors), kind.code + 8 * runs, 0, colors, 24)
        head += struct.pack("<HHHHBB", 0, 0, WIDTH, HEIGHT, kind.bits, flags)
        # One packet a row: a literal run of all its pixels.
        count = bytes([WIDTH - 1]) if runs else b""
        body = b"".join(count + row.tobytes() for row in rows)
        how = f"{', top-down' if top else ''}{', RLE' if runs else ''}"
        yield Cell(f"TGA {name}{how}", "tga", head + kind.palette + body, kind.shown)


class _Tga(NamedTuple):
    code: int
    bits: int
    values: Samples
    shown: Pixels
    palette: bytes = b""
    alpha_bits: int = 0


def _tga_kinds() -> dict[str, _Tga]:
    shown, bgr, gray = _RGB.astype(float), _RGB[..., ::-1], _RGB[..., :1]
    bgra = np.concatenate([bgr, _ALPHA[..., None]], -1)
    colors = _table(256)
    words, five = _five_bits()
    return {
        "gray": _Tga(3, 8, gray, as_rgb(gray, 8)),
        "RGB": _Tga(2, 24, bgr, shown),
        "RGBA": _Tga(2, 32, bgra, over_white(shown, _ALPHA / 255), alpha_bits=8),
        "palette": _Tga(1, 8, gray, colors[gray[..., 0]].astype(float), colors[:, ::-1].tobytes()),
        "16 bits": _Tga(2, 16, words, five),
    }
