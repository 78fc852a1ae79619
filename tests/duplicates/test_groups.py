"""Groups that are composed of bundles: kinds, decisions, links, absent files, labels."""

from dataclasses import replace

import pytest

from imgrec import Duplicates, Group, KeepRules, Member
from imgrec.collection import Entry
from imgrec.duplicates.comparison import Comparison, Difference, Verdict
from imgrec.duplicates.groups import IDENTICAL, Composer, files_by_content, in_order
from imgrec.duplicates.looking import Looked
from imgrec.pictures.metadata_names import Datum

SAME = Comparison(Verdict.SAME, 0.9, Difference.RESIZED)
LIKE = Comparison(Verdict.SIMILAR, 0.7, Difference.CROPPED)


def _entry(image_id: int, width: int = 10, path: str = "") -> Entry:
    size_of = (9, 5, "digest", width, 10, "JPEG", "ok", None)
    return Entry(image_id, "/r", path or f"{image_id}.jpg", *size_of)


def _group(
    files: dict[int, list[Entry]], bundle: dict[int, list[int]], looked: Looked | None = None
) -> list[tuple[int, str, str, int]]:
    def between(first: int, second: int) -> Comparison:
        assert first in bundle
        return LIKE if second in bundle else SAME

    group = Composer(files, between, looked or Looked()).group(bundle)
    for member in group.members:
        expected = {"kept": IDENTICAL, "copy": IDENTICAL, "same": SAME, "similar": LIKE}
        if member.kind in expected and not member.comparison.differences & Difference.UNREAD:
            assert member.comparison == expected[member.kind]
        # The invariant by which files are deleted.
        assert member.keep != "no" or member.comparison.verdict is Verdict.SAME
    return [(m.id, m.kind, m.keep, m.same_as) for m in group.members]


def test_the_kept_file_comes_first_then_what_equals_it_then_similar_ones_with_theirs() -> None:
    files = {
        1: [_entry(5), _entry(1)],
        2: [_entry(2), _entry(3)],
        7: [_entry(7), _entry(8)],
        9: [_entry(9)],
    }
    assert _group(files, {1: [2], 7: [9]}) == [
        (5, "kept", "yes", 5),
        (1, "copy", "no", 5),
        (2, "same", "no", 5),
        (3, "same", "no", 5),
        (7, "similar", "look", 7),
        (8, "copy", "no", 7),
        (9, "same", "no", 7),
    ]


@pytest.mark.parametrize(("width", "keep"), [(9, "no"), (100, "no"), (102, "no"), (103, "look")])
def test_a_file_with_clearly_more_pixels_than_the_kept_one_is_to_be_looked_at(
    width: int, keep: str
) -> None:
    files = {1: [_entry(1, 100)], 2: [_entry(2, width)]}
    assert _group(files, {1: [2]})[1] == (2, "same", keep, 1)


@pytest.mark.parametrize(
    ("kept", "other", "keep"),
    [
        ([("taken", "2019")], [], "no"),
        ([("taken", "2019")], [("taken", "2019")], "no"),
        ([], [("taken", "2019")], "look"),
        ([("taken", "2019")], [("taken", "2020")], "look"),
        ([("keyword", "cat"), ("rating", "4")], [("keyword", "cat"), ("keyword", "dog")], "look"),
    ],
)
def test_a_file_that_says_of_itself_what_the_kept_one_does_not_is_to_be_looked_at(
    kept: list[tuple[str, str]], other: list[tuple[str, str]], keep: str
) -> None:
    metadata = {1: [Datum(*pair) for pair in kept], 2: [Datum(*pair) for pair in other]}
    files = {1: [_entry(1)], 2: [_entry(2)]}
    member = Composer(files, lambda *_: SAME, Looked(), metadata).group({1: [2]}).members[1]
    assert (member.kind, member.keep) == ("same", keep)
    assert bool(member.comparison.differences & Difference.METADATA) == (keep == "look")


def test_another_name_of_a_file_has_the_decision_of_that_file() -> None:
    files = {1: [_entry(1), _entry(2), _entry(3), _entry(4)], 5: [_entry(5), _entry(6)]}
    looked = Looked(identities={1: (8, 1), 2: (8, 2), 3: (8, 1), 4: (8, 2), 5: (9, 1), 6: (9, 1)})
    assert _group(files, {1: [], 5: []}, looked) == [
        (1, "kept", "yes", 1),
        (2, "copy", "no", 1),
        (3, "link", "yes", 1),
        (4, "link", "no", 1),
        (5, "similar", "look", 5),
        (6, "link", "look", 5),
    ]


def test_a_file_that_is_not_there_is_never_superfluous() -> None:
    files = {1: [_entry(1), _entry(2)], 3: [_entry(3)], 4: [_entry(4)]}
    looked = Looked(frozenset({2, 3, 4}))
    assert _group(files, {1: [3], 4: []}, looked) == [
        (1, "kept", "yes", 1),
        (2, "similar", "look", 2),
        (3, "similar", "look", 3),
        (4, "similar", "look", 4),
    ]


def test_files_that_are_not_there_come_last() -> None:
    entries = [_entry(1, 99), _entry(2, 50), _entry(3, 10)]
    contents = {1: 1, 2: 2, 3: 2}
    found = files_by_content(entries, contents.__getitem__, KeepRules(), {1, 2})
    assert {c: [e.id for e in files] for c, files in found.items()} == {2: [3, 2], 1: [1]}
    assert list(found) == [2, 1]


def test_groups_are_ordered_by_root_and_path() -> None:
    entries = {1: _entry(1, path="c"), 2: _entry(2, path="b"), 3: replace(_entry(3), root="/a")}
    groups = [Group((Member(i, "kept", "yes", i, IDENTICAL),)) for i in (1, 2, 3)]
    assert [g.members[0].id for g in in_order(groups, entries).groups] == [3, 2, 1]


def test_labels_name_the_kept_file_and_the_first_of_similar_ones() -> None:
    rows = [(1, "kept", 1), (2, "copy", 1), (3, "similar", 3), (4, "similar", 4), (5, "same", 4)]
    members = [Member(i, kind, "", same_as, SAME) for i, kind, same_as in rows]
    copies = Member(8, "kept", "yes", 8, IDENTICAL), Member(9, "copy", "no", 8, IDENTICAL)
    found = Duplicates((Group(tuple(members)), Group(copies)))
    assert found.labels() == {1: "1", 2: "1", 4: "4", 5: "4", 8: "8", 9: "8"}
    assert found.similar_labels() == dict.fromkeys((1, 2, 3, 4, 5), "1")
