"""What is left of a site, its duplicates and its exports after many runs: nothing grows."""

import json
from pathlib import Path

import numpy as np
import pytest

from graph.exports.write import export
from imgrec.duplicates.near import find_near
from imgrec.review.review import write_duplicates
from imgrec.store.store import Store
from left_open import held, needs_list, sizes
from site_stores import clusters, make_store, plain_names, site_of


@pytest.fixture
def store(tmp_path: Path) -> Path:
    return make_store(tmp_path, plain_names(24), clusters(24))


def _set(store: Path, status: str, *ids: int) -> None:
    with Store.create(store) as opened:
        rows = [(status, i) for i in ids]
        opened.catalog.db.executemany("UPDATE images SET status = ? WHERE id = ?", rows)


def _pairs(store: Path) -> set[int]:
    return set(np.load(store / "duplicates" / "pairs.npy").ravel().tolist())


def test_similarities_of_pictures_that_have_left_are_deleted_with_the_next_new_ones(
    store: Path,
) -> None:
    _set(store, "missing", 5)
    with Store.open(store) as opened:
        find_near(opened)
    assert 1 in _pairs(store)
    assert 5 not in _pairs(store)
    _set(store, "missing", 1, 2)
    _set(store, "ok", 5)
    with Store.open(store) as opened:
        found = find_near(opened)
    left = _pairs(store)
    assert 5 in left
    assert not left & {1, 2}
    assert not {i for group in found.groups for i in group} & {1, 2}
    # Nothing is new: nothing is written.
    stamp = (store / "duplicates" / "pairs.npy").stat().st_mtime_ns
    with Store.open(store) as opened:
        assert find_near(opened) == found
    assert (store / "duplicates" / "pairs.npy").stat().st_mtime_ns == stamp


def test_nothing_grows_with_the_same_site(store: Path, tmp_path: Path) -> None:
    site = site_of(store, tmp_path / "site", page_size=6, groups=None).index.parent
    before, made = sizes(store), sizes(site)
    for _ in range(2):
        site_of(store, site, page_size=6, groups=None)
        assert sizes(store) == before
        assert sizes(site) == made
    assert sorted(path.name for path in tmp_path.iterdir()) == ["pictures", "site", "store"]


def test_pages_of_communities_that_are_gone_are_gone(store: Path, tmp_path: Path) -> None:
    site = site_of(store, tmp_path / "site", page_size=3).index.parent
    many = sizes(site)
    site_of(store, site, page_size=24)
    few = sizes(site)
    assert len(few) < len(many)
    assert {*many} - {*few}
    # What is there is what the site says that it has.
    listed = json.loads((site / "site.json").read_text("utf-8"))["files"]
    assert {name for name in few if name.endswith(".html")} == {
        name for name in listed if name.endswith(".html")
    }
    _set(store, "missing", *range(3, 25))
    site_of(store, site, page_size=24)
    # The overview, and one page of both pictures; a contact sheet of each.
    pages = [name for name in sizes(site) if name.endswith(".html")]
    assert len([name for name in pages if not name.startswith("contact/")]) <= 2
    assert len(pages) <= 4
    with Store.open(store) as opened:
        # Labels of pictures that may come back stay; pages count those that are there.
        assert len(opened.catalog.ids("ok")) == 2


def test_exports_leave_their_files_and_nothing_else(store: Path, tmp_path: Path) -> None:
    out = tmp_path / "out"
    out.mkdir()
    targets = {"gexf": out / "a.gexf", "graphml": out / "a.graphml"}
    for _ in range(2):
        with Store.open(store) as opened:
            export(opened, targets)
            write_duplicates(opened, out / "a.csv")
        made = sizes(out)
        assert sorted(made) == ["a.csv", "a.gexf", "a.graphml"]
    assert sizes(out) == made


@needs_list
def test_nothing_is_left_open_by_a_site(store: Path, tmp_path: Path) -> None:
    site_of(store, tmp_path / "site", page_size=6)
    before = held()
    for _ in range(2):
        site_of(store, tmp_path / "site", page_size=6)
        with Store.open(store) as opened:
            export(opened, {"gexf": tmp_path / "a.gexf"})
    assert held() == before
