"""Tests of the metadata table: any file name and label keeps the table well-formed."""

import os
from collections.abc import Mapping, Sequence
from pathlib import PurePosixPath

import pytest
from hypothesis import given
from hypothesis import strategies as st

from imgrec.collection import Entry
from imgrec.collection.changes import folder_label
from imgrec.collection.matching import FoundFile
from projector.files.metadata import (
    MAX_COLORS,
    OTHER,
    category,
    dots_text,
    folder_name,
    pictures_text,
    table_text,
)

_HOSTILE = [
    "tab\there.png", "line\nbreak.png", "carriage\rreturn.png", "<img src=x onerror=alert(1)>.png",
    "\"quoted\" 'twice'.png", "Äpfel & Bäume ß.png", os.fsdecode(b"caf\xe9.png"), "#.png",
    "写真.jpg", "line\u2028separator.png", "right\u202eleft.png", "nul\x00.png", "a\\b.png",
    " .png",
]  # fmt: skip


def _entry(image_id: int, path: str, root: str = "/pictures") -> Entry:
    return Entry(image_id, root, path, 1, 1, "00", 640, 480, "JPEG", "ok", None)


def _text(entries: Sequence[Entry], labels: Mapping[int, Mapping[str, str]]) -> str:
    """Return the table of pictures that are labeled by their names."""
    return pictures_text(entries, [PurePosixPath(entry.path).name for entry in entries], labels)


def _entries(paths: Sequence[str]) -> list[Entry]:
    return [_entry(i, path) for i, path in enumerate(paths, start=1)]


def _rows(text: str) -> list[list[str]]:
    """Return the cells of a table, parsed as the page parses it."""
    return [line.split("\t") for line in text.split("\n")[:-1]]


def _check_table(text: str, count: int) -> list[list[str]]:
    rows = _rows(text)
    assert text.endswith("\n")
    assert len(rows) == count + 1
    assert {len(row) for row in rows} == {len(rows[0])}
    assert all(cell.strip() for row in rows for cell in row)
    assert len(text.splitlines()) == len(rows)
    text.encode("utf-8")
    return rows


def test_the_label_comes_first_and_the_first_line_names_the_columns() -> None:
    header, first = _rows(pictures_text(_entries(["a/b/one.jpg"]), ["red"], {1: {}}))
    assert header == ["label", "name", "path", "folder", "size", "megapixels", "format"]
    assert first == ["red", "one.jpg", "a/b/one.jpg", "b", "640x480", "0.307", "JPEG"]


def test_the_table_of_dots_has_groups_and_numbers() -> None:
    groups = {"main folder": ["b", "c"], "main class": ["dog", "other"]}
    entries = _entries(["a/b/one.jpg", "a/c/two.jpg"])
    header, *rows = _rows(dots_text(entries, ["7", "red"], groups, ["0.5", "1"]))
    assert header == ["label", "name", "path", *groups, "megapixels", "confidence"]
    assert rows[0] == ["#7", "one.jpg", "a/b/one.jpg", "b", "dog", "0.307", "0.5"]
    assert rows[1] == ["red", "two.jpg", "a/c/two.jpg", "c", "other", "0.307", "1"]
    # The confidence is left out where a picture has none.
    assert _rows(dots_text(entries, ["7", "red"], groups, ["0.5", ""]))[0][-1] == "megapixels"


def test_hostile_names_keep_to_their_cells() -> None:
    paths = [f"{folder}/{name}" for name in _HOSTILE for folder in ("plain", name)]
    rows = _check_table(_text(_entries(paths), {i: {} for i in range(1, 99)}), len(paths))
    assert [row[0] for row in rows[1:]] == [row[1] for row in rows[1:]]
    names = [row[1] for row in rows[1::2]]
    assert names[:3] == ["tab here.png", "line break.png", "carriage return.png"]
    assert names[3] == "<img src=x onerror=alert(1)>.png"
    assert names[5] == "Äpfel & Bäume ß.png"
    assert names[6] == "caf\N{REPLACEMENT CHARACTER}.png"


@given(st.lists(st.text(st.characters(exclude_characters="/\0"), min_size=1), min_size=1))
def test_any_name_and_label_keeps_the_table_whole(names: list[str]) -> None:
    names = [os.fsdecode(name.encode("utf-8", "surrogatepass")) for name in names]
    labels = {i: {"class": name} for i, name in enumerate(names, start=1)}
    _check_table(_text(_entries([f"x{name}" for name in names]), labels), len(names))


