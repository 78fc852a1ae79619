"""Files that are whole but for what is no pixel: read with a warning; without pixels: not."""

import re
import struct
import zlib

import numpy as np
import pytest
from PIL import Image

import icc
from imgrec import PictureError
from imgrec.pictures import jpeg_segments
from imgrec.pictures.decoding import Picture, decode
from matrix.bitmaps import gif
from matrix.cells import samples
from matrix.png import RGB, RGB_ALPHA, chunk, png
from matrix.tiff_files import Layout, tiff
from pictures import encoded, picture
from valid_pictures import VALID

VALUES = samples(3, 8)
IMAGE = picture("discs", 3, (160, 120))
BIG_TEXT = zlib.compress(bytes(1_500_000))


def _same(changed: bytes, sound: bytes) -> Picture:
    """Decode both files; assert that they have the same pixels; return the first picture."""
    found, expected = decode(changed), decode(sound)
    assert (np.asarray(found.image) == np.asarray(expected.image)).all()
    assert (found.width, found.height, found.format) == (
        expected.width,
        expected.height,
        expected.format,
    )
    assert expected.warning == ""
    return found


def _reason(data: bytes) -> str:
    try:
        decode(data)
    except PictureError as error:
        return error.reason
    return "ok"


@pytest.mark.parametrize(
    "name",
    [
        "gAMA",
        "cHRM",
        "pHYs",
        "sRGB",
        "tIME",
        "tEXt",
        "zTXt",
        "iTXt",
        "iCCP",
        "eXIf",
        "tRNS",
        "bKGD",
    ],
)
@pytest.mark.parametrize("is_before", [True, False], ids=["before", "after"])
def test_a_png_chunk_with_a_wrong_crc_is_left_out(name: str, is_before: bool) -> None:
    damaged = chunk(name.encode(), b"x\0some bytes that are no such thing", wrong_crc=True)
    place = "before" if is_before else "after"
    found = _same(png(VALUES, 8, RGB, **{place: damaged}), png(VALUES, 8, RGB))
    assert found.warning == f"PNG chunk {name} ignored: wrong CRC"


@pytest.mark.parametrize("name", ["gAMA", "cHRM", "pHYs", "sRGB", "acTL", "fcTL", "zTXt", "tIME"])
@pytest.mark.parametrize("body", [b"", b"\1", b"k\0\7abc", bytes(26)])
def test_a_png_chunk_that_no_pixel_depends_on_may_hold_anything(name: str, body: bytes) -> None:
    sound = png(VALUES, 8, RGB)
    for changed in (
        png(VALUES, 8, RGB, before=chunk(name.encode(), body)),
        png(VALUES, 8, RGB, after=chunk(name.encode(), body)),
    ):
        assert _same(changed, sound).warning == ""


@pytest.mark.parametrize(
    "texts",
    [
        chunk(b"zTXt", b"workflow\0\0" + BIG_TEXT),
        chunk(b"iTXt", b"workflow\0\1\0\0\0" + BIG_TEXT),
        chunk(b"iTXt", b"XML:com.adobe.xmp\0\0\0\0\0" + bytes(2_000_000)),
        b"".join(chunk(b"tEXt", b"k%d\0" % k + b"y" * 1_000_000) for k in range(70)),
    ],
    ids=["zTXt", "iTXt", "XMP", "many"],
)
def test_large_texts_of_a_png_are_not_read(texts: bytes) -> None:
    sound = png(VALUES, 8, RGB)
    assert _same(png(VALUES, 8, RGB, before=texts), sound).warning == ""
    assert _same(png(VALUES, 8, RGB, after=texts), sound).warning == ""


def test_a_color_profile_larger_than_pillows_limit_is_applied() -> None:
    profile = icc.matrix_profile(icc.ADOBE_RGB, 2.2)
    padded = profile + bytes(2_000_000)
    padded = struct.pack(">I", len(padded)) + padded[4:]
    body = b"wide\0\0" + zlib.compress(padded)
    small = b"small\0\0" + zlib.compress(profile)
    found = _same(
        png(VALUES, 8, RGB, before=chunk(b"iCCP", body)),
        png(VALUES, 8, RGB, before=chunk(b"iCCP", small)),
    )
    assert found.warning == ""
    assert (np.asarray(found.image) != VALUES).any()


