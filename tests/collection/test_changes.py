"""Which id each file keeps or gets, from rows and listed files written out by hand."""

from collections.abc import Collection, Iterable, Mapping
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from imgrec.collection import Entry
from imgrec.collection.changes import Changes, compare, folder_label
from imgrec.collection.matching import Fate, FoundFile
from rows_by_hand import file_of, row_of

# The content of a file is its size and this letter.
Contents = dict[FoundFile, str | None]


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
    found = Compared([file_of("b", 11)], [row_of(1, "a")])
    assert (found.changes.new, found.revived, found.gone) == ([file_of("b", 11)], [], [1])
    assert (found.changes.changed, found.changes.moved) == (0, 0)
    assert (found.read, found.sizes) == ([], {11})


def test_without_arrived_files_nothing_is_looked_up_elsewhere() -> None:
    found = Compared([], [row_of(1, "a")], elsewhere=[row_of(2, "b", status="missing")])
    assert (found.gone, found.sizes) == ([1], None)


def test_a_moved_file_keeps_its_id() -> None:
    found = Compared([file_of("b")], [row_of(1, "a")], contents={file_of("b"): "a"})
    assert (found.changes.new, found.revived, found.gone) == ([], [(1, "b")], [])
    assert (found.changes.moved, found.read) == (1, ["b"])


def test_a_file_of_equal_size_and_other_content_is_new() -> None:
    found = Compared([file_of("b")], [row_of(1, "a")], contents={file_of("b"): "z"})
    assert (found.changes.new, found.revived, found.gone) == ([file_of("b")], [], [1])
    # A file that cannot be read has no known content.
    found = Compared([file_of("b")], [row_of(1, "a")], contents={file_of("b"): None})
    assert (found.changes.new, found.revived, found.gone) == ([file_of("b")], [], [1])


def test_a_touched_file_keeps_its_id_at_its_place() -> None:
    file = file_of("a", mtime_ns=6)
    found = Compared(differing=[(row_of(1, "a"), file)], contents={file: "a"})
    assert (found.changes.new, found.revived, found.gone) == ([], [(1, "a")], [])
    assert (found.changes.moved, found.changes.changed, found.sizes) == (0, 0, None)


def test_a_changed_file_gets_a_new_id() -> None:
    same_size, other_size = file_of("a", mtime_ns=6), file_of("b", 11)
    found = Compared(
        differing=[(row_of(1, "a"), same_size), (row_of(2, "b"), other_size)],
        contents={same_size: "z"},
    )
    assert found.changes.new == [same_size, other_size]
    assert (found.gone, found.changes.changed) == ([1, 2], 2)
    # For another size the content need not be read.
    assert found.read == ["a"]


def test_a_changed_file_that_cannot_be_read_stays_as_it_is() -> None:
    file = file_of("a", mtime_ns=6)
    found = Compared(differing=[(row_of(1, "a"), file)], contents={file: None})
    assert found.changes == Changes()


def test_a_row_without_a_digest_is_read_anew_when_its_file_changes() -> None:
    file = file_of("a", mtime_ns=6)
    found = Compared(differing=[(row_of(1, "a", None, "new"), file)])
    assert (found.changes.new, found.gone, found.read) == ([file], [1], [])


def test_two_files_that_exchange_places_exchange_their_rows() -> None:
    one, two = file_of("a", mtime_ns=6), file_of("b", mtime_ns=7)
    found = Compared(
        differing=[(row_of(1, "a", "x"), one), (row_of(2, "b", "y"), two)],
        contents={one: "y", two: "x"},
    )
    assert found.revived == [(2, "a"), (1, "b")]
    assert (found.changes.moved, found.changes.changed, found.gone) == (2, 0, [])


def test_a_missing_row_of_the_same_place_and_version_is_revived_unread() -> None:
    missing = row_of(7, "a", status="missing")
    found = Compared([file_of("a")], elsewhere=[missing])
    assert (found.revived, found.read, found.changes.moved) == ([(7, "a")], [], 0)
    # With another version the content decides.
    later = file_of("a", mtime_ns=6)
    found = Compared([later], elsewhere=[missing], contents={later: "a"})
    assert (found.revived, found.read, found.changes.moved) == ([(7, "a")], ["a"], 0)
    found = Compared([later], elsewhere=[missing], contents={later: "z"})
    assert (found.revived, found.changes.new) == ([], [later])
    # The same place of another root.
    other = file_of("a", root="/s")
    found = Compared([other], elsewhere=[missing], contents={other: "a"})
    assert (found.revived, found.changes.moved) == ([(7, "a")], 1)


def test_a_row_that_is_not_missing_is_not_revived_unread() -> None:
    # It belongs to a root that is offline.
    away = row_of(7, "a", root="/offline")
    found = Compared([file_of("a", root="/r")], elsewhere=[away], contents={file_of("a"): "z"})
    assert (found.changes.new, found.read) == ([file_of("a")], ["a"])


def test_of_equal_contents_the_smallest_ids_are_taken_first_in_the_order_of_paths() -> None:
    rows = [row_of(9, "x"), row_of(4, "y"), row_of(6, "z", status="missing")]
    files = [file_of(path) for path in ("d", "a", "c", "b")]
    found = Compared(files, rows, contents=dict.fromkeys(files, "a"))
    # The one that was missing before comes last.
    assert found.revived == [(4, "a"), (9, "b"), (6, "c")]
    assert found.changes.new == [file_of("d")]
    assert found.gone == []


