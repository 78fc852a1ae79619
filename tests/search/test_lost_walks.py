"""A walk of the HNSW graph that does not come to the picture that is asked about is repeated."""

from dataclasses import dataclass, field
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

from imgrec.distances.metrics import metric_named
from imgrec.search.candidates import HnswIndex, Question
from imgrec.search.space import Part, Space
from imgrec.store.features import Block, FeatureStore

COUNT, DIMENSIONS, K = 4000, 16, 5
Rows = NDArray[np.intp]


@dataclass
class _Graph:
    """A graph whose short walks end among the rows of its second half.

    Attributes:
        vectors: (n, d).
        enough: walks that keep so many rows find the nearest.
        nodes: rows that are in the graph.
        counts: how many rows each walk was asked for.
    """

    vectors: NDArray[np.float32]
    enough: int
    nodes: Rows
    counts: list[int] = field(default_factory=list)
    uncovered: Rows = field(default_factory=lambda: np.zeros(0, np.intp))

    def covers(self, row: int) -> bool:
        return row in self.nodes

    def nearest(self, query: NDArray[np.float32], count: int) -> tuple[Rows, NDArray[np.float32]]:
        self.counts.append(count)
        reached = self.nodes if count >= self.enough else self.nodes[len(self.nodes) // 2 :]
        distances = _cosine(query[0], self.vectors[reached])
        order = np.argsort(distances, kind="stable")[:count]
        return reached[order], distances[order].astype(np.float32)


def _cosine(query: NDArray[np.float32], vectors: NDArray[np.float32]) -> NDArray[np.float64]:
    lengths = np.linalg.norm(vectors.astype(float), axis=1) * np.linalg.norm(query.astype(float))
    return np.maximum(1 - vectors.astype(float) @ query.astype(float) / lengths, 0)


def _asked(graph: Any, rows: list[int], fuse: str = "mean") -> tuple[set[int], str]:
    """Return the K nearest rows among the candidates, and the index that proposed them."""
    ids = np.arange(1, len(graph.vectors) + 1)
    feature = FeatureStore("x", DIMENSIONS, [Block(ids, graph.vectors)])
    space = Space(metric_named("cosine"), (Part(feature, hnsw=graph),))
    wanted, none = [graph.vectors[rows]], [np.zeros((0, DIMENSIONS), np.float32)]
    question = Question(wanted, none, space.between(wanted, none), fuse, np.array(rows))
    found = HnswIndex(space).candidates(question, K)
    nearest = np.argsort(question.scores(found.distances), kind="stable")[:K]
    return {*found.rows[nearest].tolist()}, found.index


def _true(vectors: NDArray[np.float32], rows: list[int]) -> set[int]:
    distances = np.min([_cosine(vectors[row], vectors) for row in rows], axis=0)
    distances[rows] = np.inf
    return {*np.argsort(distances, kind="stable")[:K].tolist()}


@pytest.fixture(scope="module")
def vectors() -> NDArray[np.float32]:
    return np.random.default_rng(4).standard_normal((COUNT, DIMENSIONS)).astype(np.float32)


def test_a_lost_walk_is_repeated_with_more_rows(vectors: NDArray[np.float32]) -> None:
    graph = _Graph(vectors, 200, np.arange(COUNT))
    assert _asked(graph, [3]) == (_true(vectors, [3]), "hnsw")
    assert graph.counts == [64, 256]


def test_of_several_pictures_each_must_be_found(vectors: NDArray[np.float32]) -> None:
    rows = [7, COUNT - 1]
    graph = _Graph(vectors, 200, np.arange(COUNT))
    assert _asked(graph, rows, "min") == (_true(vectors, rows), "hnsw")
    assert graph.counts == [64, 64, 256, 256]


def test_a_graph_without_a_way_to_the_picture_is_given_up(vectors: NDArray[np.float32]) -> None:
    graph = _Graph(vectors, COUNT, np.arange(COUNT))
    assert _asked(graph, [3]) == (_true(vectors, [3]), "exact")


def test_a_picture_that_is_not_in_the_graph_cannot_be_found_there(
    vectors: NDArray[np.float32],
) -> None:
    graph = _Graph(vectors, 0, np.arange(COUNT)[np.arange(COUNT) != 3])
    assert _asked(graph, [3]) == (_true(vectors, [3]), "hnsw")
    assert graph.counts[0] == 64


def test_of_more_copies_than_were_asked_for_any_is_the_picture() -> None:
    copies = np.ones((COUNT, DIMENSIONS), np.float32)
    graph = _Graph(copies, COUNT, np.arange(COUNT))
    found, index = _asked(graph, [3])
    assert len(found) == K
    assert 3 not in found
    assert index == "hnsw"
    assert graph.counts == [64]
