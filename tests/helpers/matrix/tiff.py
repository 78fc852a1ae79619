"""TIFF cells: photometric interpretation, sample, byte order, planes, compression, alpha, tags.

Source: TIFF revision 6.0, and the BigTIFF layout of libtiff.
"""

import itertools
import struct
import zlib
from collections.abc import Iterator
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from matrix.cells import HEIGHT, RAMPS, WIDTH, Cell, as_rgb, over_white, packed, samples

MIN_IS_WHITE, MIN_IS_BLACK, RGB, PALETTE, CMYK, YCBCR = 0, 1, 2, 3, 5, 6
NONE, LZW, DEFLATE, PACKBITS = 1, 5, 8, 32773
UNSIGNED, SIGNED, FLOAT = 1, 2, 3
BYTE, SHORT, LONG, LONG8 = 1, 3, 4, 16
_CODES = {BYTE: "B", SHORT: "H", LONG: "I", LONG8: "Q"}
ORIENTATION, EXTRA_SAMPLES, COLOR_MAP, SUBSAMPLING, ICC = 274, 338, 320, 530, 34675
Tags = dict[int, tuple[int, list[int]]]


@dataclass(frozen=True)
class Layout:
    """How the samples of a picture lie in a TIFF."""

    photometric: int
    bits: int
    order: str = "<"
    compression: int = NONE
    planar: bool = False
    kind: int = UNSIGNED
    big: bool = False
    tags: Tags = field(default_factory=dict)


def tiff(values: NDArray[np.generic], layout: Layout) -> bytes:
    """Return a TIFF of samples (h, w, c), in strips of five rows."""
    height, width, channels = values.shape
    planes = np.split(values, channels, -1) if layout.planar else [values]
    strips = [
        _compressed(_bytes_of(plane[y : y + 5], layout), layout.compression)
        for plane in planes
        for y in range(0, height, 5)
    ]
    start = 16 if layout.big else 8
    offsets = list(itertools.accumulate((len(strip) for strip in strips), initial=start))
    tags: Tags = {
        256: (SHORT, [width]), 257: (SHORT, [height]), 258: (SHORT, [layout.bits] * channels),
        259: (SHORT, [layout.compression]), 262: (SHORT, [layout.photometric]),
        273: (LONG, offsets[:-1]), 277: (SHORT, [channels]), 278: (SHORT, [5]),
        279: (LONG, [len(strip) for strip in strips]), 284: (SHORT, [2 if layout.planar else 1]),
        339: (SHORT, [layout.kind] * channels), **layout.tags,
    }  # fmt: skip
    return _file(b"".join(strips), tags, layout)


def _bytes_of(part: NDArray[np.generic], layout: Layout) -> bytes:
    if layout.kind == FLOAT or layout.kind == SIGNED:
        return part.astype(part.dtype.newbyteorder(layout.order)).tobytes()
    return b"".join(packed(part, layout.bits, layout.order))


def _file(pixels: bytes, tags: Tags, layout: Layout) -> bytes:
    order, wide = layout.order, layout.big
    count, entry, offset = ("Q", "HHQ", "Q") if wide else ("H", "HHI", "I")
    inline = 8 if wide else 4
    pixels += bytes(len(pixels) % 2)
    start = (16 if wide else 8) + len(pixels)
    end = start + struct.calcsize("<" + count) + len(tags) * (20 if wide else 12) + inline
    directory, beyond = struct.pack(order + count, len(tags)), b""
    for tag, (kind, numbers) in sorted(tags.items()):
        body = struct.pack(f"{order}{len(numbers)}{_CODES[kind]}", *numbers)
        if len(body) > inline:
            place = end + len(beyond)
            beyond += body + bytes(len(body) % 2)
            body = struct.pack(order + offset, place)
        directory += struct.pack(order + entry, tag, kind, len(numbers)) + body.ljust(inline, b"\0")
    mark = b"II" if order == "<" else b"MM"
    version = (43, 8, 0) if wide else (42,)
    head = mark + struct.pack(f"{order}{len(version)}H", *version) + struct.pack(order + offset, start)
    return head + pixels + directory + bytes(inline) + beyond


def _compressed(data: bytes, compression: int) -> bytes:
    if compression == DEFLATE:
        return zlib.compress(data)
    if compression == PACKBITS:
        runs = [data[k : k + 128] for k in range(0, len(data), 128)]
        return b"".join(bytes([len(run) - 1]) + run for run in runs)
    if compression == LZW:
        return _lzw(data)
    return data


