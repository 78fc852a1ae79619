"""The HNSW graph (hierarchical navigable small worlds), for collections past a million pictures.

A search walks the graph from a few entry points towards the query, so its time grows with the
logarithm of the number of pictures. The nodes are unit vectors on their leading principal axes in
half precision: the search finds candidates under cosine, which are then compared exactly.

The file is written by usearch, which reads it memory-mapped and without validation: a damaged file
may crash the process. It is therefore opened only after `imgrec.store.kept` has verified it, and if
this user wrote it (`imgrec.derived.known_graphs`).

Source: Malkov, Yashunin (2018), Efficient and robust approximate nearest neighbor search using
hierarchical navigable small world graphs; usearch.
"""

import errno
import threading
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from imgrec.derived.known_graphs import is_known, remember
from imgrec.derived.rows import (
    Coverage,
    Derived,
    axes_of,
    fitted,
    usable_places,
)
from imgrec.distances.axes import fit_axes
from imgrec.distances.blockwise import products_of
from imgrec.distances.metrics import scaled
from imgrec.encoders.spec import Vectors
from imgrec.errors import StoreError, cause_of
from imgrec.store.features import FeatureStore
from imgrec.store.kept import Arrays
from imgrec.system.threads import cores

if TYPE_CHECKING:
    from usearch.index import Index

COMPONENTS = 256
_CONNECTIVITY = 32
_EXPANSION_ADD = 128
# Candidates that a search keeps for two rows asked for, and at least. With twice as many, recall is
# the same for 1,000 queries of 40,000 and 300 of 400,000 vectors, and .0002 larger for 1,000 of the
# photos by `mini`, in half as much time again. With cells, which find what a walk has lost, it is
# .9992 for 1,000 queries of 400,000 vectors, .9988 by 80 rows and .9996 by 128; for 1,000 new
# vectors .9984, .9980 and .9992. The walk of 128 takes a quarter more.
_EXPANSION_OF_TWO, _EXPANSION_SEARCH = 3, 96
# Rows added at a time. The first ones are added by one thread: while the graph has few nodes,
# several threads lose some.
_ADDED_ROWS = 1 << 13
# The share of nodes that may be removed; each leaves a hole in the graph.
_MOST_REMOVED = 0.2
# Lengths that differ by no more than this share count as equal.
_SAME_LENGTH = 1e-3
_FILE = "hnsw.usearch"


@dataclass(frozen=True)
class HnswRecipe:
    """Fit the axes of the unit vectors; the rows are the nodes in the graph's own file."""

    name: str = "hnsw"
    version: int = 1
    model_names: frozenset[str] = frozenset({"mean", "components", "lengths"})
    columns: frozenset[str] = frozenset()
    refit_growth: float = 4.0

    def fit(self, sample: Vectors) -> dict[str, NDArray[Any]]:
        """Return mean (d,) and components (c, d) of vectors scaled to length 1."""
        axes = fit_axes(scaled(sample, 2), COMPONENTS, solver="covariance_eigh")
        return {"mean": axes.mean, "components": axes.components}

    def rows(self, model: Arrays, vectors: Vectors) -> dict[str, NDArray[Any]]:
        """Return no arrays: nodes are added by `grown`."""
        return {}


@dataclass(frozen=True)
class Grown:
    """A graph in memory and the arrays that are kept beside it."""

    derived: Derived
    index: "Index"

    def write(self, folder: Path) -> None:
        """Write the graph's file to a folder.

        Raises:
            OSError: it could not be written whole.
        """
        try:
            self.index.save(str(folder / _FILE))
            _open(folder / _FILE, view=True)
            remember(folder / _FILE)
        except (RuntimeError, StoreError) as error:
            raise OSError(errno.EIO, f"not written whole ({error})", str(folder / _FILE)) from error


