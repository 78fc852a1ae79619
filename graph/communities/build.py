"""A collection as a tree of named communities: everything that comes before its pages."""

from collections.abc import Sequence
from dataclasses import dataclass

from graph.choices import AUTO, JOINED, PAGE_SIZE
from graph.communities.bundles import Bundles, bundled
from graph.communities.guide import Guide, make_guide
from graph.communities.labels import community_labels, labels_before
from graph.communities.louvain import chosen_engine, levels, modularity
from graph.communities.numbering import numbered
from graph.communities.tree import Grower
from graph.communities.weights import Graph, knn_graph
from imgrec.collection import Catalog
from imgrec.neighbors.neighbors import Neighbors


@dataclass(frozen=True)
class CommunityTree:
    """What the pages are made from.

    Attributes:
        neighbors: of every picture.
        graph: of the nodes: pictures and bundles.
        guide: to the communities.
        edges: of the graph of all pictures.
        engine: of Louvain.
        communities: that Louvain found in the whole graph.
        levels: that it went through.
        modularity: of those communities.
        labels: id to path of its community.
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
) -> CommunityTree:
    """Find, number and name the communities of a collection.

    Args:
        neighbors: of every picture.
        catalog: what is known of them, the communities of the run before among it.
        groups: ids of nearly identical pictures, the representative first.
        k: neighbors a picture is joined to.
        page_size: nodes a page.
        engine: one of `graph.choices.ENGINES`.
        seed: of Louvain.
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
        make_guide(tree, graph, bundles, catalog),
        len(pictures.low),
        chosen,
        int(found[-1].max()) + 1,
        len(found),
        modularity(graph, found[-1]),
        community_labels(tree, bundles),
    )
