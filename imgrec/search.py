"""Search: an index proposes rows, exact distances put them in order."""

from contextlib import suppress
from dataclasses import dataclass, replace
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from imgrec.errors import ImgrecError, StoreError
from imgrec.metrics import Distances, fuse, metric_named
from imgrec.neighbors import top_k
from imgrec.space import Queries, Rows, Space

INDEXES = ("auto", "exact", "sketch", "hnsw")
_CANDIDATES = 400  # compared exactly, at least; and for each answer wanted:
_CANDIDATES_EACH = 40
_MORE = 8  # times as many where those may not hold the nearest
_SURE = 3.3  # standard deviations of the errors of the sketch's estimates
_SURE_NEAR = 4.5  # of the graph's, which are less often wrong and by more
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
        return fuse(wanted + _PUSH * nearer, self.fuse)

    def rows_allowed(self, count: int) -> Rows:
        """Return the rows that may be answers, of `count`, ascending."""
        allowed = np.ones(count, bool) if self.allowed is None else self.allowed.copy()
        allowed[self.left_out] = False
        return np.flatnonzero(allowed)


@dataclass(frozen=True)
class Candidates:
    """Rows, compared exactly.

    Attributes:
        rows: (m,) of the space, ascending.
        distances: (q + u, m) to each query.
        index: the way they were found, one of `INDEXES`.
    """

    rows: Rows
    distances: Distances
    index: str


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


class NeighborIndex(Protocol):
    """Finds the rows among which the nearest are."""

    def candidates(self, question: Question, k: int) -> Candidates:
        """Return allowed rows that hold the k nearest, all but surely, compared exactly."""
        ...


@dataclass(frozen=True)
class ExactIndex:
    """Compares every row: the reference for any faster way."""

    space: Space

    def candidates(self, question: Question, k: int) -> Candidates:
        """Return all rows that are allowed."""
        rows = question.rows_allowed(len(self.space.ids))
        if 2 * len(rows) <= len(self.space.ids):
            return Candidates(rows, self.space.distances(question.vectors, rows), "exact")
        distances = self.space.distances(question.vectors)
        few_left_out = distances if len(rows) == distances.shape[1] else distances[:, rows]
        return Candidates(rows, few_left_out, "exact")


@dataclass(frozen=True)
class SketchIndex:
    """Compares the rows that are nearest by their sketches, fused as the distances will be."""

    space: Space

    def candidates(self, question: Question, k: int) -> Candidates:
        """Return the rows of the least scores by estimated distances; more where they crowd."""
        count = max(_CANDIDATES, _CANDIDATES_EACH * k)
        scores = question.scores(self.space.estimates(question.vectors))
        if question.allowed is not None:
            scores = np.where(question.allowed, scores, np.float32(np.inf))
        scores[question.left_out] = np.inf
        while 2 * count < len(scores):
            limit = np.partition(scores, count)[count]
            rows = np.flatnonzero((scores <= limit) & np.isfinite(scores))
            distances = self.space.distances(question.vectors, rows)
            if len(rows) < count:  # all that are allowed
                return Candidates(rows, distances, "exact")
            compared = question.scores(distances)
            if _clears(compared, scores[rows], limit, k, scaled=self.space.metric.norm == 1):
                return Candidates(rows, distances, "sketch")
            count *= _MORE
        return ExactIndex(self.space).candidates(question, k)