@pytest.mark.parametrize(
    "body", [b"", b"x\0\1abc", b"x\0\0abc", b"x\0\0" + zlib.compress(b"y")[:-3]]
)
def test_a_damaged_color_profile_of_a_png_is_ignored(body: bytes) -> None:
    found = _same(png(VALUES, 8, RGB, before=chunk(b"iCCP", body)), png(VALUES, 8, RGB))
    assert found.warning == "PNG chunk iCCP ignored: no readable profile"


@pytest.mark.parametrize("keyword", [b"XML:com.adobe.xmp\0\0\0\0\0", b"Raw profile type exif\0"])
def test_the_orientation_in_a_text_of_a_png_is_applied(keyword: bytes) -> None:
    exif = Image.Exif()
    exif[0x0112] = 6
    if keyword.startswith(b"XML"):
        text = chunk(b"iTXt", keyword + b'<x tiff:Orientation="6"/>')
    else:
        body = exif.tobytes()
        text = chunk(b"tEXt", keyword + b"\nexif\n%8d\n" % len(body) + body.hex().encode() + b"\n")
    for place in ("before", "after"):
        found = decode(png(VALUES, 8, RGB, **{place: text}))
        assert (np.asarray(found.image) == np.rot90(VALUES, -1)).all()


def test_critical_chunks_must_be_right() -> None:
    sound = png(VALUES, 8, RGB)
    assert _reason(sound[:29] + bytes(4) + sound[33:]) == "damaged"
    assert _reason(sound[:40]) == "truncated"
    place = sound.index(b"IDAT") + 40
    flipped = sound[:place] + bytes([sound[place] ^ 1]) + sound[place + 1 :]
    assert _reason(flipped) == "damaged"


def test_pixels_of_a_png_that_its_crcs_prove_need_no_zlib_checksum() -> None:
    sound = png(VALUES, 8, RGB)
    start = sound.index(b"IDAT")
    size = int.from_bytes(sound[start - 4 : start], "big")
    pixels = sound[start + 4 : start + 4 + size]
    wrong = pixels[:-1] + bytes([pixels[-1] ^ 1])
    changed = sound[: start - 4] + chunk(b"IDAT", wrong) + sound[start + 8 + size :]
    assert _same(changed, sound).warning == "ignored: the zlib checksum of the pixels"
    unproved = sound[: start - 4] + chunk(b"IDAT", wrong, wrong_crc=True)
    assert _reason(unproved + sound[start + 8 + size :]) == "damaged"


def _jpegs() -> dict[str, bytes]:
    options: dict[str, dict[str, object]] = {
        "baseline": {}, "progressive": {"progressive": True}, "4:4:4": {"subsampling": 0},
        "restarts": {"restart_marker_blocks": 3, "subsampling": 0}, "optimized": {"optimize": True},
    }  # fmt: skip
    made = {name: encoded(IMAGE, "JPEG", quality=85, **one) for name, one in options.items()}
    made["gray"] = encoded(IMAGE.convert("L"), "JPEG")
    made["inks"] = encoded(IMAGE.convert("CMYK"), "JPEG", quality=90)
    # Twice the least size: Pillow decodes it at half its size.
    large = picture("checks", 2, (1040, 1030))
    made["reduced"] = encoded(large, "JPEG", quality=70)
    made["reduced, progressive"] = encoded(large, "JPEG", quality=70, progressive=True)
    return made


JPEGS = _jpegs()
_RESTARTS = {bytes([0xFF, marker]) for marker in range(0xD0, 0xD8)}


@pytest.mark.parametrize("name", JPEGS)
def test_a_jpeg_without_its_end_marker_is_whole(name: str) -> None:
    sound = JPEGS[name]
    for changed in (sound[:-2], sound[:-1], sound[:-2] + bytes(100)):
        assert "the end marker is missing" in _same(changed, sound).warning


@pytest.mark.parametrize("name", JPEGS)
def test_a_jpeg_with_missing_pixels_is_truncated(name: str) -> None:
    sound = JPEGS[name]
    start = sound.index(b"\xff\xda")
    cuts = {*range(len(sound) - 40, len(sound) - 3, 3), *np.linspace(start, len(sound) - 41, 12)}
    for cut in sorted(map(int, cuts))[:: 3 if name.startswith("reduced") else 1]:
        assert _reason(sound[:cut]) == "truncated", cut


