"""Search: an index proposes rows, exact distances put them in order."""

from dataclasses import dataclass
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from imgrec.errors import ImgrecError
from imgrec.metrics import Distances, fuse, metric_named
from imgrec.neighbors import top_k
from imgrec.space import Queries, Rows, Space

INDEXES = ("auto", "exact", "sketch", "hnsw")
_CANDIDATES = 400  # compared exactly, at least; and for each answer wanted:
_CANDIDATES_EACH = 40
_PUSH = np.float32(0.5)
_NEAR = 64  # the graph is asked for, at least, or twice the answers wanted
_FEW_VALUES = 1 << 22  # so few are compared exactly at once
_MOST_UNCOVERED = 1 << 13


@dataclass(frozen=True)
class Question:
    """Queries about a space.

    Attributes:
        wanted: (q, d) for each feature: what the answers are like.
        unwanted: (u, d) for each feature: what they are not like; u may be 0.
        margins: (q, u) distances of the wanted to the unwanted.
        fuse: how the distances to several queries are joined.
        left_out: rows that are no answers.
        allowed: (n,) which rows may be answers, None for all.
    """

    wanted: Queries
    unwanted: Queries
    margins: Distances
    fuse: str
    left_out: Rows
    allowed: NDArray[np.bool_] | None = None

    @property
    def count(self) -> int:
        """The number q of wanted."""
        return len(self.wanted[0])

    @property
    def vectors(self) -> Queries:
        """All queries (q + u, d) for each feature, the wanted first."""
        return [np.concatenate(pair) for pair in zip(self.wanted, self.unwanted, strict=True)]

    def scores(self, distances: Distances) -> NDArray[np.float32]:
        """Return what puts candidates in order, (m,), from distances (q + u, m).

        From each query a candidate is moved away by half of what it is nearer to an unwanted
        picture than that query is, or moved nearer by half of what it is farther; of several
        unwanted ones the one that moves it farthest away counts. What is the same as a query
        stays at 0 from it. Then the distances to the queries are fused.

        Source: under cosine this is the rule of Rocchio, q - ½ u in the place of q.
        """
        wanted, unwanted = distances[: self.count], distances[self.count :]
        if not len(unwanted):
            return fuse(wanted, self.fuse)
        nearer = (self.margins[:, :, None] - unwanted[None]).max(axis=1)  # (q, m)
        return fuse(np.maximum(wanted + _PUSH * nearer, 0), self.fuse)


@dataclass(frozen=True)
class Found:
    """The answer to a question.

    Attributes:
        rows: (k,) of the space, the nearest first.
        scores: (k,) ascending.
        distances: (q + u, k) to each query.
        index: the way that was gone.
        exact: whether every distance was computed.
    """

    rows: Rows
    scores: NDArray[np.float32]
    distances: Distances
    index: str
    exact: bool


class NeighborIndex(Protocol):
    """Proposes the rows among which the nearest are."""

    @property
    def name(self) -> str:
        """One of `INDEXES`."""
        ...

    def candidates(self, question: Question, k: int) -> Rows | None:
        """Return allowed rows (m,) that hold the k nearest but for few, None for all allowed."""
        ...


@dataclass(frozen=True)
class ExactIndex:
    """Proposes every row: the reference for any faster way."""

    space: Space
    name: str = "exact"

    def candidates(self, question: Question, k: int) -> Rows | None:
        """Return None."""
        return None


@dataclass(frozen=True)
class SketchIndex:
    """Proposes the rows that are nearest by their sketches, fused as the distances will be."""

    space: Space
    name: str = "sketch"

    def candidates(self, question: Question, k: int) -> Rows | None:
        """Return the rows of the least scores by estimated distances."""
        count = _candidates(k)
        if count >= len(self.space.ids):
            return None
        scores = question.scores(self.space.estimates(question.vectors))
        if question.allowed is not None:
            scores = np.where(question.allowed, scores, np.float32(np.inf))
        scores[question.left_out] = np.inf
        limit = np.partition(scores, count)[count]
        return np.flatnonzero((scores <= limit) & np.isfinite(scores))


