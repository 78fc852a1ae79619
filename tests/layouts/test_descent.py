"""The descent: its forces, its draws, and the same bytes in any number of threads."""

import re
import warnings
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pytest
from numpy.typing import NDArray
from scipy.optimize import curve_fit
from scipy.sparse import csr_array
from sklearn.datasets import load_digits
from sklearn.decomposition import PCA
from sklearn.manifold import trustworthiness

from imgrec.layouts import descent, forces
from imgrec.layouts.descent import descend
from imgrec.layouts.fuzzy_graph import fuzzy_graph
from imgrec.layouts.umap import framed, scattered, umap_layout, umap_positions
from imgrec.neighbors.graph import exact_neighbors
from imgrec.store.features import Block, FeatureStore
from paths import ROOT

Matrix = NDArray[np.float32]


def _graph(vectors: Matrix, k: int = 15) -> csr_array:
    ids = np.arange(1, len(vectors) + 1)
    return fuzzy_graph(
        exact_neighbors(FeatureStore("flat", vectors.shape[1], [Block(ids, vectors)]), k)
    )


def _random_graph(n: int, seed: int = 0) -> csr_array:
    """Return a symmetric graph with edges of all weights, and rows of very different length."""
    rng = np.random.default_rng(seed)
    upper = np.triu(rng.random((n, n)) * (rng.random((n, n)) < 0.04), 1)
    # A hub: joined to all.
    upper[0, 1:] = 0.5
    return csr_array((upper + upper.T).astype(np.float32))


def _pairs(count: int, weights: Sequence[float]) -> csr_array:
    """Return a graph of pairs (2 i, 2 i + 1), `count` of each weight."""
    of_pair = np.repeat(np.float32(weights), count)
    first = 2 * np.arange(len(of_pair))
    rows, others = np.concatenate([first, first + 1]), np.concatenate([first + 1, first])
    n = 2 * len(of_pair)
    return csr_array((np.tile(of_pair, 2), (rows, others)), shape=(n, n))


def test_the_curve_is_the_best_fit_to_the_wanted_weights() -> None:
    distance = np.linspace(0, 3, 300)
    wanted = np.where(distance < 0.1, 1, np.exp(0.1 - distance))
    (a, b), _ = curve_fit(lambda d, a, b: 1 / (1 + a * d ** (2 * b)), distance, wanted)
    assert pytest.approx((a, b), rel=1e-3) == (forces.A, forces.B)


@pytest.mark.parametrize("squared", [1e-3, 0.04, 0.7, 1.0, 3.3, 50.0, 4000.0])
def test_forces_are_the_gradients_of_the_logarithms_of_the_weights(squared: float) -> None:
    def joined(s: float) -> float:
        return float(-np.log1p(forces.A * s**forces.B))

    def apart(s: float) -> float:
        return float(np.log(forces.A * s**forces.B) - np.log1p(forces.A * s**forces.B))

    def slope(function: Callable[[float], float]) -> float:
        step = 1e-4 * squared
        # By the chain rule the gradient is twice this, times the difference of the positions.
        return 2 * (function(squared + step) - function(squared - step)) / (2 * step)

    attraction, repulsion = forces.force_tables()
    place = (int(np.float32(squared).view(np.int32)) >> forces.SHIFT) - forces.FIRST
    assert attraction[place] == pytest.approx(slope(joined), rel=0.02)
    softened = squared / (squared + 0.001)
    assert repulsion[place] == pytest.approx(slope(apart) * softened, rel=0.02)


