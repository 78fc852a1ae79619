"""The k-NN graph of imgrec, built and grown, compared with pynndescent, faiss and scikit-learn."""

import shutil
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from collection import DIMENSIONS, FIRST_ID, Place, written
from imgrec import Store
from imgrec.neighbors.by_cells import approximate_lists
from imgrec.neighbors.by_cuda import cuda_device, lists_on
from imgrec.neighbors.by_products import nearest, recall
from imgrec.neighbors.graph import K, exact_neighbors, knn_graph_of
from imgrec.neighbors.lists import Lists, Rows, inverse_lengths
from imgrec.store.features import Block, FeatureStore
from machine import rows
from measuring import apart, paragraph, tell

# Sizes at which other libraries are measured too.
_BESIDE = (20_000, 100_000)
# Vectors of a warm-up graph, so that nothing is compiled during the measurement.
_WARM = 500
# The share of pictures that is added, and the share that is removed.
_LATER = 0.01
_LIBRARIES = ("imgrec.neighbors.kernels", "sklearn.decomposition")
_TRUTH = "truth.npy"
_HEADS = ("method", "s", "CPU s", f"recall@{K}", "memory MB")


@dataclass(frozen=True)
class _Made:
    """A built graph: its time, and its recall against exact search."""

    seconds: float
    cpu_s: float
    recall: float
    told: str = ""


def measured(work: Path, count: int) -> str:
    """Return tables of seconds, recall and memory: of all methods, and of a growing graph."""
    sizes = [size for size in _BESIDE if size < count]
    tables = [_table(_place(work, size), (*_OURS, *_OTHERS)) for size in sizes]
    place = _place(work, count)
    beside = _OTHERS if count <= _BESIDE[-1] else ()
    tables.append(_table(place, (*_OURS[1:], *beside)))
    return "\n".join([*tables, _growing(place), paragraph(_NOTES)])


def _place(work: Path, count: int) -> Place:
    """Return a collection, and write it if it does not exist."""
    place = Place(work / f"vectors-{count}", count)
    if not (place.folder / _TRUTH).is_file():
        tell(f"neighbors: writing {count} vectors, and finding the exact neighbors")
        apart(written, place)
        shutil.rmtree(place.store / "features" / "rgb")
        place.matrix.unlink()
        apart(_find_truth, place)
    return place


def _find_truth(place: Place) -> None:
    with Store.open(place.store) as store:
        feature = store.feature()
    sample = np.linspace(0, len(feature) - 1, min(1000, len(feature))).astype(np.intp)
    true = nearest(feature, inverse_lengths(feature), sample, K)
    np.save(place.folder / _TRUTH, np.column_stack([sample, true.rows]))


def _table(place: Place, ways: "tuple[tuple[str, Callable[[Place], _Made]], ...]") -> str:
    lines = []
    for name, way in ways:
        tell(f"neighbors: {name} of {place.count}")
        made, peak_mb = apart(way, place, libraries=_LIBRARIES)
        lines.append([name, *_cells(made), f"{peak_mb:.0f}"])
    heads = (f"{place.count:,} × {DIMENSIONS}", *_HEADS[1:])
    return rows(heads, lines)


def _cells(made: _Made) -> list[str]:
    return [f"{made.seconds:.1f}", f"{made.cpu_s:.1f}", f"{made.recall:.4f}"]


def _timed(place: Place, make: Callable[[], Rows]) -> _Made:
    """Time a function that returns the nearest rows (n, k) of all pictures."""
    truth = np.load(place.folder / _TRUTH)
    wall, cpu = time.perf_counter(), time.process_time()
    found = make()
    wall, cpu = time.perf_counter() - wall, time.process_time() - cpu
    pairs = zip(found[truth[:, 0]].tolist(), truth[:, 1:].tolist(), strict=True)
    share = sum(len({*a} & {*b}) for a, b in pairs) / truth[:, 1:].size
    return _Made(wall, cpu, share)


def _feature(place: Place) -> FeatureStore:
    with Store.open(place.store) as store:
        return store.feature()


def _exact(place: Place) -> _Made:
    feature = _feature(place)
    return _timed(place, lambda: exact_neighbors(feature, K).rows())


def _approximate(place: Place) -> _Made:
    feature = _feature(place)
    return _timed(place, lambda: approximate_lists(feature, K).rows)


