"""Filters by label and folder, against brute force over generated rows."""

import os
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from imgrec import ImgrecError, Store
from imgrec.collection import Catalog
from imgrec.collection.connection import Connection
from imgrec.collection.filters import Filter
from imgrec.system.file_names import text
from memory_catalogs import SMALL, Row, add, catalog_of, ids

# Names that a pattern or a prefix may confuse: LIKE and GLOB wildcards, prefixes of each other,
# characters that sort next to "/" and ".", bytes that are not UTF-8.
NAMES = [
    *("a", "ab", "A", "a%", "a_", "_", "%", "*", "?", "[a]", "a.", "a0", "a-", "é", "写", " a"),
    *(os.fsdecode(b"\xfc"), os.fsdecode(b"a\xff"), os.fsdecode(b"a\xa0b"), "a\n", "'", '"', "\\"),
]
ROOTS = ["/nowhere/one", "/nowhere/one more", "/nowhere/%"]
COMMUNITIES = ["3", "30", "3.1", "3.10", "3.1.2", "3-1", "3/1", "4.3", "4"]

names = st.sampled_from(NAMES)
labels = st.one_of(
    st.tuples(st.just("community"), st.sampled_from(COMMUNITIES)),
    st.tuples(st.sampled_from(["folder", "3"]), st.sampled_from([*NAMES, "3", "3.1"])),
)
statuses = st.sampled_from(["ok", "ok", "ok", "ok", "new", "failed", "missing"])


@st.composite
def rows_and_filters(draw: st.DrawFn) -> tuple[list[Row], Filter]:
    """Draw rows at distinct paths, and a filter mostly of labels and folders of the ok ones."""
    few = st.sampled_from(draw(st.lists(names, min_size=1, max_size=3, unique=True)))
    some = st.sampled_from(draw(st.lists(labels, min_size=1, max_size=4, unique=True)))
    places = st.tuples(st.sampled_from(ROOTS), st.lists(few, min_size=1, max_size=4).map("/".join))
    of_each = st.tuples(st.lists(some, max_size=4), statuses)
    found = draw(st.dictionaries(places, of_each, min_size=1, max_size=16))
    rows = [Row(path, tuple(of), root, status) for (root, path), (of, status) in found.items()]
    shown = [row for row in rows if row.status == "ok"]
    had = [label for row in shown for label in row.labels]
    held = [folder for row in shown for folder in _folders_of(row)]
    if not had or not held or draw(st.integers(0, 9)) == 0:
        had.append(draw(labels))
        held.append(draw(st.lists(names, min_size=1, max_size=3).map("/".join)))
    where = draw(st.lists(st.sampled_from(had), max_size=3))
    under = draw(st.lists(st.sampled_from(held).flatmap(_spelled), max_size=2))
    return rows, Filter(tuple(where), tuple(under))


def _spelled(folder: str) -> st.SearchStrategy[str]:
    ways = [folder, f"{folder}/"] if folder != "/" else [folder]
    return st.sampled_from(ways if folder[0] == "/" else [*ways, f"./{folder}", f"./{folder}/"])


def _folders_of(row: Row) -> list[str]:
    """Return every folder that contains a picture: absolute, and relative to its root."""
    absolute = [str(folder) for folder in Path(row.root, row.path).parents]
    return absolute + [str(folder) for folder in Path(row.path).parents][:-1]


def _alone(rows: list[Row], fits: Callable[[Row], bool]) -> set[int]:
    return {i for i, row in enumerate(rows, start=1) if row.status == "ok" and fits(row)}


def _has(row: Row, kind: str, value: str) -> bool:
    values = [known for of, known in row.labels if of == kind]
    if kind != "community":
        return value in values
    steps = value.split(".")
    return any(known.split(".")[: len(steps)] == steps for known in values)


