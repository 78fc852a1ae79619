"""Build the tree of named communities of a collection: everything its pages are drawn from."""

from collections.abc import Sequence
from dataclasses import asdict, dataclass

from graph.choices import AUTO, IGRAPH, JOINED, LOUVAIN, PAGE_SIZE, PYTHON_LOUVAIN
from graph.communities.bundles import Bundles, bundled
from graph.communities.detection import chosen_engine, modularity
from graph.communities.facts import CommunityFacts, first_numbers
from graph.communities.guide import Guide, make_guide
from graph.communities.kept import KeptParts, graph_digest, parts_of
from graph.communities.numbering import community_labels, labels_before, numbered
from graph.communities.start import NOWHERE
from graph.communities.tree import Grower
from graph.communities.weights import Graph, knn_graph
from imgrec.collection import Catalog
from imgrec.neighbors.neighbors import Neighbors
from imgrec.store.classes import Classes


@dataclass(frozen=True)
class CommunityOptions:
    """Options of the communities of a collection.

    Attributes:
        feature: name of the compared feature, so that communities by another one are not continued.
        method: one of `graph.choices.METHODS`.
        engine: one of `graph.choices.ENGINES`.
        k: number of neighbors that become edges.
        seed: random seed of the method.
        page_size: maximum number of nodes on a page.
    """

    feature: str = ""
    method: str = LOUVAIN
    engine: str = AUTO
    k: int = JOINED
    seed: int = 0
    page_size: int = PAGE_SIZE


@dataclass(frozen=True)
class CommunityTree:
    """A collection divided into communities.

    Attributes:
        neighbors: nearest neighbors of every picture.
        graph: similarity graph of the nodes; near-duplicates are one node (a bundle).
        guide: names, representatives and order of the communities.
        edges: number of edges of the graph of all pictures.
        facts: how the communities were found, and how good they are.
        kept: the partitions, for the next run to continue.
        labels: community path by picture id.
    """

    neighbors: Neighbors
    graph: Graph
    guide: Guide
    edges: int
    facts: CommunityFacts
    kept: KeptParts
    labels: dict[int, str]


def make_collection(
    neighbors: Neighbors,
    catalog: Catalog,
    groups: Sequence[Sequence[int]] = (),
    options: CommunityOptions | None = None,
    before: KeptParts | None = None,
    classes: Classes | None = None,
) -> CommunityTree:
    """Find, number and name the communities of a collection.

    Args:
        neighbors: nearest neighbors of every picture.
        catalog: its labels give names to communities, and keep the numbers of the previous run.
        groups: groups of ids of near-duplicates, the representative first.
        options: None for the defaults.
        before: the partitions of the previous run, to continue where the options are the same.
        classes: of the pictures, which give names to communities too; None for none.
    """
    options = options or CommunityOptions()
    bundles = Bundles.of(neighbors.ids, groups)
    pictures = knn_graph(neighbors, options.k)
    graph = bundled(pictures, bundles) if groups else pictures
    engine = chosen_engine(options.method, options.engine, graph.n)
    digest = graph_digest(graph, bundles)
    paths = labels_before(catalog, bundles)
    start = before.start(asdict(options), digest, bundles, paths) if before else NOWHERE
    size = options.page_size
    grower = Grower(bundles.costs(size), size, engine, options.seed, start=start)
    found = grower.levels(graph)
    grown = grower.grown(graph, found[-1])
    tree = numbered(grown, paths, bundles.sizes.astype(float))
    labels = community_labels(tree, bundles)
    facts = CommunityFacts(
        method=options.method,
        library=PYTHON_LOUVAIN if engine == PYTHON_LOUVAIN else IGRAPH,
        communities=int(found[-1].max()) + 1,
        levels=before.facts.levels if before and start.taken else len(found),
        modularity=modularity(graph, found[-1]),
        exported_modularity=modularity(pictures, first_numbers(labels.values())),
    )
    guide = make_guide(tree, graph, bundles, catalog, classes)
    parts = parts_of(tree, bundles)
    kept = KeptParts(neighbors.ids, parts, asdict(options), digest, facts, guide.words)
    return CommunityTree(
        neighbors,
        graph,
        guide,
        len(pictures.low),
        facts,
        kept,
        labels,
    )
