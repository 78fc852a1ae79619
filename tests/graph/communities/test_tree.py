"""Tests of the community tree: a partition of bounded parts, with stable numbers."""

from collections import Counter
from functools import cache

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from graph.choices import IGRAPH, LEIDEN, PYTHON_LOUVAIN
from graph.communities.bundles import Bundles
from graph.communities.detection import levels
from graph.communities.kept import parts_of
from graph.communities.numbering import numbered, parsed
from graph.communities.parts import gathered, similarity, split
from graph.communities.start import ALL, NOWHERE, Start
from graph.communities.tree import MOST_CHILDREN, Community, Grower
from graph.communities.weights import FLOOR, Graph, joined, knn_graph
from graphs_by_hand import matrix_of, neighbors_of, random_graph
from imgrec.labels.community_names import LONERS


def grown(
    graph: Graph, page_size: int, costs: np.ndarray | None = None, **limits: int
) -> Community:
    costs = np.ones(graph.n) if costs is None else costs
    parts = levels(graph, IGRAPH)[-1]
    tree = Grower(costs, page_size, IGRAPH, **limits).grown(graph, parts)
    return numbered(tree, parsed([None] * graph.n), np.ones(graph.n))


def planted(n: int, kinds: int, seed: int = 0, scale: float = 0.15) -> tuple[Graph, np.ndarray]:
    rng = np.random.default_rng(seed)
    of = rng.permutation(np.arange(n) % kinds)
    centers = rng.normal(size=(kinds, 8))
    vectors = centers[of] + rng.normal(scale=scale, size=(n, 8))
    return knn_graph(neighbors_of(vectors, min(8, n - 1))), of


def leaves(tree: Community) -> dict[str, Community]:
    return {path: group for path, group in tree.walk() if not group.children}


@settings(max_examples=40)
@given(st.integers(1, 120), st.integers(0, 400), st.integers(1, 40), st.integers(0, 2**32 - 1))
def test_every_node_is_in_exactly_one_leaf_and_none_is_too_large(
    n: int, edges: int, page_size: int, seed: int
) -> None:
    rng = np.random.default_rng(seed)
    costs = np.maximum(1, rng.uniform(0, page_size / 2, n) * (rng.random(n) < 0.2))
    tree = grown(random_graph(n, edges if n > 1 else 0, rng), page_size, costs)
    assert sorted(np.concatenate([g.rows for g in leaves(tree).values()])) == list(range(n))
    assert tree.children
    for _, group in tree.walk():
        assert len(group.children) <= MOST_CHILDREN + 1
        assert (np.diff(group.rows) > 0).all()
        if group.children:
            below = np.sort(np.concatenate([child.rows for child in group.children]))
            assert np.array_equal(below, group.rows)
            numbers = [child.number for child in group.children]
            assert len(set(numbers)) == len(numbers)
            assert min(numbers) >= 0
        else:
            assert costs[group.rows].sum() <= page_size + 1e-6


def test_a_large_community_is_divided_by_its_own_structure() -> None:
    rng = np.random.default_rng(1)
    kinds = np.repeat(np.arange(6), 20)
    vectors = np.eye(6)[kinds] + rng.normal(scale=0.05, size=(120, 6))
    graph = knn_graph(neighbors_of(vectors, 8))
    tree = Grower(np.ones(120), 25, IGRAPH).grown(graph, np.zeros(120, np.int64))
    (one,) = tree.children
    found = sorted(set(kinds[child.rows].tolist()) for child in one.children)
    assert sorted(map(sorted, found)) == [[kind] for kind in range(6)]


def test_what_has_no_structure_is_cut_into_as_few_pages_as_can_be() -> None:
    n = 30
    low, high = np.triu_indices(n, 1)
    clique = joined(n, low, high, np.ones(len(low)))
    (one,) = grown(clique, 8).children
    assert len(one.children) == 4


def test_what_nothing_joins_is_cut_into_equal_pages() -> None:
    tree = grown(joined(30, *np.zeros((2, 0), np.int64), np.zeros(0)), 8)
    (loners,) = tree.children
    assert loners.number == LONERS
    assert [len(child.rows) for child in loners.children] == [8, 7, 8, 7]


