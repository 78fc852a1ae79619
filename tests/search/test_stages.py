"""The two stages of a search, on chosen distances and estimates: how many rows are compared."""

from dataclasses import dataclass, field
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest

from imgrec import StoreError
from imgrec.distances.metrics import metric_named
from imgrec.search.candidates import (
    CandidateCounts,
    ExactIndex,
    HnswIndex,
    Question,
    SketchIndex,
    _clears,
)

COUNTS = CandidateCounts(sketch=10, sketch_each=4, graph=8)


@dataclass
class ChosenSpace:
    """A space of n rows with chosen distances and estimates (q + u, n), which notes what is asked.

    Attributes:
        true: the exact distances.
        estimated: those of the sketch.
        metric: of the space.
        parts: one feature, with a graph.
        compared: the rows of each exact comparison, None for all.
    """

    true: np.ndarray
    estimated: np.ndarray | None = None
    metric: Any = field(default_factory=lambda: metric_named("cosine"))
    parts: tuple[Any, ...] = ()
    compared: list[list[int] | None] = field(default_factory=list)

    @property
    def ids(self) -> np.ndarray:
        return np.arange(1, self.true.shape[1] + 1)

    def distances(self, queries: Any, rows: np.ndarray | None = None) -> np.ndarray:
        self.compared.append(None if rows is None else rows.tolist())
        return self.true if rows is None else self.true[:, rows]

    def estimates(self, queries: Any) -> np.ndarray:
        assert self.estimated is not None
        return self.estimated.copy()


class ChosenGraph:
    """A graph that finds the nearest by chosen estimates (q, n), and notes how many are asked."""

    def __init__(self, estimates: np.ndarray, uncovered: tuple[int, ...] = ()) -> None:
        self.uncovered = np.array(uncovered, int)
        self.asked: list[int] = []
        self._estimates = estimates

    def covers(self, row: int) -> bool:
        return row not in self.uncovered

    def nearest(self, query: np.ndarray, count: int) -> tuple[np.ndarray, np.ndarray]:
        (number,) = query[0].astype(int)
        self.asked.append(count)
        order = np.argsort(self._estimates[number], kind="stable")
        rows = order[~np.isin(order, self.uncovered)][:count]
        return rows, self._estimates[number, rows].astype(np.float32)


def _question(count: int = 1, **more: Any) -> Question:
    """Return a question whose query vector i is (i,)."""
    left_out = np.array(more.pop("left_out", []), int)
    wanted = [np.arange(count, dtype=np.float32)[:, None]]
    margins = np.zeros((count, 0), np.float32)
    counts = {"counts": COUNTS, **more}
    return Question(wanted, [np.zeros((0, 1), np.float32)], margins, "min", left_out, **counts)


def _line(count: int, step: float = 1e-3) -> np.ndarray:
    """Return distances (1, n) that ascend from row 0."""
    return np.asarray(step * np.arange(1, count + 1, dtype=np.float32)[None], np.float32)


@pytest.mark.parametrize(("k", "first"), [(1, 10), (2, 10), (3, 12), (5, 20)])
def test_the_sketch_compares_the_best_estimates(k: int, first: int) -> None:
    space = ChosenSpace(_line(200), _line(200))
    found = SketchIndex(space).candidates(_question(), k)  # type: ignore[arg-type]
    # All with an estimate up to that of the row after the last one asked for.
    assert found.rows.tolist() == list(range(first + 1))
    assert np.array_equal(found.distances, _line(200)[:, : first + 1])
    assert (found.index, len(space.compared)) == ("sketch", 1)


@pytest.mark.parametrize(("count", "index"), [(20, "exact"), (21, "sketch")])
def test_the_sketch_is_not_asked_where_half_of_the_rows_would_be_compared(
    count: int, index: str
) -> None:
    space = ChosenSpace(_line(count), _line(count))
    found = SketchIndex(space).candidates(_question(), 1)  # type: ignore[arg-type]
    assert found.index == index
    assert found.rows.tolist() == list(range(count if index == "exact" else 11))


def test_the_sketch_compares_eightfold_more_as_long_as_its_errors_leave_it_open() -> None:
    # The nearest row is estimated behind 70 others.
    true, estimated = _line(2000), _line(2000)
    estimated[0, 0], estimated[0, 1:71] = 0.0715, 0.05
    true[0, 1:71] = 0.05 + np.linspace(-0.03, 0.03, 70)
    space = ChosenSpace(true, estimated)
    found = SketchIndex(space).candidates(_question(), 1)  # type: ignore[arg-type]
    assert 0 in found.rows
    assert found.index == "sketch"
    asked = [len(rows) for rows in space.compared if rows]
    # 70 rows have the estimate of the tenth.
    assert asked[:2] == [70, 81]
    assert asked[2:] in ([], [641])


