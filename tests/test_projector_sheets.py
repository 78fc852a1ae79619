"""Sheets laid by worker processes are those laid here, whatever becomes of the workers."""

import os
import signal
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image

from imgrec import Store, StoreError
from imgrec.processes import Workers
from imgrec.thumbs import write_thumbs
from projector import Options, write_logdir
from projector.errors import ProjectorError
from projector.sheets import Sheets, bands
from projector.sprite import grid_for
from projector_store import colours, make_store, plain

_COUNT = 2_300  # three bands


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Path:
    images = [plain(colour, (40, 30)) for colour in colours(24)]
    path = tmp_path_factory.mktemp("sheets") / "store"
    return make_store(path, [images[i * 7 % 24] for i in range(_COUNT)])


@given(st.integers(2, 100_000))
def test_bands_are_whole_rows_that_hold_every_cell_once(count: int) -> None:
    grid = grid_for(count)
    cells = list(bands(count, grid))
    assert [i for band in cells for i in range(count)[band]] == list(range(count))
    assert all(band.start % grid.per_side == 0 for band in cells)


def test_workers_lay_the_same_sheet(made: Path, tmp_path: Path) -> None:
    laid: list[int] = []
    with Workers(2) as workers:
        sheets = _sheets(made, workers, laid)
        _write(sheets, tmp_path / "theirs.webp")
    _write(_sheets(made), tmp_path / "ours.webp")
    assert (tmp_path / "theirs.webp").read_bytes() == (tmp_path / "ours.webp").read_bytes()
    assert sum(laid) == _COUNT
    assert len(laid) > 1
    with Image.open(tmp_path / "ours.webp") as sheet:
        assert sheet.size == (grid_for(_COUNT).side_px,) * 2


def test_what_a_killed_worker_had_to_lay_is_laid_here(made: Path, tmp_path: Path) -> None:
    with Workers(1) as workers:
        os.kill(workers.submit(os.getpid).result(), signal.SIGKILL)
        _write(_sheets(made, workers), tmp_path / "theirs.webp")
    _write(_sheets(made), tmp_path / "ours.webp")
    assert (tmp_path / "theirs.webp").read_bytes() == (tmp_path / "ours.webp").read_bytes()


def test_what_is_wrong_with_a_thumbnail_is_told_by_a_worker_too(made: Path, tmp_path: Path) -> None:
    store = make_store(tmp_path / "store", [plain((9, 9, 9))] * 3)
    folder = store / "thumbs"
    write_thumbs(folder, 7, np.array([5]), [b"\xff\xd8\xff nonsense"])
    with Store.open(store) as opened, Workers(1) as workers:
        sheets = Sheets(folder, opened.thumbs(), workers)
        with pytest.raises(ProjectorError, match="thumbnail of picture 5 is damaged"):
            sheets.begin(np.array([1, 5]), grid_for(2))(tmp_path / "sprite.webp")
        with pytest.raises(StoreError, match="no thumbnail of picture 6"):
            sheets.begin(np.array([1, 6]), grid_for(2))(tmp_path / "sprite.webp")
    assert not (tmp_path / "sprite.webp").exists()


def test_a_logdir_is_the_same_with_any_number_of_workers(made: Path, tmp_path: Path) -> None:
    logdirs = []
    for workers in (0, 2):
        options = Options(methods=("umap",), page_size=900, overview=50, workers=workers)
        # layouts are kept in the store: each begins with none
        store = make_store(tmp_path / f"store {workers}", [plain((9, 9, 9))] * 60)
        with Store.open(store) as opened:
            logdirs.append(write_logdir(opened, tmp_path / str(workers), options=options).logdir)
    first, second = (
        {path.name: path.read_bytes() for path in logdir.rglob("*") if path.is_file()}
        for logdir in logdirs
    )
    assert first == second
    assert "bookmarks.json" in first


def _sheets(store: Path, workers: Workers | None = None, laid: list[int] | None = None) -> Sheets:
    done = laid.append if laid is not None else lambda count: None
    with Store.open(store) as opened:
        return Sheets(opened.thumbs_folder, opened.thumbs(), workers, done)


def _write(sheets: Sheets, path: Path) -> None:
    sheets.begin(np.arange(1, _COUNT + 1), grid_for(_COUNT))(path)