@pytest.mark.parametrize("count", [2, 3])
def test_threads_and_tasks_do_not_change_a_byte(
    count: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    graph = _random_graph(230)
    start = 5 * np.random.default_rng(1).normal(size=(230, count))
    alone = descend(graph, start, 60, seed=2)
    assert np.isfinite(alone).all()
    assert not np.array_equal(alone, start.astype(np.float32))
    for threads, rows in ((1, 230), (1, 17), (2, 17), (3, 8)):
        with ThreadPoolExecutor(threads) as pool:

            def shared(function: Callable[[slice], None], tasks: Sequence[slice]) -> None:
                # In another order than the rows.
                list(pool.map(function, tasks[::-1]))

            monkeypatch.setattr(descent, "in_threads", shared)
            monkeypatch.setattr(descent, "_TASK_ROWS", rows)
            assert descend(graph, start, 60, seed=2).tobytes() == alone.tobytes(), (threads, rows)


@pytest.mark.parametrize("count", [2, 3])
def test_only_those_move_that_are_told_to(count: int, monkeypatch: pytest.MonkeyPatch) -> None:
    graph = _random_graph(230)
    rng = np.random.default_rng(1)
    start = np.asarray(5 * rng.normal(size=(230, count)), np.float32)
    moving = rng.random(230) < 0.2
    found = descend(graph, start, 31, seed=2, moving=moving)
    assert np.array_equal(found[~moving], start[~moving])
    assert (found[moving] != start[moving]).any(axis=1).all()
    monkeypatch.setattr(descent, "_TASK_ROWS", 7)
    assert descend(graph, start, 31, seed=2, moving=moving).tobytes() == found.tobytes()
    assert np.array_equal(descend(graph, start, 3, moving=np.zeros(230, np.bool_)), start)


@pytest.mark.parametrize("count", [2, 3])
def test_attraction_moves_no_center_of_mass(count: int, monkeypatch: pytest.MonkeyPatch) -> None:
    attraction, repulsion = forces.force_tables()
    monkeypatch.setattr(descent, "force_tables", lambda: (attraction, 0 * repulsion))
    graph = _random_graph(200)
    start = 3 * np.random.default_rng(1).normal(size=(200, count))
    ended = descend(graph, start, 50)
    assert np.allclose(ended.mean(axis=0), start.mean(axis=0), atol=1e-4)
    assert ended.std() < 0.5 * start.std()


def test_an_edge_is_drawn_in_proportion_to_its_weight(monkeypatch: pytest.MonkeyPatch) -> None:
    # Each draw brings a pair nearer by the same factor, whatever its distance.
    constant = np.full(forces.LAST + 1, -0.001, np.float32)
    monkeypatch.setattr(descent, "force_tables", lambda: (constant, 0 * constant))
    monkeypatch.setattr(descent, "_MOMENTUM", 0)
    weights, count = (1.0, 0.5, 0.1), 500
    graph = _pairs(count, weights)
    start = np.random.default_rng(0).normal(size=(graph.shape[0], 2))
    ended = descend(graph, start, 100)

    def apart(positions: NDArray[np.floating]) -> NDArray[np.float64]:
        return np.linalg.norm((positions[::2] - positions[1::2]).astype(np.float64), axis=1)

    nearer = np.log(apart(ended) / apart(start)).reshape(len(weights), count).mean(axis=1)
    assert nearer / nearer[0] == pytest.approx(weights, rel=0.03)


def test_the_pairs_drawn_in_an_epoch_are_not_the_same_in_the_next() -> None:
    graph = _pairs(300, (1.0, 0.5))
    start = np.random.default_rng(0).normal(size=(graph.shape[0], 2))
    one, two = (descend(graph, start, 1, seed, rate=1e-3) for seed in (0, 1))
    moved = [(made != start.astype(np.float32)).any(axis=1)[600:] for made in (one, two)]
    # Both ends move, or none of them.
    assert all((found[::2] == found[1::2]).all() for found in moved)
    assert 0.3 < (moved[0] == moved[1]).mean() < 0.7


@pytest.mark.parametrize("count", [2, 3])
def test_a_ring_stays_a_ring(count: int) -> None:
    angle = np.linspace(0, 2 * np.pi, 300, endpoint=False)
    basis = np.linalg.qr(np.random.default_rng(0).normal(size=(20, 3)))[0]
    ring = np.stack([np.cos(angle), np.sin(angle), np.full(300, 2.0)], axis=1)
    vectors = (ring @ basis.T).astype(np.float32)
    start = PCA(count, random_state=0).fit_transform(vectors)
    found = umap_layout(_graph(vectors, 10), start)
    plane = PCA(2).fit_transform(found)
    turned = np.unwrap(np.arctan2(plane[:, 1], plane[:, 0]))
    steps = np.diff(turned) * np.sign(turned[-1] - turned[0])
    assert abs(turned[-1] - turned[0]) == pytest.approx(2 * np.pi, abs=0.1)
    # Neighbors may change places where the thread is wound.
    assert (steps > 0).mean() > 0.9
    assert trustworthiness(vectors, found, n_neighbors=10) > 0.97


def test_it_is_as_trustworthy_as_umap_learn() -> None:
    with warnings.catch_warnings():
        # umap-learn warns that TensorFlow is missing.
        warnings.simplefilter("ignore", ImportWarning)
        from umap.umap_ import simplicial_set_embedding
    vectors = load_digits().data.astype(np.float32)[:600]
    unit = vectors / np.linalg.norm(vectors, axis=1, keepdims=True)
    graph = _graph(vectors)
    start = PCA(2, random_state=0).fit_transform(unit)
    theirs, _ = simplicial_set_embedding(
        data=None, graph=graph.copy(), n_components=2, initial_alpha=1.0, a=forces.A, b=forces.B,
        gamma=1.0, negative_sample_rate=5, init=scattered(start, 0), n_epochs=200,
        random_state=np.random.RandomState(0), metric="euclidean", metric_kwds={}, densmap=False,
        densmap_kwds={}, output_dens=False,
    )  # fmt: skip
    ours = umap_layout(graph, start, epochs=200)
    both = ours, theirs
    trusted = [trustworthiness(unit, made, n_neighbors=15) for made in both]
    # With the roles exchanged it is the continuity.
    continuous = [trustworthiness(made, unit, n_neighbors=15) for made in both]
    assert trusted[0] > trusted[1] - 0.005 > 0.9
    assert continuous[0] > continuous[1] - 0.005 > 0.9


def test_a_hub_and_a_weight_above_all_others_do_no_harm() -> None:
    graph = _random_graph(300)
    start = np.random.default_rng(0).normal(size=(300, 2))
    assert np.abs(umap_positions(graph, start)).max() < 100
    graph.data[:] = np.where(graph.data == graph.data.max(), 1e6, graph.data)
    made = umap_positions(graph, start)
    assert np.isfinite(made).all()
    assert np.abs(made).max() < 100


@pytest.mark.parametrize("count", [2, 3])
def test_equal_positions_and_no_edges_give_numbers(count: int) -> None:
    nothing = csr_array((40, 40), dtype=np.float32)
    assert np.isfinite(descend(nothing, np.ones((40, count)), 20)).all()
    one = descend(_random_graph(40), np.ones((40, count)), 20)
    assert np.isfinite(one).all()


def test_a_placed_start_is_not_moved_into_the_box() -> None:
    vectors = load_digits().data.astype(np.float32)[:600]
    graph = _graph(vectors)
    whole = umap_positions(graph, PCA(2, random_state=0).fit_transform(vectors))
    assert np.array_equal(umap_positions(graph, whole, epochs=0, placed=True), whole)
    again = umap_positions(graph, whole, epochs=100, placed=True)
    assert not np.array_equal(again, whole)
    # Where a picture was there it remains, within some of the widths of a group.
    assert np.median(np.linalg.norm(again - whole, axis=1)) < 0.1 * np.ptp(whole, axis=0).max()
    assert np.array_equal(
        umap_layout(graph, whole, epochs=100, placed=True),
        framed(again),
    )


def test_no_module_of_the_product_imports_umap_learn() -> None:
    files = [
        path for top in ("imgrec", "graph", "projector") for path in (ROOT / top).rglob("*.py")
    ]
    wanted = re.compile(r"^\s*(import|from) (umap|pynndescent)\b", re.MULTILINE)
    assert len(files) > 100
    assert [path for path in files if wanted.search(path.read_text("utf-8"))] == []
