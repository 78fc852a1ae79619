"""The guide: what every page needs to know about all communities (names, order, faces)."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np

from graph.addresses import steps
from graph.communities.bundles import Bundles
from graph.communities.comparison import SIMILAR, Comparison, compare, parent_of
from graph.communities.naming import class_name, key_classes, key_words, words_of_siblings
from graph.communities.samples import samples_of
from graph.communities.tally import Tally, class_sums, path_words
from graph.communities.tree import Community
from graph.communities.weights import Graph, Rows
from graph.picture_facts import main_classes, main_folders
from imgrec.collection import Catalog
from imgrec.collection.kinds import CLASS
from imgrec.labels.community_names import community_name, is_lonely
from imgrec.pictures.metadata_names import TAKEN, by_name
from imgrec.store.classes import Classes

# The name of the page of the whole collection.
OVERVIEW = "Overview"
# Number of most central pictures among which the face of a community is chosen.
_LIKELY_FACES = 24


@dataclass(frozen=True)
class Guide:
    """All communities of a site, by path.

    Attributes:
        groups: the communities, parents first; "" is the whole collection.
        bundles: the assignment of pictures to nodes.
        comparison: similarities between communities.
        words: what the pictures of each have in common; "" for nothing that tells.
        about: their most frequent folders and classes, as text.
        faces: the node whose picture represents each community.
        samples: some nodes whose pictures show what is in each community, its face first.
    """

    groups: Mapping[str, Community]
    bundles: Bundles
    comparison: Comparison
    words: Mapping[str, str]
    about: Mapping[str, str]
    faces: Mapping[str, int]
    samples: Mapping[str, Sequence[int]]

    @cached_property
    def names(self) -> dict[str, str]:
        """The name of each community, as it stands everywhere; that of the collection too."""
        return {
            path: community_name(path, words) if path else OVERVIEW
            for path, words in self.words.items()
        }

    @cached_property
    def steps(self) -> dict[str, tuple[str | None, str | None]]:
        """The previous and the next path of each one, in one sequence through all pages."""
        return steps(self.pages)

    @cached_property
    def pages(self) -> list[str]:
        """The paths of the communities that have a page, parents first."""
        return [path for path in self.groups if self.has_page(path)]

    @cached_property
    def leaves(self) -> list[str]:
        """The paths of the communities whose pages show pictures."""
        return [path for path, group in self.groups.items() if not group.children]

    def children(self, path: str) -> list[str]:
        """Return the paths of the children of a community."""
        return [f"{path}.{c.number}" if path else str(c.number) for c in self.groups[path].children]

    def has_page(self, path: str) -> bool:
        """Return False for a community whose page would show one or two others and nothing else.

        These stand on the page above instead. The collection always has a page.
        """
        return not path or len(self.groups[path].children) not in (1, 2)

    def page_of(self, path: str) -> str:
        """Return the path of the page on which a community is: its own, or one above."""
        while not self.has_page(path):
            path = parent_of(path)
        return path

    def shown(self, path: str) -> list[str]:
        """Return the communities on the overview of one: its children, or theirs if no page is."""
        found: list[str] = []
        for child in self.children(path):
            found += [child] if self.has_page(child) else self.shown(child)
        return found

    def above(self, path: str) -> list[str]:
        """Return the paths of the pages above a community, that of the collection first."""
        parts = path.split(".") if path else []
        return [p for i in range(len(parts)) if self.has_page(p := ".".join(parts[:i]))]

    def pictures(self, path: str) -> int:
        """Return the number of pictures of a community."""
        return int(self.bundles.sizes[self.groups[path].rows].sum())

    def similar(self, path: str) -> Sequence[str]:
        """Return the paths of the communities most similar to one, of those that have a page."""
        found: dict[str, None] = {}
        for other in self.comparison.similar.get(path, ()):
            found |= dict.fromkeys([other] if self.has_page(other) else self.shown(other))
        return list(found)[:SIMILAR]

    def faces_of(self, paths: Sequence[str]) -> list[int]:
        """Return the ids of the pictures that represent some communities."""
        return [self.bundles.picture(self.faces[path]) for path in paths]


def make_guide(
    tree: Community,
    graph: Graph,
    bundles: Bundles,
    catalog: Catalog,
    classes: Classes | None = None,
) -> Guide:
    """Compare and name the communities of a tree.

    Args:
        tree: the numbered tree.
        graph: similarity graph of its nodes.
        bundles: the pictures of each node.
        catalog: paths and labels of the pictures.
        classes: of the pictures; None if the store has none.
    """
    groups = dict(tree.walk())
    tallies = _tallies(groups, bundles, catalog, classes)
    faces = _faces(groups, graph, bundles, catalog, tallies)
    return Guide(
        groups,
        bundles,
        compare(tree, graph),
        _words(groups, tallies),
        {path: _about(path, tally, tallies[""]) for path, tally in tallies.items()},
        faces,
        samples_of(groups, graph, faces),
    )


def _tallies(
    groups: Mapping[str, Community], bundles: Bundles, catalog: Catalog, classes: Classes | None
) -> dict[str, Tally]:
    found: dict[str, Tally] = {}
    # Reversed: children before their parents.
    for path, group in reversed(list(groups.items())):
        if group.children:
            below = [f"{path}.{c.number}" if path else str(c.number) for c in group.children]
            found[path] = Tally.joined(found[child] for child in below)
        else:
            ids = bundles.ids[np.concatenate([bundles.rows(node) for node in group.rows.tolist()])]
            wanted, sums = ids.tolist(), class_sums(classes, ids) if classes else None
            found[path] = Tally.of(
                catalog.entries(wanted), catalog.labels.of(wanted), sums, _taken(catalog, wanted)
            ).pruned()
    return found


def _taken(catalog: Catalog, ids: Sequence[int]) -> dict[int, str]:
    metadata = catalog.metadata.of(ids)
    return {i: str(by_name(data)[TAKEN]) for i, data in metadata.items() if TAKEN in by_name(data)}


def _about(path: str, own: Tally, whole: Tally) -> str:
    if is_lonely(path):
        return "like no other"
    # A single folder of all pictures says nothing about some of them.
    folders = main_folders(own.folders) if len(whole.folders) > 1 or not whole.classes else ""
    classes = main_classes(own.classes, own.pictures)
    return " · ".join(filter(None, (folders, classes)))


def _words(groups: Mapping[str, Community], tallies: Mapping[str, Tally]) -> dict[str, str]:
    words = {"": ""}
    for path, group in groups.items():
        below = [f"{path}.{c.number}" if path else str(c.number) for c in group.children]
        words |= words_of_siblings({child: tallies[child] for child in below}, tallies[""])
    return words


def _faces(
    groups: Mapping[str, Community],
    graph: Graph,
    bundles: Bundles,
    catalog: Catalog,
    tallies: Mapping[str, Tally],
) -> dict[str, int]:
    """Return the most central node of each community, preferably one that its name is of."""
    found: dict[str, int] = {}
    for paths, degrees in _degrees(groups, graph):
        for path in paths:
            rows = groups[path].rows
            ranked = rows[np.lexsort((rows, -degrees[rows]))][:_LIKELY_FACES]
            found[path] = _face(ranked, bundles, catalog, tallies[path], tallies[""])
    return found


def _face(ranked: Rows, bundles: Bundles, catalog: Catalog, own: Tally, whole: Tally) -> int:
    words, classes = key_words(own, whole)[:1], key_classes(own, whole)[:1]
    if words or classes:
        ids = [bundles.picture(node) for node in ranked.tolist()]
        labels = catalog.labels.of(ids)
        named = [
            {*path_words(entry), class_name(labels[entry.id].get(CLASS, ""))}
            for entry in catalog.entries(ids)
        ]
        found = [len({*words, *classes} & of_node) for of_node in named]
        return int(ranked[int(np.argmax(found))])
    return int(ranked[0])


def _degrees(
    groups: Mapping[str, Community], graph: Graph
) -> Iterator[tuple[list[str], "np.ndarray[tuple[int], np.dtype[np.float64]]"]]:
    """Yield for each depth its paths, and the weighted degree (n,) of each node within its part."""
    deepest = max(map(_depth, groups))
    for depth in range(deepest + 1):
        paths = [path for path in groups if _depth(path) == depth]
        parts = np.full(graph.n, -1)
        for number, path in enumerate(paths):
            parts[groups[path].rows] = number
        yield paths, graph.within(parts).degrees()


def _depth(path: str) -> int:
    return path.count(".") + 1 if path else 0
