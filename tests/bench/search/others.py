"""Other libraries on the same vectors, each in a process of its own."""

from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from threadpoolctl import threadpool_limits

from collection import Place, opened
from imgrec.encoders.spec import Vectors
from machine import seconds
from measuring import K, Row, apart, asked, size_mb, tell
from reference import Reference

_PROJECTED = 256
# Number of rows that the projection is fitted to.
_SAMPLE = 50_000
_BLOCK = 8192
# Search breadths of a graph, and the number of candidates compared exactly: the first is always
# measured, the next ones until the recall is reached.
_BREADTHS = ((64, 64), (128, 100), (256, 100), (512, 100), (512, 200), (512, 400))
_RECALL = 0.998
_LINKS, _EF_BUILD = 16, 100
# The lists of an inverted file, those that are read, and the axes and candidates beside it.
_LISTS, _PROBES, _LIST_AXES, _LIST_CANDIDATES = 1024, (32, 64), 128, 100

Search = Callable[[Vectors, int, int], NDArray[np.int64]]


def measured(place: Place) -> list[Row]:
    """Return the measurements of the other libraries for cosine."""
    rows: list[Row] = []
    for name, function, libraries in (
        ("numpy", _numpy, ()),
        ("scikit-learn", _sklearn, ("sklearn.neighbors",)),
        ("faiss, exact", _faiss_flat, ("faiss",)),
    ):
        tell(f"{place.count}: {name}")
        row, peak_mb = apart(function, place, libraries=libraries)
        rows.append(replace(row, memory_mb=peak_mb))
    tell(f"{place.count}: the projection to {_PROJECTED} dimensions")
    projecting_s, _ = apart(_project, place)
    for name, graph, libraries in (
        ("faiss HNSW", _faiss_graph, ("faiss",)),
        ("usearch HNSW", _usearch_graph, ("usearch.index",)),
    ):
        tell(f"{place.count}: {name}")
        of_graph, peak_mb = apart(_by_graph, place, name, graph, libraries=libraries)
        rows += [
            replace(row, build_s=(row.build_s or 0) + projecting_s, memory_mb=peak_mb)
            for row in of_graph
        ]
    tell(f"{place.count}: faiss IVF, SQ8")
    of_lists, peak_mb = apart(_by_lists, place, libraries=("faiss",))
    return rows + [
        replace(row, build_s=(row.build_s or 0) + projecting_s, memory_mb=peak_mb)
        for row in of_lists
    ]


def _numpy(place: Place) -> Row:
    matrix, reference = opened(place), Reference.load(place)

    def ask(row: int) -> NDArray[np.int64]:
        products = matrix @ matrix[row]  # (n,)
        products[row] = -np.inf
        return _largest(products, K)

    return _asked_plain("numpy, `X @ q` on the mapped file", ask, reference, build_s=0.0)


def _sklearn(place: Place) -> Row:
    from sklearn.neighbors import NearestNeighbors

    matrix, reference = opened(place), Reference.load(place)
    neighbors = NearestNeighbors(n_neighbors=K + 1, algorithm="brute", metric="cosine")
    build_s = seconds(lambda: neighbors.fit(matrix))

    def ask(row: int) -> NDArray[np.int64]:
        found = neighbors.kneighbors(matrix[row][None], return_distance=False)[0]
        return found[found != row][:K]

    return _asked_plain("scikit-learn NearestNeighbors, brute", ask, reference, build_s)


def _faiss_flat(place: Place) -> Row:
    import faiss

    matrix, reference = opened(place), Reference.load(place)
    index = faiss.IndexFlatIP(place.dimensions)

    def build() -> None:
        # Reserve all memory: growing would need twice as much.
        index.codes.resize(matrix.nbytes)
        index.codes.resize(0)
        for start in range(0, len(matrix), _BLOCK):
            index.add(matrix[start : start + _BLOCK])

    build_s = seconds(build)

    def ask(row: int) -> NDArray[np.int64]:
        found = index.search(matrix[row][None], K + 1)[1][0]
        return found[found != row][:K]

    return _asked_plain("faiss IndexFlatIP", ask, reference, build_s)


def _asked_plain(
    way: str, ask: Callable[[int], NDArray[np.int64]], reference: Reference, build_s: float
) -> Row:
    row = asked(way, ask, reference.rows, reference.nearest["cosine"])
    return replace(row, build_s=build_s)


@dataclass(frozen=True)
class _Graph:
    """A graph index of the projected vectors.

    Attributes:
        search: function of a projected query (256,), the search breadth and a number of
            candidates to their rows.
        save: function that writes the index to a file.
    """

    search: Search
    save: Callable[[Path], Any]