@settings(max_examples=200)
@given(rows_and_filters())
def test_a_filter_selects_what_brute_force_selects(drawn: tuple[list[Row], Filter]) -> None:
    rows, asked = drawn
    labeled = {(k, v): _alone(rows, lambda row: _has(row, k, v)) for k, v in asked.where}  # noqa: B023
    under = {f: _alone(rows, lambda row: str(Path(f)) in _folders_of(row)) for f in asked.under}  # noqa: B023
    groups = [
        set().union(*(found for (of, _), found in labeled.items() if of == kind))
        for kind in {kind for kind, _ in asked.where}
    ] + ([set().union(*under.values())] if under else [])
    expected = _alone(rows, lambda _: True).intersection(*groups)
    catalog = catalog_of(rows)
    if asked and not (expected and all(labeled.values()) and all(under.values())):
        with pytest.raises(ImgrecError) as caught:
            asked.ids(catalog)
        assert "\n" not in str(caught.value)
        alone = all(labeled.values()) and all(under.values())
        assert str(caught.value).startswith("no picture fits all of") == alone
    else:
        found = asked.ids(catalog)
        assert found.dtype == np.int64
        assert found.tolist() == sorted(expected)
    catalog.close()


@given(st.lists(st.tuples(labels, statuses), max_size=8))
def test_kinds_and_values_are_those_of_ok_pictures(rows: list[tuple[tuple[str, str], str]]) -> None:
    catalog = catalog_of(
        Row(str(i), (label,), status=status) for i, (label, status) in enumerate(rows)
    )
    shown = [label for label, status in rows if status == "ok"]
    assert catalog.labels.kinds() == sorted({kind for kind, _ in shown})
    for kind in ("community", "folder", "3"):
        values = {value for of, value in shown if of == kind}
        assert catalog.labels.values(kind) == sorted(values, key=text)
    catalog.close()


@pytest.mark.parametrize(
    ("where", "under", "expected"),
    [
        ([], [], [1, 2, 3, 4, 8]),
        (["folder=dress"], [], [1, 2]),
        (["folder=dress", "folder=shirt"], [], [1, 2, 4]),
        (["community=3"], [], [1, 3]),
        (["community=3.1"], [], [3]),
        (["community=3", "community=3.1", "community=30"], [], [1, 2, 3]),
        (["folder=dress", "community=3"], [], [1]),
        (["folder=a=b"], [], [8]),
        ([], ["train"], [1, 2, 4]),
        ([], ["train/"], [1, 2, 4]),
        ([], ["./train//dress/../shirt"], [4]),
        ([], ["train/dress", "training"], [1, 2, 3]),
        ([], ["/nowhere/root"], [1, 2, 3, 4]),
        ([], ["/nowhere/root/train/dress/"], [1, 2]),
        ([], ["//nowhere/other"], [8]),
        ([], ["/"], [1, 2, 3, 4, 8]),
        (["folder=dress", "folder=dress.old", "community=3"], ["training", "/nowhere/other"], [3]),
    ],
)
def test_values_of_one_kind_are_joined_by_or_and_kinds_by_and(
    where: list[str], under: list[str], expected: list[int]
) -> None:
    assert ids(catalog_of(SMALL), where, under) == expected
    assert bool(Filter.parse(where, under)) == bool(where or under)


def test_a_picture_with_two_subcommunities_of_one_community_is_counted_once() -> None:
    assert catalog_of(SMALL).labels.ids("community", "3", tree=True).tolist() == [1, 3]


def test_top_folders_are_complete_for_names_of_any_bytes() -> None:
    found = sorted({name.rstrip() for name in NAMES}, key=text)
    catalog = catalog_of(Row(f"{name}/below/1.jpg") for name in found)
    assert catalog.top_folders(100) == found