@pytest.mark.parametrize("subsampling", [0, 2])
@pytest.mark.parametrize("mode", ["L", "RGB"])
@pytest.mark.parametrize("progressive", [False, True])
def test_a_jpeg_that_ends_at_a_restart_is_truncated(
    subsampling: int, mode: str, progressive: bool
) -> None:
    options = {"subsampling": subsampling, "progressive": progressive, "restart_marker_rows": 1}
    sound = encoded(IMAGE.convert(mode), "JPEG", **options)
    _same(sound[:-2], sound)
    last = max(place for place in range(len(sound)) if sound[place : place + 2] in _RESTARTS)
    for cut in (last, last + 1, last + 2):
        assert _reason(sound[:cut]) == "truncated"


@pytest.mark.parametrize("film", [b"", b"\0\0\0\x18ftypmp42" + VALUES.tobytes()])
def test_what_follows_the_end_of_a_jpeg_may_end_in_zeros(film: bytes) -> None:
    jpeg = encoded(IMAGE, "JPEG")
    assert _same(jpeg + film + b"1" + bytes(100), jpeg).warning == ""


@pytest.mark.parametrize("name", ["progressive", "reduced, progressive"])
def test_a_progressive_jpeg_without_its_last_scans_is_truncated(name: str) -> None:
    sound = JPEGS[name]
    scans = [one.start for one in jpeg_segments.segments(sound) if one.marker == 0xDA]
    assert len(scans) > 5
    for start in scans[1:]:
        assert _reason(sound[:start]) == "truncated"
        assert not jpeg_segments.has_all_scans(sound[:start])
    assert jpeg_segments.has_all_scans(sound[:-2])


@pytest.mark.parametrize("name", ["baseline", "progressive", "gray"])
@pytest.mark.parametrize("part", [0.3, 0.7, 0.97])
def test_zeros_in_place_of_the_end_of_a_jpeg_are_no_pixels(name: str, part: float) -> None:
    sound = JPEGS[name]
    cut = int(len(sound) * part)
    assert _reason(sound[:cut] + bytes(len(sound) - cut + 20_000)) == "truncated"
    # Zeros behind the end marker are padding.
    assert _same(sound + bytes(500), sound).warning == ""


def _segment(marker: int, body: bytes) -> bytes:
    return bytes([0xFF, marker]) + struct.pack(">H", len(body) + 2) + body


@pytest.mark.parametrize(
    ("marker", "body"),
    [
        (0xE0, b"JFIF\0"),
        (0xE2, b"ICC_PROFILE\0"),
        (0xED, b"Photoshop 3.0\x008BIM\x03\xed"),
        (0xEE, b"Adobe"),
        (0xEE, b"Adobe\0"),
    ],
)
@pytest.mark.parametrize("is_cut", [False, True], ids=["with end", "without end"])
def test_a_jpeg_with_a_damaged_application_segment_is_read(
    marker: int, body: bytes, is_cut: bool
) -> None:
    sound = JPEGS["baseline"]
    changed = sound[:2] + _segment(marker, body) + sound[2:]
    found = _same(changed[:-2] if is_cut else changed, sound)
    assert "application segments" in found.warning
    assert ("end marker" in found.warning) == is_cut


def _webp(**options: object) -> bytes:
    profile = icc.matrix_profile(icc.DISPLAY_P3, 1.8)
    exif = Image.Exif()
    exif[0x0112] = 1
    return encoded(IMAGE, "WEBP", exif=exif, icc_profile=profile, xmp=b"<x/>", **options)


@pytest.mark.parametrize("options", [{}, {"lossless": True}], ids=["lossy", "lossless"])
def test_a_webp_with_damaged_metadata_or_sizes_is_read(options: dict[str, object]) -> None:
    sound = _webp(**options)
    exif = sound.index(b"EXIF")
    changes = [
        sound[:4] + struct.pack("<I", size) + sound[8:]
        for size in (0, len(sound) - 18, len(sound) + 100)
    ]
    changes += [sound[:-3], sound[: exif + 12]]
    changes += [sound[: exif + 4] + struct.pack("<I", 10**6) + sound[exif + 8 :]]
    for changed in changes:
        assert _same(changed, sound).warning == "ignored: damaged EXIF, XMP or sizes"
    assert _reason(sound[: sound.index(b"VP8") + 200]) in {"truncated", "damaged"}


