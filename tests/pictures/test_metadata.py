"""Metadata against blocks built from the specifications, by Pillow's writer, and hostile ones."""

import io
from collections.abc import Mapping
from typing import Any

import pytest
from PIL import ExifTags, Image

import metadata_bytes as made
from imgrec.pictures.metadata import metadata_of
from imgrec.pictures.metadata_names import by_name, in_words
from metadata_bytes import Tag
from metadata_containers import BLOCK, CONTAINERS, MAIN, PACKET, SAID, WORDS


def said(data: bytes) -> dict[str, Any]:
    return by_name(metadata_of(data))


def said_by_exif(
    main: Mapping[int, Tag] = made.NONE,
    inner: Mapping[int, Tag] = made.NONE,
    gps: Mapping[int, Tag] = made.NONE,
) -> dict[str, Any]:
    return said(made.jpeg(made.exif(main, inner, gps)))


def said_by_xmp(attributes: dict[str, str], **lists: list[str]) -> dict[str, Any]:
    return said(made.jpeg(packet=made.xmp(attributes, {f"dc:{k}": v for k, v in lists.items()})))


@pytest.mark.parametrize("name", CONTAINERS)
def test_every_container_is_read(name: str) -> None:
    assert said(CONTAINERS[name]()) == SAID | WORDS


def test_a_gif_has_xmp() -> None:
    trailer = b"\x01" + bytes(range(255, -1, -1)) + b"\0"
    assert said(b"GIF89a" + bytes(7) + b"\x21\xff\x0bXMP DataXMP" + PACKET + trailer) == WORDS


def test_the_number_of_a_date_is_that_of_the_local_clock() -> None:
    taken = metadata_of(made.jpeg(BLOCK))[0]
    # 2019-07-14 15:32:10 UTC is 1563118330.
    assert (taken.name, taken.number) == ("taken", 1563118330.25)


def test_what_pillow_writes_is_read() -> None:
    tags = Image.Exif()
    tags[ExifTags.Base.Make], tags[ExifTags.Base.Model] = "NIKON CORPORATION", "NIKON D700"
    inner = tags.get_ifd(ExifTags.IFD.Exif)
    inner[ExifTags.Base.DateTimeOriginal] = "2008:10:22 16:28:39"
    inner[ExifTags.Base.ExposureTime] = 0.25
    inner[ExifTags.Base.ISOSpeedRatings] = 3200
    gps = tags.get_ifd(ExifTags.IFD.GPSInfo)
    gps[1], gps[2], gps[3], gps[4] = "S", (33.0, 51.0, 24.84), "W", (70.0, 30.0, 0.0)
    for form in ("JPEG", "PNG", "WEBP", "TIFF"):
        buffer = io.BytesIO()
        Image.new("RGB", (32, 24), "teal").save(buffer, form, exif=tags.tobytes())
        assert said(buffer.getvalue()) == {
            "taken": "2008-10-22T16:28:39",
            "camera": "NIKON D700",
            "exposure": 0.25,
            "iso": 3200.0,
            "latitude": -33.856900,
            "longitude": -70.5,
        }, form


