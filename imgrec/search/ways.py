"""Choose the index for a question, run it, and rank the result.

By default: exact for small collections, else the HNSW graph if there is one and it suits the
question, else the sketch, else exact. `--index NAME` asks for one, and fails with the reason why it
cannot answer.
"""

from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from imgrec.distances.metrics import Distances, metric_named
from imgrec.errors import WrongValueError
from imgrec.neighbors.neighbors import top_k
from imgrec.search.candidates import (
    Candidates,
    ExactIndex,
    HnswIndex,
    NeighborIndex,
    Question,
    SketchIndex,
)
from imgrec.search.choices import INDEXES
from imgrec.search.space import Rows, Space
from imgrec.system.suggestions import instead

# Up to so many float32 values an exact search takes a few milliseconds.
_FEW_VALUES = 1 << 22
# Rows that an index lacks are compared exactly beside it, up to so many.
_MOST_UNCOVERED = 1 << 13


@dataclass(frozen=True)
class Found:
    """The k nearest rows.

    Attributes:
        rows: (k,) rows of the space, nearest first.
        scores: (k,) ascending, float32; negative scores (`--not`) are shown as 0.
        distances: (q + u, k) exact distances to query and unwanted vectors.
        index: the index that proposed the candidates.
        exact: True if every distance was computed.
    """

    rows: Rows
    scores: NDArray[np.float32]
    distances: Distances
    index: str
    exact: bool


def search(index: NeighborIndex, question: Question, k: int) -> Found:
    """Return the k nearest rows among the candidates of an index."""
    found = index.candidates(question, k)
    return _ordered(question, found, k, exact=found.index == "exact")


def search_joined(space: Space, question: Question, k: int, way: str) -> Found:
    """Return the union of the k nearest rows under each joined metric (`combined`), ranked.

    The result has between k rows and k times the number of joined metrics.
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
    """Return the index for a question: the one named, or the fastest suitable one for `auto`.

    Raises:
        WrongValueError: the name is unknown, or this index cannot answer the question here.
    """
    if way not in INDEXES:
        raise WrongValueError(f"unknown index {way!r}; {instead(way, INDEXES)}")
    hindrances = {
        "hnsw": _why_no_hnsw(space, question),
        "sketch": _why_no_sketch(space, question),
        "exact": "",
    }
    if way != "auto":
        if hindrances[way]:
            raise WrongValueError(f"the index {way} cannot answer this: {hindrances[way]}")
        return _index(space, way)
    if question.count_allowed(len(space.ids)) * space.dimensions <= _FEW_VALUES:
        return ExactIndex(space)
    if question.count > 1 or question.allowed is not None:
        hindrances["hnsw"] = (
            "the sketch ranks all pictures, the graph only finds those near one query"
        )
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
            "(imgrec index builds one for large collections)"
        )
    uncovered = sum(len(part.sketch.uncovered) for part in space.parts if part.sketch)
    if uncovered > _MOST_UNCOVERED:
        return f"{uncovered:,} pictures are not in it yet: run imgrec index"
    return ""


def _why_no_hnsw(space: Space, question: Question) -> str:
    if (question.count > 1 and question.fuse != "min") or len(question.unwanted[0]):
        return "the graph finds pictures near one query, and this question has several or --not"
    hnsw = space.parts[0].hnsw if len(space.parts) == 1 else None
    if hnsw is None:
        features = " and ".join(part.feature.name for part in space.parts)
        return f"{features} has no graph: run imgrec index --hnsw"
    if space.metric.name not in hnsw.metrics:
        return f"the graph serves {' and '.join(hnsw.metrics)}, not {space.metric.name}"
    if len(hnsw.uncovered) > _MOST_UNCOVERED:
        return f"{len(hnsw.uncovered):,} pictures are not in it yet: run imgrec index"
    return ""