@dataclass(frozen=True)
class HnswIndex:
    """Compares the rows that the graph finds from the one query, or the nearest of several."""

    space: Space

    def candidates(self, question: Question, k: int) -> Candidates:
        """Return what is near a query and what the graph lacks; more where too few are allowed."""
        (part,), (wanted,) = self.space.parts, question.wanted
        assert part.hnsw is not None  # `chosen_index` looked
        allowed = question.allowed
        possible = len(self.space.ids) if allowed is None else int(allowed.sum())
        possible -= len(question.left_out) + len(part.hnsw.uncovered)
        count, least = max(_NEAR, 2 * k), min(2 * k, possible)
        with suppress(StoreError):  # the graph is damaged
            while least > 0 and 8 * count < len(self.space.ids):
                near = [part.hnsw.nearest(query[None], count) for query in wanted]
                rows = self._answers(np.concatenate([rows for rows, _ in near]), question)
                if len(rows) >= least:
                    rows = np.union1d(rows, self._answers(part.hnsw.uncovered, question))
                    distances = self.space.distances(question.vectors, rows)
                    pairs = zip(near, distances, strict=True)
                    if all(self._clears(rows, *one, to, k) for one, to in pairs):
                        return Candidates(rows, distances, "hnsw")
                count *= 4
        return ExactIndex(self.space).candidates(question, k)

    def _clears(
        self,
        rows: Rows,
        near: Rows,
        estimates: NDArray[np.float32],
        distances: NDArray[np.float32],
        k: int,
    ) -> bool:
        """Whether what the graph did not return is farther than the k nearest of what it did."""
        if self.space.metric.name != "cosine":
            estimates = np.sqrt(estimates)
        places = np.minimum(np.searchsorted(rows, near), len(rows) - 1)
        there = rows[places] == near
        compared = distances[places[there]]
        limit, k = estimates[-1], min(k, len(compared))
        return _clears(compared, estimates[there], limit, k, sure=_SURE_NEAR, scaled=True)

    def _answers(self, rows: Rows, question: Question) -> Rows:
        rows = np.setdiff1d(rows, question.left_out)
        return rows if question.allowed is None else rows[question.allowed[rows]]


def search(index: NeighborIndex, question: Question, k: int) -> Found:
    """Return the k nearest rows of those an index finds."""
    found = index.candidates(question, k)
    scores = question.scores(found.distances)
    nearest = top_k(scores, k)
    shown = np.maximum(scores[nearest], 0)
    exact = found.index == "exact"
    return Found(found.rows[nearest], shown, found.distances[:, nearest], found.index, exact)


def search_joined(space: Space, question: Question, k: int, way: str) -> Found:
    """Return the k nearest under each metric that the space's joins, ordered by its own.

    These are between k and k times the number of metrics joined.
    """
    found = []
    for name in space.metric.joins:
        one = Space(metric_named(name), space.parts)
        asked = replace(question, margins=one.between(question.wanted, question.unwanted))
        found.append(search(chosen_index(one, asked, k, way), asked, k))
    rows = np.unique(np.concatenate([each.rows for each in found]))
    distances = space.distances(question.vectors, rows)
    scores = question.scores(distances)
    order = top_k(scores, len(rows))
    exact = all(each.exact for each in found)
    ways = "+".join(dict.fromkeys(each.index for each in found))
    return Found(rows[order], np.maximum(scores[order], 0), distances[:, order], ways, exact)


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
    if question.count > 1 or question.allowed is not None:
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


def _clears(
    compared: NDArray[np.float32],
    estimated: NDArray[np.float32],
    limit: np.float32,
    k: int,
    *,
    sure: float = _SURE,
    scaled: bool,
) -> bool:
    """Whether what lies beyond the limit of the estimates is farther than the k nearest.

    By what the estimates of the candidates were wrong: in a crowd of nearly equal pictures
    that is more than the distances differ, and any of the crowd may be the nearest.

    Args:
        compared: (m,) scores by exact distances.
        estimated: (m,) by estimates.
        limit: the greatest of the estimated.
        k: answers wanted.
        sure: by how many standard deviations of the estimates' errors.
        scaled: estimates are only proportional to the distances.
    """
    factor = 1.0
    if scaled:
        factor = float(compared @ estimated) / max(float(estimated @ estimated), 1e-30)
    errors = compared - np.float32(factor) * estimated
    nearest = np.partition(compared, k - 1)[k - 1]
    return bool(factor * limit + errors.mean() - sure * errors.std() >= nearest)


def _allowed_values(space: Space, question: Question) -> int:
    assert question.allowed is not None  # asked by the caller
    return space.values * int(question.allowed.sum()) // max(1, len(space.ids))