DATES: list[tuple[bytes, str | None]] = [
    # Each is without the first of the one before it.
    (
        made.jpeg(
            made.exif(MAIN, {36867: (2, "2001:02:03 04:05:06"), 36868: (2, "2002:01:01 00:00:00")}),
            made.xmp({"exif:DateTimeOriginal": "2003-01-01T00:00:00"}),
        ),
        "2001-02-03T04:05:06",
    ),
    (
        made.jpeg(
            made.exif({}, {36868: (2, "2002:01:01 00:00:00")}),
            made.xmp(
                {
                    "exif:DateTimeOriginal": "2003-01-01T10:00:00-05:00",
                    "photoshop:DateCreated": "2004-01-01",
                }
            ),
        ),
        "2003-01-01T10:00:00-05:00",
    ),
    (
        made.jpeg(
            made.exif({}, {36868: (2, "2002:01:01 00:00:00")}),
            made.xmp({"photoshop:DateCreated": "2004-05"}),
            made.iptc((55, b"20050101")),
        ),
        "2004-05",
    ),
    (
        made.jpeg(
            made.exif({}, {36868: (2, "2002:01:01 00:00:00")}),
            b"",
            made.iptc((55, b"20050102"), (60, b"101112+0300")),
        ),
        "2005-01-02T10:11:12+03:00",
    ),
    (
        made.jpeg(
            made.exif({}, {36868: (2, "2002:01:01 00:00:01")}),
            made.xmp({"xmp:CreateDate": "2006-01-01T00:00"}),
        ),
        "2002-01-01T00:00:01",
    ),
    (
        made.jpeg(b"", made.xmp({"xmp:CreateDate": "2006-01-01T07:30Z"})),
        "2006-01-01T07:30:00+00:00",
    ),
    (
        made.jpeg(made.exif(MAIN, {}, {29: (2, "2007:01:01"), 7: (5, [(1, 1), (2, 1), (3, 1)])})),
        "2021-01-01T00:00:00",
    ),
    (
        made.jpeg(
            made.exif(
                {306: (2, "2021:01:01 00:00:00")},
                {},
                {29: (2, "2007:01:01"), 7: (5, [(1, 1), (2, 1), (3, 1)])},
            )
        ),
        "2007-01-01T01:02:03+00:00",
    ),
    # The date of a change, of a file that names no camera.
    (made.jpeg(made.exif({306: (2, "2021:01:01 00:00:00")})), None),
]


@pytest.mark.parametrize(("data", "date"), DATES)
def test_which_date_counts(data: bytes, date: str | None) -> None:
    assert said(data).get("taken") == date


@pytest.mark.parametrize(
    ("written", "date"),
    [
        ("2019:07:14 15:32:10", "2019-07-14T15:32:10"),
        ("2019-07-14T15:32:10", "2019-07-14T15:32:10"),
        ("2019:07:14 15:32", "2019-07-14T15:32:00"),
        ("2019:07:14", "2019-07-14"),
        ("2019:07:14 15:32:10+05:45", "2019-07-14T15:32:10+05:45"),
        ("2016:12:31 23:59:60", "2016-12-31T23:59:59"),
        ("2020:02:29 12:00:00", "2020-02-29T12:00:00"),
        ("1826:06:01 12:00:00", "1826-06-01T12:00:00"),
        *(
            (wrong, None)
            for wrong in (
                "0000:00:00 00:00:00",
                "    :  :     :  :  ",
                "",
                "9999:12:31 23:59:59",
                "2019:02:29 12:00:00",
                "2019:13:01 00:00:00",
                "2019:07:14 24:00:00",
                "1825:01:01 00:00:00",
                "2101:01:01 00:00:00",
                "1970:01:01 00:00:00",
                "1904:01:01 00:00:00",
                "yesterday",
                "2019:07:14 15:32:61",
                "٢٠١٩:07:14 15:32:10",
                "=HYPERLINK(1)",
                "2019:07:14" * 99,
            )
        ),
    ],
)
def test_a_date_is_one_of_the_calendar_or_none(written: str, date: str | None) -> None:
    assert said_by_exif({}, {36867: (2, written)}).get("taken") == date


@pytest.mark.parametrize(
    ("make", "model", "camera"),
    [
        ("Canon", "Canon EOS 5D", "Canon EOS 5D"),
        ("NIKON CORPORATION", "NIKON D700", "NIKON D700"),
        ("SONY", "ILCE-7M3", "SONY ILCE-7M3"),
        ("OLYMPUS IMAGING CORP.", "E-M5", "OLYMPUS E-M5"),
        ("FUJI PHOTO FILM CO., LTD.", "FinePix S2", "FUJI PHOTO FILM FinePix S2"),
        ("Apple", "iPhone 13", "Apple iPhone 13"),
        ("", "D70", "D70"),
        ("Leica", "", "Leica"),
        # Nothing but words of companies.
        (", Inc.", "X100", "X100"),
        (",Co., Ltd.", "", None),
        ("----", "", None),
        ("Canon\0junk", "Canon\0", "Canon"),
        ("  samsung ", " SM-G960F  ", "samsung SM-G960F"),
        ("<b>x</b>", "=1+1", "<b>x</b> =1+1"),
        ("a\nb\tc\x1b[31m", "\x07", "a b c [31m"),
    ],
)
def test_a_camera_names_its_maker_once(make: str, model: str, camera: str | None) -> None:
    assert said_by_exif({271: (2, make), 272: (2, model)}).get("camera") == camera


