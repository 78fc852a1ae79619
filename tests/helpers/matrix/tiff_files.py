"""A writer of TIFFs with any sample layout.

Source: TIFF revision 6.0, and the BigTIFF layout of libtiff.
"""

import itertools
import struct
import zlib
from dataclasses import dataclass, field
from typing import Literal

import numpy as np

from matrix.cells import Samples, packed

MIN_IS_WHITE, MIN_IS_BLACK, RGB, PALETTE, CMYK, YCBCR = 0, 1, 2, 3, 5, 6
NONE, LZW, DEFLATE, PACKBITS = 1, 5, 8, 32773
UNSIGNED, SIGNED, FLOAT = 1, 2, 3
BYTE, SHORT, LONG, LONG8 = 1, 3, 4, 16
_CODES = {BYTE: "B", SHORT: "H", LONG: "I", LONG8: "Q"}
_STRIP_ROWS = 5
Order = Literal["<", ">"]
Tags = dict[int, tuple[int, list[int]]]


@dataclass(frozen=True)
class Layout:
    """How the samples of a picture lie in a TIFF.

    Attributes:
        photometric: what the samples mean.
        bits: of a sample.
        order: the byte order.
        compression: of the strips.
        planar: True for one plane a channel.
        kind: `UNSIGNED`, `SIGNED` or `FLOAT`.
        big: True for BigTIFF.
        predictor: True for the difference of each sample from that to its left.
        tags: further tags, by number: type and values.
    """

    photometric: int
    bits: int
    order: Order = "<"
    compression: int = NONE
    planar: bool = False
    kind: int = UNSIGNED
    big: bool = False
    predictor: bool = False
    tags: Tags = field(default_factory=dict)


def tiff(values: Samples, layout: Layout) -> bytes:
    """Return a TIFF of samples (h, w, c), in strips of five rows."""
    height, width, channels = values.shape
    if layout.predictor:
        values = np.diff(values, axis=1, prepend=np.zeros_like(values[:, :1]))
    planes = np.split(values, channels, -1) if layout.planar else [values]
    strips = [
        _compressed(_bytes_of(plane[y : y + _STRIP_ROWS], layout), layout.compression)
        for plane in planes
        for y in range(0, height, _STRIP_ROWS)
    ]
    start = 16 if layout.big else 8
    offsets = list(itertools.accumulate((len(strip) for strip in strips), initial=start))
    tags: Tags = {
        256: (SHORT, [width]), 257: (SHORT, [height]), 258: (SHORT, [layout.bits] * channels),
        259: (SHORT, [layout.compression]), 262: (SHORT, [layout.photometric]),
        273: (LONG, offsets[:-1]), 277: (SHORT, [channels]), 278: (SHORT, [_STRIP_ROWS]),
        279: (LONG, [len(strip) for strip in strips]), 284: (SHORT, [2 if layout.planar else 1]),
        317: (SHORT, [2 if layout.predictor else 1]), 339: (SHORT, [layout.kind] * channels),
        **layout.tags,
    }  # fmt: skip
    return _file(b"".join(strips), tags, layout)


def _bytes_of(part: Samples, layout: Layout) -> bytes:
    if layout.kind in (FLOAT, SIGNED):
        return part.astype(part.dtype.newbyteorder(layout.order)).tobytes()
    return b"".join(packed(part, layout.bits, layout.order))


def _file(pixels: bytes, tags: Tags, layout: Layout) -> bytes:
    order, big = layout.order, layout.big
    count, entry, offset, inline = ("Q", "HHQ", "Q", 8) if big else ("H", "HHI", "I", 4)
    pixels += bytes(len(pixels) % 2)
    start = (16 if big else 8) + len(pixels)
    end = start + struct.calcsize("<" + count) + len(tags) * (20 if big else 12) + inline
    directory, beyond = struct.pack(order + count, len(tags)), b""
    for tag, (kind, numbers) in sorted(tags.items()):
        body = struct.pack(f"{order}{len(numbers)}{_CODES[kind]}", *numbers)
        if len(body) > inline:
            place = end + len(beyond)
            beyond += body + bytes(len(body) % 2)
            body = struct.pack(order + offset, place)
        directory += struct.pack(order + entry, tag, kind, len(numbers)) + body.ljust(inline, b"\0")
    version = (43, 8, 0) if big else (42,)
    head = (b"II" if order == "<" else b"MM") + struct.pack(f"{order}{len(version)}H", *version)
    head += struct.pack(order + offset, start)
    return head + pixels + directory + bytes(inline) + beyond


def _compressed(data: bytes, compression: int) -> bytes:
    if compression == DEFLATE:
        return zlib.compress(data)
    if compression == PACKBITS:
        runs = [data[k : k + 128] for k in range(0, len(data), 128)]
        return b"".join(bytes([len(run) - 1]) + run for run in runs)
    return _lzw(data) if compression == LZW else data


def _lzw(data: bytes) -> bytes:
    """Return codes of 9 bits, with the table cleared before it would need a tenth."""
    codes: list[int] = []
    for k in range(0, len(data), 200):
        codes += [256, *data[k : k + 200]]
    bits = "".join(f"{code:09b}" for code in [*codes, 257])
    bits += "0" * (-len(bits) % 8)
    return int(bits, 2).to_bytes(len(bits) // 8, "big")