def test_a_moved_file_keeps_its_id_though_another_of_its_content_was_deleted_before() -> None:
    moved, deleted = row_of(2, "copy"), row_of(1, "first", status="missing")
    found = Compared([file_of("b")], [moved], elsewhere=[deleted], contents={file_of("b"): "a"})
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
            file = file_of(f"{i}", size, mtime_ns, root)
            row = row_of(i, f"{i}", letter, root=root)
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
    missing = row_of(3, "b", status="missing")
    files = [file_of("b"), file_of("a")]
    found = Compared(files, elsewhere=[missing], contents=dict.fromkeys(files, "a"))
    assert found.revived == [(3, "b")]
    assert found.changes.new == [file_of("a")]
    other = row_of(5, "elsewhere", status="missing")
    found = Compared(files, elsewhere=[missing, other], contents=dict.fromkeys(files, "a"))
    assert found.revived == [(3, "b"), (5, "a")]
    # Its own place with another version, which only the content tells.
    later = [file_of("b", mtime_ns=6), file_of("a")]
    found = Compared(later, elsewhere=[missing], contents=dict.fromkeys(later, "a"))
    assert (found.revived, found.changes.new) == ([(3, "b")], [file_of("a")])


@pytest.mark.parametrize("status", ["missing", "left-out", "ok"])
def test_a_picture_whose_old_file_is_there_was_copied_not_moved(status: str) -> None:
    row, file = row_of(3, "a", status=status, root="/s"), file_of("b")
    for fate, revived in (("there", []), ("gone", [(3, "b")])):
        found = Compared([file], elsewhere=[row], contents={file: "a"}, fates={3: fate})  # type: ignore[dict-item]
        assert found.revived == revived
        assert found.changes.new == [file][len(revived) :]
        assert found.gone == []


def test_a_row_whose_file_is_gone_is_taken_before_one_of_an_absent_root() -> None:
    away, gone, file = row_of(2, "a", root="/s"), row_of(7, "c"), file_of("b")
    found = Compared(
        [file], [gone], elsewhere=[away], contents={file: "a"}, fates={2: "absent"}, held=1
    )
    assert found.revived == [(7, "b")]


@pytest.mark.parametrize(("held", "moved"), [(2, 2), (4, 2), (5, 0)])
def test_an_absent_root_has_moved_if_half_of_its_pictures_are_found(held: int, moved: int) -> None:
    rows = [row_of(number, f"{number}", f"{number}", root="/s") for number in (1, 2)]
    files = [file_of("x"), file_of("y"), file_of("z")]
    contents: Contents = {files[0]: "2", files[1]: "1", files[2]: "2"}
    fates: dict[int, Fate] = {1: "absent", 2: "absent"}
    found = Compared(files, elsewhere=rows, contents=contents, fates=fates, held=held)
    assert found.revived == [(2, "x"), (1, "y")][:moved]
    assert found.changes.new == (files[2:] if moved else files)


def test_names_that_look_the_same_are_one_place() -> None:
    """Of NFD as macOS writes it, and NFC; and of roots that lie inside each other."""
    decomposed, file = row_of(1, "o\u0308/a", status="missing"), file_of("\u00f6/a")
    found = Compared([file], elsewhere=[decomposed])
    assert (found.revived, found.read, found.changes.moved) == ([(1, "\u00f6/a")], [], 1)
    inner = row_of(1, "a", status="left-out", root="/r/sub")
    found = Compared([file_of("sub/a")], elsewhere=[inner], fates={1: "there"})
    assert (found.revived, found.read) == ([(1, "sub/a")], [])


def test_a_row_that_was_left_out_is_taken_back_unread_or_compared() -> None:
    row, file = row_of(1, "a", status="left-out"), file_of("a")
    found = Compared(differing=[(row, file)])
    assert (found.revived, found.read) == ([(1, "a")], [])
    unread = row_of(1, "a", None, status="left-out")
    assert Compared(differing=[(unread, file)]).revived == [(1, "a")]
    later = file_of("a", mtime_ns=6)
    found = Compared(differing=[(row, later)], contents={later: "a"})
    assert (found.revived, found.read) == ([(1, "a")], ["a"])
    found = Compared(differing=[(row, later)], contents={later: "z"})
    assert (found.changes.new, found.gone, found.changes.changed) == ([later], [1], 1)


def test_an_unknown_token_is_taken_for_the_same() -> None:
    file = FoundFile("/r", "a", 10, 5, "t")
    for token, read in (("", []), ("t", []), ("u", ["a"])):
        row = row_of(1, "a", status="missing", token=token)
        found = Compared([file], elsewhere=[row], contents={file: "a"})
        assert (found.revived, found.read[:1]) == ([(1, "a")], read)


def test_files_of_several_roots_are_matched_by_root_and_path() -> None:
    rows = [row_of(1, "x"), row_of(2, "y")]
    files = [file_of("a", root="/s"), file_of("b", root="/r")]
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
    assert folder_label(file_of(path, root=root)) == label
