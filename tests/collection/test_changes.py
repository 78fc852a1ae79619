"""Which id each file keeps or gets, from rows and listed files written out by hand."""

from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from imgrec import Store
from imgrec.collection import Catalog, Entry
from imgrec.collection.changes import Changes, apply, compare, folder_label
from imgrec.collection.found_table import (
    arrived_files,
    collect,
    differing_rows,
    found_table,
    mark_differing,
)
from imgrec.collection.matching import Fate, FoundFile
from imgrec.collection.rescan import leave_other_roots, passed_over
from imgrec.collection.roots import add_roots
from imgrec.sources.source import Listing

# The content of a file is its size and this letter.
Contents = dict[FoundFile, str | None]


def _row(
    image_id: int, path: str, letter: str | None = "a", status: str = "ok", **more: Any
) -> Entry:
    values = {"root": "/r", "size": 10, "mtime_ns": 5, "token": "", "reason": None, **more}
    return Entry(
        image_id,
        values["root"],
        path,
        values["size"],
        values["mtime_ns"],
        letter,
        None,
        None,
        None,
        status,
        values["reason"],
        values["token"],
    )


def _file(path: str, size: int = 10, mtime_ns: int = 5, root: str = "/r") -> FoundFile:
    return FoundFile(root, path, size, mtime_ns)


class Compared:
    """The changes of a rescan, and what was asked to find them out; also what is elsewhere.

    Attributes:
        changes: found.
        read: the files whose content was read.
        sizes: those for which rows elsewhere were looked up; None where nothing was.
    """

    def __init__(
        self,
        arrived: Iterable[FoundFile] = (),
        left: Iterable[Entry] = (),
        differing: Iterable[tuple[Entry, FoundFile]] = (),
        elsewhere: Iterable[Entry] = (),
        contents: Contents | None = None,
        fates: Mapping[int, Fate] | None = None,
        held: int = 0,
    ) -> None:
        self.read: list[str] = []
        self.sizes: set[int] | None = None
        self._elsewhere = [*elsewhere]
        self._fates = dict(fates or {})
        self._held = held

        def digest_of(file: FoundFile) -> str | None:
            self.read.append(file.path)
            return (contents or {})[file]

        self.changes = compare([*arrived], [*left], differing, self, digest_of)

    def rows(self, sizes: Collection[int]) -> list[Entry]:
        self.sizes = set(sizes)
        return [row for row in self._elsewhere if row.size in sizes]

    def fate(self, row: Entry) -> Fate:
        return self._fates.get(row.id, "gone")

    def held(self, root: str) -> int:
        return self._held

    @property
    def revived(self) -> list[tuple[int, str]]:
        return [(row.id, file.path) for row, file in self.changes.revived]

    @property
    def gone(self) -> list[int]:
        return [row.id for row in self.changes.gone]


def test_a_file_of_unknown_size_is_new_and_is_not_read() -> None:
    found = Compared([_file("b", 11)], [_row(1, "a")])
    assert (found.changes.new, found.revived, found.gone) == ([_file("b", 11)], [], [1])
    assert (found.changes.changed, found.changes.moved) == (0, 0)
    assert (found.read, found.sizes) == ([], {11})


def test_without_arrived_files_nothing_is_looked_up_elsewhere() -> None:
    found = Compared([], [_row(1, "a")], elsewhere=[_row(2, "b", status="missing")])
    assert (found.gone, found.sizes) == ([1], None)


def test_a_moved_file_keeps_its_id() -> None:
    found = Compared([_file("b")], [_row(1, "a")], contents={_file("b"): "a"})
    assert (found.changes.new, found.revived, found.gone) == ([], [(1, "b")], [])
    assert (found.changes.moved, found.read) == (1, ["b"])


def test_a_file_of_equal_size_and_other_content_is_new() -> None:
    found = Compared([_file("b")], [_row(1, "a")], contents={_file("b"): "z"})
    assert (found.changes.new, found.revived, found.gone) == ([_file("b")], [], [1])
    # A file that cannot be read has no known content.
    found = Compared([_file("b")], [_row(1, "a")], contents={_file("b"): None})
    assert (found.changes.new, found.revived, found.gone) == ([_file("b")], [], [1])


def test_a_touched_file_keeps_its_id_at_its_place() -> None:
    file = _file("a", mtime_ns=6)
    found = Compared(differing=[(_row(1, "a"), file)], contents={file: "a"})
    assert (found.changes.new, found.revived, found.gone) == ([], [(1, "a")], [])
    assert (found.changes.moved, found.changes.changed, found.sizes) == (0, 0, None)


