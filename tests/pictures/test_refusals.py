"""Kinds of files that are not read are unsupported, by name; only what ends early is truncated."""

import io
import re
import struct
import zlib

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image

from imgrec import PictureError
from imgrec.pictures import refusals
from imgrec.pictures.decoding import decode
from imgrec.pictures.formats import readable_formats
from imgrec.pictures.signatures import known_kind
from matrix.cells import samples
from matrix.png import RGB, chunk, png
from matrix.tiff_files import FLOAT, Layout, tiff
from paths import ROOT
from pictures import encoded, picture
from valid_pictures import VALID

JPEG = encoded(picture("discs", 1), "JPEG")
FRAME = b"\xff\xc0\x00\x11\x08"
FTYP = b"\0\0\0\x18ftyp"
SVG = b'<svg xmlns="http://www.w3.org/2000/svg" width="9" height="9"/>'


def _of_12_bits() -> bytes:
    """Return a JPEG 2000 whose header says 12 bits for each of three components."""
    data = bytearray(encoded(picture("discs", 1), "JPEG2000", no_jp2=True))
    data[42:51:3] = bytes([11, 11, 11])
    return bytes(data)


def _png_of_ios() -> bytes:
    """Return a PNG with a chunk before its header, and pixels without the header of zlib."""
    head = struct.pack(">IIBBBBB", 21, 13, 8, 2, 0, 0, 0)
    rows = zlib.compress(bytes(13 * (3 * 21 + 1)))[2:-4]
    chunks = {b"CgBI": b"P\0 \x02", b"IHDR": head, b"IDAT": rows, b"IEND": b""}
    return b"\x89PNG\r\n\x1a\n" + b"".join(chunk(name, body) for name, body in chunks.items())


KINDS: dict[str, tuple[str, bytes]] = {
    "a JPEG XL codestream": ("JPEG XL", b"\xff\x0a" + bytes(200)),
    "a JPEG XL container": ("JPEG XL", bytes.fromhex("0000000c4a584c200d0a870a") + bytes(200)),
    "a JPEG of 12 bits": ("12-bit JPEG", JPEG.replace(FRAME, b"\xff\xc1\x00\x11\x0c")),
    "a lossless JPEG": ("lossless JPEG", JPEG.replace(FRAME, b"\xff\xc3\x00\x11\x08")),
    "a lossless JPEG of 16 bits": ("lossless JPEG", JPEG.replace(FRAME, b"\xff\xc3\x00\x11\x10")),
    "a hierarchical JPEG": ("hierarchical JPEG", JPEG.replace(FRAME, b"\xff\xc5\x00\x11\x08")),
    "JPEG-LS": ("JPEG-LS", JPEG.replace(FRAME, b"\xff\xf7\x00\x11\x08")),
    "JPEG XR": ("JPEG XR", b"II\xbc\x01" + bytes(99)),
    "PDF": ("PDF", b"%PDF-1.7\n" + bytes(99)),
    "EPS": ("PostScript or EPS", b"%!PS-Adobe-3.0 EPSF-3.0\n"),
    "EPS with a preview": ("EPS", b"\xc5\xd0\xd3\xc6" + bytes(99)),
    "SVG": ("SVG", SVG),
    "SVG with declarations": (
        "SVG",
        b'\xef\xbb\xbf<?xml version="1.0"?>\n<!-- made -->\n'
        b'<!DOCTYPE svg PUBLIC "-//W3C//DTD SVG 1.1//EN" "x.dtd">\n' + SVG,
    ),
    "OpenEXR": ("OpenEXR", b"\x76\x2f\x31\x01\x02\0\0\0" + bytes(99)),
    "Radiance": ("Radiance HDR", b"#?RADIANCE\n\n-Y 1 +X 1\n"),
    "DICOM": ("DICOM", bytes(128) + b"DICM" + bytes(99)),
    "XCF": ("XCF of GIMP", b"gimp xcf v011\0" + bytes(99)),
    "AppleDouble": (
        "AppleDouble, which holds no picture",
        bytes.fromhex("0005160700020000") + bytes(99),
    ),
    "DjVu": ("DjVu", b"AT&TFORM\0\0\0\x20DJVU" + bytes(99)),
    "PAM": ("PAM", b"P7\nWIDTH 1\nHEIGHT 1\nDEPTH 3\nMAXVAL 255\nENDHDR\nabc"),
    "EMF": ("EMF", (b"\1\0\0\0" + bytes(36) + b" EMF").ljust(200, b"\0")),
    "MNG": ("MNG", b"\x8aMNG\r\n\x1a\n" + bytes(99)),
    "CR3": ("camera raw (CR3)", FTYP + b"crx isommp42" + bytes(64)),
    "RAF": ("camera raw (RAF)", b"FUJIFILMCCD-RAW 0201" + bytes(99)),
    "CR2": ("camera raw", b"II*\0\x10\0\0\0CR\x02\0" + bytes(99)),
    "MP4": ("MP4 video", FTYP + b"isom\0\0\2\0" + bytes(64)),
    "QuickTime": ("QuickTime video", FTYP + b"qt  \0\0\2\0" + bytes(64)),
    "AVI": ("AVI video", b"RIFF\0\1\0\0AVI LIST" + bytes(64)),
    "WebM": ("Matroska or WebM video", b"\x1a\x45\xdf\xa3" + bytes(64)),
    "a brand of no known kind": ("ISO media file of brand b'zzzz'", FTYP + b"zzzz" + bytes(64)),
    "JPEG 2000 of 12 bits": ("JPEG 2000 of more than 8 bits a color", _of_12_bits()),
    "float RGB TIFF": (
        "32-bit float RGB TIFF",
        tiff(np.zeros((4, 4, 3), np.float32), Layout(2, 32, kind=FLOAT)),
    ),
    "a TIFF of an unknown compression": (
        "8-bit RGB TIFF, compression 34927",
        tiff(samples(3, 8), Layout(2, 8, compression=34927)),
    ),
    "a DNG": (
        "camera raw",
        tiff(samples(3, 8), Layout(2, 8, tags={254: (4, [1]), 50706: (1, [1, 4, 0, 0])})),
    ),
    "raw with a thumbnail": (
        "camera raw",
        tiff(samples(3, 8), Layout(2, 8, tags={254: (4, [1]), 330: (4, [8])})),
    ),
    "a PNG of iOS": ("PNG in the variant of iOS programs (CgBI)", _png_of_ios()),
}