def _lzw(data: bytes) -> bytes:
    """Return codes of 9 bits, with the table cleared before it would need a tenth."""
    codes: list[int] = []
    for k in range(0, len(data), 200):
        codes += [256, *data[k : k + 200]]
    bits = "".join(f"{code:09b}" for code in [*codes, 257])
    bits += "0" * (-len(bits) % 8)
    return int(bits, 2).to_bytes(len(bits) // 8, "big")


def cells() -> Iterator[Cell]:
    """Yield the combinations of photometric interpretation and sample with layouts and tags."""
    layouts = list(itertools.product("<>", (NONE, LZW, DEFLATE, PACKBITS), (False, True)))
    for order, compression, planar in layouts:
        yield from _integers(order, compression, planar)
        yield from _alphas(order, compression, planar)
    for order, big in itertools.product("<>", (False, True)):
        yield from _floats(order, big)
        yield from _orientations(order, big)


def _name(what: str, layout: Layout) -> str:
    packing = {NONE: "", LZW: ", LZW", DEFLATE: ", deflate", PACKBITS: ", PackBits"}
    order = "little" if layout.order == "<" else "big"
    planes = ", planar" if layout.planar else ""
    return f"{'BigTIFF' if layout.big else 'TIFF'} {what}, {order}{packing[layout.compression]}{planes}"


def _cell(what: str, values: NDArray[np.generic], layout: Layout, shown: object, near: float = 1.0) -> Cell:
    return Cell(_name(what, layout), "tif", tiff(values, layout), np.asarray(shown), near)


def _integers(order: str, compression: int, planar: bool) -> Iterator[Cell]:
    for photometric, bits in itertools.product((MIN_IS_WHITE, MIN_IS_BLACK), (1, 2, 4, 8, 16, 32)):
        if planar:
            continue
        values = samples(1, bits)
        shown = as_rgb(values, bits)
        shown = 255 - shown if photometric == MIN_IS_WHITE else shown
        layout = Layout(photometric, bits, order, compression)
        yield _cell(f"gray {bits} bits, photometric {photometric}", values, layout, shown)
    for bits in (8, 16, 32):
        values = samples(3, bits)
        layout = Layout(RGB, bits, order, compression, planar)
        yield _cell(f"RGB {bits} bits", values, layout, as_rgb(values, bits))
    for bits in (8, 16):
        inks = samples(4, bits)
        light = as_rgb(2**bits - 1 - inks[..., :3].astype(int), bits)
        black = (2**bits - 1 - inks[..., 3:].astype(int)) / (2**bits - 1)
        layout = Layout(CMYK, bits, order, compression, planar)
        yield _cell(f"CMYK {bits} bits", inks, layout, light * black, 2.0)
    for bits in () if planar else (1, 2, 4, 8):
        colors = (np.arange(3 * 2**bits) * 7919 % 65536).reshape(3, -1)
        tags: Tags = {COLOR_MAP: (SHORT, colors.ravel().tolist())}
        indexes = samples(1, bits)
        layout = Layout(PALETTE, bits, order, compression, tags=tags)
        yield _cell(f"palette {bits} bits", indexes, layout, colors[:, indexes[..., 0]].transpose(1, 2, 0) / 257)
    values = samples(3, 8)
    y, cb, cr = (values[..., k].astype(float) for k in range(3))
    shown = np.stack([y + 1.402 * (cr - 128), y - 0.344136 * (cb - 128) - 0.714136 * (cr - 128), y + 1.772 * (cb - 128)], -1)
    layout = Layout(YCBCR, 8, order, compression, planar, tags={SUBSAMPLING: (SHORT, [1, 1])})
    yield _cell("YCbCr", values, layout, np.clip(shown, 0, 255), 2.0)


def _alphas(order: str, compression: int, planar: bool) -> Iterator[Cell]:
    """Yield RGB and gray with an extra sample: unspecified, associated and unassociated alpha."""
    for bits, channels, extra in itertools.product((8, 16), (3, 1), (0, 1, 2)):
        values = np.rint(RAMPS[..., [*range(channels), 3]] * (2**bits - 1))
        alpha = values[..., -1] / (2**bits - 1)
        shown = as_rgb(values[..., :channels], bits)
        if extra == 1:
            values[..., :channels] = np.rint(values[..., :channels] * alpha[..., None])
        shown = shown if extra == 0 else over_white(shown, alpha)
        kind = ("unspecified sample", "associated alpha", "unassociated alpha")[extra]
        layout = Layout(RGB if channels == 3 else MIN_IS_BLACK, bits, order, compression, planar,
                        tags={EXTRA_SAMPLES: (SHORT, [extra])})  # fmt: skip
        what = f"{'RGB' if channels == 3 else 'gray'} {bits} bits, {kind}"
        yield _cell(what, values.astype(np.uint16), layout, shown, 2.0)


def _floats(order: str, big: bool) -> Iterator[Cell]:
    for photometric, bits, channels in itertools.product((MIN_IS_WHITE, MIN_IS_BLACK, RGB), (16, 32, 64), (1, 3)):
        if (photometric == RGB) != (channels == 3):
            continue
        values = RAMPS[..., :channels].astype(f"f{bits // 8}")
        shown = as_rgb(values * 255.0, 8)
        shown = 255 - shown if photometric == MIN_IS_WHITE else shown
        layout = Layout(photometric, bits, order, kind=FLOAT, big=big)
        yield _cell(f"{bits}-bit floats, photometric {photometric}", values, layout, shown)
    for bits in (8, 16, 32):
        values = np.rint((RAMPS[..., :1] * 2 - 1) * (2 ** (bits - 1) - 1)).astype(f"i{bits // 8}")
        layout = Layout(MIN_IS_BLACK, bits, order, kind=SIGNED, big=big)
        yield _cell(f"signed {bits} bits", values, layout, as_rgb(RAMPS[..., :1] * 255.0, 8))


def _orientations(order: str, big: bool) -> Iterator[Cell]:
    values = samples(3, 8)
    for kind, orientation in itertools.product((BYTE, SHORT, LONG), range(10)):
        layout = Layout(RGB, 8, order, big=big, tags={ORIENTATION: (kind, [orientation])})
        what = f"orientation {orientation} of type {kind}"
        yield _cell(what, values, layout, upright(as_rgb(values, 8), orientation), 0.0)


def upright(pixels: NDArray[np.float64], orientation: int) -> NDArray[np.float64]:
    """Return stored pixels (h, w, 3) as an EXIF orientation says they are to be shown."""
    if orientation in (5, 6, 7, 8):
        pixels = pixels.transpose(1, 0, 2)
    # Rows and columns are stored in the opposite direction.
    down = -1 if orientation in (3, 4, 7, 8) else 1
    across = -1 if orientation in (2, 3, 6, 7) else 1
    return pixels[::down, ::across]