def test_a_changed_file_gets_a_new_id() -> None:
    same_size, other_size = _file("a", mtime_ns=6), _file("b", 11)
    found = Compared(
        differing=[(_row(1, "a"), same_size), (_row(2, "b"), other_size)],
        contents={same_size: "z"},
    )
    assert found.changes.new == [same_size, other_size]
    assert (found.gone, found.changes.changed) == ([1, 2], 2)
    # For another size the content need not be read.
    assert found.read == ["a"]


def test_a_changed_file_that_cannot_be_read_stays_as_it_is() -> None:
    file = _file("a", mtime_ns=6)
    found = Compared(differing=[(_row(1, "a"), file)], contents={file: None})
    assert found.changes == Changes()


def test_a_row_without_a_digest_is_read_anew_when_its_file_changes() -> None:
    file = _file("a", mtime_ns=6)
    found = Compared(differing=[(_row(1, "a", None, "new"), file)])
    assert (found.changes.new, found.gone, found.read) == ([file], [1], [])


def test_two_files_that_exchange_places_exchange_their_rows() -> None:
    one, two = _file("a", mtime_ns=6), _file("b", mtime_ns=7)
    found = Compared(
        differing=[(_row(1, "a", "x"), one), (_row(2, "b", "y"), two)],
        contents={one: "y", two: "x"},
    )
    assert found.revived == [(2, "a"), (1, "b")]
    assert (found.changes.moved, found.changes.changed, found.gone) == (2, 0, [])


def test_a_missing_row_of_the_same_place_and_version_is_revived_unread() -> None:
    missing = _row(7, "a", status="missing")
    found = Compared([_file("a")], elsewhere=[missing])
    assert (found.revived, found.read, found.changes.moved) == ([(7, "a")], [], 0)
    # With another version the content decides.
    later = _file("a", mtime_ns=6)
    found = Compared([later], elsewhere=[missing], contents={later: "a"})
    assert (found.revived, found.read, found.changes.moved) == ([(7, "a")], ["a"], 0)
    found = Compared([later], elsewhere=[missing], contents={later: "z"})
    assert (found.revived, found.changes.new) == ([], [later])
    # The same place of another root.
    other = _file("a", root="/s")
    found = Compared([other], elsewhere=[missing], contents={other: "a"})
    assert (found.revived, found.changes.moved) == ([(7, "a")], 1)


def test_a_row_that_is_not_missing_is_not_revived_unread() -> None:
    # It belongs to a root that is offline.
    away = _row(7, "a", root="/offline")
    found = Compared([_file("a", root="/r")], elsewhere=[away], contents={_file("a"): "z"})
    assert (found.changes.new, found.read) == ([_file("a")], ["a"])


def test_of_equal_contents_the_smallest_ids_are_taken_first_in_the_order_of_paths() -> None:
    rows = [_row(9, "x"), _row(4, "y"), _row(6, "z", status="missing")]
    files = [_file(path) for path in ("d", "a", "c", "b")]
    found = Compared(files, rows, contents=dict.fromkeys(files, "a"))
    # The one that was missing before comes last.
    assert found.revived == [(4, "a"), (9, "b"), (6, "c")]
    assert found.changes.new == [_file("d")]
    assert found.gone == []


def test_a_moved_file_keeps_its_id_though_another_of_its_content_was_deleted_before() -> None:
    moved, deleted = _row(2, "copy"), _row(1, "first", status="missing")
    found = Compared([_file("b")], [moved], elsewhere=[deleted], contents={_file("b"): "a"})
    assert found.revived == [(2, "b")]
    assert found.gone == []


@given(st.data())
def test_pictures_of_a_bucket_get_the_ids_of_those_of_a_folder(data: st.DataObject) -> None:
    """A folder is read one by one when it is asked, a bucket side by side and ahead."""
    chosen = data.draw(
        st.lists(
            st.tuples(
                st.sampled_from(["arrived", "left", "differing", "missing", "left-out"]),
                st.sampled_from("ab"),
                st.sampled_from(["a", "b", None]),
                st.sampled_from([10, 11]),
                st.sampled_from([5, 6]),
            ),
            max_size=12,
        )
    )
    told = []
    for root in ("/r", "s3://bucket/r"):
        arrived, left, differing, away, contents = [], [], [], [], Contents()
        for i, (kind, letter, content, size, mtime_ns) in enumerate(chosen):
            file = _file(f"{i}", size, mtime_ns, root)
            row = _row(i, f"{i}", letter, root=root)
            contents[file] = content
            match kind:
                case "arrived":
                    arrived.append(file)
                case "left":
                    left.append(row)
                case "differing":
                    differing.append((row, file))
                case _:
                    arrived.append(file)
                    away.append(replace(row, status=kind))
        found = Compared(arrived, left, differing, away, contents)
        changes = found.changes
        places = [[(file.path, file.size) for file in changes.new], found.revived, found.gone]
        told.append([places, changes.changed, changes.moved, changes.returned, sorted(found.read)])
        assert len(found.read) == len({*found.read})
    assert told[0] == told[1]


