"""EXIF, XMP and IPTC as bytes, and files that carry them, built from the specifications.

Independent of the reader: nothing of `imgrec` is imported here.
"""

import io
import struct
import zlib
from collections.abc import Mapping, Sequence

from PIL import Image

# A value of a tag: (type, numbers, texts or bytes). Fractions are pairs.
Tag = tuple[int, object]
_CODES = {1: "B", 3: "H", 4: "I", 6: "b", 8: "h", 9: "i", 16: "Q"}
XMP_NAMESPACES = {
    "dc": "http://purl.org/dc/elements/1.1/",
    "xmp": "http://ns.adobe.com/xap/1.0/",
    "exif": "http://ns.adobe.com/exif/1.0/",
    "aux": "http://ns.adobe.com/exif/1.0/aux/",
    "tiff": "http://ns.adobe.com/tiff/1.0/",
    "photoshop": "http://ns.adobe.com/photoshop/1.0/",
    "lr": "http://ns.adobe.com/lightroom/1.0/",
    "MicrosoftPhoto": "http://ns.microsoft.com/photo/1.0/",
}
NONE: Mapping[int, Tag] = {}
_NO_TEXTS: Mapping[str, str] = {}
_NO_LISTS: Mapping[str, Sequence[str]] = {}
# Degrees, minutes and seconds of 48° 12' 30" and 16° 22' 20".
VIENNA: dict[int, Tag] = {
    1: (2, "N"), 2: (5, [(48, 1), (12, 1), (30, 1)]),
    3: (2, "E"), 4: (5, [(16, 1), (22, 1), (20, 1)]),
}  # fmt: skip


def _encoded(tag: Tag, mark: str) -> tuple[int, bytes]:
    """Return the number of values of a tag, and their bytes."""
    kind, value = tag
    if isinstance(value, str):
        data = value.encode() + b"\0"
        return len(data), data
    if isinstance(value, bytes):
        return len(value), value
    assert isinstance(value, list)
    if kind in (5, 10):
        code = "I" if kind == 5 else "i"
        return len(value), b"".join(struct.pack(f"{mark}2{code}", *pair) for pair in value)
    return len(value), struct.pack(f"{mark}{len(value)}{_CODES[kind]}", *value)


def _directory(tags: Mapping[int, Tag], place: int, mark: str) -> bytes:
    """Return a directory that lies at an offset, with its values behind it."""
    behind = place + 2 + 12 * len(tags) + 4
    table, values = struct.pack(f"{mark}H", len(tags)), b""
    for number, tag in sorted(tags.items()):
        count, data = _encoded(tag, mark)
        field = data.ljust(4, b"\0")
        if len(data) > 4:
            field = struct.pack(f"{mark}I", behind + len(values))
            values += data + bytes(len(data) % 2)
        table += struct.pack(f"{mark}HHI", number, tag[0], count) + field
    return table + bytes(4) + values


def exif(
    main: Mapping[int, Tag] = NONE,
    inner: Mapping[int, Tag] = NONE,
    gps: Mapping[int, Tag] = NONE,
    *,
    mark: str = "<",
    magic: bytes = b"",
) -> bytes:
    """Return an EXIF block: a TIFF with directories of exposure and GPS data.

    Args:
        main: tags of the first directory.
        inner: of the directory of exposure data.
        gps: of that of GPS data.
        mark: the byte order, as `struct` has it.
        magic: the first four bytes, if they are not those of a TIFF.
    """
    pointers = {34665: inner, 34853: gps}
    # All offsets are of four bytes, so the lengths do not depend on their values.
    tags = {**main, **{number: (4, [0]) for number, found in pointers.items() if found}}
    at = 8 + len(_directory(tags, 8, mark))
    blocks = b""
    for number, found in pointers.items():
        if found:
            tags[number] = (4, [at + len(blocks)])
            blocks += _directory(found, at + len(blocks), mark)
    head = magic or (b"II*\0" if mark == "<" else b"MM\0*")
    return head + struct.pack(f"{mark}I", 8) + _directory(tags, 8, mark) + blocks


