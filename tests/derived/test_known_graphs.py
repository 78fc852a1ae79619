"""Graph files are opened only if this user wrote them: nothing else can vouch for their content."""

import os
import shutil
from pathlib import Path

import numpy as np
import pytest

from imgrec.derived import known_graphs
from imgrec.derived.known_graphs import is_known, remember
from imgrec.store.kept import save


@pytest.fixture(autouse=True)
def own_cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setattr(known_graphs, "_folder", lambda: tmp_path / "cache" / "graphs")
    return tmp_path / "cache" / "graphs"


@pytest.fixture
def graph(tmp_path: Path) -> Path:
    folder = tmp_path / "store" / "hnsw"
    save(folder, {}, {"ids": np.arange(3)}, write_more=_write)
    return folder / "g.usearch"


def _write(folder: Path) -> None:
    (folder / "g.usearch").write_bytes(b"a graph")


def test_a_graph_is_known_once_it_is_remembered(graph: Path) -> None:
    assert not is_known(graph)
    remember(graph)
    assert is_known(graph)


def test_a_copy_is_known_by_its_bytes_and_then_by_its_place(graph: Path, own_cache: Path) -> None:
    remember(graph)
    (remembered,) = own_cache.iterdir()
    before = remembered.read_text()
    shutil.copytree(graph.parent, graph.parent.with_name("copy"))
    assert is_known(graph.parent.with_name("copy") / graph.name)
    assert remembered.read_text() != before


def test_a_file_that_was_changed_in_place_is_not_known(graph: Path) -> None:
    remember(graph)
    state = graph.stat()
    graph.write_bytes(b"A GRAPH")
    os.utime(graph, ns=(state.st_atime_ns, state.st_mtime_ns))
    assert graph.stat().st_size == state.st_size
    assert not is_known(graph)


def test_other_bytes_below_the_checksum_of_a_known_graph(graph: Path) -> None:
    remember(graph)
    copy = graph.parent.with_name("copy")
    shutil.copytree(graph.parent, copy)
    (copy / graph.name).write_bytes(b"hostile")
    assert not is_known(copy / graph.name)


def test_a_graph_without_a_sidecar_or_with_a_checksum_that_is_a_path(graph: Path) -> None:
    remember(graph)
    sidecar = graph.parent / "kept.json"
    sidecar.write_text(sidecar.read_text().replace('"sha256": "', '"sha256": "../', 1))
    assert not is_known(graph)
    sidecar.unlink()
    assert not is_known(graph)
    remember(graph)


def test_the_least_recently_written_are_forgotten(
    graph: Path, own_cache: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(known_graphs, "_MOST_KNOWN", 3)
    own_cache.mkdir(parents=True)
    for number in range(3):
        (own_cache / f"{number}").touch()
        os.utime(own_cache / f"{number}", ns=(number, number))
    remember(graph)
    assert len(list(own_cache.iterdir())) == 3
    assert not (own_cache / "0").exists()
    assert is_known(graph)


def test_a_cache_that_cannot_be_written_only_forgets(graph: Path, own_cache: Path) -> None:
    own_cache.parent.mkdir()
    own_cache.write_text("a file in its place")
    remember(graph)
    assert not is_known(graph)