def test_a_row_is_taken_once_and_by_its_own_place_first() -> None:
    # `b` is the missing row's own place; `a` has its content too, and comes first.
    missing = _row(3, "b", status="missing")
    files = [_file("b"), _file("a")]
    found = Compared(files, elsewhere=[missing], contents=dict.fromkeys(files, "a"))
    assert found.revived == [(3, "b")]
    assert found.changes.new == [_file("a")]
    other = _row(5, "elsewhere", status="missing")
    found = Compared(files, elsewhere=[missing, other], contents=dict.fromkeys(files, "a"))
    assert found.revived == [(3, "b"), (5, "a")]
    # Its own place with another version, which only the content tells.
    later = [_file("b", mtime_ns=6), _file("a")]
    found = Compared(later, elsewhere=[missing], contents=dict.fromkeys(later, "a"))
    assert (found.revived, found.changes.new) == ([(3, "b")], [_file("a")])


@pytest.mark.parametrize("status", ["missing", "left-out", "ok"])
def test_a_picture_whose_old_file_is_there_was_copied_not_moved(status: str) -> None:
    row, file = _row(3, "a", status=status, root="/s"), _file("b")
    for fate, revived in (("there", []), ("gone", [(3, "b")])):
        found = Compared([file], elsewhere=[row], contents={file: "a"}, fates={3: fate})  # type: ignore[dict-item]
        assert found.revived == revived
        assert found.changes.new == [file][len(revived) :]
        assert found.gone == []


def test_a_row_whose_file_is_gone_is_taken_before_one_of_an_absent_root() -> None:
    away, gone, file = _row(2, "a", root="/s"), _row(7, "c"), _file("b")
    found = Compared(
        [file], [gone], elsewhere=[away], contents={file: "a"}, fates={2: "absent"}, held=1
    )
    assert found.revived == [(7, "b")]


@pytest.mark.parametrize(("held", "moved"), [(2, 2), (4, 2), (5, 0)])
def test_an_absent_root_has_moved_if_half_of_its_pictures_are_found(held: int, moved: int) -> None:
    rows = [_row(number, f"{number}", f"{number}", root="/s") for number in (1, 2)]
    files = [_file("x"), _file("y"), _file("z")]
    contents: Contents = {files[0]: "2", files[1]: "1", files[2]: "2"}
    fates: dict[int, Fate] = {1: "absent", 2: "absent"}
    found = Compared(files, elsewhere=rows, contents=contents, fates=fates, held=held)
    assert found.revived == [(2, "x"), (1, "y")][:moved]
    assert found.changes.new == (files[2:] if moved else files)


def test_names_that_look_the_same_are_one_place() -> None:
    """Of NFD as macOS writes it, and NFC; and of roots that lie inside each other."""
    decomposed, file = _row(1, "o\u0308/a", status="missing"), _file("\u00f6/a")
    found = Compared([file], elsewhere=[decomposed])
    assert (found.revived, found.read, found.changes.moved) == ([(1, "\u00f6/a")], [], 1)
    inner = _row(1, "a", status="left-out", root="/r/sub")
    found = Compared([_file("sub/a")], elsewhere=[inner], fates={1: "there"})
    assert (found.revived, found.read) == ([(1, "sub/a")], [])


def test_a_row_that_was_left_out_is_taken_back_unread_or_compared() -> None:
    row, file = _row(1, "a", status="left-out"), _file("a")
    found = Compared(differing=[(row, file)])
    assert (found.revived, found.read) == ([(1, "a")], [])
    unread = _row(1, "a", None, status="left-out")
    assert Compared(differing=[(unread, file)]).revived == [(1, "a")]
    later = _file("a", mtime_ns=6)
    found = Compared(differing=[(row, later)], contents={later: "a"})
    assert (found.revived, found.read) == ([(1, "a")], ["a"])
    found = Compared(differing=[(row, later)], contents={later: "z"})
    assert (found.changes.new, found.gone, found.changes.changed) == ([later], [1], 1)


def test_an_unknown_token_is_taken_for_the_same() -> None:
    file = FoundFile("/r", "a", 10, 5, "t")
    for token, read in (("", []), ("t", []), ("u", ["a"])):
        row = _row(1, "a", status="missing", token=token)
        found = Compared([file], elsewhere=[row], contents={file: "a"})
        assert (found.revived, found.read[:1]) == ([(1, "a")], read)


