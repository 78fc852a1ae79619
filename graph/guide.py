"""The guide to a site: its communities, how they compare, and the plan of its pages."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property

import networkx as nx

from graph.communities import Community, find_communities, similarities, strongest
from graph.paging import Plan, plan_pages
from graph.pictures import main_folders
from imgrec.catalog import Catalog

_SIMILAR = 5


@dataclass(frozen=True)
class Guide:
    """What every page must know of the others.

    Attributes:
        communities: by number.
        pairs: (number, number) to similarity, where there is any.
        about: number to the most frequent folders of the community.
        plan: all pages.
    """

    communities: Mapping[int, Community]
    pairs: Mapping[tuple[int, int], float]
    about: Mapping[int, str]
    plan: Plan

    @cached_property
    def similar(self) -> dict[int, list[int]]:
        """The communities most similar to each, the first the most."""
        found = strongest(self.pairs, _SIMILAR)
        return {number: [other for other, _ in others] for number, others in found.items()}

    def size(self, number: int) -> int:
        """Return how many pictures a community has."""
        return len(self.communities[number].members)

    def centers(self, numbers: Sequence[int]) -> list[int]:
        """Return the central pictures of some communities."""
        return [self.communities[number].center for number in numbers]


def make_guide(graph: "nx.Graph[int]", catalog: Catalog, page_size: int, seed: int = 0) -> Guide:
    """Find the communities of a graph and plan their pages."""
    communities = find_communities(graph, page_size, seed)
    found = similarities(graph, [c.members for c in communities])
    return Guide(
        {c.number: c for c in communities},
        {(i + 1, j + 1): similarity for (i, j), similarity in found.items()},
        {c.number: _folders(catalog, c) for c in communities},
        plan_pages(communities, page_size),
    )


def _folders(catalog: Catalog, community: Community) -> str:
    labels = catalog.labels(community.members).values()
    return main_folders(of_one["folder"] for of_one in labels if "folder" in of_one)
