"""The layout of a whole collection: kept; grown without moving a picture; made anew if outgrown."""

from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray
from scipy.sparse import csr_array
from sklearn.manifold import trustworthiness

from imgrec.layouts import whole
from imgrec.layouts.fuzzy_graph import fuzzy_graph
from imgrec.layouts.kept import KeptLayouts
from imgrec.layouts.umap import umap_positions
from imgrec.layouts.whole import kept_whole, placed_among, settled_among, whole_layout, whole_name
from imgrec.neighbors.graph import exact_neighbors
from imgrec.store.features import Block, FeatureStore
from imgrec.store.store import Store
from vector_stores import add_part, add_pictures, clustered, make

N = 200
_MADE: list[int] = []


def _descent(graph: csr_array, start: NDArray[np.float32], seed: int = 0) -> NDArray[np.float32]:
    """Stands for UMAP, which takes longer; the positions depend on all arguments."""
    _MADE.append(len(start))
    return np.asarray(start * (1 + seed) + graph.sum(axis=1)[:, None], np.float32)


@pytest.fixture(autouse=True)
def _quick(monkeypatch: pytest.MonkeyPatch) -> None:
    _MADE.clear()
    monkeypatch.setattr(whole, "umap_positions", _descent)


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return make(tmp_path / "store", {"flat": clustered(N, 12)}, part_rows=N)


def _laid_out(path: Path, dimensions: int = 2, seed: int = 0) -> NDArray[np.float32]:
    with Store.open(path) as store:
        spec, feature = store.spec(), store.feature()
        found = whole_layout(
            store, spec, feature, dimensions, seed,
            lambda: fuzzy_graph(exact_neighbors(feature, 15)),
        )  # fmt: skip
        kept = kept_whole(store, spec, feature, dimensions, seed)
        assert kept is None or np.array_equal(kept, found)
        return found.copy()


def _grow(path: Path, vectors: NDArray[np.float32]) -> None:
    ids = np.arange(N + 1, N + 1 + len(vectors))
    add_pictures(path, ids.tolist())
    add_part(path, "flat", ids, vectors)


@pytest.mark.parametrize("dimensions", [2, 3])
def test_it_is_computed_once_and_again_with_another_seed(path: Path, dimensions: int) -> None:
    first = _laid_out(path, dimensions)
    assert first.shape == (N, dimensions)
    assert np.array_equal(_laid_out(path, dimensions), first)
    assert _MADE == [N]
    assert not np.array_equal(_laid_out(path, dimensions, seed=1), first)
    assert len(_MADE) == 2


def test_one_that_is_damaged_is_made_again(path: Path) -> None:
    first = _laid_out(path)
    folder = path / "layouts" / "flat" / whole_name(2)
    for file in sorted(folder.iterdir()):
        data = file.read_bytes()
        for damaged in (b"", data[:-1], data[:-1] + bytes([data[-1] ^ 1])):
            file.write_bytes(damaged)
            assert np.array_equal(_laid_out(path), first)
            assert file.read_bytes() == data
    assert len(_MADE) == 1 + 3 * 4


def test_where_nothing_can_be_kept_it_is_the_same(path: Path) -> None:
    (path / "layouts").write_text("in the way")
    assert np.array_equal(_laid_out(path), _laid_out(path))
    assert len(_MADE) == 2


def test_it_stays_when_layouts_of_runs_are_deleted(path: Path) -> None:
    _laid_out(path)
    with Store.open(path) as store:
        layouts = KeptLayouts(store, "flat")
        layouts.keep("umap-2d-a", np.zeros((1, 2), np.float32))
        layouts.prune(set())
    assert [kept.name for kept in (path / "layouts" / "flat").iterdir()] == [whole_name(2)]