def _by_lists(place: Place) -> list[Row]:
    """Return the measurements of an inverted file of 8-bit codes, re-ranked like the others."""
    import faiss

    matrix, reference = opened(place), Reference.load(place)
    projected = np.load(_projected_file(place), mmap_mode="r", allow_pickle=False)
    with np.load(_projection_file(place), allow_pickle=False) as arrays:
        mean, axes = arrays["mean"], np.ascontiguousarray(arrays["axes"][:, :_LIST_AXES])
    coordinates = np.ascontiguousarray(projected[:, :_LIST_AXES])
    lists = max(1, min(_LISTS, place.count // 40))
    index = faiss.index_factory(coordinates.shape[1], f"IVF{lists},SQ8")

    def build() -> None:
        index.train(coordinates[:: max(1, len(coordinates) // _SAMPLE)])
        index.add(coordinates)

    build_s = seconds(build)
    saved = place.folder / "lists.index"
    faiss.write_index(index, str(saved))
    rows = []
    for probes in _PROBES:
        index.nprobe = probes

        def ask(row: int) -> NDArray[np.int64]:
            vector = matrix[row]
            found = index.search(((vector - mean) @ axes)[None], _LIST_CANDIDATES)[1][0]
            candidates = np.sort(found[found >= 0])
            products = matrix[candidates] @ vector
            products[candidates == row] = -np.inf
            return candidates[_largest(products, K)]

        way = (
            f"faiss IVF{lists},SQ8 on PCA-{_LIST_AXES}, nprobe {probes}, "
            f"re-rank of {_LIST_CANDIDATES}"
        )
        with threadpool_limits(1):
            row = asked(way, ask, reference.rows, reference.nearest["cosine"])
        rows.append(replace(row, build_s=build_s, disk_mb=size_mb(saved)))
    saved.unlink()
    return rows


def _by_graph(place: Place, name: str, graph_of: Callable[[Vectors], _Graph]) -> list[Row]:
    matrix, reference = opened(place), Reference.load(place)
    projected = np.load(_projected_file(place), mmap_mode="r", allow_pickle=False)
    with np.load(_projection_file(place), allow_pickle=False) as arrays:
        mean, axes = arrays["mean"], arrays["axes"]
    made: list[_Graph] = []
    build_s = seconds(lambda: made.append(graph_of(projected)))
    (graph,) = made
    saved = place.folder / "graph.index"
    graph.save(saved)
    rows: list[Row] = []
    for ef, count in _BREADTHS:

        def ask(row: int, ef: int = ef, count: int = count) -> NDArray[np.int64]:
            vector = matrix[row]
            candidates = np.sort(graph.search((vector - mean) @ axes, ef, count))
            products = matrix[candidates] @ vector
            products[candidates == row] = -np.inf
            return candidates[_largest(products, K)]

        way = f"{name} on PCA-{_PROJECTED}, ef {ef}, re-rank of {count}"
        # Starting threads takes longer than such a search.
        with threadpool_limits(1):
            row = asked(way, ask, reference.rows, reference.nearest["cosine"])
        rows = [*rows[:1], replace(row, build_s=build_s, disk_mb=size_mb(saved))]
        if (row.recall or 0) >= _RECALL:
            break
    saved.unlink()
    return rows


def _faiss_graph(projected: Vectors) -> _Graph:
    import faiss

    index = faiss.IndexHNSWFlat(projected.shape[1], _LINKS)
    index.hnsw.efConstruction = _EF_BUILD
    index.add(projected)

    def search(query: Vectors, ef: int, count: int) -> NDArray[np.int64]:
        index.hnsw.efSearch = ef
        found: NDArray[np.int64] = index.search(query[None], count)[1][0]
        return found[found >= 0]

    return _Graph(search, lambda path: faiss.write_index(index, str(path)))


def _usearch_graph(projected: Vectors) -> _Graph:
    from usearch.index import Index

    index = Index(
        ndim=projected.shape[1],
        metric="l2sq",
        dtype="f16",
        connectivity=_LINKS,
        expansion_add=_EF_BUILD,
    )
    index.add(np.arange(len(projected)), projected)

    def search(query: Vectors, ef: int, count: int) -> NDArray[np.int64]:
        index.expansion_search = ef
        return index.search(query, count).keys.astype(np.int64)

    return _Graph(search, lambda path: index.save(str(path)))


def _project(place: Place) -> float:
    """Fit a PCA to a sample and project all vectors; return the seconds."""
    matrix = opened(place)

    def project() -> None:
        rng = np.random.default_rng(0)
        chosen = np.sort(rng.choice(len(matrix), min(_SAMPLE, len(matrix)), replace=False))
        mean, covariance = _moments(matrix, chosen)
        axes = np.linalg.eigh(covariance)[1][:, : -_PROJECTED - 1 : -1].astype(np.float32)
        np.savez(_projection_file(place), mean=mean, axes=axes)
        shape = (len(matrix), _PROJECTED)
        projected = np.lib.format.open_memmap(_projected_file(place), "w+", np.float32, shape)
        for start in range(0, len(matrix), _BLOCK):
            block = slice(start, start + _BLOCK)
            projected[block] = (matrix[block] - mean) @ axes
        projected.flush()

    return seconds(project)


def _moments(matrix: Vectors, chosen: NDArray[np.int64]) -> tuple[Vectors, NDArray[np.float64]]:
    blocks = np.array_split(chosen, -(-len(chosen) // _BLOCK))
    mean = sum(matrix[rows].sum(axis=0, dtype=np.float64) for rows in blocks) / len(chosen)
    covariance = np.zeros((matrix.shape[1],) * 2)
    for rows in blocks:
        centered = matrix[rows] - mean.astype(np.float32)  # (b, d)
        covariance += centered.T @ centered
    return mean.astype(np.float32), covariance / len(chosen)


def _projected_file(place: Place) -> Path:
    return place.folder / "projected.npy"


def _projection_file(place: Place) -> Path:
    return place.folder / "projection.npz"


def _largest(values: Vectors, k: int) -> NDArray[np.int64]:
    k = min(k, len(values))
    best = np.argpartition(values, len(values) - k)[len(values) - k :]
    return best[np.argsort(-values[best])]
