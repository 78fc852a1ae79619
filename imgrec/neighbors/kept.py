"""The k-NN graph in the store: what it is made from, how good it is, read and written whole."""

from dataclasses import asdict, dataclass, fields
from pathlib import Path

from imgrec.derived.rows import Coverage
from imgrec.encoders.spec import EncoderSpec
from imgrec.neighbors.neighbors import Neighbors
from imgrec.store.kept import Arrays, load, save

VERSION = 1  # raised whenever the same vectors would give another graph
_ARRAYS = ("ids", "owners", "neighbors", "distances")


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
    """Return the graph kept in a folder; None where it is absent, stale or damaged."""
    kept = load(folder, _made_by(spec), _ARRAYS)
    if kept is None:
        return None
    ids, owners, neighbors, distances = (kept.arrays[name] for name in _ARRAYS)
    coverage = Coverage(ids, owners, tuple(kept.state["sources"]))
    quality = Quality(**{field.name: kept.state[field.name] for field in fields(Quality)})
    return KnnGraph(Neighbors(ids, neighbors, distances), coverage, quality)


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
