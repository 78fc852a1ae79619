"""Build the tree of named communities of a collection: everything its pages are drawn from."""

from collections.abc import Sequence
from dataclasses import dataclass

from graph.choices import AUTO, JOINED, PAGE_SIZE
from graph.communities.bundles import Bundles, bundled
from graph.communities.guide import Guide, make_guide
from graph.communities.louvain import chosen_engine, levels, modularity
from graph.communities.numbering import community_labels, labels_before, numbered
from graph.communities.tree import Grower
from graph.communities.weights import Graph, knn_graph
from imgrec.collection import Catalog
from imgrec.neighbors.neighbors import Neighbors
from imgrec.store.classes import Classes


@dataclass(frozen=True)
class CommunityTree:
    """A collection divided into communities.

    Attributes:
        neighbors: nearest neighbors of every picture.
        graph: similarity graph of the nodes; near-duplicates are one node (a bundle).
        guide: names, representatives and order of the communities.
        edges: number of edges of the graph of all pictures.
        engine: library that ran Louvain.
        communities: number of communities that Louvain found in the whole graph.
        levels: number of its levels.
        modularity: of these communities, in `graph`.
        labels: community path by picture id.
    """

    neighbors: Neighbors
    graph: Graph
    guide: Guide
    edges: int
    engine: str
    communities: int
    levels: int
    modularity: float
    labels: dict[int, str]


def make_collection(
    neighbors: Neighbors,
    catalog: Catalog,
    groups: Sequence[Sequence[int]] = (),
    k: int = JOINED,
    page_size: int = PAGE_SIZE,
    engine: str = AUTO,
    seed: int = 0,
    classes: Classes | None = None,
) -> CommunityTree:
    """Find, number and name the communities of a collection.

    Args:
        neighbors: nearest neighbors of every picture.
        catalog: its labels give names to communities, and keep the numbers of the previous run.
        groups: groups of ids of near-duplicates, the representative first.
        k: number of neighbors that become edges.
        page_size: maximum number of nodes on a page.
        engine: one of `graph.choices.ENGINES`.
        seed: random seed of Louvain.
        classes: of the pictures, which give names to communities too; None for none.
    """
    bundles = Bundles.of(neighbors.ids, groups)
    pictures = knn_graph(neighbors, k)
    graph = bundled(pictures, bundles) if groups else pictures
    chosen = chosen_engine(engine, graph.n)
    found = levels(graph, chosen, seed)
    grown = Grower(bundles.costs(page_size), page_size, chosen, seed).grown(graph, found[-1])
    tree = numbered(grown, labels_before(catalog, bundles), bundles.sizes.astype(float))
    return CommunityTree(
        neighbors,
        graph,
        make_guide(tree, graph, bundles, catalog, classes),
        len(pictures.low),
        chosen,
        int(found[-1].max()) + 1,
        len(found),
        modularity(graph, found[-1]),
        community_labels(tree, bundles),
    )