NUMBERS: list[tuple[dict[int, Tag], dict[str, Any]]] = [
    ({33434: (5, [(10, 5000)])}, {"exposure": 0.002}),
    ({33434: (5, [(30, 1)])}, {"exposure": 30.0}),
    ({37377: (10, [(6, 1)])}, {"exposure": 1 / 64}),
    ({37378: (5, [(4, 1)])}, {"aperture": 4.0}),
    ({34855: (3, [65535]), 34866: (4, [102400])}, {"iso": 102400.0}),
    ({34855: (3, [100, 200])}, {"iso": 100.0}),
    ({37386: (5, [(415, 100)])}, {"focal": 4.15}),
    ({42034: (5, [(24, 1), (70, 1), (28, 10), (28, 10)])}, {"lens": "24-70mm f/2.8"}),
    ({42034: (5, [(50, 1), (50, 1), (0, 0), (0, 0)])}, {"lens": "50mm"}),
    # Zeros, beyond a range, and wrong types.
    ({34855: (3, [0])}, {}),
    ({34855: (2, "fast")}, {}),
    ({33434: (7, b"1/500")}, {}),
    ({37377: (10, [(-(2**31), 1)])}, {}),
    ({37378: (5, [(2**32 - 1, 1)])}, {}),
    ({36867: (5, [(2019, 7)])}, {}),
    ({42036: (4, [1])}, {}),
]


@pytest.mark.parametrize("tag", [33434, 33437, 37386])
@pytest.mark.parametrize("pair", [(1, 0), (0, 0), (0, 1)])
def test_a_fraction_that_is_no_value_is_none(tag: int, pair: tuple[int, int]) -> None:
    assert said_by_exif({}, {tag: (5, [pair])}) == {}


@pytest.mark.parametrize(("inner", "found"), NUMBERS)
def test_numbers_of_exposure(inner: dict[int, Tag], found: dict[str, Any]) -> None:
    assert said_by_exif({}, inner) == pytest.approx(found)


@pytest.mark.parametrize(
    "gps",
    [
        {1: (2, "N"), 2: (5, [(0, 1)] * 3), 3: (2, "E"), 4: (5, [(0, 1)] * 3)},
        {**made.VIENNA, 2: (5, [(0, 0)] * 3)},
        {**made.VIENNA, 2: (5, [(91, 1), (0, 1), (0, 1)])},
        {**made.VIENNA, 4: (5, [(180, 1), (1, 1), (0, 1)])},
        {**made.VIENNA, 1: (2, "X")},
        {k: v for k, v in made.VIENNA.items() if k != 3},
        {**made.VIENNA, 2: (2, "48.2")},
        {**made.VIENNA, 2: (11, [])},
        {**made.VIENNA, 1: (3, [78])},
    ],
)
def test_what_is_no_place_is_none(gps: dict[int, Tag]) -> None:
    gps = {tag: value for tag, value in gps.items() if value[0] != 11}
    found = said_by_exif({}, {}, gps)
    assert "latitude" not in found
    assert "longitude" not in found


