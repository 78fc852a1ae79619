"""Two-stage search: an index proposes candidate rows, exact distances rank them.

`ExactIndex` compares every row and is the reference in tests. `SketchIndex` estimates all distances
from a compact sketch and re-ranks the best estimates; `HnswIndex` takes candidates from a graph,
and from the cells beside it.
The errors of the estimates become visible when candidates are re-ranked: if by these errors an
unexamined row could still be among the k nearest (a burst of nearly equal pictures), the stage is
repeated with more candidates, in the end with all.
"""

import math
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from imgrec.distances.metrics import Distances, fuse
from imgrec.distances.order import smallest
from imgrec.encoders.spec import Vectors
from imgrec.errors import StoreError
from imgrec.search.space import Queries, Rows, Space

# Growth of the number of candidates when they may not hold the nearest.
_MORE = 8
# Safety margin in standard deviations of the estimation errors: of the sketch, and of the graph,
# whose errors have heavier tails.
_SURE = 3.3
_SURE_NEAR = 4.5
# Rows that are compared in cells, candidates that come from them, and how many times as many rows
# when a walk was lost.
_AMONG, _FROM_CELLS, _WIDER = 1 << 11, 32, 16
# Of so many nearest the graph may lack one that the cells have found.
_LACKING_OF = 10
# Estimated distance of equal vectors in half precision, at most.
_SAME = np.float32(1e-6)
# The ways to fuse that leave the distances to one query as they are.
_LEAVE_ONE = ("mean", "min", "max")
# Weight of an unwanted picture in Rocchio's rule.
_PUSH = np.float32(0.5)


@dataclass(frozen=True)
class CandidateCounts:
    """How many candidates an index proposes at first.

    Attributes:
        sketch: candidates of the sketch, at least.
        sketch_each: candidates of the sketch for each result asked for.
        graph: candidates of the graph, at least; or twice the results asked for.
    """

    sketch: int = 400
    sketch_each: int = 40
    graph: int = 64


COUNTS = CandidateCounts()


@dataclass(frozen=True)
class Question:
    """The query vectors of one question in a space of n rows.

    Attributes:
        wanted: query vectors (q, d), one array for each feature.
        unwanted: vectors of unwanted pictures (u, d), one array for each feature; u may be 0.
        margins: distances (q, u) of the queries to the unwanted pictures.
        fuse: how the distances to several queries are fused, one of `metrics.FUSIONS`.
        left_out: rows excluded from the answer: the query pictures themselves.
        allowed: boolean mask (n,) of rows that pass the filters; None for all.
        counts: how many candidates an index proposes at first.
    """

    wanted: Queries
    unwanted: Queries
    margins: Distances
    fuse: str
    left_out: Rows
    allowed: NDArray[np.bool_] | None = None
    counts: CandidateCounts = COUNTS

    @property
    def count(self) -> int:
        """The number q of queries."""
        return len(self.wanted[0])

    @property
    def vectors(self) -> Queries:
        """Query and then unwanted vectors (q + u, d), one array for each feature."""
        if not len(self.unwanted[0]):
            return self.wanted
        return [np.concatenate(pair) for pair in zip(self.wanted, self.unwanted, strict=True)]

    def scores(self, distances: Distances) -> NDArray[np.float32]:
        """Return the scores (m,) that rank candidates, from their distances (q + u, m).

        Of one query alone they are its row of the distances, not a copy.

        For a query q, an unwanted picture u and a candidate x the score is
        d(q, x) + ½ (d(q, u) - d(u, x)); of several unwanted pictures the one that gives the
        greatest score counts. Scores are then fused over the queries. A copy of a query has 0.

        Source: Rocchio's relevance feedback; under cosine the score ranks as q - ½ u does.
        """
        wanted, unwanted = distances[: self.count], distances[self.count :]
        if not len(unwanted):
            alone = len(wanted) == 1 and self.fuse in _LEAVE_ONE
            return wanted[0] if alone else fuse(wanted, self.fuse)
        nearer = (self.margins[:, :, None] - unwanted[None]).max(axis=1)  # (q, m)
        return fuse(wanted + _PUSH * nearer, self.fuse)

    def count_allowed(self, count: int) -> int:
        """Return how many of the `count` rows of the space pass the filters."""
        return count if self.allowed is None else int(self.allowed.sum())

    def rows_allowed(self, count: int) -> Rows:
        """Return the ascending rows that may be in the answer, of `count` rows in the space."""
        if self.allowed is None:
            return np.delete(np.arange(count), self.left_out)
        allowed = self.allowed.copy()
        allowed[self.left_out] = False
        return np.flatnonzero(allowed)


@dataclass(frozen=True)
class Candidates:
    """Candidate rows with their exact distances.

    Attributes:
        rows: (m,) ascending rows of the space.
        distances: (q + u, m) exact distances to query and unwanted vectors.
        index: the index that proposed them, one of `choices.INDEXES`.
    """

    rows: Rows
    distances: Distances
    index: str


