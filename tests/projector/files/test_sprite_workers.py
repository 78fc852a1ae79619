"""Tests of drawing in worker processes: the same bytes as in one process, even if one is killed."""

import os
import time
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image

from imgrec import Store, StoreError
from imgrec.layouts.kept import make_layout
from imgrec.system.workers import Workers
from killing import kill
from logdirs import contents
from projector import ProjectorOptions, write_logdir
from projector.errors import ProjectorError
from projector.files.pieces import Piece
from projector.files.sprite import grid_for
from projector.files.sprite_workers import Sheets, bands
from projector.manifest import NOTHING
from projector.writer import LogdirWriter
from projector_store import colors, make_store, plain
from thumb_parts import write_thumbs

# Enough pictures for three bands.
_COUNT = 2_300


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Path:
    images = [plain(color, (40, 30)) for color in colors(24)]
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
        kill(workers.submit(os.getpid).result())
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


def test_a_logdir_is_the_same_with_any_number_of_workers(tmp_path: Path) -> None:
    logdirs = [_logdir(tmp_path, f"{workers} workers", workers) for workers in (0, 2)]
    first, second = map(contents, logdirs)
    assert first == second
    assert sum(name.endswith("bookmarks.json") for name in first) > 4


def test_layouts_of_a_killed_worker_are_made_here(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    submit = Workers.submit

    def killing(workers: Workers, function: Any, *arguments: Any) -> Any:
        future = submit(workers, function, *arguments)
        if function is make_layout and arguments[0] == "umap":
            for pid in workers.pids():
                kill(pid)
        return future

    kept = _logdir(tmp_path, "kept", 0)
    monkeypatch.setattr(Workers, "submit", killing)
    assert contents(_logdir(tmp_path, "killed", 2)) == contents(kept)


def test_slow_files_wait_for_room(tmp_path: Path) -> None:
    begun, most = [0], [0]

    def write(path: Path) -> None:
        time.sleep(0.02)
        path.write_bytes(b"x")
        begun[0] -= 1

    with LogdirWriter(tmp_path / "old", NOTHING, tmp_path) as writer:
        for number in range(20):
            begun[0] += 1
            writer.write(f"run {number}", f"run {number}", [Piece("a", "a", write, slow=True)])
            most[0] = max(most[0], begun[0])
        writer.finish()
    assert begun == [0]
    # Four that wait, and the one that was just started.
    assert most[0] <= 4 + 1


def _logdir(folder: Path, name: str, workers: int) -> Path:
    """Write a logdir of several runs from a new store, so that no layout is cached yet."""
    vectors = np.random.default_rng(3).normal(size=(70, 12)).astype(np.float32)
    images = [plain(color) for color in colors(70)]
    options = ProjectorOptions(page_size=20, overview=30, workers=workers)
    with Store.open(make_store(folder / name / "store", images, vectors)) as opened:
        return write_logdir(opened, folder / name / "log", options=options).logdir


def _sheets(store: Path, workers: Workers | None = None, laid: list[int] | None = None) -> Sheets:
    done = laid.append if laid is not None else lambda count: None
    with Store.open(store) as opened:
        return Sheets(opened.paths.thumbs, opened.thumbs(), workers, done)


def _write(sheets: Sheets, path: Path) -> None:
    sheets.begin(np.arange(1, _COUNT + 1), grid_for(_COUNT))(path)