def test_many_communities_get_a_level_above_them() -> None:
    made, of = planted(600, 24)
    tree = grown(made, 12, most_children=6)
    depth = max(path.count(".") for path in leaves(tree))
    assert depth >= 1
    assert all(len(group.children) <= 7 for _, group in tree.walk())
    whole = [len(set(of[group.rows])) for group in tree.children]
    # Few communities are divided between parents.
    assert sum(whole) < 24 + 12


def test_pictures_like_no_other_are_one_group_of_loners() -> None:
    rng = np.random.default_rng(2)
    a = rng.integers(0, 40, 400)
    b = rng.integers(0, 40, 400)
    low, high = np.concatenate([a, a + 40]), np.concatenate([b, b + 40])
    # Apart from the least weight, no edge joins the nodes in `alone`.
    kept, alone = low != high, np.arange(80, 280)
    low = np.concatenate([low[kept], alone])
    high = np.concatenate([high[kept], rng.integers(0, 80, 200)])
    made = joined(280, low, high, np.where(low < 80, 0.8, FLOOR))
    tree = grown(made, 100)
    assert tree.children[-1].number == LONERS
    assert set(alone) <= set(tree.children[-1].rows.tolist())
    assert [len(child.rows) for child in tree.children[-1].children] == [100, 100]


@settings(max_examples=40)
@given(st.integers(1, 30), st.integers(1, 6), st.integers(0, 2**32 - 1))
def test_split_and_similarity_against_matrices(n: int, count: int, seed: int) -> None:
    rng = np.random.default_rng(seed)
    made = random_graph(n, 2 * n if n > 1 else 0, rng)
    parts = np.unique(rng.integers(0, count, n), return_inverse=True)[1]
    dense = matrix_of(made)
    found = split(made, parts)
    for part, (rows, inner) in enumerate(found):
        assert rows.tolist() == np.flatnonzero(parts == part).tolist()
        assert matrix_of(inner) == pytest.approx(dense[np.ix_(rows, rows)])
    one_hot = np.eye(len(found))[parts]
    between, volumes = one_hot.T @ dense @ one_hot, one_hot.T @ dense.sum(axis=1)
    expected = between / np.sqrt(np.outer(volumes, volumes).clip(min=1e-300))
    np.fill_diagonal(expected, 0)
    assert matrix_of(similarity(made, parts, len(found))) == pytest.approx(expected)


def test_gathered_joins_the_most_similar_while_they_fit() -> None:
    made = joined(4, np.array([0, 1, 2]), np.array([1, 2, 3]), np.array([0.9, 0.1, 0.5]))
    each = np.arange(4)
    assert gathered(made, each, np.ones(4), 2).tolist() == [0, 0, 1, 1]
    assert gathered(made, each, np.ones(4), 1).tolist() == [0, 1, 2, 3]
    assert gathered(made, each, np.ones(4), 4).tolist() == [0, 0, 0, 0]


def labels_of(tree: Community, n: int) -> list[str | None]:
    labels: list[str | None] = [None] * n
    for path, group in leaves(tree).items():
        for row in group.rows.tolist():
            labels[row] = path
    return labels


def test_the_same_tree_gets_the_same_numbers() -> None:
    made, _ = planted(500, 12)
    tree = grown(made, 20)
    labels = labels_of(tree, made.n)
    again = Grower(np.ones(made.n), 20, IGRAPH).grown(made, levels(made, IGRAPH)[-1])
    kept = numbered(again, parsed(labels), np.ones(made.n))
    assert [path for path, _ in kept.walk()] == [path for path, _ in tree.walk()]
    assert labels_of(kept, made.n) == labels


