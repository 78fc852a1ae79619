"""Bundles of near-duplicates: no chains, and properties that hold for any similarity relation."""

from collections.abc import Sequence

import networkx as nx
from hypothesis import given
from hypothesis import strategies as st

from imgrec.duplicates.bundles import bundles, links_of

Pair = tuple[int, int]


def bundled(order: list[int], like: set[Pair], seen: set[Pair]) -> list[list[int]]:
    """Bundle pictures by a relation, of which only the pairs in `seen` were compared before."""

    def is_like(best: int, others: Sequence[int]) -> list[bool]:
        assert len(set(others)) == len(others)
        return [tuple(sorted((best, other))) in like for other in others]

    return bundles(order, links_of(sorted(seen)), is_like)


def test_a_chain_is_cut_if_its_ends_are_not_similar() -> None:
    chain = {(1, 2), (2, 3), (3, 4), (4, 5)}
    assert bundled([1, 2, 3, 4, 5], chain, chain) == [[1, 2], [3, 4]]
    assert bundled([3, 1, 2, 4, 5], chain, chain) == [[3, 2, 4]]


def test_pairs_not_compared_before_are_compared_and_joined() -> None:
    every = {(a, b) for a in range(5) for b in range(a + 1, 5)}
    path = {(0, 1), (1, 2), (2, 3), (3, 4)}
    assert bundled([2, 0, 1, 3, 4], every, path) == [[2, 0, 1, 3, 4]]


def test_a_single_picture_is_no_bundle() -> None:
    assert bundled([1, 2, 3], set(), set()) == []
    assert bundled([], set(), set()) == []


@st.composite
def likenesses(draw: st.DrawFn) -> tuple[list[int], set[Pair], set[Pair]]:
    """Draw pictures from best to worst, the similar pairs, and those of them compared before."""
    order = draw(st.permutations(range(draw(st.integers(1, 9)))))
    every = [(a, b) for a in range(len(order)) for b in range(a + 1, len(order))]
    like = draw(st.sets(st.sampled_from(every))) if every else set()
    seen = draw(st.sets(st.sampled_from(sorted(like)))) if like else set()
    return order, like, seen


@given(likenesses())
def test_each_picture_is_similar_to_the_best_of_its_only_bundle(
    drawn: tuple[list[int], set[Pair], set[Pair]],
) -> None:
    order, like, seen = drawn
    found = bundled(order, like, seen)
    members = [one for bundle in found for one in bundle]
    assert len(members) == len(set(members))
    graph = nx.Graph(sorted(seen))
    taken: set[int] = set()
    for best, *others in found:
        assert min((best, *others), key=order.index) == best
        assert others == sorted(others)
        assert all(tuple(sorted((best, other))) in like for other in others)
        assert nx.is_connected(graph.subgraph([best, *others]))
        around = {far for near in (best, *others) for far in graph[near]} - {best, *others} - taken
        assert not any(tuple(sorted((best, far))) in like for far in around)
        taken |= {best, *others}
    assert [order.index(bundle[0]) for bundle in found] == sorted(
        order.index(bundle[0]) for bundle in found
    )
    linked_and_left = nx.Graph(sorted(seen)).subgraph(set(order) - set(members))
    assert linked_and_left.number_of_edges() == 0
