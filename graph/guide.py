"""The guide to a site: its communities, how they compare, and the plan of its pages."""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property

import networkx as nx

from graph.communities import (
    Community,
    find_communities,
    most_central,
    similarities,
    strongest,
)
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
        faces: number to the picture that stands for the community.
        plan: all pages.
    """

    communities: Mapping[int, Community]
    pairs: Mapping[tuple[int, int], float]
    about: Mapping[int, str]
    faces: Mapping[int, int]
    plan: Plan

    @cached_property
    def similar(self) -> dict[int, list[int]]:
        """The communities most similar to each, the first the most."""
        found = strongest(self.pairs, _SIMILAR)
        return {number: [other for other, _ in others] for number, others in found.items()}

    def size(self, number: int) -> int:
        """Return how many pictures a community has."""
        return len(self.communities[number].members)

    def faces_of(self, numbers: Sequence[int]) -> list[int]:
        """Return the pictures that stand for some communities."""
        return [self.faces[number] for number in numbers]


def make_guide(graph: "nx.Graph[int]", catalog: Catalog, page_size: int, seed: int = 0) -> Guide:
    """Find the communities of a graph and plan their pages."""
    communities = find_communities(graph, page_size, seed)
    found = similarities(graph, [c.members for c in communities])
    folders = {c.number: _folders(catalog, c) for c in communities}
    return Guide(
        {c.number: c for c in communities},
        {(i + 1, j + 1): similarity for (i, j), similarity in found.items()},
        {number: main_folders(of_one.values()) for number, of_one in folders.items()},
        {c.number: face(graph, c, folders[c.number]) for c in communities},
        plan_pages(communities, page_size),
    )


def face(graph: "nx.Graph[int]", community: Community, folders: Mapping[int, str]) -> int:
    """Return the picture that stands for a community.

    It is the most central one of the folder that holds more than half of the members, or
    of all where none does.

    Args:
        graph: of all pictures.
        community: of the graph.
        folders: id to name of the members that have one.
    """
    name, count = Counter(folders.values()).most_common(1)[0] if folders else ("", 0)
    if 2 * count <= len(community.members):
        return community.center
    of_folder = [member for member in community.members if folders.get(member) == name]
    return most_central(graph.subgraph(community.members), of_folder)


def _folders(catalog: Catalog, community: Community) -> dict[int, str]:
    labels = catalog.labels(community.members)
    return {i: of_one["folder"] for i, of_one in labels.items() if "folder" in of_one}
