"""The k-NN graph in the store: what it is made from, how good it is, read and written whole."""

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from imgrec.derived.rows import Coverage, folder_id
from imgrec.encoders.spec import EncoderSpec
from imgrec.errors import StoreError
from imgrec.neighbors.neighbors import Neighbors
from imgrec.store.parts import load_array
from imgrec.system.atomic_files import new_folder

VERSION = 1  # raised whenever the same vectors would give another graph
_SIDECAR = "knn.json"
_ARRAYS = ("ids", "owners", "neighbors", "distances")
_TYPES = [np.dtype(name) for name in ("int64", "int32", "int64", "float32")]
_TRIES = 3


@dataclass(frozen=True)
class Quality:
    """How a k-NN graph was made, and how right it is.

    Attributes:
        method: `exact`, `cuda` (exact too) or `cells`.
        recall: share of the true nearest that it holds, 0 to 1.
        checked: pictures that was measured on, 0 where all was found exactly.
        built_recall: the recall when it was last built whole; since then it has grown.
    """

    method: str
    recall: float = 1.0
    checked: int = 0
    built_recall: float = 1.0

    def text(self) -> str:
        """Return the recall in words."""
        if not self.checked:
            return "exact"
        return f"recall {self.recall:.3f} of {self.checked:,} checked"


@dataclass(frozen=True)
class KnnGraph:
    """The k-NN graph of a feature.

    Attributes:
        neighbors: of every picture.
        coverage: the vectors it was made from.
        quality: how right it is.
    """

    neighbors: Neighbors
    coverage: Coverage
    quality: Quality

    def line(self) -> str:
        """Return what it is in one line."""
        count = len(self.neighbors.ids)
        return f"{self.neighbors.k} nearest of {count:,} pictures, {self.quality.text()}"

    def cut(self, k: int) -> "KnnGraph":
        """Return the graph of the k nearest."""
        if k >= self.neighbors.k:
            return self
        ids, neighbors = self.neighbors.ids, self.neighbors.neighbors[:, :k]
        fewer = Neighbors(ids, neighbors, self.neighbors.distances[:, :k])
        return KnnGraph(fewer, self.coverage, self.quality)


def load_knn(folder: Path, spec: EncoderSpec) -> KnnGraph | None:
    """Return the graph in a folder, None where it is absent, damaged or made by something else."""
    for _ in range(_TRIES):
        before = folder_id(folder)
        found = _load(folder, spec)
        if found is None or before == folder_id(folder):
            return found
    return None  # it is replaced again and again while it is read


def save_knn(folder: Path, spec: EncoderSpec, graph: KnnGraph) -> None:
    """Write a graph, all or nothing.

    Raises:
        OSError: the disk is full or read-only; an older graph stays as it was.
    """
    quality, neighbors, coverage = graph.quality, graph.neighbors, graph.coverage
    described = {
        "made_by": _made_by(spec),
        "k": neighbors.k,
        "metric": "cosine",
        "method": quality.method,
        "exact": not quality.checked,
        "recall": quality.recall,
        "checked": quality.checked,
        "built_recall": quality.built_recall,
        "sources": coverage.sources,
    }
    arrays: list[NDArray[Any]] = [
        coverage.ids, coverage.owners, neighbors.neighbors, neighbors.distances
    ]  # fmt: skip
    with new_folder(folder) as temporary:
        (temporary / _SIDECAR).write_text(json.dumps(described, indent=2) + "\n", "utf-8")
        for name, values in zip(_ARRAYS, arrays, strict=True):
            np.save(temporary / f"{name}.npy", values, allow_pickle=False)


def _load(folder: Path, spec: EncoderSpec) -> KnnGraph | None:
    try:
        described = json.loads((folder / _SIDECAR).read_text("utf-8"))
        if described["made_by"] != _made_by(spec):
            return None
        arrays = [np.asarray(load_array(folder / f"{name}.npy")) for name in _ARRAYS]
        ids, owners, neighbors, distances = arrays
        coverage = Coverage(ids, owners, tuple(described["sources"]))
        right = [array.dtype for array in arrays] == _TYPES and coverage.is_whole()
        quality = Quality(
            str(described["method"]),
            float(described["recall"]),
            int(described["checked"]),
            float(described["built_recall"]),
        )
        return KnnGraph(Neighbors(ids, neighbors, distances), coverage, quality) if right else None
    except (OSError, ValueError, LookupError, TypeError, AttributeError, StoreError):
        return None


def _made_by(spec: EncoderSpec) -> dict[str, object]:
    return {"version": VERSION, "encoder": spec.identity()}
