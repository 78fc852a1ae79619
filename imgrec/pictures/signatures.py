"""Kinds of files that are known by their first bytes and are not read, by name.

Such a file is sound, and no other copy of it would be read either: its reason is `unsupported`, and
the message names the kind.

Sources: the registrations of ISO base media brands (mp4ra.org), and the format descriptions.
"""

import re
from collections.abc import Collection

from imgrec.system.extras import install_line

_STARTS = (
    (b"\xff\x0a", "JPEG XL"),
    (b"\x00\x00\x00\x0cJXL \r\n\x87\n", "JPEG XL"),
    (b"II\xbc", "JPEG XR"),
    (b"%PDF-", "PDF"),
    (b"%!PS", "PostScript or EPS"),
    (b"\xc5\xd0\xd3\xc6", "EPS"),
    (b"FUJIFILMCCD-RAW", "camera raw (RAF)"),
    (b"IIRO", "camera raw (ORF)"),
    (b"IIRS", "camera raw (ORF)"),
    (b"MMOR", "camera raw (ORF)"),
    (b"IIU\x00", "camera raw (RW2)"),
    (b"FOVb", "camera raw (X3F)"),
    (b"\x00MRM", "camera raw (MRW)"),
    (b"\x76\x2f\x31\x01", "OpenEXR"),
    (b"#?RADIANCE", "Radiance HDR"),
    (b"#?RGBE", "Radiance HDR"),
    (b"SDPX", "DPX"),
    (b"XPDS", "DPX"),
    (b"\x80\x2a\x5f\xd7", "Cineon"),
    (b"gimp xcf ", "XCF of GIMP"),
    (b"AT&TFORM", "DjVu"),
    (b"BPG\xfb", "BPG"),
    (b"FLIF", "FLIF"),
    (b"\x8aMNG\r\n", "MNG"),
    (b"\x8bJNG\r\n", "JNG"),
    (b"\xabKTX ", "KTX texture"),
    (b"PF\n", "PFM in color"),
    (b"\xd7\xcd\xc6\x9a", "WMF"),
    (b"\x1a\x45\xdf\xa3", "Matroska or WebM video"),
    (b"FLV\x01", "Flash video"),
    (b"\x00\x00\x01\xba", "MPEG video"),
    (b"\x00\x00\x01\xb3", "MPEG video"),
    (b"OggS", "Ogg video or audio"),
    # RFC 1740; by its name such a file is left out before (`imgrec.sources.place_kinds`).
    (b"\x00\x05\x16\x07", "AppleDouble, which holds no picture"),
)
# Marks that are not at the beginning: position, bytes, name.
_MARKS = (
    (128, b"DICM", "DICOM"),
    (40, b" EMF", "EMF"),
    (8, b"AVI ", "AVI video"),
    (6, b"HEAPCCDR", "camera raw (CRW)"),
)
# Source: ISO/IEC 23008-12, the brands of still images and sequences coded with HEVC.
_HEIC = frozenset({b"heic", b"heix", b"heim", b"heis", b"hevc", b"hevx", b"mif1", b"msf1"})
_AVIF = frozenset({b"avif", b"avis"})
_BRANDS = {b"crx ": "camera raw (CR3)", b"jxl ": "JPEG XL", b"jxs ": "JPEG XS",
           b"vvic": "VVC image", b"qt  ": "QuickTime video"}  # fmt: skip
_VIDEO = re.compile(rb"(isom|iso[2-9]|mp4[12]|M4V |M4VP|avc1|3g[pr2]|dash|MSNV|f4v |qt)")
_SVG = re.compile(
    rb"\s*(?:<\?xml[^>]*>\s*|<!--.*?-->\s*|<!DOCTYPE\s+svg[^>]*>\s*)*<(?:\w+:)?svg[\s>]", re.DOTALL
)
_PAM = re.compile(rb"P7\s+(?:#[^\n]*\n\s*)*(?:WIDTH|HEIGHT|DEPTH|MAXVAL|TUPLTYPE)")
_HEAD_BYTES = 4096


def known_kind(data: bytes, readable: Collection[str]) -> str:
    """Return the name of a kind of file that is not read, "" if the first bytes are of none.

    Args:
        data: the file.
        readable: Pillow's names of the formats that are read here.
    """
    head = data[:_HEAD_BYTES]
    for start, name in _STARTS:
        if head.startswith(start):
            return name
    for place, mark, name in _MARKS:
        if head.startswith(mark, place):
            return name
    if head[4:8] == b"ftyp":
        return _by_brand(head, readable)
    if _SVG.match(head.removeprefix(b"\xef\xbb\xbf")):
        return "SVG"
    if head[:2] == b"\x1f\x8b" and b".svg" in head[:99]:
        return "SVG"
    return "PAM" if _PAM.match(head) else ""


def _by_brand(head: bytes, readable: Collection[str]) -> str:
    """Return the name of an ISO base media file, by its major brand; "" if it should be read."""
    brand = head[8:12]
    if brand in _HEIC:
        return "" if "HEIF" in readable else f"HEIC; to read such files: {install_line('heic')}"
    if brand in _AVIF:
        return "" if "AVIF" in readable else "AVIF"
    if _VIDEO.match(brand):
        return _BRANDS.get(brand, "MP4 video")
    return _BRANDS.get(brand, f"ISO media file of brand {brand!r}")