class Hnsw:
    """The HNSW graph of a feature, opened memory-mapped."""

    def __init__(self, feature: FeatureStore, kept: Derived, folder: Path) -> None:
        """Open the graph kept in a folder.

        Raises:
            StoreError: its file is absent or damaged, or was not written by this user.
        """
        self._feature = feature
        self._mean = kept.model["mean"]
        self._components = np.ascontiguousarray(kept.model["components"])
        self._index = _open_known(folder, view=True)
        if self._index.ndim != len(kept.model["components"]):
            raise StoreError(f"{file_in(folder)} is the graph of other vectors: delete its folder")
        # The library's search shares buffers between threads.
        self._lock = threading.Lock()
        same = kept.coverage.is_of(feature)
        self._covered = np.full(len(feature), same)  # (n,)
        if not same:
            self._covered = kept.coverage.places(feature) >= 0
        self.uncovered = np.flatnonzero(~self._covered)
        shortest, longest = kept.model["lengths"]
        self.metrics: tuple[str, ...] = ("cosine",)
        # Of vectors of equal length all three metrics order pictures alike.
        if longest - shortest <= _SAME_LENGTH * longest:
            self.metrics = ("cosine", "euclidean", "manhattan")

    def covers(self, row: int) -> bool:
        """Return True if a row of the feature is a node of the graph."""
        return bool(self._covered[row])

    def nearest(self, query: Vectors, count: int) -> tuple[NDArray[np.intp], NDArray[np.float32]]:
        """Return approximately the nearest `count` rows to a query (1, d), among the graph's nodes.

        Also returns their estimated cosine distances (m,), ascending.

        Raises:
            StoreError: the graph's file is damaged.
        """
        return self.nearest_to(self.projected(query), count)

    def projected(self, query: Vectors) -> NDArray[np.float32]:
        """Return the coordinates (c,) of a query (1, d) on the axes of the graph."""
        (coordinates,) = products_of(scaled(query, 2) - self._mean, self._components)
        return np.asarray(coordinates)

    def nearest_to(
        self, coordinates: NDArray[np.float32], count: int
    ) -> tuple[NDArray[np.intp], NDArray[np.float32]]:
        """Return what `nearest` does, for the coordinates (c,) of a query.

        Args:
            coordinates: as `projected` returns them.
            count: number of rows.

        Raises:
            StoreError: the graph's file is damaged.
        """
        expansion = max(_EXPANSION_SEARCH, _EXPANSION_OF_TWO * count // 2)
        try:
            with self._lock:
                self._index.expansion_search = expansion  # type: ignore[misc]
                found = self._index.search(coordinates, count, threads=1)
        except RuntimeError as error:
            raise StoreError(f"the graph of {self._feature.name} is damaged ({error})") from error
        rows = self._feature.rows_of(found.keys.astype(np.int64))
        estimates = np.asarray(found.distances / 2, np.float32)
        right = (rows >= 0) & self._covered[rows]
        return (rows, estimates) if right.all() else (rows[right], estimates[right])


def grown(
    feature: FeatureStore,
    kept: Derived | None,
    folder: Path,
    progress: Callable[[int], object] = lambda count: None,
) -> Grown:
    """Return the graph of all vectors of a feature; new vectors are added to a kept graph.

    Args:
        feature: with the vectors.
        kept: the arrays beside the kept graph, None where there is none.
        folder: of all indexes of the feature.
        progress: called with the number of vectors added.
    """
    recipe = HnswRecipe()
    places = usable_places(recipe, feature, kept)
    index = _reusable(folder, kept, places)
    if kept is None or places is None or index is None:
        model = fitted(recipe, feature)
        model["lengths"] = np.array([np.inf, 0.0])
        fitted_on, places = len(feature), np.full(len(feature), -1)
        index = _new(len(model["components"]))
    else:
        model, fitted_on = dict(kept.model), kept.fitted_on
    axes = axes_of(model)
    for rows in _chunks(np.flatnonzero(places < 0)):
        vectors = feature.take_rows(rows)
        lengths = np.linalg.norm(vectors, axis=1)
        shortest, longest = model["lengths"]
        model["lengths"] = np.array([min(shortest, lengths.min()), max(longest, lengths.max())])
        coordinates = axes.project(scaled(vectors, 2))
        threads = cores() if len(index) >= _ADDED_ROWS else 1
        index.add(feature.ids[rows].astype(np.uint64), coordinates, threads=threads)
        progress(len(rows))
    return Grown(Derived(model, {}, Coverage.of(feature), fitted_on), index)


def _reusable(
    folder: Path, kept: Derived | None, places: NDArray[np.intp] | None
) -> "Index | None":
    """Return the kept graph without its stale nodes; None where it has to be built again."""
    if kept is None or places is None:
        return None
    stale = np.ones(len(kept.coverage.ids), bool)
    stale[places[places >= 0]] = False
    if stale.mean() > _MOST_REMOVED:
        return None
    try:
        index = _open_known(folder, view=False)
    except StoreError:
        return None
    if stale.any():
        index.remove(kept.coverage.ids[stale].astype(np.uint64))
    return index


def _new(dimensions: int) -> "Index":
    from usearch.index import Index

    return Index(
        ndim=dimensions,
        metric="l2sq",
        dtype="f16",
        connectivity=_CONNECTIVITY,
        expansion_add=_EXPANSION_ADD,
        expansion_search=_EXPANSION_SEARCH,
    )


def file_in(folder: Path) -> Path:
    """Return the file of the graph in the folder of all indexes of a feature."""
    return folder / HnswRecipe().name / _FILE


def _open_known(folder: Path, *, view: bool) -> "Index":
    file = file_in(folder)
    if not is_known(file):
        raise StoreError(f"{file} was not written by this user: run imgrec index --hnsw")
    return _open(file, view=view)


def _open(path: Path, *, view: bool) -> "Index":
    from usearch.index import Index

    try:
        # Nodes are looked up by their keys only where some are removed: the table of keys takes
        # three times as long as the rest, and reads the whole file.
        index = (
            Index.restore(str(path), view=view, enable_key_lookups=not view)
            if path.is_file()
            else None
        )
    except (RuntimeError, ValueError, OSError) as error:
        raise StoreError(f"{path} is damaged ({cause_of(error)}): delete its folder") from error
    if index is None:
        raise StoreError(f"{path} is absent or damaged: delete its folder")
    return index


def _chunks(rows: NDArray[np.intp]) -> Iterator[NDArray[np.intp]]:
    return (rows[start : start + _ADDED_ROWS] for start in range(0, len(rows), _ADDED_ROWS))
