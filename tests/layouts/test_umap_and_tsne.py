"""UMAP and t-SNE from a k-NN graph: the fuzzy graph against umap-learn, properties of layouts."""

import warnings
from collections.abc import Callable

import numpy as np
import pytest
from numpy.typing import NDArray
from scipy.sparse import csr_array
from scipy.sparse.csgraph import connected_components
from sklearn.manifold import trustworthiness
from sklearn.neighbors import NearestNeighbors

from imgrec.layouts.fuzzy_graph import FAINT, ISLAND, fuzzy_graph, part_of
from imgrec.layouts.tsne import tsne_layout
from imgrec.layouts.umap import FEWEST, Positions, framed, umap_layout
from imgrec.neighbors.graph import exact_neighbors
from imgrec.neighbors.neighbors import Neighbors
from imgrec.store.features import Block, FeatureStore

Layout = Callable[..., Positions]
Matrix = NDArray[np.float32]
LAYOUTS = [umap_layout, tsne_layout]


def _neighbors(vectors: Matrix, k: int = 15) -> Neighbors:
    # Ids that differ from row numbers.
    ids = 10 + 3 * np.arange(len(vectors))
    feature = FeatureStore("flat", vectors.shape[1], [Block(ids, vectors)])
    return exact_neighbors(feature, min(k, len(vectors) - 1))


def _axes(vectors: Matrix, count: int = 3) -> Matrix:
    centered = vectors - vectors.mean(axis=0)
    return (centered @ np.linalg.svd(centered, full_matrices=False)[2][:count].T).astype(np.float32)


def _planted(n: int, clusters: int, seed: int = 0) -> tuple[Matrix, NDArray[np.int64]]:
    """Return vectors (n, 24) in more clusters than three axes separate, and the cluster of each."""
    rng = np.random.default_rng(seed)
    centers = rng.normal(size=(clusters, 24))
    of_row = np.arange(n) % clusters
    return (centers[of_row] + 0.5 * rng.normal(size=(n, 24))).astype(np.float32), of_row


def _line(n: int) -> Matrix:
    angles = np.linspace(0, np.pi / 2, n)
    return np.stack([np.cos(angles), np.sin(angles), 0 * angles], axis=1).astype(np.float32)


def _odd() -> dict[str, Matrix]:
    rng = np.random.default_rng(1)
    planted, _ = _planted(120, 3)
    # Three orthogonal groups: the graph has three components.
    apart = np.zeros((90, 6), np.float32)
    apart[np.arange(90), np.arange(90) % 3] = 1
    apart[:, 3:] = 0.05 * rng.normal(size=(90, 3))
    few = {f"{n} pictures": planted[:n] for n in (2, 3, 4, 5, 6, 8, 9, 17)}
    return few | {
        "2 equal": np.ones((2, 4), np.float32),
        "9 equal": np.ones((9, 4), np.float32),
        "all equal": np.ones((60, 4), np.float32),
        "each 20 times": np.repeat(planted[:5], 20, axis=0),
        "half equal": np.concatenate([planted[:40], np.repeat(planted[:1], 40, axis=0)]),
        "a line": _line(60),
        "components": apart,
        "zero vectors": np.concatenate([planted[:40], np.zeros((20, 24), np.float32)]),
        "far away": np.concatenate([planted[:40], 1e6 * planted[40:41]]),
    }


def _spoilt(*_: object, **__: object) -> None:
    raise AssertionError("neighbors were looked for")


@pytest.mark.parametrize("k", [1, 4, 15])
def test_the_fuzzy_graph_equals_that_of_umap_learn(k: int) -> None:
    with warnings.catch_warnings():
        # umap-learn warns that TensorFlow is missing.
        warnings.simplefilter("ignore", ImportWarning)
        from umap.umap_ import fuzzy_simplicial_set

    vectors, _ = _planted(300, 4)
    # More equal vectors than neighbors.
    vectors[200:230] = vectors[0]
    vectors[230:240] = vectors[1]
    neighbors = _neighbors(vectors, k)
    # Distances so equal that the minimum bandwidth applies.
    neighbors.distances[:20] = 0.3
    neighbors.distances[:20, 6:] += 3e-4 * np.arange(k)[6:]
    n = len(vectors)
    want, _, _ = fuzzy_simplicial_set(
        np.zeros((n, 1)), k + 1, np.random.RandomState(0), "cosine",
        knn_indices=np.column_stack([np.arange(n), neighbors.rows()]),
        knn_dists=np.column_stack([np.zeros(n, np.float32), neighbors.distances]),
    )  # fmt: skip
    want = want.toarray()
    got = fuzzy_graph(neighbors).toarray()
    clear = np.abs(want - FAINT) > 1e-4
    assert np.allclose(got[clear], np.where(want < FAINT, 0, want)[clear], atol=1e-4)
    assert got.dtype == np.float32
    assert (got == got.T).all()


