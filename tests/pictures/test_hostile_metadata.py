"""Metadata of hostile and damaged files: nothing is raised, and only sound things are said."""

import struct
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

import metadata_bytes as made
from imgrec.pictures.metadata import MOST_CHARACTERS, MOST_KEYWORDS, metadata_of
from imgrec.pictures.metadata_names import NAMES, by_name, is_datum
from metadata_containers import BLOCK, CONTAINERS, MAIN, PACKET, SAID


def said(data: bytes) -> dict[str, Any]:
    return by_name(metadata_of(data))


def test_texts_are_one_line_of_bounded_length() -> None:
    hostile = '<script>alert(1)</script>\n=cmd|"/C calc"!A0\x00\x1b[2J‮evil' + "x" * 9999
    escaped = (
        hostile.replace("&", "&amp;").replace("<", "&lt;").replace("\0", "").replace("\x1b", "")
    )
    title = said(made.jpeg(packet=made.xmp({}, {"dc:title": [escaped]})))["title"]
    assert title.startswith("<script>alert(1)</script> =cmd|")
    assert title.isprintable()
    assert len(title) == 200
    many = said(made.jpeg(packet=made.xmp({}, {"dc:subject": [f"word {k}" for k in range(500)]})))[
        "keyword"
    ]
    assert len(many) == MOST_KEYWORDS
    long = metadata_of(
        made.jpeg(packet=made.xmp({}, {"dc:subject": [f"{k} " * 70 for k in range(99)]}))
    )
    assert sum(len(datum.value) for datum in long) <= MOST_CHARACTERS


BOMB = made.xmp({}, {"dc:title": ["&lol9;"]}).replace(
    b"<x:xmpmeta",
    b'<!DOCTYPE x [<!ENTITY lol "lol">'
    + b"".join(
        f'<!ENTITY lol{k} "{f"&lol{k - 1};".replace("0", "") * 10}">'.encode() for k in range(1, 10)
    )
    + b"]><x:xmpmeta",
    1,
)
EXTERNAL = PACKET.replace(
    b"<x:xmpmeta", b'<!DOCTYPE x [<!ENTITY e SYSTEM "file:///etc/passwd">]><x:xmpmeta', 1
).replace(b"Summer", b"&e;")


@pytest.mark.parametrize(
    "packet",
    [
        BOMB,
        EXTERNAL,
        PACKET[:-500],
        b"<x:xmpmeta dc:title",
        b"\xff\xfe" + "<dc:title".encode("utf-16-le"),
        b"<a>" * 20_000 + b"title",
        b"\0" * 999 + b"Rating",
        b"<?xml version='1.0' encoding='x-odd'?><Rating/>",
    ],
)
def test_hostile_xml_says_nothing_and_costs_nothing_else(packet: bytes) -> None:
    assert said(made.jpeg(BLOCK, packet)) == SAID


def test_a_packet_that_is_not_utf_8_is_read() -> None:
    packet = made.xmp({}, {"dc:title": ["Zürich"], "dc:subject": ["cat"]})
    found = said(made.jpeg(packet=packet.decode().encode("cp1252", "replace")))
    assert found == {"title": "Z�rich", "keyword": ["cat"]}


def _cyclic() -> bytes:
    """Return an EXIF block whose pointers lead to its own first directory."""
    return made.exif({**MAIN, 34665: (4, [8]), 34853: (4, [8])})


def _with_count(tag: int, kind: int, count: int, offset: int) -> bytes:
    return b"II*\0\x08\0\0\0" + struct.pack("<HHHII", 1, tag, kind, count, offset) + bytes(4)


def test_directories_that_point_at_themselves_end() -> None:
    assert said(made.jpeg(_cyclic()))["camera"] == "Canon EOS 5D"


@pytest.mark.parametrize("kind", [0, 1, 2, 3, 5, 7, 10, 12, 13, 99])
@pytest.mark.parametrize("tag", [270, 271, 33434, 34665, 34853, 36867, 700, 33723, 34377, 0x9C9E])
@pytest.mark.parametrize(
    ("count", "offset"), [(2**32 - 1, 0), (2**31, 2**32 - 1), (9999, 8), (0, 0)]
)
def test_any_count_and_offset_is_read_to_an_end(
    tag: int, kind: int, count: int, offset: int
) -> None:
    block = _with_count(tag, kind, count, offset)
    for data in (
        block,
        made.jpeg(block),
        made.png(made.chunk(b"eXIf", block)),
        made.heic(block, b""),
    ):
        assert all(is_datum(list(datum)) for datum in metadata_of(data))


def test_a_file_of_empty_segments_chunks_and_items_is_read_to_an_end() -> None:
    many = 200_000
    for data in (
        b"\xff\xd8" + b"\xff\xe1\0\2" * many,
        b"RIFF\0\0\0\0WEBP" + b"EXIF\0\0\0\0" * many,
        b"\x89PNG\r\n\x1a\n" + made.chunk(b"tEXt", b"") * many,
        b"8BPS" + bytes(26) + struct.pack(">I", 12 * many) + (b"8BIM\4\4" + bytes(6)) * many,
        made.box(b"ftyp", b"heic") + made.box(b"free", b"") * many,
        made.box(b"ftyp", b"heic")
        + made.box(
            b"meta",
            bytes(4)
            + made.box(
                b"iinf", bytes(4) + b"\xff\xff" + made.box(b"infe", b"\2\0\0\0\0\1\0\0Exif\0")
            )
            + made.box(b"iloc", b"\2\0\0\0\0\0\xff\xff\xff\xff" + bytes(many)),
        ),
    ):
        assert metadata_of(data) == ()


@given(st.sampled_from(list(CONTAINERS)), st.data())
def test_damaged_files_raise_nothing_and_say_only_sound_things(
    name: str, data: st.DataObject
) -> None:
    content = bytearray(CONTAINERS[name]())
    for _ in range(data.draw(st.integers(1, 8))):
        content[data.draw(st.integers(0, len(content) - 1))] = data.draw(st.integers(0, 255))
    cut = data.draw(st.integers(0, len(content)))
    for damaged in (bytes(content), bytes(content[:cut])):
        found = metadata_of(damaged)
        assert all(is_datum(list(datum)) for datum in found)
        names = [datum.name for datum in found]
        assert names == sorted(names, key=NAMES.index)
        assert len([n for n in names if n != "keyword"]) == len({*names} - {"keyword"})


@pytest.mark.parametrize(
    "value",
    [
        None,
        [],
        ["taken", "x"],
        ["orientation", "1", 1],
        ["taken", "", 1],
        ["taken", "a\nb", 1],
        ["taken", "x" * 201, 1],
        ["iso", "9", float("nan")],
        ["iso", "9", float("inf")],
        ["iso", "9", True],
        ["iso", 9, 9],
        [["iso"], "9", 9],
        ("iso", "9", 9),
    ],
)
def test_what_is_no_datum_is_refused(value: object) -> None:
    assert not is_datum(value)
    assert is_datum(["iso", "9", 9.0])
    assert is_datum(["title", "x", None])