@dataclass(frozen=True)
class HnswIndex:
    """Proposes the rows that the graph finds from each query."""

    space: Space
    name: str = "hnsw"

    def candidates(self, question: Question, k: int) -> Rows | None:
        """Return what is near any query; where too little of that is allowed, None."""
        (part,), (wanted,) = self.space.parts, question.wanted
        assert part.hnsw is not None
        count, least = max(_NEAR, 2 * k), min(k, len(self.space.ids) - len(question.left_out))
        while 8 * count < len(self.space.ids):
            near = [part.hnsw.nearest(query[None], count) for query in wanted]
            rows = np.setdiff1d(np.concatenate(near), question.left_out)
            if question.allowed is not None:
                rows = rows[question.allowed[rows]]
            if len(rows) >= least:
                return rows
            count *= 4
        return None


def search(space: Space, index: NeighborIndex, question: Question, k: int) -> Found:
    """Return the k nearest rows of those an index proposes."""
    rows = index.candidates(question, k)
    exact = rows is None
    if rows is None:
        rows = _allowed_rows(space, question)
    everything = 2 * len(rows) > len(space.ids)
    distances = space.distances(question.vectors, None if everything else rows)
    if everything and len(rows) < len(space.ids):
        distances = distances[:, rows]  # (q + u, m)
    scores = question.scores(distances)
    nearest = top_k(scores, k)
    name = "exact" if exact else index.name
    return Found(rows[nearest], scores[nearest], distances[:, nearest], name, exact)


def search_joined(space: Space, question: Question, k: int, way: str) -> Found:
    """Return the k nearest under each metric that the space's joins, ordered by its own.

    These are between k and k times the number of metrics joined.
    """
    found = []
    for name in space.metric.joins:
        one = Space(metric_named(name), space.parts)
        asked = asked_of(one, question)
        found.append(search(one, chosen_index(one, asked, k, way), asked, k))
    rows = np.unique(np.concatenate([each.rows for each in found]))
    distances = space.distances(question.vectors, rows)
    scores = question.scores(distances)
    order = top_k(scores, len(rows))
    exact = all(each.exact for each in found)
    ways = "+".join(dict.fromkeys(each.index for each in found))
    return Found(rows[order], scores[order], distances[:, order], ways, exact)


def asked_of(space: Space, question: Question) -> Question:
    """Return the same question under another metric."""
    margins = space.between(question.wanted, question.unwanted)
    return Question(
        question.wanted,
        question.unwanted,
        margins,
        question.fuse,
        question.left_out,
        question.allowed,
    )


def chosen_index(space: Space, question: Question, k: int, way: str = "auto") -> NeighborIndex:
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
    few = space.values if question.allowed is None else _allowed_values(space, question)
    if few <= _FEW_VALUES:
        return ExactIndex(space)
    if question.count > 1 or len(question.unwanted[0]) or question.allowed is not None:
        hindrances["hnsw"] = "the sketch sees all pictures at once, the graph those near one query"
    return _index(space, next(name for name, why in hindrances.items() if not why))


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
    if question.fuse == "rank" and question.count > 1:
        return "--fuse rank needs the distance to every picture"
    hnsw = space.parts[0].hnsw if len(space.parts) == 1 else None
    if hnsw is None:
        features = " and ".join(part.feature.name for part in space.parts)
        return f"there is none of {features}, run python -m imgrec.index --hnsw"
    if space.metric.name not in hnsw.metrics:
        return f"it knows {' and '.join(hnsw.metrics)}, not {space.metric.name}"
    if len(hnsw.uncovered) > _MOST_UNCOVERED:
        return f"{len(hnsw.uncovered):,} pictures are not in it yet, run python -m imgrec.index"
    return ""


def _candidates(k: int) -> int:
    return max(_CANDIDATES, _CANDIDATES_EACH * k)


def _allowed_rows(space: Space, question: Question) -> Rows:
    allowed = np.ones(len(space.ids), bool) if question.allowed is None else question.allowed.copy()
    allowed[question.left_out] = False
    return np.flatnonzero(allowed)


def _allowed_values(space: Space, question: Question) -> int:
    assert question.allowed is not None
    return space.values * int(question.allowed.sum()) // max(1, len(space.ids))
