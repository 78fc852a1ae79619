"""Candidates for an answer: the rows among which the nearest are, compared exactly."""

from contextlib import suppress
from dataclasses import dataclass
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from imgrec.distances.metrics import Distances, fuse
from imgrec.errors import StoreError
from imgrec.search.space import Queries, Rows, Space

_CANDIDATES = 400  # compared exactly, at least; and for each answer wanted:
_CANDIDATES_EACH = 40
_MORE = 8  # times as many where those may not hold the nearest
_SURE = 3.3  # standard deviations of the errors of the sketch's estimates
_SURE_NEAR = 4.5  # of the graph's, which are less often wrong and by more
_NEAR = 64  # the graph is asked for, at least, or twice the answers wanted
_PUSH = np.float32(0.5)


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

    def count_allowed(self, count: int) -> int:
        """Return how many of `count` rows pass the filter."""
        return count if self.allowed is None else int(self.allowed.sum())

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
        index: the way they were found, one of `imgrec.search.ways.INDEXES`.
    """

    rows: Rows
    distances: Distances
    index: str


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
        possible = question.count_allowed(len(self.space.ids))
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
        if not len(compared):
            return False
        limit, k = estimates[-1], min(k, len(compared))
        return _clears(compared, estimates[there], limit, k, sure=_SURE_NEAR, scaled=True)

    def _answers(self, rows: Rows, question: Question) -> Rows:
        rows = np.setdiff1d(rows, question.left_out)
        return rows if question.allowed is None else rows[question.allowed[rows]]


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
