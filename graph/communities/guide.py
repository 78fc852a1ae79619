"""The guide to a site: what every page must know of all communities."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np

from graph.addresses import steps
from graph.communities.bundles import Bundles
from graph.communities.comparison import Comparison, compare
from graph.communities.naming import LONELY, Tally, key_words, named_words, names_of, plain_name
from graph.communities.tree import Community
from graph.communities.weights import Graph, Rows
from graph.picture_facts import main_folders
from imgrec.collection import Catalog

_LIKELY_FACES = 24  # the most central pictures, of which one should have the community's word


@dataclass(frozen=True)
class Guide:
    """All communities.

    Attributes:
        groups: path to community, parents first; "" is the collection.
        bundles: which pictures are one node.
        comparison: what joins communities.
        names: path to name, no two siblings alike.
        about: path to the most frequent folders.
        faces: path to the node that stands for the community.
    """

    groups: Mapping[str, Community]
    bundles: Bundles
    comparison: Comparison
    names: Mapping[str, str]
    about: Mapping[str, str]
    faces: Mapping[str, int]

    @cached_property
    def steps(self) -> dict[str, tuple[str | None, str | None]]:
        """The path before and the path after each one, through all pages."""
        return steps(list(self.groups))

    @cached_property
    def leaves(self) -> list[str]:
        """The paths of the communities whose pages show pictures."""
        return [path for path, group in self.groups.items() if not group.children]

    def children(self, path: str) -> list[str]:
        """Return the paths of the communities within one."""
        return [f"{path}.{c.number}" if path else str(c.number) for c in self.groups[path].children]

    def pictures(self, path: str) -> int:
        """Return how many pictures a community has."""
        return int(self.bundles.sizes[self.groups[path].rows].sum())

    def similar(self, path: str) -> Sequence[str]:
        """Return the communities most similar to one."""
        return self.comparison.similar.get(path, ())

    def faces_of(self, paths: Sequence[str]) -> list[int]:
        """Return the pictures that stand for some communities."""
        return [self.bundles.picture(self.faces[path]) for path in paths]


def make_guide(tree: Community, graph: Graph, bundles: Bundles, catalog: Catalog) -> Guide:
    """Compare and name the communities of a tree.

    Args:
        tree: numbered.
        graph: of its nodes.
        bundles: the pictures of each node.
        catalog: what is known of them.
    """
    groups = dict(tree.walk())
    tallies = _tallies(groups, bundles, catalog)
    return Guide(
        groups,
        bundles,
        compare(tree, graph),
        _names(groups, tallies),
        {path: _about(path, tally) for path, tally in tallies.items()},
        _faces(groups, graph, bundles, catalog, tallies),
    )


def _tallies(
    groups: Mapping[str, Community], bundles: Bundles, catalog: Catalog
) -> dict[str, Tally]:
    found: dict[str, Tally] = {}
    for path, group in reversed(list(groups.items())):  # children before their parents
        if group.children:
            below = [f"{path}.{c.number}" if path else str(c.number) for c in group.children]
            found[path] = Tally.joined(found[child] for child in below)
        else:
            ids = bundles.ids[np.concatenate([bundles.rows(node) for node in group.rows.tolist()])]
            wanted = ids.tolist()
            found[path] = Tally.of(catalog.entries(wanted), catalog.labels.of(wanted)).pruned()
    return found


def _about(path: str, tally: Tally) -> str:
    return "like no other" if plain_name(path) == LONELY else main_folders(tally.folders)


def _names(groups: Mapping[str, Community], tallies: Mapping[str, Tally]) -> dict[str, str]:
    names = {"": "Overview"}
    for path, group in groups.items():
        below = [f"{path}.{c.number}" if path else str(c.number) for c in group.children]
        names.update(names_of({child: tallies[child] for child in below}, tallies[""]))
    return names


def _faces(
    groups: Mapping[str, Community],
    graph: Graph,
    bundles: Bundles,
    catalog: Catalog,
    tallies: Mapping[str, Tally],
) -> dict[str, int]:
    """The most central node of each community; one with the community's word where that is near."""
    found: dict[str, int] = {}
    for paths, degrees in _degrees(groups, graph):
        for path in paths:
            rows = groups[path].rows
            ranked = rows[np.lexsort((rows, -degrees[rows]))][:_LIKELY_FACES]
            found[path] = _face(ranked, bundles, catalog, key_words(tallies[path], tallies[""]))
    return found


def _face(ranked: Rows, bundles: Bundles, catalog: Catalog, words: Sequence[str]) -> int:
    if words:
        ids = [bundles.picture(node) for node in ranked.tolist()]
        labels = catalog.labels.of(ids)
        for node, entry in zip(ranked.tolist(), catalog.entries(ids), strict=True):
            if words[0] in named_words(entry, labels[entry.id]):
                return int(node)
    return int(ranked[0])


def _degrees(
    groups: Mapping[str, Community], graph: Graph
) -> Iterator[tuple[list[str], "np.ndarray[tuple[int], np.dtype[np.float64]]"]]:
    """Yield for each depth the paths there, and the weighted degrees (n,) within them."""
    deepest = max(map(_depth, groups))
    for depth in range(deepest + 1):
        paths = [path for path in groups if _depth(path) == depth]
        parts = np.full(graph.n, -1)
        for number, path in enumerate(paths):
            parts[groups[path].rows] = number
        yield paths, graph.within(parts).degrees()


def _depth(path: str) -> int:
    return path.count(".") + 1 if path else 0
