"""UMAP from the k-NN graph of a store, compared with umap-learn from the vectors."""

import sys
import time
import warnings
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from sklearn.manifold import trustworthiness

from imgrec.layouts.fuzzy_graph import fuzzy_graph
from imgrec.layouts.umap import umap_layout
from imgrec.neighbors.graph import exact_neighbors
from imgrec.neighbors.neighbors import Neighbors
from imgrec.store.features import Block, FeatureStore
from machine import rows

_SAMPLE = 3_000
_SEED = 20


@dataclass(frozen=True)
class Made:
    """A layout of n pictures.

    Attributes:
        seconds: without compiling.
        trustworthiness: for 15 neighbors, over a sample of `_SAMPLE` pictures, 0 to 1.
    """

    seconds: float
    trustworthiness: float


def measured(n: int = 50_000, dimensions: int = 2048) -> str:
    """Return seconds and trustworthiness of both as a table."""
    ours, theirs = compared(synthetic(n, dimensions))
    lines = [
        ["projector.layouts, from the k-NN graph", *_cells(ours)],
        ["umap-learn, from the vectors", *_cells(theirs)],
    ]
    return rows([f"UMAP of {n:,} × {dimensions}, 2-D", "s", "trustworthiness"], lines)


def compared(vectors: NDArray[np.float32]) -> tuple[Made, Made]:
    """Return the layout from the graph of unit vectors (n, d), and that by umap-learn."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        from umap import UMAP

        small = vectors[:500]
        # Warm-up, which compiles the loops.
        umap_layout(fuzzy_graph(_graph_of(small)), _axes(small))
        UMAP().fit(vectors[:5_000])
        neighbors, start = _graph_of(vectors), _axes(vectors)
        ours = _timed(lambda: umap_layout(fuzzy_graph(neighbors), start), vectors)
        theirs = _timed(lambda: UMAP().fit_transform(vectors), vectors)
    return ours, theirs


def synthetic(n: int, dimensions: int) -> NDArray[np.float32]:
    """Return unit vectors (n, d) in clusters, without negative values."""
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


def _timed(make: Callable[[], NDArray[np.float32]], vectors: NDArray[np.float32]) -> Made:
    started = time.perf_counter()
    positions = make()
    spent = time.perf_counter() - started
    sample = np.random.default_rng(_SEED).permutation(len(vectors))[:_SAMPLE]
    kept = trustworthiness(vectors[sample], positions[sample], n_neighbors=15, metric="cosine")
    return Made(spent, float(kept))


def _graph_of(vectors: NDArray[np.float32]) -> Neighbors:
    ids = np.arange(1, len(vectors) + 1)
    return exact_neighbors(FeatureStore("synthetic", vectors.shape[1], [Block(ids, vectors)]), 15)


def _axes(vectors: NDArray[np.float32]) -> NDArray[np.float32]:
    centered = vectors[:20_000] - vectors.mean(axis=0)
    axes = np.linalg.eigh(centered.T @ centered)[1][:, :-3:-1]
    return vectors @ axes


def _cells(made: Made) -> list[str]:
    return [f"{made.seconds:.1f}", f"{made.trustworthiness:.3f}"]


if __name__ == "__main__":
    sys.stdout.write(measured(*map(int, sys.argv[1:])))
