"""What the projector keeps in a store: there again, or as if it had never been."""

from pathlib import Path

import numpy as np
import pytest

from imgrec.store.store import Store
from projector.kept_pages import Kept

_IDS = np.array([2, 3, 5, 8])
_PAGES = np.array([1, 0, 0, 1], np.int32)


@pytest.fixture
def kept(tmp_path: Path) -> Kept:
    with Store.create(tmp_path / "store") as store:
        return Kept(store, "mini")


def test_pages_come_back_by_picture(kept: Kept) -> None:
    kept.keep_pages(_IDS, _PAGES, 10)
    assert kept.pages(np.array([1, 3, 8, 9]), 10).tolist() == [-1, 0, 1, -1]
    assert kept.pages(_IDS, 11).tolist() == [-1] * 4


@pytest.mark.parametrize("damage", [b"", b"PK", b"\x93NUMPY"])
def test_damaged_pages_are_none(kept: Kept, tmp_path: Path, damage: bytes) -> None:
    kept.keep_pages(_IDS, _PAGES, 10)
    (file,) = tmp_path.glob("store/projector/mini/pages.npz")
    file.write_bytes(damage)
    assert kept.pages(_IDS, 10).tolist() == [-1] * 4
    file.write_bytes(b"")
    np.savez(file, ids=_IDS[::-1], pages=_PAGES[:2], size=10)
    assert kept.pages(_IDS, 10).tolist() == [-1] * 4


def test_nothing_is_kept_where_nothing_can_be_written(kept: Kept, tmp_path: Path) -> None:
    (tmp_path / "store" / "projector").write_text("in the way")
    kept.keep_pages(_IDS, _PAGES, 10)
    assert kept.pages(_IDS, 10).tolist() == [-1] * 4