def test_numbers_stay_with_the_bulk_when_pictures_come() -> None:
    rng = np.random.default_rng(4)
    kinds = np.arange(909) % 15
    centers = rng.normal(size=(15, 8))
    vectors = centers[kinds] + rng.normal(scale=0.15, size=(909, 8))
    few = knn_graph(neighbors_of(vectors[:900], 8))
    before = labels_of(grown(few, 40), 900)
    more = knn_graph(neighbors_of(vectors, 8))
    tree = Grower(np.ones(909), 40, IGRAPH).grown(more, levels(more, IGRAPH)[-1])
    after = labels_of(numbered(tree, parsed([*before, *[None] * 9]), np.ones(909)), 909)
    top = [str(label).partition(".")[0] for label in after]
    for number, count in Counter(str(label).partition(".")[0] for label in before).items():
        rows = [i for i, label in enumerate(before) if str(label).partition(".")[0] == number]
        stayed = sum(top[i] == number for i in rows)
        assert 2 * stayed > count, number
    same = sum(a == b for a, b in zip(before, after, strict=False))
    assert same > 0.7 * 900


@cache
def graph_of_sixty_groups(n: int) -> Graph:
    rng = np.random.default_rng(6)
    vectors = rng.normal(size=(70, 5))[np.arange(714) % 70] + rng.normal(scale=0.12, size=(714, 5))
    return knn_graph(neighbors_of(vectors[:n], 8))


@pytest.mark.parametrize("engine", [IGRAPH, PYTHON_LOUVAIN, LEIDEN])
def test_the_level_in_between_stays_when_pictures_come(engine: str) -> None:
    def run(n: int, labels: list[str | None], start: Start) -> tuple[Community, list[str | None]]:
        graph = graph_of_sixty_groups(n)
        grower = Grower(np.ones(n), 30, engine, most_children=6, start=start)
        tree = numbered(grower.grown(graph, grower.levels(graph)[-1]), parsed(labels), np.ones(n))
        return tree, labels_of(tree, n)

    first, before = run(700, [None] * 700, NOWHERE)
    parts = parts_of(first, Bundles.of(np.arange(700)))
    assert parts[:, 0].max() > 40
    came = np.full((14, parts.shape[1]), -1, np.int32)
    labels = [*before, *[None] * 14]
    kept, new = (
        np.mean([a == b for a, b in zip(before, run(714, labels, start)[1], strict=False)])
        for start in (Start(np.concatenate([parts, came]), 0, parsed(labels)), NOWHERE)
    )
    assert kept > max(0.9, new)
    # Nothing changed.
    assert run(700, before, Start(parts, ALL, parsed(before)))[1] == before


def group_of(*children: list[int]) -> Community:
    rows = np.sort(np.concatenate(children))
    return Community(rows, tuple(Community(np.array(child)) for child in children))


@pytest.mark.parametrize(
    ("labels", "children", "numbers"),
    [
        ([None] * 6, [[0, 1, 2], [3, 4, 5]], [1, 2]),
        (["5", "5", "5", "2", "2", "2"], [[0, 1, 2], [3, 4, 5]], [5, 2]),
        (["5", "5", "5", "5", "5", None], [[0, 1], [2, 3, 4], [5]], [1, 5, 2]),
        (["1", "1", "1", "1", None, None], [[0], [1, 2, 3], [4, 5]], [2, 1, 3]),
        (["2", "2", "0", "0", "0", "0"], [[0, 1], [2, 3, 4, 5]], [2, 1]),
        (["x", "1.y", "-1", "", "²", "1"], [[0, 1, 2, 3, 4], [5]], [2, 1]),
    ],
)
def test_the_largest_overlap_takes_the_number_and_new_ones_get_free_ones(
    labels: list[str | None], children: list[list[int]], numbers: list[int]
) -> None:
    found = numbered(group_of(*children), parsed(labels), np.ones(6))
    by_rows = {tuple(child.rows.tolist()): child.number for child in found.children}
    assert [by_rows[tuple(child)] for child in children] == numbers


def test_numbers_below_count_only_within_the_same_community() -> None:
    tree = Community(np.arange(4), (group_of([0], [1]), group_of([2], [3])))
    found = numbered(tree, parsed(["1.7", "1.4", "9.3", "8.2"]), np.ones(4))
    paths = {path: group.rows.tolist() for path, group in found.walk() if not group.children}
    assert paths == {"1.7": [0], "1.4": [1], "8.1": [2], "8.2": [3]}
