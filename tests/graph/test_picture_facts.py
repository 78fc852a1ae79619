"""Tests of the facts that a page shows about a picture, and of the link to its file."""

import os
import urllib.parse
from collections import Counter
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from graph.picture_facts import (
    class_of,
    clipped,
    describe,
    folder_of,
    link_to,
    main_classes,
    main_folders,
)
from imgrec.collection import Entry

NAME = st.text(
    st.characters(codec="utf-8", exclude_characters="/\0"), min_size=1, max_size=20
).filter(lambda name: name not in (".", ".."))


def entry(path: str, root: str = "/pictures") -> Entry:
    return Entry(7, root, path, 22_400, 0, "d", 400, 533, "JPEG", "ok", None)


@given(NAME, NAME)
def test_a_link_leads_to_the_file_and_cannot_be_a_script(folder: str, name: str) -> None:
    file = Path("/pictures", folder, name)
    address = link_to(file, Path("/site/pages"))
    assert address.startswith("../../pictures/")
    assert not set(address) & set("<>\"'#?: \\")
    assert os.path.normpath("/site/pages/" + urllib.parse.unquote(address)) == str(file)


def test_a_link_keeps_bytes_that_are_not_utf8() -> None:
    file = Path(os.fsdecode(b"/pictures/b\xff.jpg"))
    assert link_to(file, Path("/pictures/site")) == "../b%FF.jpg"
    assert link_to(Path("/a/javascript:x"), Path("/a")) == "javascript%3Ax"


def test_facts_and_labels() -> None:
    found = describe(entry("a\tb/c.jpg"), {"folder": "a b", "community": "9"}, Path("/site"))
    assert found["facts"] == "400 × 533 · JPEG · 22.4 kB"
    assert found["folder"] == "a b"
    assert found["labels"] == [["folder", "a b"]]


def test_the_class_is_shown_first_with_its_probability() -> None:
    labels = {"color": "red", "class": "golden retriever", "confidence": "0.92", "a": "b"}
    found = describe(entry("c.jpg"), labels, Path("/site"))
    told = "golden retriever 92\N{NBSP}%"
    assert found["labels"] == [["class", told, "golden retriever"], ["a", "b"], ["color", "red"]]
    assert class_of(labels) == told
    assert class_of({"class": "x\ny"}) == "x y"
    assert class_of({"class": "x", "confidence": "high"}) == "x"
    assert class_of({"confidence": "0.92"}) == ""


@pytest.mark.parametrize("confidence", ["nan", "inf", "-1", "1.01", "9" * 400])
def test_a_confidence_that_is_no_share_is_not_shown(confidence: str) -> None:
    assert class_of({"class": "x", "confidence": confidence}) == "x"


def test_main_classes_are_the_two_of_the_largest_shares() -> None:
    sums = {"jersey": 6.1, "poncho": 2.1, "velvet": 2.2, "hay": 0.1}
    assert main_classes(sums, 10) == "jersey 61\N{NBSP}%, velvet 22\N{NBSP}%"
    assert main_classes(sums, 12) == "jersey 51\N{NBSP}%"
    assert main_classes({}, 3) == ""


def test_the_folder_of_a_picture_is_told_below_its_root() -> None:
    assert [folder_of(entry(path)) for path in ("a.jpg", "b/a.jpg", "c\n/d/a.jpg")] == [
        "", "b", "c /d"
    ]  # fmt: skip


def test_a_picture_that_is_not_there_gets_no_link() -> None:
    assert describe(entry("a.jpg"), {}, Path("/pictures"))["href"] == "a.jpg"
    assert describe(entry("a.jpg"), {}, Path("/pictures"), linked=False)["href"] is None


@pytest.mark.parametrize(
    ("folders", "told"),
    [
        (["dress"] * 71 + ["skirt"] * 12 + ["hat"] * 17, "dress 71\N{NBSP}%, hat 17\N{NBSP}%"),
        (["b", "a"], "a 50\N{NBSP}%, b 50\N{NBSP}%"),
        (["only"], "only 100\N{NBSP}%"),
        ([], ""),
        ([str(i) for i in range(40)], ""),
    ],
)
def test_main_folders(folders: list[str], told: str) -> None:
    assert main_folders(Counter(folders)) == told


def test_a_long_name_is_clipped() -> None:
    assert clipped("a" * 60) == "a" * 60
    assert clipped("a" * 61) == "a" * 59 + "…"
