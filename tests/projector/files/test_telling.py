"""Tests of the labels of the points: short, of what a person reads, and telling pictures apart."""

from collections.abc import Mapping, Sequence
from pathlib import PurePosixPath
from uuid import UUID

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from imgrec.collection import Entry
from projector.files.telling import LONGEST, point_labels

_RNG = np.random.default_rng(3)


def _uuid() -> str:
    return str(UUID(bytes=_RNG.bytes(16), version=4))


def _entry(image_id: int, path: str) -> Entry:
    return Entry(image_id, "/pictures", path, 1, 1, "00", 640, 480, "JPEG", "ok", None)


def _labels(
    paths: Sequence[str],
    kinds: Mapping[str, Sequence[str]] | None = None,
    words: Mapping[str, str] | None = None,
) -> list[str]:
    """Return the labels of pictures, with labels of the catalog by kind ("" for none)."""
    entries = [_entry(i, path) for i, path in enumerate(paths, start=1)]
    labels = {
        entry.id: {kind: values[i] for kind, values in (kinds or {}).items() if values[i]}
        for i, entry in enumerate(entries)
    }
    return point_labels(entries, labels, words or {})


def _hashes(count: int) -> list[str]:
    return [f"{_uuid()}.jpg" for _ in range(count)]


# Names that cameras, programs and databases give.
_SAY_NOTHING = [
    lambda i: f"IMG_{i:04d}.JPG",
    lambda i: f"DSC{i:05d}.jpg",
    lambda i: f"20190713_{i:06d}.jpg",
    lambda i: f"IMG-20190713-WA{i:04d}.jpg",
    lambda i: f"{i:05d}.png",
    lambda i: f"{_uuid()}.jpg",
    lambda i: f"{_RNG.bytes(20).hex()}.png",
    lambda i: f"B07XJ{i:05d}.jpg",
]


@pytest.mark.parametrize("made", _SAY_NOTHING)
def test_folders_speak_where_names_do_not(made: object) -> None:
    assert callable(made)
    folders = ["dress", "hat", "t-shirt"] * 8
    labels = _labels([f"train/{folder}/{made(i)}" for i, folder in enumerate(folders)])
    assert labels == folders


@pytest.mark.parametrize("folder", ["", "photos/", "2019/", "DCIM/100_0719/", "all of it/"])
def test_classes_speak_where_all_are_in_one_folder(folder: str) -> None:
    classes = ["jersey", "jean", "fur coat"] * 8
    paths = [folder + name for name in _hashes(24)]
    assert _labels(paths, {"class": classes, "color": ["red", "blue", "gray"] * 8}) == classes


def test_then_the_words_of_communities_then_colors_then_names() -> None:
    paths, colors = _hashes(6), ["red", "blue"] * 3
    kinds = {"community": ["1.1", "1.2", "0"] * 2, "color": colors}
    words = {"1.1": "beach", "1.2": "snow · ski", "2": "unused"}
    beaches = ["beach", "snow · ski", "red", "beach", "snow · ski", "blue"]
    assert _labels(paths, kinds, words) == beaches
    # "Community 1.1" would tell nobody anything.
    assert _labels(paths, kinds) == colors
    assert _labels(paths) == [f"{path[: LONGEST - 1].rstrip()}…" for path in paths]


def test_the_shorter_one_of_name_and_folder_is_taken() -> None:
    places, names = ["Grandmother's garden", "Beach"] * 4, ["ann", "bob", "cleo", "dora"] * 2
    paths = [f"{place}/{name}.jpg" for place, name in zip(places, names, strict=True)]
    assert _labels(paths) == names
    paths = [f"{name}/{place} {i}.jpg"
             for i, (place, name) in enumerate(zip(places, names, strict=True))]  # fmt: skip
    assert _labels(paths) == names


def test_numbers_at_names_do_not_make_them_tell() -> None:
    classes = ["cat", "dog"] * 10
    paths = [f"holiday {i}.jpg" for i in range(20)]
    assert _labels(paths, {"class": classes}) == classes


@pytest.mark.parametrize(("alike", "telling"), [(18, True), (19, False)])
def test_nine_in_ten_may_have_the_same_folder(alike: int, telling: bool) -> None:
    folders = ["cat"] * alike + ["dog"] * (20 - alike)
    paths = [f"{folder}/{i}.png" for i, folder in enumerate(folders)]
    colors = ["red", "blue"] * 10
    assert _labels(paths, {"color": colors}) == (folders if telling else colors)


@pytest.mark.parametrize(("known", "telling"), [(10, True), (9, False)])
def test_a_class_of_half_the_pictures_is_enough_and_the_others_get_the_next_text(
    known: int, telling: bool
) -> None:
    classes = (["cat", "dog"] * 10)[:known] + [""] * (20 - known)
    colors = ["red", "blue"] * 10
    paths = [f"{i}.png" for i in range(20)]
    expected = [c or color for c, color in zip(classes, colors, strict=True)]
    got = _labels(paths, {"class": classes, "color": colors})
    assert got == (expected if telling else colors)


@pytest.mark.parametrize("length", [LONGEST - 1, LONGEST, LONGEST + 1, 200])
def test_labels_are_cut_at_a_length(length: int) -> None:
    (label, *_) = _labels([f"{'x' * length}/1.png", "yes/2.png"])
    assert len(label) == min(length, LONGEST)
    assert label.strip("x") == ("…" if length > LONGEST else "")


def test_names_of_other_scripts_speak() -> None:
    assert _labels(["花/1.jpg", "山/2.jpg", "Äpfel/3.jpg"]) == ["花", "山", "Äpfel"]


@given(st.lists(st.text(st.characters(exclude_characters="/\0"), min_size=1), min_size=1))
def test_every_picture_has_a_short_label(names: list[str]) -> None:
    paths = [f"{name}/x{name}.png" for name in names]
    labels = _labels(paths)
    assert len(labels) == len(paths)
    assert all(0 < len(label) <= LONGEST for label in labels)
    for label, path in zip(labels, paths, strict=True):
        texts = (PurePosixPath(path).parent.name, PurePosixPath(path).name)
        begin = label.rstrip("…").rstrip()
        assert any(text.startswith(begin) for text in texts)