@pytest.mark.parametrize("name", _odd())
def test_every_picture_has_an_edge_of_weight_1(name: str) -> None:
    weights = fuzzy_graph(_neighbors(_odd()[name])).toarray()
    assert np.isfinite(weights).all()
    assert (weights.diagonal() == 0).all()
    assert weights.max(axis=1) == pytest.approx(1)


def test_a_part_of_the_graph_is_the_submatrix_in_the_requested_order() -> None:
    vectors, clusters = _planted(200, 4)
    graph = fuzzy_graph(_neighbors(vectors))
    rows = np.flatnonzero(clusters != 2)[::-1]
    part = part_of(graph, rows, _axes(vectors)[rows])
    assert (part.toarray() == graph.toarray()[np.ix_(rows, rows)]).all()
    assert part.dtype == np.float32


def test_pictures_without_edges_on_a_page_are_tied_to_their_nearest() -> None:
    vectors, clusters = _planted(200, 4)
    graph = fuzzy_graph(_neighbors(vectors))
    alone = np.flatnonzero(clusters == 1)[:2]
    rows = np.sort(np.concatenate([np.flatnonzero(clusters == 0), alone]))
    plain = graph.toarray()[np.ix_(rows, rows)]
    places = np.searchsorted(rows, alone)
    columns = np.zeros((len(rows), 2), np.float32)
    columns[:, 0] = 10 + np.arange(len(rows))
    # Next to row 20.
    columns[places[0], 0] = 30.1
    columns[places[1], 0] = 40.1
    wanted = plain.copy()
    for place, nearest in zip(places, (20, 30), strict=True):
        wanted[place, nearest] = wanted[nearest, place] = 1
    got = part_of(graph, rows, columns)
    assert {20, 30}.isdisjoint(places)
    assert (got.toarray() == wanted).all()


def test_no_picture_of_a_page_is_an_outlier() -> None:
    vectors, _ = _planted(400, 4)
    graph = fuzzy_graph(_neighbors(vectors))
    # Most of these have all of their neighbors on other pages.
    rows = np.random.default_rng(0).permutation(400)[:40]
    plain = graph[rows][:, rows]
    assert (np.diff(plain.tocsr().indptr) == 0).any()
    part = part_of(graph, rows, _axes(vectors)[rows])
    sizes = np.bincount(connected_components(part)[1])
    assert sizes.min() >= 2
    tied = part.toarray()
    assert (tied == tied.T).all()
    islands = np.bincount(connected_components(plain)[1])[connected_components(plain)[1]]
    assert (tied.max(axis=1)[islands < ISLAND] == 1).all()


@pytest.mark.parametrize("n", [1, 2, 3])
def test_a_page_of_few_pictures_needs_no_ties(n: int) -> None:
    graph = csr_array(np.ones((5, 5), np.float32) - np.eye(5, dtype=np.float32))
    part = part_of(graph, np.arange(n), np.zeros((n, 3), np.float32))
    assert (part.toarray() == graph.toarray()[:n, :n]).all()