class NeighborIndex(Protocol):
    """Proposes candidates for the k nearest rows."""

    def candidates(self, question: Question, k: int) -> Candidates:
        """Return candidates that contain the k nearest allowed rows with high probability."""
        ...


@dataclass(frozen=True)
class ExactIndex:
    """Compares every row: always correct, and the reference for the other indexes."""

    space: Space

    def candidates(self, question: Question, k: int) -> Candidates:
        """Return all allowed rows."""
        rows = question.rows_allowed(len(self.space.ids))
        if 2 * len(rows) <= len(self.space.ids):
            return Candidates(rows, self.space.distances(question.vectors, rows), "exact")
        distances = self.space.distances(question.vectors)
        if len(rows) == distances.shape[1]:
            return Candidates(rows, distances, "exact")
        if question.allowed is None:
            # Most often one row, around which two pieces are copied.
            return Candidates(rows, np.delete(distances, question.left_out, axis=1), "exact")
        return Candidates(rows, distances[:, rows], "exact")


@dataclass(frozen=True)
class SketchIndex:
    """Estimates the distance to every row from the sketch, and re-ranks the best."""

    space: Space

    def candidates(self, question: Question, k: int) -> Candidates:
        """Return the rows with the lowest estimated scores; more in a crowd of near-ties."""
        count = max(question.counts.sketch, question.counts.sketch_each * k)
        scores = question.scores(self.space.estimates(question.vectors))
        if question.allowed is not None:
            scores = np.where(question.allowed, scores, np.float32(np.inf))
        scores[question.left_out] = np.inf
        while 2 * count < len(scores):
            limit, rows = smallest(scores, count)
            # Infinite: of rows that may not be in the answer.
            rows = rows[np.isfinite(scores[rows])]
            distances = self.space.distances(question.vectors, rows)
            # Fewer than asked for: these are all allowed rows.
            if len(rows) < count:
                return Candidates(rows, distances, "exact")
            compared = question.scores(distances)
            if _clears(compared, scores[rows], limit, k, scaled=self.space.metric.norm == 1):
                return Candidates(rows, distances, "sketch")
            count *= _MORE
        return ExactIndex(self.space).candidates(question, k)


@dataclass(frozen=True)
class _Walk:
    """What a graph and the cells beside it have found near one query.

    Attributes:
        rows: (m,) that the graph has found, nearest first.
        estimates: (m,) of their cosine distances, ascending.
        beside: rows from the nearest cells; None where there are no cells.
    """

    rows: Rows
    estimates: NDArray[np.float32]
    beside: Rows | None

    @property
    def found(self) -> Rows:
        """All rows, some of them twice."""
        return self.rows if self.beside is None else np.concatenate([self.rows, self.beside])


