"""Files of every format that has a place for metadata, all of which say the same."""

import struct
import zlib
from collections.abc import Callable
from typing import Any

import metadata_bytes as made
from metadata_bytes import Tag

MAIN: dict[int, Tag] = {
    271: (2, "Canon"),
    272: (2, "Canon EOS 5D"),
    306: (2, "2021:01:01 00:00:00"),
}
INNER: dict[int, Tag] = {
    33434: (5, [(1, 500)]),
    33437: (5, [(28, 10)]),
    34855: (3, [400]),
    36867: (2, "2019:07:14 15:32:10"),
    36881: (2, "+02:00"),
    37521: (2, "25"),
    37386: (5, [(50, 1)]),
    42036: (2, "EF24-70mm f/2.8L USM"),
}
SAID: dict[str, Any] = {
    "taken": "2019-07-14T15:32:10.25+02:00",
    "camera": "Canon EOS 5D",
    "lens": "EF24-70mm f/2.8L USM",
    "exposure": 0.002,
    "aperture": 2.8,
    "iso": 400.0,
    "focal": 50.0,
    "latitude": 48.208333,
    "longitude": 16.372222,
}
BLOCK = made.exif(MAIN, INNER, made.VIENNA)
PACKET = made.xmp({"xmp:Rating": "4"}, {"dc:title": ["Summer"], "dc:subject": ["cat", "garden"]})
WORDS = {"rating": 4.0, "title": "Summer", "keyword": ["cat", "garden"]}


def _webp() -> bytes:
    parts = b""
    for name, body in ((b"EXIF", BLOCK), (b"XMP ", PACKET)):
        parts += name + struct.pack("<I", len(body)) + body + bytes(len(body) % 2)
    return b"RIFF" + struct.pack("<I", len(parts) + 4) + b"WEBP" + parts


def _hexadecimal(block: bytes) -> bytes:
    return b"\nexif\n" + str(len(block)).encode() + b"\n" + block.hex().encode()


def _psd() -> bytes:
    both = made.resources(BLOCK, 0x0422) + made.resources(PACKET, 0x0424)
    return b"8BPS" + bytes(22) + bytes(4) + struct.pack(">I", len(both)) + both


def _jpeg_2000() -> bytes:
    numbers = (b"JpgTiffExif->JP2", bytes.fromhex("be7acfcb97a942e89c71999491e3afac"))
    boxes = [made.box(b"uuid", n + body) for n, body in zip(numbers, (BLOCK, PACKET), strict=True)]
    return made.box(b"jP  ", b"\r\n\x87\n") + b"".join(boxes)


def _cr3() -> bytes:
    canon = bytes.fromhex("85c0b687820f11e08111f4ce462b6a48")
    inner = made.box(b"CMT1", made.exif(MAIN)) + made.box(b"CMT2", made.exif(INNER))
    inner += made.box(b"CMT4", made.exif(made.VIENNA))
    movie = made.box(b"moov", made.box(b"uuid", canon + inner))
    packet = made.box(b"uuid", bytes.fromhex("be7acfcb97a942e89c71999491e3afac") + PACKET)
    return made.box(b"ftyp", b"crx \0\0\0\1crx isom") + movie + packet


CONTAINERS: dict[str, Callable[[], bytes]] = {
    "JPEG": lambda: made.jpeg(BLOCK, PACKET),
    "PNG": lambda: made.png(
        made.chunk(b"eXIf", BLOCK), made.chunk(b"iTXt", b"XML:com.adobe.xmp" + bytes(5) + PACKET)
    ),
    "PNG, compressed": lambda: made.png(
        made.chunk(b"zTXt", b"Raw profile type exif\0\0" + zlib.compress(_hexadecimal(BLOCK))),
        made.chunk(b"iTXt", b"XML:com.adobe.xmp\0\1\0\0\0" + zlib.compress(PACKET)),
    ),
    "WebP": _webp,
    "TIFF": lambda: made.exif({**MAIN, 700: (1, PACKET)}, INNER, made.VIENNA),
    "TIFF, big-endian": lambda: made.exif({**MAIN, 700: (7, PACKET)}, INNER, made.VIENNA, mark=">"),
    "ORF": lambda: made.exif({**MAIN, 700: (1, PACKET)}, INNER, made.VIENNA, magic=b"IIRO"),
    "HEIC": lambda: made.heic(BLOCK, PACKET),
    "CR3": _cr3,
    "JPEG 2000": _jpeg_2000,
    "PSD": _psd,
    "RAF": lambda: (
        b"FUJIFILMCCD-RAW ".ljust(84, b"0")
        + struct.pack(">II", 100, len(made.jpeg(BLOCK, PACKET)))
        + bytes(8)
        + made.jpeg(BLOCK, PACKET)
    ),
}