@pytest.mark.parametrize("layout", LAYOUTS)
@pytest.mark.parametrize("count", [2, 3])
def test_neighbors_in_the_layout_are_neighbors_of_the_pictures(
    layout: Layout, count: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    vectors, clusters = _planted(600, 20)
    unit = vectors / np.linalg.norm(vectors, axis=1, keepdims=True)
    start = _axes(unit, count)
    graph = fuzzy_graph(_neighbors(vectors))
    monkeypatch.setattr("pynndescent.NNDescent.__init__", _spoilt)
    monkeypatch.setattr(NearestNeighbors, "fit", _spoilt)
    positions = layout(graph, start)
    monkeypatch.undo()
    assert positions.shape == (600, count)
    assert positions.dtype == np.float32
    assert trustworthiness(unit, positions) > trustworthiness(unit, start) + 0.01
    assert _same_nearest(positions, clusters) >= 0.95 > _same_nearest(start, clusters)


def test_the_grid_of_many_pictures_finds_the_same_neighbors() -> None:
    vectors, clusters = _planted(600, 20)
    graph, start = fuzzy_graph(_neighbors(vectors)), _axes(vectors, 2)
    first, second = (tsne_layout(graph, start, grid_from=0) for _ in range(2))
    assert np.array_equal(first, second)
    assert not np.array_equal(first, tsne_layout(graph, start, grid_from=len(start) + 1))
    assert _same_nearest(first, clusters) > 0.9


@pytest.mark.parametrize("layout", LAYOUTS)
@pytest.mark.parametrize("count", [2, 3])
def test_a_seed_gives_the_same_bytes(layout: Layout, count: int) -> None:
    vectors, _ = _planted(120, 3)
    graph, start = fuzzy_graph(_neighbors(vectors)), _axes(vectors, count)
    before = graph.copy(), start.copy()
    first = layout(graph, start, seed=3)
    assert first.tobytes() == layout(graph, start, seed=3).tobytes()
    assert first.tobytes() != layout(graph, start, seed=4).tobytes()
    # The arguments are not modified.
    assert (graph.toarray() == before[0].toarray()).all()
    assert (start == before[1]).all()


@pytest.mark.parametrize("layout", LAYOUTS)
@pytest.mark.parametrize("count", [2, 3])
@pytest.mark.parametrize("name", _odd())
def test_odd_collections_have_a_layout(name: str, count: int, layout: Layout) -> None:
    vectors = _odd()[name]
    start = np.zeros((len(vectors), count), np.float32)
    axes = _axes(vectors, count)
    start[:, : axes.shape[1]] = axes
    positions = layout(fuzzy_graph(_neighbors(vectors)), start)
    assert positions.shape == (len(vectors), count)
    assert np.isfinite(positions).all()
    assert np.abs(positions).max() == pytest.approx(1)
    # More than a tenth of the points in each half of the widest axis: no outlier compresses the
    # rest.
    widest = positions[:, np.ptp(positions, axis=0).argmax()]
    middle = (widest.min() + widest.max()) / 2
    assert 0.1 <= (widest > middle).mean() <= 0.9 or len(vectors) < 10


@pytest.mark.parametrize("layout", LAYOUTS)
@pytest.mark.parametrize("n", [2, 5, FEWEST - 1])
def test_few_pictures_stay_at_their_start_positions(layout: Layout, n: int) -> None:
    vectors, _ = _planted(n, n)
    start = _axes(vectors, 2)
    start = np.pad(start, ((0, 0), (0, 2 - start.shape[1])))
    positions = layout(fuzzy_graph(_neighbors(vectors)), start)
    want = start - (start.min(axis=0) + start.max(axis=0)) / 2
    assert np.allclose(positions, want / np.abs(want).max(), atol=0.1)


def test_outliers_are_pulled_in_and_the_other_points_keep_their_scale() -> None:
    positions = np.random.default_rng(0).normal(size=(500, 3))
    whole = np.ptp(framed(positions), axis=0)
    assert np.allclose(
        whole / whole.max(), np.ptp(positions, axis=0) / np.ptp(positions, axis=0).max()
    )
    positions[:3] = [[1e4, 0, 0], [2e4, 0, 0], [0, 1e3, 0]]
    drawn = framed(positions)
    assert np.abs(drawn).max() == pytest.approx(1)
    assert np.ptp(drawn[3:], axis=0).min() > 0.15 * np.ptp(drawn, axis=0).max()
    assert drawn[1, 0] > drawn[0, 0] > drawn[3:, 0].max()
    assert drawn[2, 1] > drawn[3:, 1].max()


@pytest.mark.parametrize("layout", LAYOUTS)
def test_components_are_separated(layout: Layout) -> None:
    vectors = _odd()["components"]
    neighbors = _neighbors(vectors)
    graph = fuzzy_graph(neighbors)
    assert connected_components(graph)[0] == 3
    assert _same_nearest(layout(graph, _axes(vectors, 2)), np.arange(90) % 3) == 1


@pytest.mark.parametrize("layout", LAYOUTS)
def test_a_picture_without_edges_does_not_compress_the_layout(layout: Layout) -> None:
    vectors, _ = _planted(200, 4)
    weights = fuzzy_graph(_neighbors(vectors)).toarray()
    weights[7] = weights[:, 7] = 0
    start = _axes(vectors, 2)
    start[7] = 1e3
    positions = layout(csr_array(weights), start)
    box = np.ptp(positions, axis=0).max()
    assert np.ptp(np.delete(positions, 7, axis=0), axis=0).max() > 0.25 * box


def _same_nearest(positions: NDArray[np.floating], clusters: NDArray[np.int64]) -> float:
    """Return the share of each point's 10 nearest neighbors that belong to its cluster."""
    found = NearestNeighbors(n_neighbors=11).fit(positions).kneighbors(return_distance=False)
    return float((clusters[found[:, :10]] == clusters[:, None]).mean())
