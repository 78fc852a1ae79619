"""Where metadata lies in a file: the blocks of EXIF, XMP and IPTC of each format that has them.

    JPEG                 segments APP1 (EXIF, XMP) and APP13 (image resources)
    PNG                  chunks eXIf, and texts: XMP, and what ImageMagick writes in hexadecimal
    WebP                 chunks EXIF and XMP
    TIFF, raw TIFFs      the file itself; tags 700 (XMP), 33723 (IPTC), 34377 (image resources)
    RAF, RW2             those of its JPEG; RW2 is a TIFF too
    MRW                  a TIFF in a block of its own
    HEIC, AVIF           items
    CR3, JPEG 2000       boxes
    PSD                  image resources
    GIF                  an application extension

Only places are read here, nothing is decoded. Invariants: no bytes raise anything, a block has at
most `MOST_BYTES`, and there are at most a few of each kind.

Sources: XMP specification part 3 (storage in files); CIPA DC-008, 4.7 (JPEG); the PNG
specification, third edition, 11.3.4; the container specification of WebP; ISO/IEC 23008-12, annex
A; the Photoshop file format; lclevy/canon_cr3.
"""

import zlib
from dataclasses import dataclass, field
from itertools import islice

from imgrec.pictures import jpeg_segments, png_chunks
from imgrec.pictures.iso_boxes import boxes, inner, items
from imgrec.pictures.metadata_exif import exif_directory
from imgrec.pictures.tiff_tags import Directory

MOST_BYTES = 1 << 20
_MOST_BLOCKS = 4
# Segments, chunks or resources that are looked at.
_MOST_PLACES = 1 << 14
_EXIF, _XMP = b"Exif\0\0", b"http://ns.adobe.com/xap/1.0/\0"
_RESOURCES, _RESOURCE = b"Photoshop 3.0\0", (b"8BIM", b"MeSa", b"AgHg", b"PHUT", b"DCSR")
_IPTC_RESOURCE, _EXIF_RESOURCE, _XMP_RESOURCE = 0x0404, 0x0422, 0x0424
_XMP_TAG, _IPTC_TAG, _RESOURCES_TAG = 700, 33723, 34377
_APP1, _APP13, _SCAN = 0xE1, 0xED, 0xDA
_PNG_XMP = b"XML:com.adobe.xmp"
# Texts of hexadecimal digits, by their keyword.
_PNG_RAW = {b"Raw profile type exif": "exif", b"Raw profile type APP1": "exif",
            b"Raw profile type xmp": "xmp", b"Raw profile type iptc": "iptc"}  # fmt: skip
_GIF_XMP = b"\x21\xff\x0bXMP DataXMP"
# UUIDs of boxes: XMP; EXIF and IPTC in JPEG 2000; Canon's in CR3.
_XMP_BOX = bytes.fromhex("be7acfcb97a942e89c71999491e3afac")
_EXIF_BOX = b"JpgTiffExif->JP2"
_IPTC_BOX = bytes.fromhex("33c7a4d2b81d4723a0baf1a3e097ad38")
_CANON_BOX = bytes.fromhex("85c0b687820f11e08111f4ce462b6a48")
# The first directory, that of exposure data, and that of GPS data; the last has tags of its own.
_CANON_EXIF, _CANON_GPS = (b"CMT1", b"CMT2"), b"CMT4"
_RAF_JPEG, _RW2_JPEG_TAG = 84, 46
_MRW, _MRW_TIFF = b"\0MRM", b"\0TTW"


@dataclass
class Blocks:
    """The metadata blocks of a file.

    Attributes:
        exif: each from its byte order on; a whole file where that is a TIFF.
        gps: TIFFs whose first directory is that of GPS data.
        xmp: packets of XML.
        iptc: datasets.
    """

    exif: list[bytes] = field(default_factory=list)
    gps: list[bytes] = field(default_factory=list)
    xmp: list[bytes] = field(default_factory=list)
    iptc: list[bytes] = field(default_factory=list)

    def add(self, kind: str, block: bytes) -> None:
        """Add a block of a kind, the name of an attribute, unless it is empty or too large."""
        blocks: list[bytes] = getattr(self, kind)
        if 0 < len(block) <= MOST_BYTES and len(blocks) < _MOST_BLOCKS:
            blocks.append(block)