def test_files_of_several_roots_are_matched_by_root_and_path() -> None:
    rows = [_row(1, "x"), _row(2, "y")]
    files = [_file("a", root="/s"), _file("b", root="/r")]
    found = Compared(files, rows, contents=dict.fromkeys(files, "a"))
    assert [(row.id, file.root) for row, file in found.changes.revived] == [(1, "/r"), (2, "/s")]


@pytest.mark.parametrize(
    ("path", "root", "label"),
    [
        ("dogs/a.jpg", "/photos", "dogs"),
        ("animals/dogs/a.jpg", "/photos", "dogs"),
        ("a.jpg", "/home/photos", "photos"),
    ],
)
def test_the_label_is_the_innermost_folder(path: str, root: str, label: str) -> None:
    assert folder_label(_file(path, root=root)) == label


@pytest.fixture
def catalog(tmp_path: Path) -> Iterator[Catalog]:
    with Store.create(tmp_path / "store") as store:
        yield store.catalog


def _apply_new(catalog: Catalog, *files: FoundFile) -> None:
    apply(catalog, Changes(new=list(files)))


def test_new_files_get_ids_that_were_never_given(catalog: Catalog) -> None:
    _apply_new(catalog, _file("x/a", 11, 7), _file("b", 12, 8, "/q"))
    first, second = catalog.entries([1, 2])
    assert first == _row(1, "x/a", None, "new", size=11, mtime_ns=7)
    assert second == _row(2, "b", None, "new", size=12, mtime_ns=8, root="/q")
    assert catalog.labels.of([1, 2]) == {1: {"folder": "x"}, 2: {"folder": "q"}}
    with catalog.transaction() as db:
        db.execute("DELETE FROM images WHERE id = 2")
    _apply_new(catalog, _file("c"))
    assert catalog.entries([3])[0].path == "c"


def test_gone_rows_are_missing_and_revived_ones_take_their_new_place(catalog: Catalog) -> None:
    _apply_new(catalog, *(_file(f"x/{letter}") for letter in "abcd"))
    with catalog.transaction() as db:
        db.execute("UPDATE images SET status = 'ok', digest = 'D' WHERE id = 2")
        db.execute("UPDATE images SET status = 'failed', digest = 'E', reason = 'R' WHERE id = 3")
    catalog.labels.replace("color", {2: "red"})
    rows = catalog.entries([1, 2, 3, 4])
    moved = FoundFile("/s", "y/new", 99, 77, "token")
    # 2 and 3 exchange nothing, but 3 takes the place that 2 leaves.
    changes = Changes(
        gone=[rows[0]], revived=[(rows[1], moved), (rows[2], _file("x/b")), (rows[3], _file("d"))]
    )
    apply(catalog, changes)
    one, two, three, four = catalog.entries([1, 2, 3, 4])
    assert one == replace(rows[0], status="missing")
    assert (two.root, two.path, two.size, two.mtime_ns, two.token) == moved
    assert (two.status, two.digest) == ("ok", "D")
    assert (three.path, three.status, three.reason) == ("x/b", "failed", "R")
    assert (four.path, four.status) == ("d", "new")
    assert catalog.labels.of([2, 3, 4]) == {
        2: {"folder": "y", "color": "red"},
        3: {"folder": "x"},
        4: {"folder": "r"},
    }


class Listing3:
    """A source that lists chosen pictures, and may go away meanwhile."""

    description = "/r"

    def __init__(self, *versions: tuple[str, int, int, str], **how: Any) -> None:
        self.versions = versions
        self.how = how
        self.asked = 0

    def identity(self) -> object:
        self.asked += 1
        return self.asked if self.how.get("replaced") else "same"

    def why_offline(self) -> str | None:
        if self.how.get("ends") and self.asked:
            self.how["ends"] -= 1
            return None if self.how["ends"] else "it went away"
        return self.how.get("offline")

    def location(self) -> str:
        return "/r"

    def pictures(self, found: Listing, links: Any) -> Iterator[tuple[str, int, int, str]]:
        found.files = self.how.get("files", len(self.versions))
        found.others = self.how.get("others", 0)
        found.unreadable += self.how.get("unreadable", [])
        yield from self.versions
        if self.how.get("fails"):
            raise KeyboardInterrupt


