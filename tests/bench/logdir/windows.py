"""A page as a window of the whole layout, compared with a layout of its own, and with openTSNE."""

import time
from collections.abc import Callable
from functools import partial

import numpy as np
from numpy.typing import NDArray
from openTSNE import TSNEEmbedding
from openTSNE.affinity import PrecomputedAffinities
from scipy.sparse import csr_matrix
from sklearn.manifold import trustworthiness

from imgrec.layouts.fuzzy_graph import fuzzy_graph, part_of
from imgrec.layouts.kept import TITLES, make_layout
from imgrec.layouts.reduction import main_axes
from imgrec.layouts.umap import umap_positions
from imgrec.neighbors.graph import exact_neighbors
from imgrec.store.features import Block, FeatureStore
from layouts import synthetic
from machine import rows

HEADS = ("layout of a page", "way", "CPU s", "trustworthiness")
_DIMENSIONS, _COLUMNS, _SAMPLE = 256, 50, 2_500


def measured(count: int) -> str:
    """Return CPU seconds and trustworthiness of the layouts of a page, a third of `count`."""
    vectors = synthetic(count, _DIMENSIONS)
    centered = vectors - vectors.mean(axis=0)
    axes = np.linalg.svd(centered[:5_000], full_matrices=False)[2][:_COLUMNS]
    columns = (centered @ axes.T).astype(np.float32)
    ids = np.arange(1, count + 1)
    neighbors = exact_neighbors(FeatureStore("made", _DIMENSIONS, [Block(ids, vectors)]), 15)
    graph, start = fuzzy_graph(neighbors), main_axes(columns)
    # The pictures that lie lowest on the first axis.
    page = np.sort(np.argsort(start[:, 0], kind="stable")[: count // 3])
    part, own = part_of(graph, page, columns[page]), main_axes(columns[page])
    lines = []
    for dimensions in (2, 3):
        whole = umap_positions(graph, start[:, :dimensions])[page]
        alone = own[:, :dimensions]
        for method in ("umap", "tsne"):
            ways: dict[str, Callable[[], NDArray[np.floating]]] = {
                "window of the whole": partial(make_layout, method, part, whole, 0, True),
                ("alone, from UMAP" if method == "tsne" else "alone"): partial(
                    make_layout, method, part, alone, 0, False
                ),
            }
            if method == "tsne":
                ways["openTSNE from the axes, 300 iterations"] = partial(_open_tsne, part, alone)
            title = f"{TITLES[method]}, {dimensions}-D"
            lines += [[title, way, *_cells(make, vectors[page])] for way, make in ways.items()]
    name = f"{len(page):,} of {count:,} × {_DIMENSIONS}"
    return rows([f"{HEADS[0]}, {name}", *HEADS[1:]], lines)


def _open_tsne(graph: object, start: NDArray[np.float32]) -> NDArray[np.floating]:
    """Return the positions by openTSNE's usual way: early exaggeration, then as many again."""
    grid = start.shape[1] == 2
    embedding = TSNEEmbedding(
        1e-4 * start / start.std(axis=0).max(),
        PrecomputedAffinities(csr_matrix(graph, dtype=np.float64, copy=True)),
        negative_gradient_method="fft" if grid else "bh",
        theta=1.0,
        n_jobs=1,
        random_state=0,
    )
    for iterations, exaggeration in ((100, 12), (200, 1)):
        embedding = embedding.optimize(iterations, exaggeration=exaggeration, momentum=0.8)
    return np.asarray(embedding)


def _cells(make: Callable[[], NDArray[np.floating]], vectors: NDArray[np.float32]) -> list[str]:
    started = time.process_time()
    positions = make()
    spent = time.process_time() - started
    sample = np.random.default_rng(0).permutation(len(vectors))[:_SAMPLE]
    kept = trustworthiness(vectors[sample], positions[sample], n_neighbors=10, metric="cosine")
    return [f"{spent:.1f}", f"{kept:.4f}"]
