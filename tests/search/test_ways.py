"""Which index answers a question, at the limits, and in which order."""

from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest

from imgrec import ImgrecError
from imgrec.distances.metrics import metric_named
from imgrec.search.candidates import Candidates, ExactIndex, HnswIndex, Question, SketchIndex
from imgrec.search.space import Part, Space
from imgrec.search.ways import chosen_index, search, search_joined
from imgrec.store.features import Block, FeatureStore

# 2,048 rows of 2,048 values: as many as are searched exactly without asking.
LIMIT = 2048


def _part(
    rows: int = LIMIT + 1,
    *,
    name: str = "some",
    sketch: int | None = None,
    hnsw: int | None = None,
    metrics: tuple[str, ...] = ("cosine",),
) -> Part:
    """Return a feature of many rows and 2,048 dimensions, with the number that its indexes lack."""
    feature: Any = SimpleNamespace(ids=np.arange(1, rows + 1), dimensions=LIMIT, name=name)
    a: Any = None if sketch is None else SimpleNamespace(uncovered=np.arange(sketch))
    b: Any = None if hnsw is None else SimpleNamespace(uncovered=np.arange(hnsw), metrics=metrics)
    return Part(feature, sketch=a, hnsw=b)


def _space(*parts: Part, metric: str = "cosine") -> Space:
    return Space(metric_named(metric), parts)


def _question(count: int = 1, unwanted: int = 0, fuse: str = "mean", **more: Any) -> Question:
    vectors = [np.zeros((count, 2), np.float32)], [np.zeros((unwanted, 2), np.float32)]
    return Question(*vectors, np.zeros((count, unwanted), np.float32), fuse, np.arange(0), **more)


def test_up_to_four_million_values_are_searched_exactly() -> None:
    both = {"sketch": 0, "hnsw": 0}
    assert isinstance(chosen_index(_space(_part(LIMIT, **both)), _question()), ExactIndex)
    assert isinstance(chosen_index(_space(_part(LIMIT + 1, **both)), _question()), HnswIndex)
    # Only the pictures that pass the filters are compared.
    allowed = np.arange(3 * LIMIT) % 3 == 0
    few = _question(allowed=allowed)
    assert isinstance(chosen_index(_space(_part(3 * LIMIT, **both)), few), ExactIndex)
    allowed[1] = True
    assert isinstance(
        chosen_index(_space(_part(3 * LIMIT, **both)), _question(allowed=allowed)), SketchIndex
    )


@pytest.mark.parametrize(
    ("part", "question", "expected"),
    [
        (_part(hnsw=0, sketch=0), _question(), HnswIndex),
        (_part(sketch=0), _question(), SketchIndex),
        (_part(hnsw=0), _question(), HnswIndex),
        (_part(), _question(), ExactIndex),
        # The sketch ranks all pictures, the graph only those near one query.
        (_part(hnsw=0, sketch=0), _question(2, fuse="min"), SketchIndex),
        (_part(hnsw=0), _question(2, fuse="min"), ExactIndex),
        (_part(hnsw=0, sketch=0), _question(2), SketchIndex),
        (_part(hnsw=0, sketch=0), _question(unwanted=1), SketchIndex),
        (_part(hnsw=0, sketch=0), _question(fuse="rank"), HnswIndex),
        (_part(hnsw=0, sketch=0), _question(2, fuse="rank"), ExactIndex),
        (_part(hnsw=8192, sketch=0), _question(), HnswIndex),
        (_part(hnsw=8193, sketch=0), _question(), SketchIndex),
        (_part(hnsw=8193, sketch=8192), _question(), SketchIndex),
        (_part(hnsw=8193, sketch=8193), _question(), ExactIndex),
    ],
)
def test_the_fastest_suitable_index_answers(
    part: Part, question: Question, expected: type[object]
) -> None:
    assert type(chosen_index(_space(part), question)) is expected


@pytest.mark.parametrize(
    ("space", "question", "way", "message"),
    [
        (_space(_part()), _question(), "tree", "unknown index 'tree'; known: auto, exact, sketch,"),
        (_space(_part()), _question(), "sketch", "no sketch for cosine of some (imgrec index "),
        (_space(_part()), _question(), "hnsw", "hnsw cannot answer this: some has no graph: run"),
        (
            _space(_part(name="a"), _part(name="b", sketch=0)),
            _question(),
            "sketch",
            "the index sketch cannot answer this: there is no sketch for cosine of a and b (imgrec",
        ),
        (_space(_part(name="a"), _part(name="b")), _question(), "hnsw", "this: a and b has no gra"),
        (
            _space(_part(hnsw=0, metrics=("cosine", "euclidean")), metric="manhattan"),
            _question(),
            "hnsw",
            "the graph serves cosine and euclidean, not manhattan",
        ),
        (_space(_part(hnsw=8193)), _question(), "hnsw", "8,193 pictures are not in it yet: run im"),
        (_space(_part(hnsw=0)), _question(2), "hnsw", "question has several or --not"),
        (_space(_part(hnsw=0)), _question(2, 1, "min"), "hnsw", "question has several or --not"),
        (_space(_part(sketch=0)), _question(2, fuse="rank"), "sketch", "--fuse rank needs the dis"),
        (
            _space(_part(sketch=0), metric="manhattan"),
            _question(unwanted=1),
            "sketch",
            "manhattan with unwanted pictures needs the distance to every picture",
        ),
        (
            _space(_part(sketch=8000), _part(sketch=193)),
            _question(),
            "sketch",
            "8,193 pictures are not in it yet: run imgrec index",
        ),
    ],
)
def test_an_index_that_is_asked_for_says_why_it_cannot_answer(
    space: Space, question: Question, way: str, message: str
) -> None:
    with pytest.raises(ImgrecError) as error:
        chosen_index(space, question, way)
    assert message in str(error.value)


