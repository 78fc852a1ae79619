"""Search: the way that suits a question, and its answer in order."""

from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from imgrec.distances.metrics import Distances, metric_named
from imgrec.errors import ImgrecError
from imgrec.neighbors.neighbors import top_k
from imgrec.search.candidates import (
    Candidates,
    ExactIndex,
    HnswIndex,
    NeighborIndex,
    Question,
    SketchIndex,
)
from imgrec.search.space import Rows, Space

INDEXES = ("auto", "exact", "sketch", "hnsw")
_FEW_VALUES = 1 << 22  # so few are compared exactly at once
_MOST_UNCOVERED = 1 << 13


@dataclass(frozen=True)
class Found:
    """The answer to a question.

    Attributes:
        rows: (k,) of the space, the nearest first.
        scores: (k,) ascending; what moving nearer brought below 0 is 0.
        distances: (q + u, k) to each query.
        index: the way that was gone.
        exact: whether every distance was computed.
    """

    rows: Rows
    scores: NDArray[np.float32]
    distances: Distances
    index: str
    exact: bool


def search(index: NeighborIndex, question: Question, k: int) -> Found:
    """Return the k nearest rows of those an index finds."""
    found = index.candidates(question, k)
    return _ordered(question, found, k, exact=found.index == "exact")


def search_joined(space: Space, question: Question, k: int, way: str) -> Found:
    """Return the k nearest under each metric that the space's joins, ordered by its own.

    These are between k and k times the number of metrics joined.
    """
    found = []
    for name in space.metric.joins:
        one = Space(metric_named(name), space.parts)
        asked = replace(question, margins=one.between(question.wanted, question.unwanted))
        found.append(search(chosen_index(one, asked, way), asked, k))
    rows = np.unique(np.concatenate([each.rows for each in found]))
    ways = "+".join(dict.fromkeys(each.index for each in found))
    joined = Candidates(rows, space.distances(question.vectors, rows), ways)
    return _ordered(question, joined, len(rows), exact=all(each.exact for each in found))


def chosen_index(space: Space, question: Question, way: str = "auto") -> NeighborIndex:
    """Return the index that answers a question, by default the fastest that does it well.

    Raises:
        ImgrecError: the way is unknown, or cannot go with this question or this store.
    """
    if way not in INDEXES:
        raise ImgrecError(f"no index is called {way!r}; known: {', '.join(INDEXES)}")
    hindrances = {
        "hnsw": _why_no_hnsw(space, question),
        "sketch": _why_no_sketch(space, question),
        "exact": "",
    }
    if way != "auto":
        if hindrances[way]:
            raise ImgrecError(f"the index {way} cannot answer this: {hindrances[way]}")
        return _index(space, way)
    if question.count_allowed(len(space.ids)) * space.dimensions <= _FEW_VALUES:
        return ExactIndex(space)
    if question.count > 1 or question.allowed is not None:
        hindrances["hnsw"] = "the sketch sees all pictures at once, the graph those near one query"
    return _index(space, next(name for name, why in hindrances.items() if not why))


def _ordered(question: Question, found: Candidates, k: int, *, exact: bool) -> Found:
    scores = question.scores(found.distances)
    nearest = top_k(scores, k)
    shown = np.maximum(scores[nearest], 0)
    return Found(found.rows[nearest], shown, found.distances[:, nearest], found.index, exact)


def _index(space: Space, name: str) -> NeighborIndex:
    if name == "hnsw":
        return HnswIndex(space)
    return SketchIndex(space) if name == "sketch" else ExactIndex(space)


def _why_no_sketch(space: Space, question: Question) -> str:
    if question.fuse == "rank" and question.count > 1:
        return "--fuse rank needs the distance to every picture"
    if space.metric.name == "manhattan" and len(question.unwanted[0]):
        return "manhattan with unwanted pictures needs the distance to every picture"
    if not space.has_estimates:
        features = " and ".join(part.feature.name for part in space.parts)
        return (
            f"there is no sketch for {space.metric.name} of {features} "
            "(imgrec.index makes those of large collections)"
        )
    uncovered = sum(len(part.sketch.uncovered) for part in space.parts if part.sketch)
    if uncovered > _MOST_UNCOVERED:
        return f"{uncovered:,} pictures are not in it yet, run python -m imgrec.index"
    return ""


def _why_no_hnsw(space: Space, question: Question) -> str:
    if (question.count > 1 and question.fuse != "min") or len(question.unwanted[0]):
        return "it finds what is near one picture, and this asks for more than that"
    hnsw = space.parts[0].hnsw if len(space.parts) == 1 else None
    if hnsw is None:
        features = " and ".join(part.feature.name for part in space.parts)
        return f"there is none of {features}, run python -m imgrec.index --hnsw"
    if space.metric.name not in hnsw.metrics:
        return f"it knows {' and '.join(hnsw.metrics)}, not {space.metric.name}"
    if len(hnsw.uncovered) > _MOST_UNCOVERED:
        return f"{len(hnsw.uncovered):,} pictures are not in it yet, run python -m imgrec.index"
    return ""
