"""Tests of the kept pages: loaded again, or ignored if they are damaged or stale."""

from pathlib import Path

import numpy as np
import pytest

from imgrec.store.store import Store
from projector.kept_pages import KeptPages
from vector_stores import spec_of

_IDS = np.array([2, 3, 5, 8])
_PAGES = np.array([1, 0, 0, 1], np.int32)


@pytest.fixture
def kept(tmp_path: Path) -> KeptPages:
    with Store.create(tmp_path / "store") as store:
        return KeptPages(store, spec_of("mini", 8))


def test_pages_come_back_by_picture(kept: KeptPages) -> None:
    kept.save(_IDS, _PAGES, 10)
    assert kept.load(np.array([1, 3, 8, 9]), 10).tolist() == [-1, 0, 1, -1]
    assert kept.load(_IDS, 11).tolist() == [-1] * 4


@pytest.mark.parametrize("damage", [b"", b"PK", b"\x93NUMPY"])
def test_damaged_pages_are_none(kept: KeptPages, tmp_path: Path, damage: bytes) -> None:
    kept.save(_IDS, _PAGES, 10)
    (file,) = tmp_path.glob("store/projector/mini/pages.npy")
    file.write_bytes(damage)
    assert kept.load(_IDS, 10).tolist() == [-1] * 4
    np.save(file, _PAGES[:2])
    assert kept.load(_IDS, 10).tolist() == [-1] * 4


def test_nothing_is_kept_where_nothing_can_be_written(kept: KeptPages, tmp_path: Path) -> None:
    (tmp_path / "store" / "projector").write_text("in the way")
    kept.save(_IDS, _PAGES, 10)
    assert kept.load(_IDS, 10).tolist() == [-1] * 4