@dataclass(frozen=True)
class HnswIndex:
    """Takes candidates from an HNSW graph, for one query or for `--fuse min` over several."""

    space: Space

    def candidates(self, question: Question, k: int) -> Candidates:
        """Return rows near a query and those the graph lacks; all if too few pass the filters."""
        (part,), (wanted,) = self.space.parts, question.wanted
        # `chosen_index` has checked this.
        assert part.hnsw is not None
        count, least = max(question.counts.graph, 2 * k), min(2 * k, self._count_nodes(question))
        among = _AMONG
        # A StoreError means that the graph file is damaged: fall back to comparing all rows.
        with suppress(StoreError):
            while least > 0 and 8 * count < len(self.space.ids):
                walks = [self._walk(query[None], count, among) for query in wanted]
                rows = self._answers([walk.found for walk in walks], question)
                wider = among > _AMONG
                if len(rows) >= least and self._finds_the_queries(walks, question, wider=wider):
                    if len(part.hnsw.uncovered):
                        rows = self._answers([rows, part.hnsw.uncovered], question)
                    distances = self.space.distances(question.vectors, rows)
                    pairs = zip(walks, distances, strict=True)
                    found = Candidates(rows, distances, "hnsw")
                    clear = all(self._clears(rows, walk, to, k) for walk, to in pairs)
                    if clear and self._agree(walks, question, found, k, wider=wider):
                        return found
                count, among = 4 * count, _WIDER * among
        return ExactIndex(self.space).candidates(question, k)

    def _count_nodes(self, question: Question) -> int:
        """Return how many nodes of the graph may be in the answer."""
        (part,) = self.space.parts
        assert part.hnsw is not None
        asked = [row for row in question.left_out.tolist() if part.hnsw.covers(row)]
        outside = np.concatenate([part.hnsw.uncovered, np.array(asked, np.intp)])
        count = question.count_allowed(len(self.space.ids))
        if question.allowed is None:
            return count - len(outside)
        return count - int(question.allowed[outside].sum())

    def _walk(self, query: Vectors, count: int, among: int) -> _Walk:
        (part,) = self.space.parts
        assert part.hnsw is not None
        if part.cells is None:
            return _Walk(*part.hnsw.nearest(query, count), None)
        coordinates = part.hnsw.projected(query)
        rows, estimates = part.hnsw.nearest_to(coordinates, count)
        beside = part.cells.nearest(coordinates, max(_FROM_CELLS, count // 2), among)
        return _Walk(rows, estimates, beside)

    def _finds_the_queries(
        self, walks: Sequence[_Walk], question: Question, *, wider: bool
    ) -> bool:
        """Return True if the walk, or a wide search of cells, has found each picture in the graph.

        A walk may end in a part of the graph that has no way to the nearest nodes. Of a picture
        of the store it is known where it should have ended: at the picture itself, at distance 0.
        """
        (part,) = self.space.parts
        assert part.hnsw is not None
        # More copies of a picture than rows were asked for: it may be any of them.
        if any(len(walk.estimates) and walk.estimates[-1] <= _SAME for walk in walks):
            return True
        found = np.concatenate([walk.found if wider else walk.rows for walk in walks])
        return all(
            bool((found == row).any())
            for row in question.left_out.tolist()
            if part.hnsw.covers(row)
        )

    def _agree(
        self, walks: Sequence[_Walk], question: Question, found: Candidates, k: int, *, wider: bool
    ) -> bool:
        """Return True if the walk by itself, or a wide search of cells, has found what is nearest.

        What only the cells have found tells that a walk was lost: there is more where it lies.
        """
        (part,) = self.space.parts
        assert part.hnsw is not None
        beside = [walk.beside for walk in walks if walk.beside is not None]
        if not beside:
            return True
        scores, k = question.scores(found.distances), min(k, len(found.rows))
        # Among copies of a picture any are the nearest.
        limit = np.partition(scores, k - 1)[k - 1] + _SAME
        near = found.rows[scores <= limit].tolist()
        for side in ([walk.rows for walk in walks], beside if wider else []):
            # Sets: NumPy takes longer for so few.
            rows = {row for part_of in side for row in part_of.tolist()}
            known = sum(row in rows or not part.hnsw.covers(row) for row in near)
            if side and known >= k - k // _LACKING_OF:
                return True
        return False

    def _clears(
        self,
        rows: Rows,
        walk: _Walk,
        distances: NDArray[np.float32],
        k: int,
    ) -> bool:
        """Return True if no row that the graph did not return can be among the k nearest."""
        near, estimates = walk.rows, walk.estimates
        if self.space.metric.name != "cosine":
            estimates = np.sqrt(estimates)
        places = rows.searchsorted(near)
        there = rows.take(places, mode="clip") == near if len(rows) else np.zeros(len(near), bool)
        compared = distances[places[there]]
        if not len(compared):
            return False
        limit, k = estimates[-1], min(k, len(compared))
        return _clears(compared, estimates[there], limit, k, sure=_SURE_NEAR, scaled=True)

    def _answers(self, found: Sequence[Rows], question: Question) -> Rows:
        """Return the ascending rows that may be in the answer, each once."""
        # Not by the set functions of NumPy, which take longer than the walk through a small graph.
        rows = np.sort(found[0] if len(found) == 1 else np.concatenate(found))
        right = np.ones(len(rows), bool)
        right[1:] = rows[1:] > rows[:-1]
        for row in question.left_out.tolist():
            right &= rows != row
        if question.allowed is not None:
            right &= question.allowed[rows]
        return rows[right]


def _clears(
    compared: NDArray[np.float32],
    estimated: NDArray[np.float32],
    limit: np.float32,
    k: int,
    *,
    sure: float = _SURE,
    scaled: bool,
) -> bool:
    """Return True if no unexamined row can be among the k nearest.

    Every unexamined row has an estimate above `limit`. Mean and standard deviation of the errors
    of the candidates' estimates tell how near such a row may be in truth. In a crowd of nearly
    equal pictures the errors exceed the differences of the distances, and the answer is False.

    Args:
        compared: (m,) scores of the candidates from exact distances.
        estimated: (m,) scores of the candidates from estimated distances.
        limit: the greatest estimate examined.
        k: number of results asked for.
        sure: safety margin in standard deviations of the errors.
        scaled: True if estimates are only proportional to distances; a least-squares factor is
            fitted first.
    """
    factor = 1.0
    if scaled:
        factor = float(compared @ estimated) / max(float(estimated @ estimated), 1e-30)
    errors = compared - np.float32(factor) * estimated
    # Not by `mean` and `std` of NumPy, which take longer than the walk through a small graph.
    mean = float(np.add.reduce(errors)) / len(errors)
    errors -= np.float32(mean)
    deviation = math.sqrt(float(errors @ errors) / len(errors))
    nearest = float(np.partition(compared, k - 1)[k - 1])
    return factor * float(limit) + mean - sure * deviation >= nearest
