"""What is left in a store after many runs of `imgrec index`: nothing that no picture needs."""

import shutil
from pathlib import Path

import numpy as np
import pytest

from imgrec import Store, index_folders
from left_open import held, needs_list, sizes
from pictures import picture, write_pictures
from stores import HERE, contents


@pytest.fixture
def photos(tmp_path: Path) -> Path:
    write_pictures(tmp_path / "photos", each=2)
    return tmp_path / "photos"


def _statuses(store: Path) -> dict[str, int]:
    with Store.open(store) as opened:
        return opened.catalog.totals.counts()


def test_runs_without_news_write_nothing(photos: Path, tmp_path: Path) -> None:
    store = tmp_path / "store"
    index_folders([photos], store, HERE)
    before = sizes(store)
    for _ in range(3):
        summary = index_folders([photos], store, HERE)
        assert (summary.done, summary.gone, summary.changed, summary.moved) == (0, 0, 0, 0)
        assert sizes(store) == before


@needs_list
def test_runs_leave_nothing_open(photos: Path, tmp_path: Path) -> None:
    store = tmp_path / "store"
    index_folders([photos], store, HERE)
    before = held()
    for number in range(3):
        picture("discs", 100 + number).save(photos / f"new {number}.jpg")
        index_folders([photos], store, HERE)
    assert held() == before


def test_pictures_that_left_are_counted_and_come_back_under_their_ids(
    photos: Path, tmp_path: Path
) -> None:
    store = tmp_path / "store"
    index_folders([photos], store, HERE)
    before, files = contents(store), sizes(store)
    for _ in range(2):
        (photos / "discs").rename(tmp_path / "away")
        summary = index_folders([photos], store, HERE)
        assert (summary.gone, summary.done) == (2, 0)
        assert _statuses(store)["ok"] == 4
        assert _statuses(store)["missing"] == 2
        with Store.open(store) as opened:
            gone = np.setdiff1d(before["ids"]["mini"], opened.feature("mini").ids)
            assert len(gone) == 2
            assert opened.catalog.labels.ids("folder", "discs").tolist() in ([], gone.tolist())
        # A second run counts them no more.
        assert index_folders([photos], store, HERE).gone == 0
        (tmp_path / "away").rename(photos / "discs")
        summary = index_folders([photos], store, HERE)
        assert (summary.gone, summary.done) == (0, 0)
        assert contents(store) == before
        assert sizes(store).keys() == files.keys()


def test_temporary_files_of_killed_runs_are_gone_after_the_next(
    photos: Path, tmp_path: Path
) -> None:
    store = tmp_path / "store"
    index_folders([photos], store, HERE)
    before = sizes(store)
    for folder in ("thumbs", "features/mini"):
        left = store / folder / ".tmp-gone"
        shutil.copytree(store / folder / "part-000000", left)
    picture("discs", 100).save(photos / "new.jpg")
    index_folders([photos], store, HERE)
    added = sizes(store).keys() - before.keys()
    assert added
    assert {name.split("/part-000001")[0] for name in added} == {
        "thumbs", "features/mini", "features/rgb"
    }  # fmt: skip