def _cuda(place: Place) -> _Made:
    feature = _feature(place)
    lists_on("cuda", _small(feature), K)
    return _timed(place, lambda: lists_on("cuda", feature, K).rows)


def _pynndescent(place: Place) -> _Made:
    from pynndescent import NNDescent

    vectors = _feature(place).load()

    def make(of: NDArray[np.float32]) -> Rows:
        graph, _ = NNDescent(of, "cosine", n_neighbors=K + 1, random_state=0).neighbor_graph
        return np.asarray(graph[:, 1:])

    make(vectors[:_WARM])
    return _timed(place, lambda: make(vectors))


def _faiss(place: Place) -> _Made:
    """Search an HNSW index for each of its own vectors."""
    import faiss

    vectors = _feature(place).load()

    def make(of: NDArray[np.float32]) -> Rows:
        units = of / np.linalg.norm(of, axis=1, keepdims=True)
        index = faiss.IndexHNSWFlat(DIMENSIONS, 16, faiss.METRIC_INNER_PRODUCT)
        index.hnsw.efConstruction, index.hnsw.efSearch = 80, 48
        index.add(units)
        return np.asarray(index.search(units, K + 1)[1][:, 1:])

    make(vectors[:_WARM])
    return _timed(place, lambda: make(vectors))


def _scikit_learn(place: Place) -> _Made:
    from sklearn.neighbors import NearestNeighbors

    vectors = _feature(place).load()
    brute = NearestNeighbors(metric="cosine", algorithm="brute")
    return _timed(
        place, lambda: brute.fit(vectors).kneighbors(n_neighbors=K, return_distance=False)
    )


def _small(feature: FeatureStore) -> FeatureStore:
    return FeatureStore(
        "small", DIMENSIONS, [Block(np.arange(_WARM), feature.take_rows(np.arange(_WARM)))]
    )


_OURS: tuple[tuple[str, Callable[[Place], _Made]], ...] = (
    ("imgrec, exact", _exact),
    ("imgrec, by cells", _approximate),
    *((("imgrec, exact on CUDA", _cuda),) if cuda_device() else ()),
)
_OTHERS: tuple[tuple[str, Callable[[Place], _Made]], ...] = (
    ("pynndescent, defaults", _pynndescent),
    ("faiss HNSW, M 16, efConstruction 80, efSearch 48", _faiss),
    ("scikit-learn, brute force", _scikit_learn),
)
_NOTES = (
    "each in a fresh process; loops were compiled before; memory: the peak without mapped files "
    "and imported libraries; it includes the vectors if a library needs them in memory",
    "recall: share of the exact nearest neighbors found, for 1,000 evenly spread pictures",
)


def _growing(place: Place) -> str:
    """Return the table of the kept graph: built, and updated after added and removed pictures."""
    later = max(1, int(_LATER * place.count))
    ids = np.random.default_rng(0).permutation(place.count)[: 2 * later] + FIRST_ID
    come, go = ids[:later], ids[later:]
    shutil.rmtree(place.store / "knn", ignore_errors=True)
    lines = []
    for name, some, status in (
        ("built and kept", come, "missing"),
        (f"{later:,} pictures added", come, "ok"),
        (f"{later:,} pictures removed", go, "missing"),
    ):
        tell(f"neighbors: {name}")
        _set_status(place, some, status)
        made, peak_mb = apart(_kept, place, libraries=_LIBRARIES)
        lines.append([name, *_cells(made), f"{peak_mb:.0f}", made.told])
    _set_status(place, go, "ok")
    return rows(("graph of the store, with its own recall check", *_HEADS[1:], "message"), lines)


def _kept(place: Place) -> _Made:
    with Store.open(place.store) as store:
        wall, cpu = time.perf_counter(), time.process_time()
        graph = knn_graph_of(store)
        wall, cpu = time.perf_counter() - wall, time.process_time() - cpu
        feature = store.feature()
    lists = Lists(graph.neighbors.rows(), graph.neighbors.distances)
    share, _ = recall(feature, inverse_lengths(feature), lists)
    return _Made(wall, cpu, share, graph.line())


def _set_status(place: Place, ids: NDArray[np.int64], status: str) -> None:
    with Store.create(place.store) as store, store.catalog.transaction() as db:
        db.executemany("UPDATE images SET status = ? WHERE id = ?",
                       [(status, int(i)) for i in ids])  # fmt: skip
