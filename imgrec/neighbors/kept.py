"""Load and save the k-NN graph of a feature, and say how good it is.

    knn/<feature>/
        kept.json              encoder, method, recall, sources
        ids.npy, owners.npy    (n,) the pictures, the number of the source of each
        neighbors.npy          (n, k) int64 ids, the nearest first
        distances.npy          (n, k) float32, cosine

Every file is hashed whole when it is loaded: a neighbor that names another picture would end up
in every page, layout and group of duplicates.
"""

from dataclasses import asdict, dataclass, fields
from pathlib import Path

import numpy as np

from imgrec.derived.rows import Coverage
from imgrec.encoders.spec import EncoderSpec
from imgrec.neighbors.neighbors import Neighbors
from imgrec.store.arrays import all_finite, are_among, are_ids, match
from imgrec.store.kept import Arrays, load, save
from imgrec.system.json_files import a_number, one_of, problem

# Raised whenever the same vectors would give another graph.
VERSION = 2
_ARRAYS = ("ids", "owners", "neighbors", "distances")
_FORMS = {
    "ids": "int64 n",
    "owners": "int32 n",
    "neighbors": "int64 n k",
    "distances": "float32 n k",
}
_STATE = {
    "recall": float,
    "built_recall": float,
    "method": one_of("exact", "cuda", "cells"),
    "checked": a_number(0, 1 << 40),
    "sources": [str],
}


@dataclass(frozen=True)
class Quality:
    """How a k-NN graph was built, and its recall.

    Attributes:
        method: `exact`, `cuda` (exact too) or `cells`.
        recall: share of the true nearest pictures that it holds, 0 to 1.
        checked: pictures that the recall was measured on, 0 if the graph is exact.
        built_recall: the recall after the last complete build, before the graph was grown.
    """

    method: str
    recall: float = 1.0
    checked: int = 0
    built_recall: float = 1.0

    def text(self) -> str:
        """Return the recall in words, with the number of pictures it was measured on."""
        if not self.checked:
            return "exact"
        return f"recall {self.recall:.3f} of {self.checked:,} checked"


@dataclass(frozen=True)
class KnnGraph:
    """The k-NN graph of a feature.

    Attributes:
        neighbors: of every picture.
        coverage: the vectors it was computed from.
        quality: method and recall.
    """

    neighbors: Neighbors
    coverage: Coverage
    quality: Quality

    def line(self) -> str:
        """Return a description in one line."""
        count = len(self.neighbors.ids)
        return f"{self.neighbors.k} nearest of {count:,} pictures, {self.quality.text()}"

    def in_memory(self) -> "KnnGraph":
        """Return the graph with its arrays in memory, so that their files may go."""
        ids, neighbors = self.neighbors.ids, np.array(self.neighbors.neighbors)
        copied = Neighbors(ids, neighbors, np.array(self.neighbors.distances))
        return KnnGraph(copied, self.coverage, self.quality)

    def cut(self, k: int) -> "KnnGraph":
        """Return the graph of only the k nearest."""
        if k >= self.neighbors.k:
            return self
        return KnnGraph(self.neighbors.cut(k), self.coverage, self.quality)


def load_knn(folder: Path, spec: EncoderSpec) -> KnnGraph | None:
    """Return the graph kept in a folder; None where it is absent, stale or damaged."""
    kept = load(folder, _made_by(spec), _ARRAYS)
    if kept is None or problem(kept.state, _STATE) or not _are_lists(kept.arrays):
        return None
    ids, owners, neighbors, distances = (kept.arrays[name] for name in _ARRAYS)
    coverage = Coverage(ids, owners, tuple(kept.state["sources"]))
    if not coverage.is_consistent():
        return None
    quality = Quality(**{field.name: kept.state[field.name] for field in fields(Quality)})
    return KnnGraph(Neighbors(ids, neighbors, distances), coverage, quality)


def _are_lists(arrays: Arrays) -> bool:
    """Return True if arrays are lists of neighbors, and each neighbor is one of their pictures."""
    if match(arrays, _FORMS) is None or not are_ids(arrays["ids"]):
        return False
    neighbors, distances = arrays["neighbors"], arrays["distances"]
    if not neighbors.shape[1] < max(2, len(neighbors)):
        return False
    return bool(all_finite(distances) and are_among(neighbors.ravel(), arrays["ids"]))


def save_knn(folder: Path, spec: EncoderSpec, graph: KnnGraph) -> None:
    """Write a graph, atomically.

    Raises:
        OSError: the disk is full or read-only; an older graph stays as it was.
    """
    neighbors, coverage = graph.neighbors, graph.coverage
    arrays: Arrays = {
        "ids": coverage.ids,
        "owners": coverage.owners,
        "neighbors": neighbors.neighbors,
        "distances": neighbors.distances,
    }
    exact = not graph.quality.checked
    state = {"k": neighbors.k, "exact": exact, **asdict(graph.quality), "sources": coverage.sources}
    save(folder, _made_by(spec), arrays, state)


def _made_by(spec: EncoderSpec) -> dict[str, object]:
    return {"version": VERSION, "encoder": spec.identity(), "metric": "cosine"}
