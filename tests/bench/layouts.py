"""UMAP from the k-NN graph, beside umap-learn's descent over the same graph from the same start.

    python tests/bench/layouts.py 50000 100000
    python tests/bench/layouts.py --store DIR      # each feature of a store

CPU seconds are those of the whole process, compiling left out. Quality is that of the 15 nearest
of a sample of pictures among all: the share of neighbors kept; trustworthiness, which falls by
strangers among the neighbors in the layout; continuity, which falls by neighbors far in it.

Source: Venna and Kaski 2001, Neighborhood preservation in nonlinear projection methods.
"""

import argparse
import sys
import time
import warnings
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray
from scipy.spatial import KDTree

sys.path.insert(1, str(Path(__file__).parent))
sys.path.insert(1, str(Path(__file__).parent / "search"))

import collection
from imgrec import Store
from imgrec.layouts.forces import A, B
from imgrec.layouts.fuzzy_graph import fuzzy_graph
from imgrec.layouts.reduction import main_axes
from imgrec.layouts.umap import scattered, umap_layout
from imgrec.neighbors.by_cells import approximate_lists
from imgrec.neighbors.graph import K, exact_neighbors
from imgrec.neighbors.neighbors import Neighbors
from imgrec.store.features import Block, FeatureStore
from machine import described, rows, write

if TYPE_CHECKING:
    from scipy.sparse import csr_array

_SAMPLE = 1_000
_SEED = 20
_EXACT = 20_000
_BLOCK_ROWS = 100

Matrix = NDArray[np.float32]


@dataclass(frozen=True)
class Made:
    """A layout of n pictures.

    Attributes:
        cpu_s, elapsed_s: without compiling.
        trustworthiness, continuity, kept: of the neighbors of a sample, 0 to 1.
    """

    cpu_s: float
    elapsed_s: float
    trustworthiness: float
    continuity: float
    kept: float


def measured(n: int = 50_000, dimensions: int = 2048) -> str:
    """Return the table of `compared` for synthetic vectors in many clusters, by a power law."""
    return table(f"{n:,} × {dimensions}, synthetic", collection.synthetic(n, dimensions))


def of_few_clusters(n: int, dimensions: int) -> str:
    """Return the table of `compared` for synthetic vectors in few clusters."""
    return table(f"{n:,} × {dimensions}, in few clusters", synthetic(n, dimensions))


def of_store(path: Path) -> str:
    """Return the table of `compared` for each feature of a store."""
    with Store.open(path) as store:
        features = {name: store.feature(name).load() for name in store.feature_names()}
    return "\n".join(
        table(f"{len(vectors):,} × {vectors.shape[1]}, {name}", _unit(vectors))
        for name, vectors in features.items()
    )


def table(title: str, vectors: Matrix) -> str:
    """Return both layouts of unit vectors (n, d), in two and three dimensions, as a table."""
    found = compared(vectors)
    lines = [
        [
            name,
            f"{made.cpu_s:.1f}",
            f"{made.elapsed_s:.1f}",
            *(f"{value:.4f}" for value in (made.trustworthiness, made.continuity, made.kept)),
        ]
        for name, made in found.items()
    ]
    return rows([title, "CPU s", "s", "trustworthiness", "continuity", "neighbors kept"], lines)


def compared(vectors: Matrix) -> dict[str, Made]:
    """Return layouts from the graph of unit vectors (n, d): imgrec's, and umap-learn's."""
    neighbors = _graph_of(vectors)
    graph = fuzzy_graph(neighbors)
    axes = main_axes(vectors)
    quality = _Quality(vectors)
    found = {}
    for count in (2, 3):
        for name, make in (("imgrec", umap_layout), ("umap-learn", _umap_learn)):
            # The loops are compiled.
            make(graph[:500][:, :500].tocsr(), axes[:500, :count])
            found[f"{name}, {count}-D"] = _timed(make, graph, axes[:, :count], quality)
    return found