@pytest.mark.parametrize(
    ("north", "east", "place"),
    [
        ("48,12.5N", "16,22,20E", (48.208333, 16.372222)),
        ("33,51.414S", "70,30W", (-33.8569, -70.5)),
        ("nanN", "1,0E", None),
        ("inf,0N", "1,0E", None),
        ("1e999N", "1,0E", None),
        ("48.2", "16.4", None),
        ("-5,0N", "1,0E", None),
        (",N", ",E", None),
    ],
)
def test_places_of_xmp(north: str, east: str, place: tuple[float, float] | None) -> None:
    found = said_by_xmp({"exif:GPSLatitude": north, "exif:GPSLongitude": east})
    assert (found.get("latitude"), found.get("longitude")) == (place or (None, None))


@pytest.mark.parametrize(
    ("data", "rating"),
    [
        (made.jpeg(packet=made.xmp({"xmp:Rating": "5"})), 5.0),
        (made.jpeg(packet=made.xmp({"xmp:Rating": "-1"})), -1.0),
        (made.jpeg(made.exif({0x4746: (3, [3])}), made.xmp({"xmp:Rating": "2"})), 2.0),
        (made.jpeg(made.exif({0x4746: (3, [3])})), 3.0),
        (made.jpeg(made.exif({0x4749: (3, [99])})), 5.0),
        (made.jpeg(packet=made.xmp({"MicrosoftPhoto:Rating": "25"})), 2.0),
        *(
            (made.jpeg(packet=made.xmp({"xmp:Rating": text})), None)
            for text in ("0", "6", "nan", "-2", "*****", "1e9", "")
        ),
    ],
)
def test_ratings_are_1_to_5_or_rejected(data: bytes, rating: float | None) -> None:
    assert said(data).get("rating") == rating


def test_titles_by_rank() -> None:
    block = made.exif({270: (2, "of EXIF"), 0x9C9B: (1, "of Windows\0".encode("utf-16-le"))})
    datasets = made.iptc((5, b"of IPTC"))
    packet = made.xmp({}, {"dc:title": ["of XMP"]})
    assert said(made.jpeg(block, packet, datasets))["title"] == "of XMP"
    assert said(made.jpeg(block, b"", datasets))["title"] == "of IPTC"
    assert said(made.jpeg(block))["title"] == "of Windows"
    assert said_by_exif({270: (2, "of EXIF")})["title"] == "of EXIF"
    assert said_by_exif({270: (2, "OLYMPUS DIGITAL CAMERA   ")}) == {}


def test_keywords_of_all_blocks_are_joined() -> None:
    block = made.exif({0x9C9E: (1, "Garden;sun; ;CAT\0".encode("utf-16-le"))})
    datasets = made.iptc((25, "Zürich".encode("cp1252")), (25, b"cat"))
    data = made.jpeg(block, made.xmp({}, {"dc:subject": ["cat", "garden"]}), datasets)
    assert said(data)["keyword"] == ["cat", "garden", "Zürich", "sun"]
    paths = made.xmp({}, {"lr:hierarchicalSubject": ["animals|cat", "places|Zürich"]})
    assert said(made.jpeg(packet=paths))["keyword"] == ["cat", "Zürich"]


@pytest.mark.parametrize(
    ("text", "declared"),
    [("Zürich".encode(), True), ("Zürich".encode(), False), ("Zürich".encode("cp1252"), False)],
)
def test_iptc_of_any_encoding(text: bytes, declared: bool) -> None:
    assert said(made.jpeg(datasets=made.iptc((5, text), utf_8=declared)))["title"] == "Zürich"
    # Bytes without a letter in any of them.
    odd = said(made.jpeg(datasets=made.iptc((5, b"\x81\x8d odd"))))["title"]
    assert odd.endswith("odd")
    assert odd.isprintable()


def test_words_for_a_reader() -> None:
    assert in_words(said(made.jpeg(BLOCK, PACKET))) == (
        "2019-07-14 15:32:10.25+02:00, Canon EOS 5D, EF24-70mm f/2.8L USM, 1/500 s, f/2.8, "
        "ISO 400, 50 mm, 48.20833 16.37222, 4 of 5, Summer, #cat #garden"
    )
    assert in_words({}) == ""
    assert in_words({"exposure": 2.5, "rating": -1.0}) == "2.5 s, rejected"
