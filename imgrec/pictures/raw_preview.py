"""Raw files of cameras: the JPEG preview that the camera embedded is the picture.

A raw file holds the values of a sensor, which each maker stores in its own way, and beside them one
or several JPEGs for the display of the camera. The largest of these is read here; sensor data is
not. Cameras store previews as the sensor lies, so the orientation is that of the raw file, unless
the preview has one of its own.

Where a preview lies differs from maker to maker, so the file is searched for what begins as a JPEG
and has a frame header of 8 bits that a decoder reads. Lossless JPEG, as which sensor data is
compressed, has another frame header; three bytes of sensor data that look like a beginning are
followed by no whole segments. Invariants: the search reads each byte a bounded number of times, and
what is returned ends with an end marker.

Sources: ITU-T T.81, annex B; TIFF/EP (ISO 12234-2); the DNG specification 1.7; of RAF, CR3, X3F and
CRW the descriptions at exiftool.org and lclevy/canon_cr3.
"""

from collections.abc import Iterator
from typing import NamedTuple

from imgrec.pictures import jpeg_segments, tiff_tags
from imgrec.pictures.metadata_blocks import blocks_of
from imgrec.pictures.metadata_exif import MAKE, exif_directory, read_exif

_DNG_VERSION = 50706
_STARTS = (
    (0, b"FUJIFILMCCD-RAW", "RAF"),
    (4, b"ftypcrx ", "CR3"),
    (0, b"IIRO", "ORF"),
    (0, b"IIRS", "ORF"),
    (0, b"MMOR", "ORF"),
    (0, b"IIU\0", "RW2"),
    (0, b"FOVb", "X3F"),
    (0, b"\0MRM", "MRW"),
    (6, b"HEAPCCDR", "CRW"),
)
# Raw TIFFs by the first word of the maker's name.
_MAKERS = {
    "nikon": "NEF", "sony": "ARW", "pentax": "PEF", "ricoh": "PEF", "samsung": "SRW",
    "hasselblad": "3FR", "phase": "IIQ", "mamiya": "MEF", "leaf": "MOS", "seiko": "ERF",
    "epson": "ERF", "kodak": "DCR", "eastman": "DCR", "canon": "CR2", "leica": "RWL",
}  # fmt: skip
# Of 8 bits, coded by Huffman: baseline, extended sequential and progressive.
_FRAMES = frozenset({0xC0, 0xC1, 0xC2})
_START = jpeg_segments.SOI + b"\xff"
_SCAN = 0xDA
# Beginnings that are looked at, segments before a frame header, and previews tried to their end.
_MOST_STARTS, _MOST_SEGMENTS, _MOST_TRIED = 4096, 64, 8


class _Found(NamedTuple):
    """A JPEG inside a file: its pixels, and where it begins."""

    pixels: int
    start: int


def raw_kind(data: bytes) -> str:
    """Return the name of a raw format, such as "NEF"; "" for any other file."""
    for place, mark, kind in _STARTS:
        if data.startswith(mark, place):
            return kind
    directory = tiff_tags.first_directory(data)
    if directory is None or not tiff_tags.is_raw(directory):
        return ""
    if data[8:10] == b"CR":
        return "CR2"
    if directory.has({_DNG_VERSION}):
        return "DNG"
    tags = read_exif(data)
    maker = tags.text(MAKE).lower().split() if tags else []
    return _MAKERS.get(maker[0], "RAW") if maker else "RAW"


def embedded_preview(data: bytes) -> bytes | None:
    """Return the JPEG of most pixels inside a file; None if there is none that is whole."""
    found = sorted(_jpegs(data), key=lambda jpeg: (-jpeg.pixels, jpeg.start))
    for jpeg in found[:_MOST_TRIED]:
        end = _end(data, jpeg.start)
        if end is not None:
            return data[jpeg.start : end]
    return None


def raw_orientation(data: bytes) -> int:
    """Return the EXIF orientation of a raw file, 1 if it has none that is known."""
    for block in blocks_of(data).exif:
        directory = exif_directory(block)
        turned = directory.number(tiff_tags.ORIENTATION) if directory else 0
        if 1 <= turned <= 8:
            return turned
    return 1


def _jpegs(data: bytes) -> Iterator[_Found]:
    place = data.find(_START)
    for _ in range(_MOST_STARTS):
        if place < 0:
            return
        pixels = _pixels(data, place)
        if pixels:
            yield _Found(pixels, place)
        place = data.find(_START, place + len(_START))


def _pixels(data: bytes, start: int) -> int:
    """Return the number of pixels of a JPEG that begins here; 0 if none does that can be read."""
    place = start + len(jpeg_segments.SOI)
    for _ in range(_MOST_SEGMENTS):
        if data[place : place + 1] != b"\xff" or place + 4 > len(data):
            return 0
        marker, body = data[place + 1], data[place + 4 : place + 10]
        if marker in _FRAMES:
            height, width = (int.from_bytes(body[k : k + 2], "big") for k in (1, 3))
            is_readable = len(body) == 6 and body[0] == 8 and body[5] in (1, 3)
            return height * width if is_readable else 0
        # Application segments, tables, comments: whatever may come before a frame.
        if not (0xE0 <= marker <= 0xEF or marker in (0xC4, 0xDB, 0xDD, 0xFE)):
            return 0
        place += 2 + max(2, int.from_bytes(data[place + 2 : place + 4], "big"))
    return 0


def _end(data: bytes, start: int) -> int | None:
    """Return where a JPEG ends; None if it ends before its pixels do."""
    scanned = False
    for segment in jpeg_segments.segments(data, start):
        scanned |= segment.marker == _SCAN
        if segment.marker == jpeg_segments.EOI[1]:
            return segment.end if scanned else None
    return None
