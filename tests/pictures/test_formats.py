"""Every raster format of the installed Pillow is read, or left out for a documented reason."""

import re

import numpy as np
import pytest
from PIL import Image, ImageFile

import handmade_pictures
from imgrec import PictureError
from imgrec.pictures.decoding import decode
from imgrec.pictures.formats import FORMATS, SUFFIXES, readable_formats
from paths import ROOT
from valid_pictures import SIZE, VALID

# What is left out on purpose; `imgrec.pictures.formats` says why.
NOT_READ = {"EPS", "IPTC", "BUFR", "GRIB", "HDF5", "WMF", "MPEG"}
AMBIGUOUS_SUFFIXES = {".fit", ".gbr", ".msp", ".vst", ".vda", ".icb"}


def test_every_format_of_pillow_is_read_or_left_out() -> None:
    readable_formats()
    # HEIF is read by a plugin, MPO as a kind of JPEG.
    others = {"HEIF", "MPO"}
    assert set(FORMATS) - others == set(Image.OPEN) - NOT_READ - others
    stubs = {name for name, (factory, _) in Image.OPEN.items() if _is_stub(factory)}
    assert stubs == {"BUFR", "GRIB", "HDF5", "WMF"} <= NOT_READ


def _is_stub(factory: object) -> bool:
    return isinstance(factory, type) and issubclass(factory, ImageFile.StubImageFile)


def test_suffixes_equal_those_of_pillow() -> None:
    readable_formats()
    registered = {suffix for suffix, name in Image.EXTENSION.items() if name in FORMATS}
    own = {".heic", ".heics", ".heif", ".heifs", ".hif"}
    assert SUFFIXES - own == registered - own - AMBIGUOUS_SUFFIXES
    assert not SUFFIXES & AMBIGUOUS_SUFFIXES
    assert registered >= AMBIGUOUS_SUFFIXES


def test_the_page_of_formats_lists_them() -> None:
    page = (ROOT / "docs" / "guides" / "formats.md").read_text("utf-8")
    formats = page.partition("# Picture formats\n")[2].partition("\n## ")[0]
    named = set(re.findall(r"`(\.[a-z0-9]+)`", formats))
    assert named == SUFFIXES | AMBIGUOUS_SUFFIXES


@pytest.mark.parametrize("name", VALID)
def test_a_file_of_every_format_is_read(name: str) -> None:
    make, kind = VALID[name]
    found = decode(make())
    assert found.format.upper() == kind
    assert found.image.mode == "RGB"
    if kind not in handmade_pictures.FILES:
        # Pillow writes an icon in all of its sizes, and the largest is read.
        assert (found.width, found.height) == ((1024, 1024) if kind == "ICNS" else SIZE)
        # The picture is not uniform.
        assert np.ptp(np.asarray(found.image)) > 60


def test_every_format_has_a_test_file() -> None:
    assert {kind for _, kind in VALID.values()} == {*FORMATS} - {"HEIF"}


@pytest.mark.parametrize("kind", handmade_pictures.FILES)
def test_pixels_of_formats_made_by_hand(kind: str) -> None:
    make, shown = handmade_pictures.FILES[kind]
    assert (np.asarray(decode(make()).image) == shown).all()


@pytest.mark.parametrize(
    ("data", "reason"),
    [
        (b"\x00\x00\x00\x18ftypcrx isommp42" + bytes(64), "unsupported"),
        (b"%!PS-Adobe-3.0 EPSF-3.0\n%%BoundingBox: 0 0 9 9\nshowpage\n", "unsupported"),
        (b"GRIB\0\0\1\1" + bytes(99), "not-an-image"),
        (b"qoif" + bytes(3), "truncated"),
        (b"words, and more words\n" * 30, "not-an-image"),
        (bytes(5000), "not-an-image"),
    ],
)
def test_unsupported_files_fail_for_the_expected_reason(data: bytes, reason: str) -> None:
    with pytest.raises(PictureError) as caught:
        decode(data)
    assert caught.value.reason == reason


def test_postscript_inside_another_format_is_not_run() -> None:
    field = (
        b"\x1c\x08\x0a" + (40).to_bytes(2, "big") + b"%!PS-Adobe-3.0 EPSF-3.0\nshowpage".ljust(40)
    )
    with pytest.raises(PictureError) as caught:
        decode(b"\x1c\x03\x3c\x00\x02\x01\x01" + field)
    assert caught.value.reason == "not-an-image"