def synthetic(n: int, dimensions: int) -> NDArray[np.float32]:
    """Return unit vectors (n, d) in up to 100 clusters of one size, without negative values."""
    rng = np.random.default_rng(_SEED)
    clusters, latent = max(1, min(100, n // 50)), 64
    centers = rng.standard_normal((clusters, latent), np.float32)
    layer = rng.standard_normal((latent, dimensions), np.float32)
    of_row = rng.integers(clusters, size=n)
    vectors = np.empty((n, dimensions), np.float32)
    for start in range(0, n, 4_096):
        block = centers[of_row[start : start + 4_096]]
        block = block + np.float32(0.5) * rng.standard_normal(block.shape, np.float32)
        vectors[start : start + 4_096] = np.maximum(block @ layer, 0)
    vectors /= np.linalg.norm(vectors, axis=1, keepdims=True)
    return vectors


def _timed(
    make: Callable[["csr_array", Matrix], Matrix],
    graph: "csr_array",
    start: Matrix,
    quality: "_Quality",
) -> Made:
    cpu, elapsed = time.process_time(), time.perf_counter()
    positions = make(graph, start)
    cpu, elapsed = time.process_time() - cpu, time.perf_counter() - elapsed
    return Made(cpu, elapsed, *quality.of(positions))


def _umap_learn(graph: "csr_array", start: Matrix) -> Matrix:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        from umap.umap_ import simplicial_set_embedding
    made, _ = simplicial_set_embedding(
        data=None, graph=graph.copy(), n_components=start.shape[1], initial_alpha=1.0, a=A, b=B,
        gamma=1.0, negative_sample_rate=5, init=scattered(start, _SEED),
        n_epochs=300 if len(start) <= 10_000 else 200,
        random_state=np.random.RandomState(_SEED), metric="euclidean", metric_kwds={},
        densmap=False, densmap_kwds={}, output_dens=False,
    )  # fmt: skip
    return np.asarray(made, np.float32)


class _Quality:
    """The ranks of all n pictures for each of a sample of s, by cosine."""

    def __init__(self, vectors: Matrix) -> None:
        n = len(vectors)
        self.sample = np.random.default_rng(_SEED).permutation(n)[:_SAMPLE]
        self.ranks = np.empty((len(self.sample), n), np.int32)
        for start in range(0, len(self.sample), _BLOCK_ROWS):
            own = self.sample[start : start + _BLOCK_ROWS]
            nearness = vectors[own] @ vectors.T
            self.ranks[start : start + _BLOCK_ROWS] = _ranked(-nearness, own)

    def of(self, positions: Matrix) -> tuple[float, float, float]:
        """Return trustworthiness, continuity and the share of neighbors kept of a layout."""
        n, s = len(positions), len(self.sample)
        _, near = KDTree(positions).query(positions[self.sample], K + 1)
        of_near = np.take_along_axis(self.ranks, near, axis=1)
        # A picture is its own nearest, at rank 0, unless others lie on the same point.
        of_near = np.sort(of_near, axis=1)[:, 1:].astype(np.int64)
        lost = 0
        for start in range(0, s, _BLOCK_ROWS):
            own = self.sample[start : start + _BLOCK_ROWS]
            apart = np.square(positions[own, None] - positions[None]).sum(axis=2)
            there = _ranked(apart, own)
            wanted = self.ranks[start : start + _BLOCK_ROWS] <= K
            lost += int(np.maximum(there[wanted].astype(np.int64) - K, 0).sum())
        most = s * K * (2 * n - 3 * K - 1) / 2
        strangers = int(np.maximum(of_near - K, 0).sum())
        return 1 - strangers / most, 1 - lost / most, float((of_near <= K).mean())


def _ranked(distances: NDArray[np.floating], own: NDArray[np.intp]) -> NDArray[np.int32]:
    """Return the rank (b, n) of each picture by its distance, 0 for the picture itself."""
    distances[np.arange(len(own)), own] = -np.inf
    order = distances.argsort(axis=1)
    ranks = np.empty(distances.shape, np.int32)
    places = np.broadcast_to(np.arange(distances.shape[1], dtype=np.int32), order.shape)
    np.put_along_axis(ranks, order, places, axis=1)
    return ranks


def _graph_of(vectors: Matrix) -> Neighbors:
    ids = np.arange(1, len(vectors) + 1)
    feature = FeatureStore("synthetic", vectors.shape[1], [Block(ids, vectors)])
    if len(vectors) <= _EXACT:
        return exact_neighbors(feature, K)
    lists = approximate_lists(feature, K)
    return Neighbors(ids, ids[lists.rows], lists.distances)


def _unit(vectors: Matrix) -> Matrix:
    return vectors / np.maximum(np.linalg.norm(vectors, axis=1, keepdims=True), 1e-12)


def main() -> int:
    """Print a table for each size, or for each feature of a store."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("sizes", type=int, nargs="*", metavar="N")
    parser.add_argument("--dimensions", type=int, default=2048)
    parser.add_argument("--few", action="store_true", help="vectors in few clusters of one size")
    parser.add_argument("--store", type=Path)
    arguments = parser.parse_args()
    write(f"{described()}\n")
    for n in arguments.sizes:
        measure = of_few_clusters if arguments.few else measured
        write(measure(n, arguments.dimensions) + "\n")
    if arguments.store:
        write(of_store(arguments.store))
    return 0


if __name__ == "__main__":
    sys.exit(main())
