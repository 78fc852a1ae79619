"""Tests of the groups that dots are colored by: few, the largest, and named by what speaks."""

from collections import Counter
from collections.abc import Sequence

import pytest
from hypothesis import given
from hypothesis import strategies as st

from imgrec.collection import Entry
from projector.files.groups import Groups, groups_of
from projector.files.metadata import MAX_COLORS, OTHER


def _entries(paths: Sequence[str]) -> list[Entry]:
    return [
        Entry(i, "/pictures", path, 1, 1, "00", 640, 480, "JPEG", "ok", None)
        for i, path in enumerate(paths, start=1)
    ]


def _communities(paths: Sequence[str]) -> tuple[str, ...]:
    """Return the groups of pictures in these communities."""
    labels = {i: {"community": path} if path else {} for i, path in enumerate(paths, start=1)}
    entries = _entries([f"{i}.png" for i in labels])
    found = {one.kind: one for one in groups_of(entries, labels, lambda path: f"<{path}>")}
    return found["community"].values if "community" in found else ()


def test_kinds_stand_in_order_and_ids_and_numbers_are_none() -> None:
    kinds = ("album", "bundle", "center", "class", "cluster", "color", "community", "confidence",
             "duplicates", "similar")  # fmt: skip
    labels = {1: dict.fromkeys(kinds, "1")}
    found = groups_of(_entries(["a/1.png"]), labels, str, ["center"])
    assert [one.kind for one in found] == [
        "folder", "class", "community", "cluster", "color", "album"
    ]  # fmt: skip
    assert [one.column for one in found][:2] == ["main folder", "main class"]


def test_folders_are_grouped_without_any_label() -> None:
    (one,) = groups_of(_entries(["a/1.png", "b/2.png", "3.png"]), {1: {}, 2: {}, 3: {}}, str)
    assert one == Groups("folder", ("a", "b", "pictures"))


def test_communities_have_names_and_numbers_stay_texts() -> None:
    assert _communities(["3.1", "3.2", ""]) == ("<3.1>", "<3.2>", "-")
    found = groups_of(_entries(["2019/1.png"]), {1: {"cluster": "7"}}, str)
    assert [one.values for one in found] == [("#2019",), ("#7",)]


def test_of_nested_communities_the_finest_level_is_taken_that_has_a_color_for_each() -> None:
    fine = [f"{a}.{b}.{c}" for a in range(2) for b in range(3) for c in range(2)]
    assert set(_communities(fine)) == {f"<{a}.{b}>" for a in range(2) for b in range(3)}
    # Ten parts are as many as colors.
    assert set(_communities(fine[:10])) == {f"<{path}>" for path in fine[:10]}
    # Levels of different depth: those that are not split stay.
    assert set(_communities([*fine, "7"])) == {"<7>", *(f"<{path[:3]}>" for path in fine)}


def test_of_too_many_communities_the_largest_are_kept() -> None:
    paths = [f"{i}.{j}" for i in range(30) for j in range(30 - i)]
    got = Counter(_communities(paths))
    assert got == {f"<{i}>": 30 - i for i in range(9)} | {OTHER: sum(range(1, 22))}


@given(
    st.lists(
        st.lists(st.integers(0, 5), min_size=1, max_size=4).map(lambda p: ".".join(map(str, p)))
        | st.just(""),
        min_size=1,
        max_size=80,
    )
)
def test_there_are_never_more_groups_than_colors(paths: list[str]) -> None:
    got = _communities(paths)
    if not any(paths):
        assert got == ()
        return
    assert len(got) == len(paths)
    assert len(set(got)) <= MAX_COLORS
    # A group is a community or contains it.
    for path, group in zip(paths, got, strict=True):
        assert group == OTHER or (group == "-" if not path else f"{path}.".startswith(group[1:-1]))


@pytest.mark.parametrize(("other", "parts"), [(10, True), (11, False)])
def test_folders_are_worth_a_bookmark_if_half_of_the_pictures_have_a_color(
    other: int, parts: bool
) -> None:
    assert Groups("folder", (*["a"] * (20 - other), *[OTHER] * other)).parts == parts
    assert not Groups("folder", ("a",) * 20).parts
