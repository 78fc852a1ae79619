"""A walk of the HNSW graph that has lost its way is noticed, and made good.

It does not come to the picture that is asked about, or cells beside the graph have found what is
nearer than all that it has found.
"""

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

    def projected(self, query: NDArray[np.float32]) -> NDArray[np.float32]:
        return query[0]

    def nearest_to(
        self, coordinates: NDArray[np.float32], count: int
    ) -> tuple[Rows, NDArray[np.float32]]:
        return self.nearest(coordinates[None], count)

    def nearest(self, query: NDArray[np.float32], count: int) -> tuple[Rows, NDArray[np.float32]]:
        self.counts.append(count)
        reached = self.nodes if count >= self.enough else self.nodes[len(self.nodes) // 2 :]
        distances = _cosine(query[0], self.vectors[reached])
        order = np.argsort(distances, kind="stable")[:count]
        return reached[order], distances[order].astype(np.float32)


@dataclass
class _Cells:
    """The nearest of all rows, if as many are compared as it takes.

    Attributes:
        vectors: (n, d).
        enough: a search among so many rows finds all; one among fewer some of them.
        among: of each search.
    """

    vectors: NDArray[np.float32]
    enough: int = 0
    among: list[int] = field(default_factory=list)

    def nearest(self, query: NDArray[np.float32], count: int, among: int) -> Rows:
        self.among.append(among)
        order = np.argsort(_cosine(query, self.vectors), kind="stable")
        return order[:count] if among >= self.enough else order[: 2 * count : 2]


def _cosine(query: NDArray[np.float32], vectors: NDArray[np.float32]) -> NDArray[np.float64]:
    lengths = np.linalg.norm(vectors.astype(float), axis=1) * np.linalg.norm(query.astype(float))
    return np.maximum(1 - vectors.astype(float) @ query.astype(float) / lengths, 0)


def _asked(
    graph: Any, rows: list[int], fuse: str = "mean", cells: Any = None
) -> tuple[set[int], str]:
    """Return the K nearest rows among the candidates, and the index that proposed them."""
    ids = np.arange(1, len(graph.vectors) + 1)
    feature = FeatureStore("x", DIMENSIONS, [Block(ids, graph.vectors)])
    space = Space(metric_named("cosine"), (Part(feature, hnsw=graph, cells=cells),))
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


def _island(vectors: NDArray[np.float32], around: int) -> Rows:
    """Return the rows of a graph whose walks find one row, and none of its 400 nearest others."""
    order = np.argsort(_cosine(vectors[around], vectors), kind="stable")
    return np.sort(np.concatenate([order[:1], order[400:]]))


@pytest.mark.parametrize("enough", [0, 10_000])
def test_neighbors_that_only_cells_have_found_make_a_wider_search(
    vectors: NDArray[np.float32], enough: int
) -> None:
    reached = _island(vectors, 3)
    graph, cells = _Graph(vectors, 0, reached), _Cells(vectors, enough)
    graph.covers = lambda row: True  # type: ignore[method-assign]
    # Without cells nothing tells that they are missing.
    assert _asked(graph, [3])[0] != _true(vectors, [3])
    graph.counts.clear()
    assert _asked(graph, [3], cells=cells) == (_true(vectors, [3]), "hnsw")
    assert graph.counts == [64, 256]
    assert len(cells.among) == 2
    assert cells.among[1] > 10_000 > cells.among[0]


def test_a_walk_that_finds_what_the_cells_have_found_is_not_repeated(
    vectors: NDArray[np.float32],
) -> None:
    graph, cells = _Graph(vectors, 0, np.arange(COUNT)), _Cells(vectors)
    assert _asked(graph, [3], cells=cells) == (_true(vectors, [3]), "hnsw")
    assert _asked(graph, [7, 900], "min", cells=cells) == (_true(vectors, [7, 900]), "hnsw")
    assert graph.counts == [64, 64, 64]


def test_rows_in_cells_that_the_graph_lacks_are_no_sign_of_a_lost_walk(
    vectors: NDArray[np.float32],
) -> None:
    reached = _island(vectors, 3)
    lacking = np.setdiff1d(np.arange(COUNT), reached)
    graph = _Graph(vectors, 0, reached, uncovered=lacking)
    assert _asked(graph, [3], cells=_Cells(vectors)) == (_true(vectors, [3]), "hnsw")
    assert graph.counts == [64]


def test_a_walk_that_loses_the_picture_is_repeated_though_cells_have_found_it(
    vectors: NDArray[np.float32],
) -> None:
    graph = _Graph(vectors, COUNT, np.arange(COUNT))
    # Its short walks end among the rows of the second half.
    assert _asked(graph, [3], cells=_Cells(vectors)) == (_true(vectors, [3]), "hnsw")
    assert graph.counts == [64, 256]


def test_of_copies_any_is_the_nearest(vectors: NDArray[np.float32]) -> None:
    crowd = vectors.copy()
    crowd[100:160] = vectors[3] + np.float32(0.3)
    # The walk finds 30 of the 60 copies, and the cells others.
    graph = _Graph(crowd, 0, np.setdiff1d(np.arange(COUNT), np.arange(100, 130)))
    graph.covers = lambda row: True  # type: ignore[method-assign]
    found, index = _asked(graph, [3], cells=_Cells(crowd, 10**9))
    assert found <= {*range(100, 160)}
    assert index == "hnsw"
    assert graph.counts == [64]