def test_the_sketch_compares_all_rows_in_a_crowd() -> None:
    true = np.full((1, 2000), 0.5, np.float32) + np.tile([0, 1e-3], 1000).astype(np.float32)
    estimated = np.random.default_rng(0).permuted(_line(2000), axis=1)
    space = ChosenSpace(true, estimated)
    found = SketchIndex(space).candidates(_question(), 5)  # type: ignore[arg-type]
    assert (found.index, len(found.rows)) == ("exact", 2000)
    assert [rows and len(rows) for rows in space.compared] == [21, 161, None]


def test_the_sketch_skips_what_is_left_out_or_does_not_pass() -> None:
    allowed = np.arange(200) % 2 == 0
    space = ChosenSpace(_line(200), _line(200))
    question = _question(left_out=[0, 4], allowed=allowed)
    found = SketchIndex(space).candidates(question, 1)  # type: ignore[arg-type]
    assert found.rows.tolist() == [2, *range(6, 26, 2)]
    assert found.index == "sketch"
    # Fewer than are compared at first: these are all there are.
    space = ChosenSpace(_line(200), _line(200))
    question = _question(left_out=[0], allowed=np.arange(200) < 7)
    found = SketchIndex(space).candidates(question, 1)  # type: ignore[arg-type]
    assert found.rows.tolist() == [1, 2, 3, 4, 5, 6]
    assert (found.index, space.compared) == ("exact", [[1, 2, 3, 4, 5, 6]])


@pytest.mark.parametrize(("metric", "index"), [("manhattan", "sketch"), ("euclidean", "exact")])
def test_estimates_of_manhattan_are_only_proportional(metric: str, index: str) -> None:
    # The true distances are 40 times the estimates: no error for the one, and for the other the
    # distances of the candidates are beyond every estimate.
    space = ChosenSpace(40 * _line(200), _line(200), metric_named(metric))
    found = SketchIndex(space).candidates(_question(), 3)  # type: ignore[arg-type]
    assert found.index == index


def test_every_row_is_compared_or_only_those_that_pass() -> None:
    space = ChosenSpace(_line(10))
    exact = ExactIndex(space)  # type: ignore[arg-type]
    assert exact.candidates(_question(), 1).rows.tolist() == list(range(10))
    found = exact.candidates(_question(left_out=[3]), 1)
    assert found.rows.tolist() == [0, 1, 2, 4, 5, 6, 7, 8, 9]
    assert np.array_equal(found.distances, _line(10)[:, found.rows])
    # Half of the rows or fewer are gathered, and more of them compared in place.
    five, six = np.arange(10) < 5, np.arange(10) < 6
    assert exact.candidates(_question(allowed=six), 1).rows.tolist() == [0, 1, 2, 3, 4, 5]
    some = exact.candidates(_question(allowed=five), 1)
    assert np.array_equal(some.distances, _line(10)[:, :5])
    assert space.compared == [None, None, None, [0, 1, 2, 3, 4]]
    assert (found.index, some.index) == ("exact", "exact")
    assert five.sum() == 5


def _graph_space(
    true: np.ndarray, graph: ChosenGraph, metric: str = "cosine"
) -> tuple[ChosenSpace, Any]:
    space = ChosenSpace(
        true, None, metric_named(metric), (SimpleNamespace(hnsw=graph, cells=None),)
    )
    return space, HnswIndex(space)  # type: ignore[arg-type]


@pytest.mark.parametrize(("k", "count"), [(1, 8), (4, 8), (5, 10), (20, 40)])
def test_the_graph_proposes_twice_the_results_or_a_fixed_number(k: int, count: int) -> None:
    graph = ChosenGraph(_line(2000))
    _, index = _graph_space(_line(2000), graph)
    found = index.candidates(_question(), k)
    assert found.rows.tolist() == list(range(count))
    assert (found.index, graph.asked) == ("hnsw", [count])
    assert np.array_equal(found.distances, _line(2000)[:, :count])


