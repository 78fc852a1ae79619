"""What is left of a logdir after many runs: old layouts are deleted, and nothing else grows."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from imgrec.store.store import Store
from left_open import held, needs_list, sizes
from logdirs import contents
from projector.export import Export, ProjectorOptions, write_logdir
from projector_store import colors, make_store, plain

OPTIONS = ProjectorOptions(overview=6, page_size=12, clusters=2, methods=("umap",), workers=0)


def _placed(method: str, graph: object, start: np.ndarray, seed: int, placed: bool) -> np.ndarray:
    """Stands for a layout that takes seconds."""
    return np.asarray(start + seed, np.float32)


def _whole(graph: object, start: np.ndarray, seed: int) -> np.ndarray:
    return np.asarray(start + seed, np.float32)


@pytest.fixture(autouse=True)
def _quick(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("projector.layouts.make_layout", _placed)
    monkeypatch.setattr("imgrec.layouts.whole.umap_positions", _whole)


@pytest.fixture
def store(tmp_path: Path) -> Path:
    return make_store(tmp_path / "store", [plain(color) for color in colors(30)])


def _exported(store: Path, options: ProjectorOptions = OPTIONS) -> Export:
    with Store.open(store) as opened:
        return write_logdir(opened, store.parent / "log", options=options)


def _layouts(store: Path) -> set[str]:
    """Return the layouts of runs that are kept; that of the whole collection is there too."""
    kept = {path.name for path in (store / "layouts" / "flat").iterdir()}
    whole = {"whole-2d", "whole-3d"}
    assert kept >= whole
    return kept - whole


def test_only_the_layouts_of_the_last_logdir_are_kept(store: Path) -> None:
    runs = _exported(store).runs
    first = _layouts(store)
    assert len(first) == 2 * len(runs)
    assert _exported(store).runs and _layouts(store) == first
    _exported(store, replace(OPTIONS, seed=1))
    second = _layouts(store)
    assert len(second) == len(first)
    assert not first & second
    # Without layouts none was used, and those that are kept may be needed again.
    _exported(store, replace(OPTIONS, methods=()))
    assert _layouts(store) == second


def test_layouts_of_pictures_that_have_left_are_deleted(store: Path) -> None:
    _exported(store)
    before = _layouts(store)
    with Store.create(store) as opened:
        opened.catalog.db.execute("UPDATE images SET status = 'missing' WHERE id = 7")
    made = _exported(store)
    after = _layouts(store)
    assert len(after) == 2 * len(made.runs)
    # Those of pages without it are the same.
    assert after & before
    assert before - after


def test_the_folders_of_changed_runs_are_replaced(store: Path) -> None:
    for number in range(1, 4):
        with Store.create(store) as opened:
            opened.catalog.labels.replace("class", dict.fromkeys(range(1, 31), f"c{number}"))
        made = _exported(store, replace(OPTIONS, methods=()))
        folders = {path.name for path in made.logdir.iterdir() if path.is_dir()}
        assert folders == {run.name for run in made.runs}
        assert all(run.changed for run in made.runs)
        assert all(name.endswith(f" ({number})") == (number > 1) for name in folders)


def test_nothing_grows_with_the_same_logdir(store: Path) -> None:
    logdir = _exported(store).logdir
    before, made, top = sizes(store), contents(logdir), sorted(store.parent.iterdir())
    for _ in range(3):
        assert not any(run.changed for run in _exported(store).runs)
        assert sizes(store) == before
        assert contents(logdir) == made
        assert sorted(store.parent.iterdir()) == top


@needs_list
def test_nothing_is_left_open_by_a_logdir_or_by_one_that_failed(store: Path) -> None:
    # The first worker starts a tracker of resources, which stays.
    _exported(store, replace(OPTIONS, methods=(), workers=1))
    before = held()
    for seed in range(3):
        _exported(store, replace(OPTIONS, seed=seed))
    assert held() == before
    thumbs = store / "thumbs" / "part-000000" / "thumbs.bin"
    thumbs.write_bytes(bytes(thumbs.stat().st_size))
    for number in range(3):
        with pytest.raises(Exception, match="is damaged"):
            _exported(store, replace(OPTIONS, overview=7 + number, workers=number % 2))
    assert held() == before
    assert sorted(path.name for path in store.parent.iterdir()) == ["log", "store"]


def test_pages_of_another_size_replace_those_that_are_kept(store: Path) -> None:
    for size in (12, 9, 12):
        _exported(store, replace(OPTIONS, page_size=size, methods=()))
        kept = store / "projector" / "flat"
        assert sorted(path.name for path in kept.iterdir()) == ["ids.npy", "kept.json", "pages.npy"]
        assert len(np.load(kept / "pages.npy")) == 30