def xmp(
    attributes: Mapping[str, str] = _NO_TEXTS, lists: Mapping[str, Sequence[str]] = _NO_LISTS
) -> bytes:
    """Return an XMP packet; texts are inserted as they are, so that they may be hostile."""
    spaces = " ".join(f'xmlns:{name}="{uri}"' for name, uri in XMP_NAMESPACES.items())
    simple = " ".join(f'{name}="{value}"' for name, value in attributes.items())
    kinds = {"dc:title": "Alt", "dc:description": "Alt", "dc:subject": "Bag"}
    elements = "".join(
        f"<{name}><rdf:{kinds.get(name, 'Seq')}>"
        + "".join(f"<rdf:li>{item}</rdf:li>" for item in items)
        + f"</rdf:{kinds.get(name, 'Seq')}></{name}>"
        for name, items in lists.items()
    )
    return (
        '<?xpacket begin="\ufeff" id="W5M0MpCehiHzreSzNTczkc9d"?>'
        '<x:xmpmeta xmlns:x="adobe:ns:meta/">'
        '<rdf:RDF xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#">'
        f'<rdf:Description rdf:about="" {spaces} {simple}>{elements}</rdf:Description>'
        f"</rdf:RDF></x:xmpmeta>{' ' * 200}<?xpacket end='w'?>"
    ).encode()


def iptc(*datasets: tuple[int, bytes], utf_8: bool = False) -> bytes:
    """Return the datasets (number, text) of the application record."""
    declared = b"\x1c\x01\x5a\0\x03\x1b%G" if utf_8 else b""
    return declared + b"".join(
        struct.pack(">BBBH", 0x1C, 2, number, len(text)) + text for number, text in datasets
    )


def resources(block: bytes, number: int = 0x0404) -> bytes:
    """Return a block as one image resource of Photoshop."""
    return b"8BIM" + struct.pack(">HHI", number, 0, len(block)) + block + bytes(len(block) % 2)


def segment(marker: int, body: bytes) -> bytes:
    """Return a segment of a JPEG."""
    return struct.pack(">BBH", 0xFF, marker, len(body) + 2) + body


def plain_jpeg(size: tuple[int, int] = (48, 32), color: str = "teal", **options: object) -> bytes:
    """Return a JPEG without metadata."""
    buffer = io.BytesIO()
    Image.new("RGB", size, color).save(buffer, "JPEG", **options)
    return buffer.getvalue()


def jpeg(
    exif_block: bytes = b"", packet: bytes = b"", datasets: bytes = b"", *, picture: bytes = b""
) -> bytes:
    """Return a JPEG with blocks of metadata."""
    plain = picture or plain_jpeg()
    parts = []
    if exif_block:
        parts.append(segment(0xE1, b"Exif\0\0" + exif_block))
    if packet:
        parts.append(segment(0xE1, b"http://ns.adobe.com/xap/1.0/\0" + packet))
    if datasets:
        parts.append(segment(0xED, b"Photoshop 3.0\0" + resources(datasets)))
    return plain[:2] + b"".join(parts) + plain[2:]


def chunk(name: bytes, body: bytes) -> bytes:
    """Return a chunk of a PNG."""
    return struct.pack(">I", len(body)) + name + body + struct.pack(">I", zlib.crc32(name + body))


def png(*chunks: bytes) -> bytes:
    """Return a PNG with chunks behind its header."""
    buffer = io.BytesIO()
    Image.new("RGB", (48, 32), "teal").save(buffer, "PNG")
    plain = buffer.getvalue()
    return plain[:33] + b"".join(chunks) + plain[33:]


def box(kind: bytes, body: bytes) -> bytes:
    """Return a box of an ISO base media file."""
    return struct.pack(">I", len(body) + 8) + kind + body


def heic(exif_block: bytes, packet: bytes) -> bytes:
    """Return an ISO base media file with both blocks as items, and no picture.

    Source: ISO/IEC 14496-12, 8.11; ISO/IEC 23008-12, A.2.1.
    """
    head = box(b"ftyp", b"heic\0\0\0\0mif1heic")
    bodies = [b"\0\0\0\x06Exif\0\0" + exif_block, packet]
    entries = [
        struct.pack(">HH", 1, 0) + b"Exif\0",
        struct.pack(">HH", 2, 0) + b"mime\0application/rdf+xml\0",
    ]
    listed = b"".join(box(b"infe", b"\2\0\0\0" + entry) for entry in entries)
    iinf = box(b"iinf", bytes(4) + struct.pack(">H", 2) + listed)

    def meta(start: int) -> bytes:
        places = b""
        for number, body in enumerate(bodies, 1):
            places += struct.pack(">HHHII", number, 0, 1, start, len(body))
            start += len(body)
        iloc = box(b"iloc", bytes(4) + b"\x44\0" + struct.pack(">H", 2) + places)
        return box(b"meta", bytes(4) + iinf + iloc)

    start = len(head) + len(meta(0)) + 8
    return head + meta(start) + box(b"mdat", b"".join(bodies))
