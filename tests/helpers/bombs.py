"""Files of a few bytes that describe pictures of gigabytes: headers, and nothing behind them."""

import struct
import zlib

import numpy as np
from PIL import Image

from pictures import encoded

SIDE = 13_000


def bombs() -> dict[str, bytes]:
    """Return files by name; each has fewer pixels than the limit of Pillow, 13,000 x 13,000."""
    return {
        "webp": _webp(),
        "png-rgba": png(6, 8),
        "png-16": png(0, 16),
        "png-gray-alpha": png(4, 8),
        "icon": icon(png(6, 8)),
        "apple-icon": apple_icon(png(6, 8)),
        "tiff-float": _float_tiff(),
        "jpeg2000": _jpeg2000(),
        "qoi": b"qoif" + struct.pack(">IIBB", SIDE, SIDE, 4, 0) + b"\xfd" * 9,
        "progressive": _progressive(),
        "psd": b"8BPS" + struct.pack(">H6xHIIHH", 1, 4, SIDE, SIDE, 8, 3) + bytes(14),
    }


def png(color_type: int, bits: int) -> bytes:
    """Return a PNG that is nothing but header."""
    header = struct.pack(">IIBBBBB", SIDE, SIDE, bits, color_type, 0, 0, 0)
    return b"\x89PNG\r\n\x1a\n" + b"".join(
        struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))
        for kind, data in ((b"IHDR", header), (b"IDAT", zlib.compress(bytes(99))), (b"IEND", b""))
    )


def icon(inner: bytes) -> bytes:
    """Return an ICO that says of its PNG that it has 256 x 256 pixels."""
    entry = struct.pack("<BBBBHHII", 0, 0, 0, 0, 1, 32, len(inner), 22)
    return struct.pack("<HHH", 0, 1, 1) + entry + inner


def apple_icon(inner: bytes) -> bytes:
    """Return an ICNS that says of its PNG that it has 1024 x 1024 pixels."""
    length = len(inner) + 8
    return b"icns" + struct.pack(">I", length + 8) + b"ic10" + struct.pack(">I", length) + inner


def _webp() -> bytes:
    # Source: WebP lossless bitstream specification, section 3: 14 bits of width, 14 of height.
    sizes = struct.pack("<I", (SIDE - 1) | (SIDE - 1) << 14)
    stream = b"\x2f" + sizes + bytes(7)
    chunk = b"VP8L" + struct.pack("<I", len(stream)) + stream
    return b"RIFF" + struct.pack("<I", 4 + len(chunk)) + b"WEBP" + chunk


def _float_tiff() -> bytes:
    small = Image.fromarray(np.zeros((7, 9), np.float32))
    data = encoded(small, "TIFF", compression="tiff_adobe_deflate")
    for tag, value in ((256, 9), (257, 7), (278, 7)):
        entry = struct.pack("<H", tag)
        place = next(
            i for i in range(8, len(data)) if data[i : i + 2] == entry and data[i + 8] == value
        )
        data = data[: place + 8] + struct.pack("<I", SIDE)[:4] + data[place + 12 :]
        data = data[: place + 2] + struct.pack("<H", 4) + data[place + 4 :]
    return data


def _jpeg2000() -> bytes:
    data = encoded(Image.new("RGB", (64, 64)), "JPEG2000", no_jp2=True, num_resolutions=1)
    start = data.index(b"\xff\x4f\xff\x51") + 8
    size = struct.pack(">II", SIDE, SIDE)
    return data[:start] + size + data[start + 8 : start + 16] + size + data[start + 24 :]


def _progressive() -> bytes:
    small = Image.new("RGB", (64, 64))
    data = encoded(small, "JPEG", progressive=True, subsampling=0)
    start = data.index(b"\xff\xc2") + 5
    return data[:start] + struct.pack(">HH", SIDE, SIDE) + data[start + 4 :]