def test_every_kind_of_label_is_a_column_and_none_is_empty() -> None:
    labels = {1: {"community": "3.10", "class": "tabby, tiger cat"}, 2: {}, 3: {"community": ""}}
    rows = _check_table(_text(_entries(["a.png", "b.png", "c.png"]), labels), 3)
    assert rows[0][7:] == ["class", "community"]
    assert [row[7:] for row in rows[1:]] == [
        ["tabby, tiger cat", "#3.10"], ["-", "-"], ["-", "-"],
    ]  # fmt: skip


def test_the_confidence_is_a_number_where_every_picture_has_one() -> None:
    labels = {1: {"confidence": "0.87"}, 2: {"confidence": "1.00"}, 3: {"class": "dog"}}
    rows = _check_table(_text(_entries(["a.png", "b.png"]), labels), 2)
    assert [row[rows[0].index("confidence")] for row in rows[1:]] == ["0.87", "1.00"]
    # A single text makes the page take the whole column for text.
    rows = _check_table(_text(_entries(["a.png", "b.png", "c.png"]), labels), 3)
    assert [row[rows[0].index("confidence")] for row in rows[1:]] == ["#0.87", "#1.00", "-"]


def test_what_is_searched_is_whole_however_many_values_there_are() -> None:
    labels = {i: {"classes": f"dog {i}", "album": f"c{i}", "year": str(i)} for i in range(1, 81)}
    rows = _check_table(_text(_entries([f"{i}.png" for i in range(1, 81)]), labels), 80)
    assert rows[0][-3:] == ["album", "classes", "year"]
    assert [row[-3:] for row in rows[1:]] == [[f"c{i}", f"dog {i}", f"#{i}"] for i in range(1, 81)]


def test_a_label_does_not_double_a_column() -> None:
    header = _rows(_text(_entries(["a/b.png"]), {1: {"folder": "elsewhere"}}))[0]
    assert header == ["label", "name", "path", "folder", "size", "megapixels", "format"]


def test_roots_are_told_apart_by_the_path() -> None:
    entries = [_entry(1, "x/a.png", "/disk/one"), _entry(2, "x/a.png", "/disk/two")]
    rows = _rows(_text(entries, {1: {}, 2: {}}))[1:]
    assert [row[2:4] for row in rows] == [["one/x/a.png", "x"], ["two/x/a.png", "x"]]


@pytest.mark.parametrize("path", ["train/shirt/a.png", "shirt/a.png", "a.png"])
def test_the_folder_is_the_one_of_the_catalog(path: str) -> None:
    label = folder_label(FoundFile("/disk/shirt", path, 1, 1))
    (row,) = _rows(_text([_entry(1, path, "/disk/shirt")], {1: {"folder": label}}))[1:]
    assert row[2:4] == [path, label]
    assert label == "shirt"


def test_texts_that_look_like_numbers_stay_texts() -> None:
    numbers = ["2019", "007", "3.10", "-1", "1e5", ".5", "5.", "0x1F", "0b1", "Infinity"]
    assert category(numbers) == [f"#{number}" for number in numbers]
    texts = ["2019-07", "1_000", "nan", "1 2", "1e", ".", "x1"]
    assert category(texts) == texts


@given(st.lists(st.integers(0, 120), max_size=400))
def test_a_category_never_has_more_values_than_can_be_colored(numbers: list[int]) -> None:
    values = [f"v{number}" for number in numbers]
    got = category(values)
    assert len(set(got)) <= MAX_COLORS
    assert all(after in (before, OTHER) for before, after in zip(values, got, strict=True))
    if len(set(values)) <= MAX_COLORS:
        assert got == values


def test_the_most_frequent_values_stay() -> None:
    values = [f"v{i:02d}" for i in range(60) for _ in range(60 - i)]
    got = category(values)
    assert set(got) == {f"v{i:02d}" for i in range(9)} | {OTHER}


_NAMES = st.text(st.characters(exclude_categories=["Cs"], exclude_characters="/\0"), min_size=1)


@given(st.lists(_NAMES.filter(lambda name: name not in (".", "..")), min_size=1, max_size=4))
def test_name_and_folder_are_the_last_names_of_a_path(names: list[str]) -> None:
    path = PurePosixPath(*names)
    entry = _entry(1, path.as_posix(), "/disk/shirt")
    assert folder_name(entry) == (path.parent.name or "shirt")
    # What stands in the column is the name as one line of text.
    expected = _rows(table_text({"name": [path.name]}))[1]
    (row,) = _rows(_text([entry], {1: {}}))[1:]
    assert [row[1]] == expected