def blocks_of(data: bytes) -> Blocks:
    """Return the metadata blocks of a file of any format; none for one that has no place for it."""
    found = Blocks()
    if data.startswith(jpeg_segments.SOI):
        _of_jpeg(data, found)
    elif data.startswith(png_chunks.SIGNATURE):
        _of_png(data, found)
    elif data[:4] == b"RIFF" and data[8:12] == b"WEBP":
        _of_webp(data, found)
    elif data.startswith(b"8BPS"):
        _of_psd(data, found)
    elif data.startswith(b"GIF8"):
        _of_gif(data, found)
    elif data.startswith(b"FUJIFILMCCD-RAW"):
        start, size = (int.from_bytes(data[k : k + 4], "big") for k in (_RAF_JPEG, _RAF_JPEG + 4))
        _of_jpeg(data[start : start + size], found)
    elif data.startswith(_MRW):
        _of_mrw(data, found)
    elif data[4:8] in (b"ftyp", b"jP  "):
        _of_boxes(data, found)
    else:
        _of_tiff(data, found)
    return found


def _of_jpeg(data: bytes, found: Blocks) -> None:
    resources = []
    for segment in islice(jpeg_segments.segments(data), _MOST_PLACES):
        if segment.marker == _SCAN:
            break
        if segment.marker == _APP1 and data.startswith(_EXIF, segment.body):
            found.add("exif", data[segment.body + len(_EXIF) : segment.end])
        elif segment.marker == _APP1 and data.startswith(_XMP, segment.body):
            found.add("xmp", data[segment.body + len(_XMP) : segment.end])
        elif segment.marker == _APP13 and data.startswith(_RESOURCES, segment.body):
            resources.append(data[segment.body + len(_RESOURCES) : segment.end])
    if resources:
        # Resources of more than 64 KB are cut into several segments.
        _of_resources(b"".join(resources), found)