def _collected(catalog: Catalog, source: Any) -> tuple[str | None, list[str]]:
    """Return why a source is offline, and the paths that it added."""
    numbers = add_roots(catalog, ["/r"])
    with found_table(catalog.db):
        why = collect(catalog.db, source, numbers["/r"], Listing(), None)
        rows = catalog.db.execute("SELECT path FROM temp.found ORDER BY path").fetchall()
        return why, [path for (path,) in rows]


@pytest.mark.parametrize(
    ("how", "why"),
    [
        ({}, None),
        ({"offline": "no such folder"}, "no such folder"),
        ({"ends": 2}, "it went away"),
        ({"unreadable": ["."]}, "/r cannot be listed"),
        ({"unreadable": ["x"]}, None),
        ({"files": 0}, "/r holds no files"),
        ({"files": 0, "others": 1}, None),
        ({"replaced": True}, "/r went away while it was looked through"),
    ],
)
def test_a_source_that_is_not_listed_to_the_end_adds_no_row(
    catalog: Catalog, how: dict[str, Any], why: str | None
) -> None:
    source = Listing3(("b", 1, 2, ""), ("a", 3, 4, "t"), **how)
    assert _collected(catalog, source) == (why, [] if why else ["a", "b"])
    # The table is gone, and no transaction is left open.
    names = catalog.db.execute("SELECT name FROM sqlite_temp_master").fetchall()
    assert names == []
    assert not catalog.db.in_transaction


def test_an_interrupted_listing_leaves_no_transaction_and_no_table(catalog: Catalog) -> None:
    with pytest.raises(KeyboardInterrupt):
        _collected(catalog, Listing3(("a", 1, 2, ""), fails=True))
    assert not catalog.db.in_transaction
    assert catalog.db.execute("SELECT name FROM sqlite_temp_master").fetchall() == []
    assert _collected(catalog, Listing3(("a", 1, 2, ""))) == (None, ["a"])


def test_rows_differ_by_size_time_or_token_or_where_nothing_is_listed(catalog: Catalog) -> None:
    names = ("same", "size", "time", "token", "gone", "missing", "back")
    _apply_new(catalog, *(_file(name) for name in names), _file("other", root="/s"))
    with catalog.transaction() as db:
        db.execute("UPDATE images SET status = 'missing' WHERE path IN ('missing', 'back')")
    numbers = add_roots(catalog, ["/r"])
    source: Any = Listing3(
        ("same", 10, 5, ""),
        ("size", 11, 5, ""),
        ("time", 10, 6, ""),
        ("token", 10, 5, "t"),
        ("back", 10, 5, ""),
        ("added", 1, 2, "u"),
    )
    with found_table(catalog.db):
        assert collect(catalog.db, source, numbers["/r"], Listing(), None) is None
        mark_differing(catalog.db, [numbers["/r"]])
        found = [(row.path, file) for row, file in differing_rows(catalog)]
        assert found == [
            ("size", _file("size", 11)),
            ("time", _file("time", 10, 6)),
            ("token", FoundFile("/r", "token", 10, 5, "t")),
            ("gone", None),
        ]
        mark_differing(catalog.db, [])
        assert differing_rows(catalog) == []
        # The caller may write while it iterates.
        arrived = []
        for file in arrived_files(catalog):
            arrived.append(file)
            _apply_new(catalog, replace_path(file))
        assert arrived == [FoundFile("/r", "added", 1, 2, "u"), _file("back")]


def replace_path(file: FoundFile) -> FoundFile:
    return file._replace(path=f"written/{file.path}")


def test_the_pictures_of_other_roots_are_left(catalog: Catalog) -> None:
    _apply_new(
        catalog, _file("a"), _file("b", root="/s"), _file("c", root="/s"), _file("d", root="/t")
    )
    with catalog.transaction() as db:
        db.execute("UPDATE images SET status = 'missing' WHERE path = 'c'")
    assert leave_other_roots(catalog, ["/r"]) == 2
    assert [entry.status for entry in catalog.entries([1, 2, 3, 4])] == [
        "new", "left-out", "missing", "left-out",
    ]  # fmt: skip
    assert leave_other_roots(catalog, ["/r", "/s", "/t"]) == 0


def test_what_a_listing_passed_over_is_told_in_lines() -> None:
    listing = Listing()
    assert passed_over("/r", listing) == []
    listing.links = 1
    listing.outputs.append("site")
    listing.unreadable += ["x", "y/z"]
    assert passed_over("/r", listing) == [
        "1 link was not followed in /r (--follow-links)",
        "/r/site was written by imgrec and is left out",
        "/r/x cannot be listed: its pictures stay as they are",
        "/r/y/z cannot be listed: its pictures stay as they are",
    ]
    listing.links = 2
    assert passed_over("/r", listing)[0] == "2 links were not followed in /r (--follow-links)"