@pytest.mark.parametrize(("rows", "index"), [(64, "exact"), (65, "hnsw")])
def test_the_graph_is_not_asked_for_an_eighth_of_the_rows(rows: int, index: str) -> None:
    graph = ChosenGraph(_line(rows))
    assert _graph_space(_line(rows), graph)[1].candidates(_question(), 1).index == index
    assert graph.asked == ([] if index == "exact" else [8])


def test_rows_that_the_graph_lacks_are_compared_beside_it() -> None:
    graph = ChosenGraph(_line(2000), uncovered=(1, 700, 900, 901))
    allowed = np.arange(2000) != 900
    _, index = _graph_space(_line(2000), graph)
    found = index.candidates(_question(left_out=[0, 901], allowed=allowed), 1)
    assert found.rows.tolist() == [1, 2, 3, 4, 5, 6, 7, 8, 700]
    assert found.index == "hnsw"


def test_the_graph_is_asked_for_fourfold_more_until_enough_pass() -> None:
    graph = ChosenGraph(_line(2000))
    allowed = np.arange(2000) >= 100
    found = _graph_space(_line(2000), graph)[1].candidates(_question(allowed=allowed), 2)
    assert graph.asked == [8, 32, 128]
    assert found.rows.tolist() == list(range(100, 128))
    assert found.index == "hnsw"
    # Too far behind: all that pass are compared.
    graph = ChosenGraph(_line(2000))
    allowed = np.arange(2000) >= 1000
    found = _graph_space(_line(2000), graph)[1].candidates(_question(allowed=allowed), 2)
    assert (found.index, found.rows.tolist()) == ("exact", list(range(1000, 2000)))
    assert graph.asked == [8, 32, 128]


@pytest.mark.parametrize(("k", "asked"), [(1, [8]), (3, [8, 32])])
def test_twice_the_results_must_pass(k: int, asked: list[int]) -> None:
    allowed = np.ones(2000, bool)
    # Four of the eight nearest pass.
    allowed[[0, 2, 4, 6]] = False
    graph = ChosenGraph(_line(2000))
    _graph_space(_line(2000), graph)[1].candidates(_question(allowed=allowed), k)
    assert graph.asked == asked


def test_no_more_must_pass_than_there_are() -> None:
    allowed = np.zeros(2000, bool)
    allowed[[0, 1, 3, 5, 600]] = True
    # One is asked about and one the graph lacks: three are possible, fewer than twice the results.
    graph = ChosenGraph(_line(2000), uncovered=(600,))
    question = _question(left_out=[0], allowed=allowed)
    found = _graph_space(_line(2000), graph)[1].candidates(question, 2)
    assert (found.index, found.rows.tolist()) == ("hnsw", [1, 3, 5, 600])
    # None is possible: the graph is not asked.
    nothing = ChosenGraph(_line(2000))
    question = _question(left_out=[1], allowed=np.arange(2000) == 1)
    found = _graph_space(_line(2000), nothing)[1].candidates(question, 2)
    assert (found.index, found.rows.tolist(), nothing.asked) == ("exact", [], [])


def test_each_query_is_asked_and_each_must_be_sure() -> None:
    true = np.stack([_line(2000)[0], _line(2000)[0, ::-1]])
    graph = ChosenGraph(true)
    found = _graph_space(true, graph)[1].candidates(_question(2), 1)
    assert found.rows.tolist() == [*range(8), *range(1992, 2000)]
    assert (found.index, graph.asked) == ("hnsw", [8, 8])
    # Around the second one is a crowd that the graph cannot tell apart.
    true[1, 1000:] = 0.5 + 0.001 * np.tile([0, 1], 500)
    crowded = ChosenGraph(np.stack([true[0], np.random.default_rng(0).permuted(true[0])]))
    found = _graph_space(true, crowded)[1].candidates(_question(2), 1)
    assert found.index == "exact"
    assert crowded.asked == [8, 8, 32, 32, 128, 128]


def test_a_damaged_graph_is_replaced_by_all_rows() -> None:
    class Damaged(ChosenGraph):
        def nearest(self, query: np.ndarray, count: int) -> tuple[np.ndarray, np.ndarray]:
            raise StoreError("damaged")

    found = _graph_space(_line(2000), Damaged(_line(2000)))[1].candidates(_question(), 2)
    assert (found.index, len(found.rows)) == ("exact", 2000)