def _of_resources(data: bytes, found: Blocks) -> None:
    """Add what Photoshop's image resources hold: (signature, id, name, size, data) each."""
    place = 0
    for _ in range(_MOST_PLACES):
        if data[place : place + 4] not in _RESOURCE or place + 12 > len(data):
            return
        number = int.from_bytes(data[place + 4 : place + 6], "big")
        # A name with its length before it, padded to an even number of bytes.
        place += 6 + (data[place + 6] // 2 + 1) * 2
        size = int.from_bytes(data[place : place + 4], "big")
        body = data[place + 4 : place + 4 + size]
        if number == _IPTC_RESOURCE:
            found.add("iptc", body)
        elif number == _EXIF_RESOURCE:
            found.add("exif", body)
        elif number == _XMP_RESOURCE:
            found.add("xmp", body)
        place += 4 + size + size % 2


def _of_png(data: bytes, found: Blocks) -> None:
    for chunk in islice(png_chunks.chunks(data), _MOST_PLACES):
        body = slice(chunk.body, chunk.end - 4)
        if chunk.end - chunk.body > 4 * MOST_BYTES:
            continue
        if chunk.name == b"eXIf":
            found.add("exif", data[body].removeprefix(_EXIF))
        elif chunk.name in (b"iTXt", b"zTXt", b"tEXt"):
            keyword, _, rest = data[body].partition(b"\0")
            if keyword == _PNG_XMP and chunk.name == b"iTXt":
                found.add("xmp", _international(rest))
            elif keyword in _PNG_RAW:
                text = rest if chunk.name == b"tEXt" else _inflated(rest[1:])
                _add_raw(_PNG_RAW[keyword], _from_hexadecimal(text), found)


def _international(rest: bytes) -> bytes:
    """Return the text of an iTXt chunk, from its compression flag on."""
    _, _, text = rest[2:].partition(b"\0")[2].partition(b"\0")
    return _inflated(text) if rest[:1] == b"\1" else text


def _add_raw(kind: str, block: bytes, found: Blocks) -> None:
    if kind == "iptc" and block.startswith(_RESOURCE):
        _of_resources(block, found)
    elif block.startswith(_XMP):
        found.add("xmp", block.removeprefix(_XMP))
    else:
        found.add(kind, block.removeprefix(_EXIF))


def _inflated(data: bytes) -> bytes:
    """Return inflated bytes, at most one more than a block may have; b"" for damaged ones."""
    try:
        return zlib.decompressobj().decompress(data, 2 * MOST_BYTES + 1)
    except zlib.error:
        return b""


def _from_hexadecimal(text: bytes) -> bytes:
    """Return the bytes of a raw profile: a name, a number of bytes, and hexadecimal digits."""
    digits = b"".join(text.split()[2:])
    try:
        return bytes.fromhex(digits.decode("ascii"))
    except ValueError:
        return b""


def _of_webp(data: bytes, found: Blocks) -> None:
    place = 12
    for _ in range(_MOST_PLACES):
        if place + 8 > len(data):
            return
        size = int.from_bytes(data[place + 4 : place + 8], "little")
        if data[place : place + 4] == b"EXIF":
            found.add("exif", data[place + 8 : place + 8 + size].removeprefix(_EXIF))
        elif data[place : place + 4] == b"XMP ":
            found.add("xmp", data[place + 8 : place + 8 + size])
        place += 8 + size + size % 2


def _of_psd(data: bytes, found: Blocks) -> None:
    colors = int.from_bytes(data[26:30], "big")
    start = 34 + colors
    size = int.from_bytes(data[start - 4 : start], "big")
    _of_resources(data[start : start + size], found)


def _of_gif(data: bytes, found: Blocks) -> None:
    start = data.find(_GIF_XMP)
    if start >= 0:
        start += len(_GIF_XMP)
        # The packet is no sub-blocks: 258 bytes behind it make a reader of sub-blocks find the end.
        end = data.find(b"\x01\xff\xfe", start, start + MOST_BYTES)
        found.add("xmp", data[start : max(start, end)])


def _of_boxes(data: bytes, found: Blocks) -> None:
    for box in boxes(data):
        if box.kind == b"uuid":
            _add_uuid(data[box.start : box.start + 16], data[box.start + 16 : box.end], found)
    movie = inner(data, b"moov")
    if movie is not None:
        for box in boxes(data, movie.start, movie.end):
            if box.kind == b"uuid" and data.startswith(_CANON_BOX, box.start):
                _of_canon(data, box.start + 16, box.end, found)
    for item in items(data, frozenset({b"Exif", b"mime"}), MOST_BYTES):
        if item.kind == b"Exif":
            skipped = 4 + int.from_bytes(item.data[:4], "big")
            found.add("exif", item.data[skipped:])
        elif item.content == b"application/rdf+xml":
            found.add("xmp", item.data)


def _add_uuid(number: bytes, body: bytes, found: Blocks) -> None:
    if number == _XMP_BOX:
        found.add("xmp", body)
    elif number == _EXIF_BOX:
        found.add("exif", body.removeprefix(_EXIF))
    elif number == _IPTC_BOX:
        found.add("iptc", body)


def _of_canon(data: bytes, start: int, end: int, found: Blocks) -> None:
    for box in boxes(data, start, end):
        if box.kind in _CANON_EXIF:
            found.add("exif", data[box.start : box.end])
        elif box.kind == _CANON_GPS:
            found.add("gps", data[box.start : box.end])


def _of_mrw(data: bytes, found: Blocks) -> None:
    place = 8
    for _ in range(_MOST_PLACES):
        if place + 8 > len(data):
            return
        size = int.from_bytes(data[place + 4 : place + 8], "big")
        if data.startswith(_MRW_TIFF, place):
            found.add("exif", data[place + 8 : place + 8 + size])
        place += 8 + size


def _of_tiff(data: bytes, found: Blocks) -> None:
    directory = exif_directory(data)
    if directory is None:
        return
    # Not by `add`: a whole file may be larger than a block.
    found.exif.append(data)
    found.add("xmp", _tag_bytes(directory, _XMP_TAG))
    found.add("iptc", _tag_bytes(directory, _IPTC_TAG))
    _of_resources(_tag_bytes(directory, _RESOURCES_TAG), found)
    if data.startswith(b"IIU\0"):
        _of_jpeg(_tag_bytes(directory, _RW2_JPEG_TAG, len(data)), found)


def _tag_bytes(directory: Directory, tag: int, most: int = MOST_BYTES) -> bytes:
    """Return the bytes of a tag of bytes or integers, b"" without it or if they are too many."""
    for entry in directory.entries:
        width = {1: 1, 7: 1, 2: 1, 4: 4, 13: 4}.get(entry.kind, 0)
        size = width * entry.size
        if entry.tag == tag and len(entry.field) < size <= most:
            start = int.from_bytes(entry.field, directory.order)
            return directory.data[start : start + size]
    return b""
