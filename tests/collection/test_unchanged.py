"""What a rescan finds to differ: rows and listed files at random, compared one by one in Python."""

import sqlite3
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from imgrec.collection import Catalog
from imgrec.collection import unchanged as module
from imgrec.collection.found_table import (
    arrived_files,
    collect,
    differing_rows,
    found_table,
    mark_differing,
)
from imgrec.collection.matching import FoundFile
from imgrec.collection.roots import add_roots
from imgrec.sources.columns import Columns
from imgrec.sources.folder import FolderSource
from imgrec.sources.source import FolderedSource, Listed, Listing
from imgrec.system.file_names import TEXT, text, texts

# Names that sort differently as bytes, as text, and with the slash behind them; one is no UTF-8.
_NAMES = ("a", "b", "a b", "a-", "a.", "é", "\udce9", "\U0001f600", "\ue000")
_PATHS = st.lists(st.sampled_from(_NAMES), min_size=1, max_size=3).map("/".join)
_VERSIONS = st.tuples(st.sampled_from((1, 2)), st.sampled_from((5, 6)), st.sampled_from(("", "~t")))
_FILES = st.dictionaries(_PATHS, _VERSIONS, max_size=12)
_STATUSES = ("ok", "ok", "ok", "new", "failed", "left-out", "missing")
_COLLECTION = settings(
    max_examples=150, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)

Version = tuple[int, int, str]


@dataclass
class Source:
    """Lists some files, in one piece after the other, or in whole folders."""

    files: Sequence[tuple[str, Version]]
    description: str = "/r"

    def identity(self) -> str:
        return "same"

    def why_offline(self) -> None:
        return None

    def pictures(self, found: Listing, links: Any = None) -> Iterator[Listed]:
        found.files = 1
        for path, version in self.files:
            yield Listed(path, *version)


class Foldered(Source):
    """Lists the same files in whole folders; what else a source has is not asked for."""

    name = is_remote = location = path_of = file = check = find = file_identity = read = ""

    def folders(
        self, found: Listing, links: Any = None, *, shared: bool = False
    ) -> Iterator[Columns]:
        found.files = 1
        for path, version in self.files:
            folder, slash, name = path.rpartition("/")
            yield Columns.of(folder + slash, [Listed(name, *version)])


def test_the_source_of_folders_is_one() -> None:
    assert isinstance(Foldered([]), FolderedSource)
    assert not isinstance(Source([]), FolderedSource)
    assert isinstance(FolderSource("/r"), FolderedSource)


@pytest.fixture(scope="module")
def catalog(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Catalog]:
    opened = Catalog.create(Path(tmp_path_factory.mktemp("unchanged")) / "catalog.sqlite")
    add_roots(opened, ["/r", "/s"])
    yield opened
    opened.close()


@_COLLECTION
@given(
    stored=_FILES,
    listed=_FILES,
    kept=st.booleans(),
    statuses=st.lists(st.sampled_from(_STATUSES), min_size=12, max_size=12),
    chunk=st.integers(1, 5),
    beyond=st.integers(-3, 3),
    kind=st.sampled_from((Source, Foldered)),
    order=st.randoms(use_true_random=False),
)
def test_rows_and_files_that_differ_are_those_of_a_plain_comparison(
    catalog: Catalog,
    stored: dict[str, Version],
    listed: dict[str, Version],
    kept: bool,
    statuses: list[str],
    chunk: int,
    beyond: int,
    kind: type[Source],
    order: Any,
) -> None:
    # Else hardly a file is there in the same version.
    listed = {**listed, **stored} if kept else listed
    rows = dict(zip(stored, statuses, strict=False))
    _fill(catalog.db, stored, rows)
    files = list(listed.items())
    order.shuffle(files)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(module, "_CHUNK", chunk)
        patch.setattr(module, "_BEYOND", beyond)
        differing, arrived = _compared(catalog, kind(files))
    expected = {}
    for path, status in rows.items():
        now = listed.get(path)
        returned = status == "left-out" and now is not None
        differs = status not in ("left-out", "missing") and now != stored[path]
        if returned or differs:
            expected[path] = now and FoundFile("/r", path, *now)
    assert differing == expected
    there = {path for path, status in rows.items() if status != "missing"}
    assert sorted(arrived, key=lambda file: text(file.path)) == arrived
    assert {file.path: file[2:] for file in arrived} == {
        path: version for path, version in listed.items() if path not in there
    }


def test_a_file_that_is_listed_twice_hides_no_row_without_a_file(catalog: Catalog) -> None:
    stored = {"a": (1, 5, ""), "b": (1, 5, "")}
    _fill(catalog.db, stored, dict.fromkeys(stored, "ok"))
    source = Source([("a", (1, 5, "")), ("a", (1, 5, ""))])
    assert _compared(catalog, source) == ({"b": None}, [])


def test_another_root_is_left_alone(catalog: Catalog) -> None:
    _fill(catalog.db, {"a": (1, 5, "")}, {"a": "ok"}, root="/s")
    files = [("b", (1, 5, ""))]
    assert _compared(catalog, Source(files)) == ({}, [FoundFile("/r", "b", 1, 5, "")])


@given(st.dictionaries(_PATHS, st.just(b"x"), max_size=8))
@_COLLECTION
def test_folders_of_a_disk_hold_its_pictures_in_their_order(
    tmp_path_factory: pytest.TempPathFactory, files: dict[str, bytes]
) -> None:
    root = tmp_path_factory.mktemp("tree")
    for path in files:
        place = root / "/".join(f"f{part}" for part in path.split("/"))
        place.parent.mkdir(parents=True, exist_ok=True)
        place.with_name(place.name + ".jpg").write_bytes(b"x")
    source, found, again = FolderSource(str(root)), Listing(), Listing()
    pictures = list(source.pictures(found))
    assert pictures == [file for folder in source.folders(again) for file in folder.pictures()]
    assert {file.path for file in pictures} == {
        str(place.relative_to(root)) for place in root.rglob("*.jpg")
    }
    assert found == again
    assert found.files == len(files)


@given(st.lists(st.sampled_from(["", "a", "é", "\udce9", "a\0b", "\0"])))
def test_texts_are_the_bytes_of_each(values: list[str]) -> None:
    assert texts(values) == [value.encode("utf-8", "surrogateescape") for value in values]


def _fill(
    db: sqlite3.Connection, files: dict[str, Version], rows: dict[str, str], root: str = "/r"
) -> None:
    """Let the catalog hold some files and no others."""
    db.execute("DELETE FROM images")
    insert = (
        "INSERT INTO images (root_id, path, size, mtime_ns, token, status) "
        f"SELECT id, {TEXT}, ?, ?, ?, ? FROM roots WHERE path = '{root}'"
    )
    for path, status in rows.items():
        db.execute(insert, [text(path), *files[path], status])


def _compared(catalog: Catalog, source: Any) -> tuple[dict[str, FoundFile | None], list[FoundFile]]:
    """Return what differs, by path, and what arrived, in order."""
    number = catalog.roots()["/r"]
    with found_table(catalog.db):
        assert collect(catalog.db, source, number, Listing(), None) is None
        mark_differing(catalog.db, [number])
        rows = [(row.path, file) for row, file in differing_rows(catalog)]
        assert len(dict(rows)) == len(rows)
        return dict(rows), list(arrived_files(catalog))
