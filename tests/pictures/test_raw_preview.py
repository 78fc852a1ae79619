"""Raw files by their embedded preview, from files laid out as cameras do."""

import io
import struct
from collections.abc import Callable

import numpy as np
import pytest
from PIL import Image

import metadata_bytes as made
from imgrec import PictureError
from imgrec.pictures.decoding import Limits, decode
from imgrec.pictures.formats import RAW_SUFFIXES, SUFFIXES
from imgrec.pictures.raw_preview import embedded_preview, raw_kind
from metadata_bytes import Tag

SENSOR = np.random.default_rng(5).integers(0, 256, 40_000, np.uint8).tobytes()
CORNERS = np.zeros((120, 160, 3), np.uint8)
# Red at the upper left, blue at the lower right.
CORNERS[:60, :80, 0], CORNERS[60:, 80:, 2] = 255, 255


def jpeg_of(pixels: np.ndarray, **options: object) -> bytes:
    buffer = io.BytesIO()
    Image.fromarray(pixels).save(buffer, "JPEG", quality=95, subsampling=0, **options)
    return buffer.getvalue()


THUMB, PREVIEW = made.plain_jpeg((40, 30), "gold"), jpeg_of(CORNERS)
# Sensor data as lossless JPEG, whose frame header (SOF3) is larger than any preview's.
LOSSLESS = (
    b"\xff\xd8"
    + made.segment(0xC4, bytes(20))
    + made.segment(0xC3, struct.pack(">BHHBBBB", 14, 4000, 6000, 1, 0, 0x11, 0))
    + made.segment(0xDA, bytes(6))
    + SENSOR.replace(b"\xff", b"\xfe")
    + b"\xff\xd9"
)
BODY = SENSOR + THUMB + LOSSLESS + PREVIEW + SENSOR
RAW_TAGS: dict[int, Tag] = {254: (4, [1]), 330: (4, [8]), 274: (3, [1])}


def tiff_raw(maker: str, orientation: int = 1, body: bytes = BODY, *, dng: bool = False) -> bytes:
    tags: dict[int, Tag] = {**RAW_TAGS, 271: (2, maker), 274: (3, [orientation])}
    if dng:
        tags[50706] = (1, b"\1\4\0\0")
    return made.exif(tags, {36867: (2, "2019:07:14 15:32:10")}) + body


def _raf(orientation: int = 1) -> bytes:
    inside = made.jpeg(made.exif({271: (2, "FUJIFILM"), 274: (3, [orientation])}), picture=PREVIEW)
    head = b"FUJIFILMCCD-RAW 0201".ljust(84, b"0") + struct.pack(">II", 148, len(inside))
    return head.ljust(148, b"\0") + inside + SENSOR


def _cr3(orientation: int = 1) -> bytes:
    canon = bytes.fromhex("85c0b687820f11e08111f4ce462b6a48")
    first = made.box(b"CMT1", made.exif({271: (2, "Canon"), 274: (3, [orientation])}))
    movie = made.box(b"moov", made.box(b"uuid", canon + first) + made.box(b"trak", THUMB))
    return made.box(b"ftyp", b"crx \0\0\0\1crx isom") + movie + made.box(b"mdat", PREVIEW + SENSOR)


def _cr2(orientation: int = 1) -> bytes:
    data = bytearray(tiff_raw("Canon", orientation))
    # The directory lies behind Canon's mark.
    return (
        bytes(data[:4]) + struct.pack("<I", 16) + b"CR\2\0" + bytes(4) + _shifted(bytes(data[8:]))
    )


def _shifted(rest: bytes) -> bytes:
    """Return a directory and what follows 8 bytes later in the file, its offsets moved."""
    count = struct.unpack_from("<H", rest)[0]
    table = bytearray(rest)
    widths = {2: 1, 3: 2, 4: 4, 5: 8}
    for place in range(2, 2 + 12 * count, 12):
        tag, kind, size, value = struct.unpack_from("<HHII", rest, place)
        if widths.get(kind, 1) * size > 4 or tag == 34665:
            struct.pack_into("<I", table, place + 8, value + 8)
    return bytes(table)