def test_no_picture_moves_while_others_come_and_go(path: Path) -> None:
    first = _laid_out(path)
    with Store.open(path) as store:
        vectors = store.feature().load().copy()
    rng = np.random.default_rng(0)
    # Each beside one that is there.
    beside = rng.permutation(N)[:60]
    _grow(path, vectors[beside] + 0.01 * rng.normal(size=(60, 12)).astype(np.float32))
    grown = _laid_out(path)
    assert np.array_equal(grown[:N], first)
    assert np.array_equal(_laid_out(path), grown)
    apart = np.linalg.norm(grown[N:] - first[beside], axis=1)
    anywhere = np.linalg.norm(grown[N:] - first[rng.permutation(N)[:60]], axis=1)
    assert np.median(apart) < np.median(anywhere) / 2
    with Store.create(path) as store:
        store.catalog.db.execute("UPDATE images SET status = 'missing' WHERE id % 9 = 0")
    left = np.arange(1, N + 61) % 9 != 0
    assert np.array_equal(_laid_out(path), grown[left])
    assert _MADE == [N]


@pytest.mark.parametrize("more", [0, 1])
def test_a_collection_that_has_grown_by_more_than_a_half_is_laid_out_again(
    path: Path, more: int
) -> None:
    _laid_out(path)
    _grow(path, clustered(N // 2 + more, 12, seed=5))
    assert len(_laid_out(path)) == N + N // 2 + more
    assert [N, N + N // 2 + more][: 1 + more] == _MADE


def test_pictures_go_to_the_mean_of_their_placed_neighbors_in_rounds() -> None:
    # 0 and 1 are placed; 2 is joined to both, 3 to 2 only.
    weights = np.zeros((4, 4), np.float32)
    for a, b, weight in ((0, 2, 1.0), (1, 2, 0.5), (2, 3, 0.25)):
        weights[a, b] = weights[b, a] = weight
    positions = np.array([[0, 0], [3, 6], [9, 9], [9, 9]], np.float32)
    known = np.array([True, True, False, False])
    found = placed_among(csr_array(weights), positions, known, np.zeros((4, 2), np.float32), 0)
    assert found.tolist() == [[0, 0], [3, 6], [1, 2], [1, 2]]
    assert found.dtype == np.float32


def test_a_group_of_its_own_goes_to_what_is_nearest_on_the_axes() -> None:
    rng = np.random.default_rng(0)
    weights = np.zeros((60, 60), np.float32)
    weights[:20, :20] = weights[20:40, 20:40] = weights[40:, 40:] = 1
    np.fill_diagonal(weights, 0)
    start = np.repeat(np.array([[0, 0], [50, 0], [45, 5]], np.float32), 20, axis=0)
    start += rng.normal(size=start.shape).astype(np.float32)
    positions = np.repeat(np.array([[1, 1], [90, 70], [0, 0]], np.float32), 20, axis=0)
    known = np.arange(60) < 40
    found = placed_among(csr_array(weights), positions, known, start, 3)
    assert np.array_equal(found[:40], positions[:40])
    assert np.linalg.norm(found[40:] - [90, 70], axis=1).max() < 6
    assert len(np.unique(found[40:], axis=0)) == 20
    again = placed_among(csr_array(weights), positions, known, start, 3)
    assert np.array_equal(again, found)


def _graph_of(vectors: NDArray[np.float32]) -> csr_array:
    blocks = [Block(np.arange(len(vectors)), vectors)]
    return fuzzy_graph(exact_neighbors(FeatureStore("x", vectors.shape[1], blocks), 15))


def test_new_pictures_are_laid_out_as_well_as_anew_and_no_other_moves() -> None:
    vectors = clustered(900, 24)
    # By chance, and a group that is new.
    for known in (np.random.default_rng(0).random(900) > 0.25, np.arange(900) % 12 > 2):
        graph, start = _graph_of(vectors), np.ascontiguousarray(vectors[:, :2])
        positions = np.zeros((900, 2), np.float32)
        positions[known] = umap_positions(_graph_of(vectors[known]), start[known], 0)
        placed = placed_among(graph, positions, known, start, 0)
        found = settled_among(graph, placed, known, 0)
        assert np.array_equal(found[known], positions[known])
        trust = [
            trustworthiness(vectors, layout, n_neighbors=15, metric="cosine")
            for layout in (placed, found, umap_positions(graph, start, 0))
        ]
        assert trust[1] > trust[0]
        assert trust[1] > trust[2] - 0.01
