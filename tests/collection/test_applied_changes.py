"""What a catalog holds after a listing: the table of what was found, and applied changes."""

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from imgrec import Store
from imgrec.collection import Catalog
from imgrec.collection.changes import Changes, apply
from imgrec.collection.found_table import (
    arrived_files,
    collect,
    differing_rows,
    found_table,
    mark_differing,
)
from imgrec.collection.matching import FoundFile
from imgrec.collection.rescan import leave_other_roots, passed_over
from imgrec.collection.roots import add_roots
from imgrec.sources.source import Listing
from rows_by_hand import file_of, row_of


@pytest.fixture
def catalog(tmp_path: Path) -> Iterator[Catalog]:
    with Store.create(tmp_path / "store") as store:
        yield store.catalog


def _apply_new(catalog: Catalog, *files: FoundFile) -> None:
    apply(catalog, Changes(new=list(files)))


def test_new_files_get_ids_that_were_never_given(catalog: Catalog) -> None:
    _apply_new(catalog, file_of("x/a", 11, 7), file_of("b", 12, 8, "/q"))
    first, second = catalog.entries([1, 2])
    assert first == row_of(1, "x/a", None, "new", size=11, mtime_ns=7)
    assert second == row_of(2, "b", None, "new", size=12, mtime_ns=8, root="/q")
    assert catalog.labels.of([1, 2]) == {1: {"folder": "x"}, 2: {"folder": "q"}}
    with catalog.transaction() as db:
        db.execute("DELETE FROM images WHERE id = 2")
    _apply_new(catalog, file_of("c"))
    assert catalog.entries([3])[0].path == "c"


def test_gone_rows_are_missing_and_revived_ones_take_their_new_place(catalog: Catalog) -> None:
    _apply_new(catalog, *(file_of(f"x/{letter}") for letter in "abcd"))
    with catalog.transaction() as db:
        db.execute("UPDATE images SET status = 'ok', digest = 'D' WHERE id = 2")
        db.execute("UPDATE images SET status = 'failed', digest = 'E', reason = 'R' WHERE id = 3")
    catalog.labels.replace("color", {2: "red"})
    rows = catalog.entries([1, 2, 3, 4])
    moved = FoundFile("/s", "y/new", 99, 77, "token")
    # 2 and 3 exchange nothing, but 3 takes the place that 2 leaves.
    changes = Changes(
        gone=[rows[0]],
        revived=[(rows[1], moved), (rows[2], file_of("x/b")), (rows[3], file_of("d"))],
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
    _apply_new(catalog, *(file_of(name) for name in names), file_of("other", root="/s"))
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
            ("size", file_of("size", 11)),
            ("time", file_of("time", 10, 6)),
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
        assert arrived == [FoundFile("/r", "added", 1, 2, "u"), file_of("back")]


def replace_path(file: FoundFile) -> FoundFile:
    return file._replace(path=f"written/{file.path}")


def test_the_pictures_of_other_roots_are_left(catalog: Catalog) -> None:
    _apply_new(
        catalog,
        file_of("a"),
        file_of("b", root="/s"),
        file_of("c", root="/s"),
        file_of("d", root="/t"),
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