RAWS: dict[str, Callable[[], bytes]] = {
    "NEF": lambda: tiff_raw("NIKON CORPORATION"),
    "ARW": lambda: tiff_raw("SONY"),
    "PEF": lambda: tiff_raw("PENTAX"),
    "SRW": lambda: tiff_raw("SAMSUNG"),
    "3FR": lambda: tiff_raw("Hasselblad"),
    "IIQ": lambda: tiff_raw("Phase One A/S"),
    "DCR": lambda: tiff_raw("EASTMAN KODAK COMPANY"),
    "RAW": lambda: tiff_raw("A maker of no known name"),
    "DNG": lambda: tiff_raw("NIKON CORPORATION", dng=True),
    "CR2": _cr2,
    "ORF": lambda: b"IIRO" + tiff_raw("OLYMPUS")[4:],
    "RW2": lambda: b"IIU\0" + tiff_raw("Panasonic")[4:],
    "RAF": _raf,
    "CR3": _cr3,
    "X3F": lambda: b"FOVb" + bytes(60) + BODY,
    "CRW": lambda: b"II\x1a\0\0\0HEAPCCDR" + bytes(60) + BODY,
    "MRW": lambda: b"\0MRM" + bytes(60) + BODY,
}


@pytest.mark.parametrize("kind", RAWS)
def test_the_largest_preview_is_the_picture(kind: str) -> None:
    data = RAWS[kind]()
    found = decode(data)
    assert raw_kind(data) == kind
    assert (found.format, found.width, found.height) == (kind, 160, 120)
    assert found.warning == "embedded preview of 160 x 120 pixels"
    assert np.abs(np.asarray(found.image, int) - decode(PREVIEW).image).max() == 0


@pytest.mark.parametrize("orientation", range(1, 9))
@pytest.mark.parametrize(
    "make", [lambda o: tiff_raw("SONY", o), _raf, _cr3, _cr2], ids=["ARW", "RAF", "CR3", "CR2"]
)
def test_the_orientation_is_that_of_the_raw_file(
    make: Callable[[int], bytes], orientation: int
) -> None:
    # The reference is Pillow's own transposition of the preview with this orientation in EXIF.
    expected = decode(made.jpeg(made.exif({274: (3, [orientation])}), picture=PREVIEW))
    found = decode(make(orientation))
    assert (found.width, found.height) == (expected.width, expected.height)
    assert (np.asarray(found.image) == np.asarray(expected.image)).all()


def test_a_preview_with_an_orientation_of_its_own_keeps_it() -> None:
    own = made.jpeg(made.exif({274: (3, [6])}), picture=PREVIEW)
    found = decode(tiff_raw("SONY", 3, SENSOR + own))
    assert (np.asarray(found.image) == np.asarray(decode(own).image)).all()


@pytest.mark.parametrize(
    "body",
    [
        b"",
        SENSOR,
        LOSSLESS,
        THUMB[:-40],
        PREVIEW[:20],
        b"\xff\xd8\xff" * 9999,
        b"\xff\xd8" + bytes(9),
        # A gray and color JPEG of 12 bits.
        PREVIEW.replace(b"\xff\xc0\0\x11\x08", b"\xff\xc1\0\x11\x0c"),
        b"\xff\xd8" + made.segment(0xC0, struct.pack(">BHHB", 8, 0, 100, 3)) + b"\xff\xd9",
    ],
)
def test_without_a_whole_preview_it_is_unsupported_by_name(body: bytes) -> None:
    with pytest.raises(PictureError, match="camera raw") as caught:
        decode(tiff_raw("NIKON CORPORATION", body=body))
    assert caught.value.reason == "unsupported"


def test_a_larger_preview_that_is_cut_gives_way_to_a_whole_one() -> None:
    found = decode(tiff_raw("SONY", body=THUMB + SENSOR + PREVIEW[:-40]))
    assert (found.width, found.height) == (40, 30)


def test_a_jpeg_inside_a_jpeg_does_not_end_it() -> None:
    outer = made.jpeg(made.exif({270: (2, "x")}) + THUMB, picture=PREVIEW)
    assert embedded_preview(SENSOR + outer + SENSOR) == outer


def test_other_files_are_no_raw_files() -> None:
    plain = io.BytesIO()
    Image.new("RGB", (8, 8)).save(plain, "TIFF")
    for data in (PREVIEW, plain.getvalue(), made.png(), b"", b"II*\0", b"MM\0*" + bytes(9)):
        assert raw_kind(data) == ""
        assert raw_kind(data + BODY) == ""


def test_the_bytes_of_the_raw_file_count_as_memory() -> None:
    data = tiff_raw("SONY") + bytes(3_000_000)
    assert decode(data, limits=Limits(memory_bytes=14_000_000)).width == 160
    with pytest.raises(PictureError) as caught:
        decode(data, limits=Limits(memory_bytes=10_000_000))
    assert caught.value.reason == "too-large"


def test_suffixes_of_raw_files_are_no_others() -> None:
    assert not RAW_SUFFIXES & SUFFIXES
    assert {f".{kind.lower()}" for kind in {*RAWS} - {"RAW"}} <= RAW_SUFFIXES