@pytest.mark.parametrize(
    ("space", "question", "way", "expected"),
    [
        # Asked for by name, in spite of few values and of one that would be faster.
        (_space(_part(5, hnsw=0)), _question(), "hnsw", HnswIndex),
        (_space(_part(5, sketch=0)), _question(), "sketch", SketchIndex),
        (_space(_part(hnsw=0)), _question(), "exact", ExactIndex),
        (_space(_part(hnsw=0)), _question(2, fuse="min"), "hnsw", HnswIndex),
        (_space(_part(sketch=8000), _part(sketch=192)), _question(), "sketch", SketchIndex),
        (_space(_part(sketch=0), metric="manhattan"), _question(), "sketch", SketchIndex),
    ],
)
def test_an_index_that_is_asked_for_answers_if_it_can(
    space: Space, question: Question, way: str, expected: type[object]
) -> None:
    index = chosen_index(space, question, way)
    assert type(index) is expected
    assert index.space is space  # type: ignore[attr-defined]


@pytest.mark.parametrize("name", ["exact", "sketch", "hnsw"])
def test_candidates_are_ranked_by_score_with_ties_by_row(name: str) -> None:
    rows = np.array([2, 3, 5, 8, 13])
    distances = np.array([[0.4, 0.1, 0.7, 0.1, 0.3], [0.5, 0.2, 0.5, 0.6, 0.9]], np.float32)
    index: Any = SimpleNamespace(
        candidates=lambda question, k: Candidates(rows, distances[: question.count + 1], name)
    )
    found = search(index, _question(1, 1), 3)
    # d(q, x) + ½ (d(q, u) - d(u, x)) with d(q, u) = 0, shown as 0 where it is negative.
    assert found.rows.tolist() == [8, 13, 3]
    assert found.scores.tolist() == [0, 0, 0]
    assert np.allclose(found.distances, distances[:, [3, 4, 1]])
    assert (found.index, found.exact) == (name, name == "exact")
    plain = search(index, _question(2), 4)
    assert plain.rows.tolist() == [3, 8, 2, 5]
    assert np.allclose(plain.scores, [0.15, 0.35, 0.45, 0.6])


def test_a_joined_metric_unites_the_nearest_by_each_and_ranks_them_by_cosine() -> None:
    # Nearest to (1, 0): by angle the long ones 3 and 2, by difference the short ones 0 and 1.
    vectors = np.array([[0.9, 0.3], [1, -0.5], [5, 0.3], [9, 0.1], [-1, 0]], np.float32)
    feature = FeatureStore("x", 2, [Block(np.arange(1, 6), vectors)])
    space = Space(metric_named("combined"), (Part(feature),))
    query = [np.array([[1, 0]], np.float32)]
    nothing = [np.zeros((0, 2), np.float32)]
    question = Question(query, nothing, np.zeros((1, 0), np.float32), "mean", np.arange(0))
    found = search_joined(space, question, 2, "auto")
    assert found.rows.tolist() == [3, 2, 0, 1]
    cosines = [1 - x / np.hypot(x, y) for x, y in vectors[[3, 2, 0, 1]].astype(float)]
    assert np.allclose(found.scores, cosines, atol=1e-6)
    assert np.allclose(found.distances, [cosines], atol=1e-6)
    assert (found.index, found.exact) == ("exact", True)


def test_a_joined_metric_measures_the_unwanted_by_each_of_its_metrics() -> None:
    # Rows 1 and 2 are equally far from the query; row 2 is the unwanted picture's copy.
    vectors = np.array([[4, 0], [4, 3], [4, -3], [0, 8]], np.float32)
    feature = FeatureStore("x", 2, [Block(np.arange(1, 5), vectors)])
    space = Space(metric_named("combined"), (Part(feature),))
    query, away = [np.array([[4, 0]], np.float32)], [np.array([[4, -3]], np.float32)]
    question = Question(query, away, space.between(query, away), "mean", np.array([0]))
    assert search_joined(space, question, 1, "exact").rows.tolist() == [1]
    assert search_joined(space, question, 3, "exact").distances.shape == (2, 3)