def _failure(data: bytes) -> PictureError:
    with pytest.raises(PictureError) as caught:
        decode(data)
    return caught.value


@pytest.mark.parametrize("name", KINDS)
def test_a_kind_that_is_not_read_is_unsupported_by_name(name: str) -> None:
    kind, data = KINDS[name]
    failure = _failure(data)
    assert (failure.reason, str(failure)) == ("unsupported", refusals.not_read(kind))


def test_the_kinds_are_named_in_the_documentation() -> None:
    page = (ROOT / "docs" / "guides" / "formats.md").read_text("utf-8")
    section = page.partition("## Kinds that are not read")[2].partition("\n## ")[0]
    section = re.sub(r"[`\s]+", " ", section)
    missing = {
        kind for kind, _ in KINDS.values() if re.split(r", | \(| of brand", kind)[0] not in section
    }
    assert missing == set()


@pytest.mark.parametrize("brand", [b"heic", b"mif1", b"avif"])
def test_formats_with_a_plugin_are_named_only_without_it(brand: bytes) -> None:
    data = FTYP + brand + bytes(64)
    named = {b"avif": "AVIF"}.get(brand, "HEIC; to read such files: pip install 'imgrec[heic]'")
    assert known_kind(data, set(readable_formats()) - {"HEIF", "AVIF"}) == named
    assert known_kind(data, {"HEIF", "AVIF"}) == ""


@pytest.mark.parametrize("name", VALID)
def test_no_valid_file_is_of_a_kind_that_is_not_read(name: str) -> None:
    assert known_kind(VALID[name][0](), readable_formats()) == ""


@given(st.binary(max_size=300))
def test_any_bytes_have_a_kind_in_bounded_time(data: bytes) -> None:
    for start in (b"", b"<?xml", b"<!--", b" " * 2000 + b"<", b"P7 ", b"<!--" * 1000):
        known_kind(start + data, ())


# Of these formats the size is in the file, or the header tells how much must follow.
@pytest.mark.parametrize(
    "name", ["JPEG", "JPEG, progressive", "PNG", "GIF", "TIFF", "WEBP", "AVIF"]
)
@pytest.mark.parametrize("part", [0.01, 0.03, 0.1, 0.3, 0.6, 0.9])
def test_a_cut_file_is_truncated(name: str, part: float) -> None:
    data = VALID[name][0]()
    cut = max(17, int(len(data) * part))
    assert _failure(data[:cut]).reason == "truncated"


def _png_with(head: bytes, crc: bytes) -> bytes:
    sound = png(samples(3, 8), 8, RGB)
    return sound[:16] + head + crc + sound[33:]


@pytest.mark.parametrize(
    "data",
    [
        _png_with(struct.pack(">IIBBBBB", 21, 13, 8, 2, 0, 0, 0), b"\0\0\0\0"),
        _png_with(
            (head := struct.pack(">IIBBBBB", 21, 13, 8, 5, 0, 0, 0)),
            struct.pack(">I", zlib.crc32(b"IHDR" + head)),
        ),
        JPEG[:4] + b"\0\1" + JPEG[6:20] + b"\xff\xd9",
        b"GIF89b" + VALID["GIF"][0]()[6:],
    ],
    ids=["CRC of IHDR", "color type 5", "JPEG without a frame", "GIF version"],
)
def test_a_whole_file_with_a_damaged_header_is_not_truncated(data: bytes) -> None:
    assert _failure(data).reason == "damaged"


def test_a_tiff_compressed_as_webp_is_unsupported_by_name() -> None:
    data = bytearray(tiff(samples(3, 8), Layout(2, 8)))
    place = data.find(struct.pack("<HHIH", 259, 3, 1, 1))
    data[place + 8 : place + 10] = struct.pack("<H", 50001)
    with pytest.raises(PictureError, match="TIFF compressed as WebP") as caught:
        decode(bytes(data))
    assert caught.value.reason == "unsupported"


@pytest.mark.parametrize("kind", [1, 2], ids=["icon", "cursor"])
def test_a_cut_icon_is_truncated_and_a_file_that_begins_as_one_is_no_picture(kind: int) -> None:
    icon = bytearray(encoded(picture("discs", 1), "ICO", sizes=[(16, 16), (48, 48)]))
    icon[2] = kind
    with pytest.raises(PictureError, match="ends before the pictures") as caught:
        decode(bytes(icon[:60]))
    assert caught.value.reason == "truncated"
    other = bytes([0, 0, kind, 0, 9, 0]) + b"\xff" * 200
    with pytest.raises(PictureError) as caught:
        decode(other)
    assert caught.value.reason == "not-an-image"


def test_a_file_of_a_plugin_that_is_asked_directly_is_the_one_that_failed() -> None:
    psd = bytearray(VALID["PSD"][0]())
    # 16 bits a channel, which Pillow does not read.
    psd[22:24] = struct.pack(">H", 16)
    failure = _failure(bytes(psd))
    assert failure.reason == "unsupported"
    with pytest.raises(Image.UnidentifiedImageError):
        Image.open(io.BytesIO(psd))
