"""Limits of the projector: reached exactly, one less and one more."""

import argparse
import socket
from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any, cast

import numpy as np
import pytest

import projector.__main__ as command
from imgrec.store.store import Store
from logdirs import bookmarks, only_run
from projector.compose import Composer, PendingRun
from projector.errors import ProjectorError
from projector.export import ProjectorOptions, _ahead, write_logdir
from projector.files.metadata import MAX_COLORS, OTHER, category
from projector.pages import GROWTH, grown_pages, split_pages
from projector.runs import OVERVIEW, PAGE, WHOLE, Run, plan_runs
from projector.serve import _parser as serve_parser
from projector.server import HOST, free_port
from projector_store import make_store, plain

PLAIN = ProjectorOptions(overview=4, clusters=2, methods=())


@pytest.fixture(scope="module")
def twenty(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A store of 20 pictures."""
    return make_store(tmp_path_factory.mktemp("twenty") / "store", [plain((9, 9, 9))] * 20)


def _kinds(store: Path, out: Path, options: ProjectorOptions) -> set[str]:
    with Store.open(store) as opened:
        return {run.kind for run in write_logdir(opened, out, options=options).runs}


@pytest.mark.parametrize("most", [19, 20, 21])
def test_a_collection_that_fits_on_one_page_is_one_run(
    twenty: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, most: int
) -> None:
    # Without neighbors, to which pictures of a small page would move.
    monkeypatch.setattr("projector.source.NEIGHBORS_MADE", 0)
    kinds = _kinds(twenty, tmp_path / "log", replace(PLAIN, page_size=most))
    assert kinds == ({WHOLE} if most >= 20 else {OVERVIEW, PAGE, WHOLE})


@pytest.mark.parametrize("most", [19, 20, 21])
def test_a_collection_that_fits_into_one_tensor_is_also_shown_whole(most: int) -> None:
    pages = (np.arange(20) // 10).astype(np.int32)
    runs = plan_runs(np.arange(1, 21), pages, np.arange(1, 5), max_points=most)
    assert [run.kind for run in runs] == [OVERVIEW, PAGE, PAGE, *[WHOLE] * (most >= 20)]


def test_an_overview_of_all_pictures_is_not_made_twice() -> None:
    pages = (np.arange(20) // 10).astype(np.int32)
    for sample, more in ((19, [OVERVIEW]), (20, [])):
        runs = plan_runs(np.arange(1, 21), pages, np.arange(1, sample + 1))
        assert [run.kind for run in runs] == [*more, PAGE, PAGE, WHOLE]


def _columns(count: int) -> np.ndarray:
    return np.random.default_rng(0).normal(size=(count, 4)).astype(np.float32)


@pytest.mark.parametrize("new", [50, 51])
def test_a_collection_that_has_doubled_keeps_its_pages_and_a_larger_one_does_not(new: int) -> None:
    columns, groups = _columns(100), np.zeros(100, np.intp)
    before = np.full(100, -1, np.int32)
    # Not as `split_pages` numbers them: page 1 comes first.
    before[: 100 - new] = 1 - (np.arange(100 - new) % 2)
    pages = grown_pages(columns, groups, before, 60)
    assert np.array_equal(pages, split_pages(columns, groups, 60)) == (new == 51)
    assert np.array_equal(pages[: 100 - new], before[: 100 - new]) == (new == 50)


@pytest.mark.parametrize("over", [0, 1])
def test_a_page_may_grow_by_a_quarter(over: int) -> None:
    size = 40
    count = int(GROWTH * size) + over
    before = np.zeros(count + 50, np.int32)
    before[count:] = 1
    pages = grown_pages(_columns(len(before)), np.zeros(len(before), np.intp), before, size)
    assert (int((pages == 0).sum()) == count) == (over == 0)
    # The other page is exactly at the limit.
    assert (pages[count:] == 1).all()


@pytest.mark.parametrize("more", [0, 1])
def test_twice_as_many_pages_as_needed_and_one_are_kept(more: int) -> None:
    # 100 pictures need 2 pages of 60: up to 5 are kept.
    columns, groups = _columns(100), np.zeros(100, np.intp)
    before = (np.arange(100) % (5 + more)).astype(np.int32)
    pages = grown_pages(columns, groups, before, 60)
    assert np.array_equal(pages, before) == (more == 0)
    assert np.array_equal(pages, split_pages(columns, groups, 60)) == (more == 1)


@pytest.mark.parametrize("count", [MAX_COLORS - 1, MAX_COLORS, MAX_COLORS + 1, MAX_COLORS + 2])
def test_as_many_values_as_can_be_colored(count: int) -> None:
    values = [f"v{i:03d}" for i in range(count)]
    got = category(values)
    if count <= MAX_COLORS:
        assert got == values
    else:
        # The place of one value is taken by the rest.
        assert len(set(got)) == MAX_COLORS
        assert got.count(OTHER) == count - (MAX_COLORS - 1)


def test_a_value_that_is_called_as_the_rest_takes_no_second_place() -> None:
    values = [OTHER, *(f"v{i:03d}" for i in range(MAX_COLORS))]
    assert len(set(category(values))) <= MAX_COLORS


@pytest.mark.parametrize(("most", "is_3d"), [(19, False), (20, True)])
def test_tsne_in_three_dimensions_up_to_a_number_of_pictures(
    twenty: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, most: int, is_3d: bool
) -> None:
    def made(method: str, graph: object, start: np.ndarray, seed: int, placed: bool) -> np.ndarray:
        return np.zeros_like(start, np.float32)

    monkeypatch.setattr("projector.layouts.TSNE_3D", most)
    monkeypatch.setattr("projector.layouts.make_layout", made)
    store = tmp_path / "store"
    make_store(store, [plain((9, 9, 9))] * 20)
    with Store.open(store) as opened:
        options = replace(PLAIN, methods=("umap", "tsne"))
        logdir = write_logdir(opened, tmp_path / "log", options=options).logdir
    labels = [mark["label"] for mark in bookmarks(only_run(logdir))]
    assert ("t-SNE, 3-D" in labels) == is_3d
    assert {"t-SNE, 2-D", "UMAP, 2-D", "UMAP, 3-D"} <= set(labels)


@pytest.mark.parametrize("most", [19, 20])
def test_a_missing_graph_is_computed_for_few_pictures_only(
    twenty: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, most: int
) -> None:
    monkeypatch.setattr("projector.source.NEIGHBORS_MADE", most)
    store = make_store(tmp_path / "store", [plain((9, 9, 9))] * 20)
    # Pages are settled by the graph, if there is one.
    _kinds(store, tmp_path / "log", replace(PLAIN, page_size=12))
    assert (store / "knn" / "flat").is_dir() == (most == 20)


def test_a_graph_that_is_kept_is_used_for_any_number_of_pictures(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    store, options = make_store(tmp_path / "store", [plain((9, 9, 9))] * 20), PLAIN
    _kinds(store, tmp_path / "first", replace(options, page_size=12))
    monkeypatch.setattr("projector.source.NEIGHBORS_MADE", 0)
    settled: list[tuple[int, ...]] = []

    def settle(pages: np.ndarray, neighbors: np.ndarray, size: int) -> np.ndarray:
        settled.append(neighbors.shape)
        return pages

    monkeypatch.setattr("projector.source.settled_pages", settle)
    _kinds(store, tmp_path / "second", replace(options, page_size=11))
    assert settled == [(20, 15)]


class _Counting:
    """A composer that counts the runs that were begun."""

    def __init__(self) -> None:
        self.begun = 0

    def begin(self, run: Run) -> PendingRun:
        self.begun += 1
        return cast("PendingRun", run)


@pytest.mark.parametrize("count", [0, 1, 2, 3, 4, 9])
def test_two_runs_are_computed_ahead_and_no_more(count: int) -> None:
    runs = [Run(PAGE, number, np.arange(2)) for number in range(count)]
    composer, yielded = _Counting(), []
    for begun in _ahead(cast("Composer", composer), runs):
        yielded.append(begun)
        assert composer.begun == min(count, len(yielded) + 2)
    assert yielded == runs


def _parsed(parser: Callable[[str], argparse.ArgumentParser], words: Sequence[str]) -> Any:
    return parser("imgrec").parse_args(list(words))


@pytest.mark.parametrize("option", ["--page-size", "--overview"])
@pytest.mark.parametrize("value", [1, 2, 3, 99_999, 100_000, 100_001])
def test_the_points_of_a_run(option: str, value: int, capsys: pytest.CaptureFixture[str]) -> None:
    words = ["--out", "log", option, str(value)]
    if 2 <= value <= 100_000:
        found = _parsed(command._parser, words)
        assert getattr(found, option.removeprefix("--").replace("-", "_")) == value
        return
    with pytest.raises(SystemExit):
        _parsed(command._parser, words)
    assert "give 2 to 100,000" in capsys.readouterr().err


@pytest.mark.parametrize("port", [-1, 0, 1, 65_535, 65_536])
def test_the_ports_there_are(port: int, capsys: pytest.CaptureFixture[str]) -> None:
    words = ["--logdir", "log", f"--port={port}"]
    if 0 <= port <= 65_535:
        assert _parsed(serve_parser, words).port == port
        return
    with pytest.raises(SystemExit):
        _parsed(serve_parser, words)
    assert "give 0 to 65535" in capsys.readouterr().err


def test_no_port_is_tried_beyond_the_last_one(monkeypatch: pytest.MonkeyPatch) -> None:
    tried: list[int] = []

    class Taken(socket.socket):
        def bind(self, address: Any) -> None:
            tried.append(address[1])
            raise OSError

    monkeypatch.setattr("projector.server.socket.socket", Taken)
    with pytest.raises(ProjectorError, match="no free port from 65533 on"):
        free_port(65_533)
    assert tried == [65_533, 65_534, 65_535]
    tried.clear()
    with pytest.raises(ProjectorError):
        free_port(7_000, tried=3)
    assert tried == [7_000, 7_001, 7_002]
    assert free_port(0) == 0
    assert HOST == "127.0.0.1"