def _gif_changes(sound: bytes) -> dict[str, bytes]:
    head = 13 + 768
    before = {
        "a comment of a wrong size": b"\x21\xf9\x01\x01\0",
        "an application without data": b"\x21\xff\x0bNETSCAPE2.0\0",
    }
    return {name: sound[:head] + one + sound[head:] for name, one in before.items()}


GIF = gif(samples(1, 8)[..., 0], np.arange(768, dtype=np.uint8).reshape(256, 3))


@pytest.mark.parametrize("name", _gif_changes(GIF))
def test_a_gif_with_a_damaged_extension_is_read(name: str) -> None:
    found = _same(_gif_changes(GIF)[name], GIF)
    assert found.warning == "ignored: comments and other extensions, some damaged"


def test_a_gif_without_its_end_is_read() -> None:
    for changed in (GIF[:-1], GIF[:-2]):
        _same(changed, GIF)
    # The last byte of its data holds only the code of the end.
    assert _same(GIF[:-3], GIF).warning == "the end marker is missing"
    for cut in range(800, len(GIF) - 5, 7):
        assert _reason(GIF[:cut]) == "truncated", cut


def _with_bad_tag(tag: int, kind: int, count: int, value: int) -> bytes:
    """Return a TIFF with a tag whose type, count and value are as given."""
    data = bytearray(tiff(VALUES, Layout(2, 8, tags={tag: (4, [0])})))
    start = int.from_bytes(data[4:8], "little")
    for place in range(start + 2, len(data) - 12, 12):
        if int.from_bytes(data[place : place + 2], "little") == tag:
            data[place + 2 : place + 12] = struct.pack("<HII", kind, count, value)
            break
    return bytes(data)


@pytest.mark.parametrize("tag", [270, 274, 282, 305, 306, 330, 700, 34377, 34665, 34675, 34853])
@pytest.mark.parametrize(
    "field",
    [(2, 1_000_000, 5), (5, 1, 2**31), (99, 1, 1), (7, 2**32 - 1, 0), (4, 1, 2**32 - 1), (5, 1, 8)],
)
def test_a_tiff_with_a_damaged_tag_that_no_pixel_depends_on_is_read(
    tag: int, field: tuple[int, int, int]
) -> None:
    found = decode(_with_bad_tag(tag, *field))
    assert (np.asarray(found.image) == VALUES).all()
    assert found.warning in ("", *(
        f"ignored: {what} that no pixel depends on, some damaged"
        for what in ("tags", "tags, orientation and profile")
    ))  # fmt: skip


def test_a_bmp_may_name_more_colors_than_its_bits_have() -> None:
    sound = encoded(IMAGE.convert("P"), "BMP")
    for colors in (257, 300, 2**31):
        found = _same(sound[:46] + struct.pack("<I", colors) + sound[50:], sound)
        assert found.warning == f"ignored: the number of colors, {colors}"


@pytest.mark.parametrize(
    "resources", [b"garbage!", b"8BIM\x03\xed\0\0\0\0\0\x02", b"8BIM\x03\xed\0\0\xff\xff\xff\xffab"]
)
def test_a_psd_with_damaged_resources_is_read(resources: bytes) -> None:
    sound = VALID["PSD"][0]()
    size = struct.pack(">I", len(resources))
    found = _same(sound[:30] + size + resources + sound[34:], sound)
    assert found.warning == "ignored: image resources"


@pytest.mark.parametrize("bare", [False, True], ids=["JP2", "codestream"])
def test_a_jpeg_2000_without_its_end_marker_is_read(bare: bool) -> None:
    sound = encoded(IMAGE, "JPEG2000", no_jp2=bare)
    assert _same(sound[:-2], sound).warning == "ignored: the end marker is missing"
    for cut in (3, 10, 200):
        assert _reason(sound[:-cut]) != "ok"


def test_a_warning_is_one_line_of_plain_characters() -> None:
    names = [b"pHYs", b"tEXt", b"aBCd"]
    damaged = b"".join(chunk(name, b"x", wrong_crc=True) for name in names * 2)
    found = decode(png(samples(4, 8), 8, RGB_ALPHA, before=damaged))
    assert re.fullmatch(r"(PNG chunk \w{4} ignored: wrong CRC(; )?){3}", found.warning)