def test_the_graph_answers_euclidean_by_the_root_of_its_estimates() -> None:
    # Of unit vectors the euclidean distance is √(2 · cosine distance): proportional to the root.
    cosine = _line(2000)
    wrong = np.asarray(cosine**2, np.float32)
    good, bad = ChosenGraph(cosine), ChosenGraph(wrong)
    roots = np.sqrt(2 * cosine)
    assert _graph_space(roots, good, "euclidean")[1].candidates(_question(), 4).index == "hnsw"
    assert good.asked == [8]
    _graph_space(roots, bad, "euclidean")[1].candidates(_question(), 4)
    assert len(bad.asked) > 1


ALTERNATING = np.array([0.1, -0.1, 0.1, -0.1], np.float32)
FOUR = np.array([0.4, 0.8, 0.6, 0.2], np.float32)


@pytest.mark.parametrize(
    ("compared", "estimated", "limit", "k", "sure", "scaled", "expected"),
    [
        # Without errors the limit is compared with the k-th of the candidates.
        (FOUR, FOUR, 0.61, 3, 3.0, False, True),
        (FOUR, FOUR, 0.59, 3, 3.0, False, False),
        (FOUR, FOUR, 0.59, 2, 3.0, False, True),
        # Estimates that are all too small by 0.5: so is the limit.
        (FOUR + np.float32(0.5), FOUR, 0.41, 2, 3.0, False, True),
        (FOUR + np.float32(0.5), FOUR, 0.39, 2, 3.0, False, False),
        # Errors of 0.1: a row beyond the limit may be nearer by a multiple of them.
        (FOUR, FOUR + ALTERNATING, 0.41, 1, 2.0, False, True),
        (FOUR, FOUR + ALTERNATING, 0.39, 1, 2.0, False, False),
        (FOUR, FOUR + ALTERNATING, 0.41, 1, 2.2, False, False),
        # Estimates of half the size.
        (FOUR, FOUR / 2, 0.31, 3, 3.0, True, True),
        (FOUR, FOUR / 2, 0.29, 3, 3.0, True, False),
        # All estimates 0: there is no factor to fit.
        (FOUR, np.zeros(4, np.float32), 0.1, 1, 0.0, True, True),
    ],
)
def test_when_no_other_row_can_be_nearer(
    compared: np.ndarray,
    estimated: np.ndarray,
    limit: float,
    k: int,
    sure: float,
    scaled: bool,
    expected: bool,
) -> None:
    found = _clears(compared, estimated, np.float32(limit), k, sure=sure, scaled=scaled)
    assert found is expected


def test_the_wanted_and_unwanted_vectors_of_each_feature_are_joined() -> None:
    a, b = np.ones((2, 3), np.float32), np.full((2, 5), 2, np.float32)
    c, d = np.full((1, 3), 3, np.float32), np.full((1, 5), 4, np.float32)
    question = Question([a, b], [c, d], np.zeros((2, 1), np.float32), "mean", np.array([0]))
    first, second = question.vectors
    assert first.tolist() == [[1] * 3, [1] * 3, [3] * 3]
    assert second.tolist() == [[2] * 5, [2] * 5, [4] * 5]
    assert question.count == 2
    assert question.count_allowed(7) == 7
    assert question.rows_allowed(4).tolist() == [1, 2, 3]


def test_filters_stay_as_they_are() -> None:
    allowed = np.array([True, True, False, True])
    question = _question(left_out=[1], allowed=allowed)
    assert question.rows_allowed(4).tolist() == [0, 3]
    assert question.count_allowed(4) == 3
    assert allowed.tolist() == [True, True, False, True]


def test_of_several_unwanted_pictures_the_nearest_pushes_most() -> None:
    # Two queries, two unwanted pictures, three candidates.
    distances = np.array(
        [[0.1, 0.5, 0.3], [0.4, 0.2, 0.3], [0.6, 0.2, 0.9], [0.8, 0.9, 0.1]], np.float32
    )
    margins = np.array([[0.4, 0.6], [0.5, 0.1]], np.float32)
    wanted, unwanted = [np.zeros((2, 1), np.float32)], [np.zeros((2, 1), np.float32)]
    question = Question(wanted, unwanted, margins, "mean", np.arange(0))
    # By hand: to the first query 0.1 + ½ max(-0.2, -0.2), 0.5 + ½ max(0.2, -0.3),
    # 0.3 + ½ max(-0.5, 0.5); to the second 0.4 + ½ max(-0.1, -0.7), 0.2 + ½ max(0.3, -0.8),
    # 0.3 + ½ max(-0.4, 0).
    expected = [(0.0 + 0.35) / 2, (0.6 + 0.35) / 2, (0.55 + 0.3) / 2]
    assert np.allclose(question.scores(distances), expected)