def test_a_folder_in_the_catalog_takes_precedence_over_one_on_disk(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for folder in ("one/train", "two"):
        (tmp_path / folder).mkdir(parents=True)
    (tmp_path / "link").symlink_to("one")
    (tmp_path / "loop").symlink_to("loop")
    roots = [str((tmp_path / name).resolve()) for name in ("one", "two")]
    catalog = catalog_of(
        [
            Row("train/1.jpg", root=roots[0]),
            Row("2.jpg", root=roots[0]),
            Row("3.jpg", root=roots[1]),
        ]
    )
    monkeypatch.chdir(tmp_path)
    assert ids(catalog, under=["one"]) == [1, 2]
    assert ids(catalog, under=["./two/"]) == [3]
    assert ids(catalog, under=["."]) == [1, 2, 3]
    assert ids(catalog, under=["link/train"]) == [1]
    assert ids(catalog, under=[str(tmp_path / "link")]) == [1, 2]
    monkeypatch.chdir(tmp_path / "one" / "train")
    assert ids(catalog, under=["."]) == [1]
    assert ids(catalog, under=[".."]) == [1, 2]
    assert ids(catalog, under=["../../two"]) == [3]
    for nothing in ("../../loop", "../2.jpg", "../../two/x"):
        with pytest.raises(ImgrecError, match="no picture lies under"):
            ids(catalog, under=[nothing])
    add(catalog, Row("one/4.jpg", root=roots[1]))
    monkeypatch.chdir(tmp_path)
    assert ids(catalog, under=["one"]) == [4]
    assert ids(catalog, under=[roots[0]]) == [1, 2]


def test_a_root_replaced_by_a_link_is_still_found_by_its_path(tmp_path: Path) -> None:
    (tmp_path / "disk").mkdir()
    (tmp_path / "photos").symlink_to("disk")
    catalog = catalog_of([Row("a/1.jpg", root=str(tmp_path.resolve() / "photos"))])
    for way in ("photos/a", "photos/../photos//a/"):
        assert ids(catalog, under=[f"{tmp_path.resolve()}/{way}"]) == [1]


def test_a_picture_added_while_the_filter_runs_is_left_out() -> None:
    class Growing(Catalog):
        def last_id(self) -> int:
            last = super().last_id()
            add(self, Row(f"train/late {last}.jpg", (("folder", "dress"),)))
            return last

    catalog = Growing(Connection(catalog_of(SMALL).db, Path(":memory:")))
    assert ids(catalog, ["folder=dress"], ["train"]) == [1, 2]
    assert ids(catalog, ["folder=dress"], ["train"]) == [1, 2, 9]


def test_filters_find_folders_with_odd_names(odd_store: tuple[Path, dict[str, str]]) -> None:
    path, expected = odd_store
    with Store.open(path) as store:
        catalog = store.catalog
        ok = [place for place, status in expected.items() if status == "ok"]
        for folder in ("names", "<img src=x onerror=alert(1)>"):
            inside = [place for place in ok if place.startswith(folder + "/")]
            for where, under in (([], [folder]), ([f"folder={folder}"], [])):
                found = catalog.entries(ids(catalog, where, under))
                assert sorted(entry.path for entry in found) == sorted(inside)
        everything = ids(catalog, under=[str(path.parent)])
        assert len(everything) == len(ok)
        assert ids(catalog) == everything
        with pytest.raises(ImgrecError, match=r"at the top there are: <img src=x .*, names$"):
            ids(catalog, under=[os.fsdecode(b"names/latin-1 \xfc.jpg")])


def test_every_sql_query_of_a_filter_uses_an_index() -> None:
    catalog = catalog_of(SMALL)
    asked: list[str] = []
    catalog.db.set_trace_callback(asked.append)
    catalog.labels.ids("folder", "dress")
    catalog.labels.ids("community", "3", tree=True)
    catalog.ids_under("/nowhere/root")
    catalog.ids_under("/nowhere/root", "train")
    catalog.db.set_trace_callback(None)
    assert len(asked) == 4
    for query, bounds in zip(
        asked, ["kind=? AND value=?", "value>? AND value<?", "root_id=?", "path>? AND path<?"],
        strict=True,
    ):  # fmt: skip
        plan = [row[3] for row in catalog.db.execute("EXPLAIN QUERY PLAN " + query)]
        assert any(bounds in step for step in plan), plan
        assert not [step for step in plan if step.startswith("SCAN") and "subquery" not in step]
