"""Communities by both engines, compared with networkx and python-louvain by default."""

import time
from collections.abc import Callable
from pathlib import Path

import community
import networkx as nx
import numpy as np
from numpy.typing import NDArray
from sklearn.cluster import KMeans
from sklearn.metrics import normalized_mutual_info_score

from graph.choices import IGRAPH, LEIDEN, PAGE_SIZE, PYTHON_LOUVAIN
from graph.communities.build import make_collection
from graph.communities.detection import levels, modularity
from graph.communities.tree import Grower
from graph.communities.weights import Graph, knn_graph
from imgrec import Store, neighbors_of
from imgrec.distances.metrics import scaled
from machine import rows
from material import made
from measuring import apart, tell

_SMALL = 20_000
# networkx and python-louvain take minutes for this many pictures.
_MOST_IN_PYTHON = 100_000
_HEADS = ("pictures", "edges", "method", "s", "communities", "modularity", "memory MB")
_LIBRARIES = ("igraph", "networkx", "community", "numpy", "imgrec", "graph.communities.build")

Parts = NDArray[np.int64]


def measured(work: Path, count: int) -> str:
    """Return a table of the methods to find communities, for 20,000 and for `count` pictures."""
    lines = []
    for size in sorted({min(_SMALL, count), count}):
        tell(f"communities: {size} pictures")
        store = made(work, size).store
        apart(_neighbors, store)
        for way in _WAYS:
            if size > _MOST_IN_PYTHON and way not in _OURS:
                continue
            tell(f"communities: {way}")
            lines.append(_line(store, way))
    return rows(_HEADS, lines) + (
        "\nTime from arrays of edges to communities; memory includes the graph and excludes the "
        "libraries. `with the tree`: all levels down to pages.\n"
    )


def by_folder(store: Path) -> str:
    """Return how well communities match the folders of a store, compared with k-means."""
    with Store.open(store) as opened:
        neighbors, vectors = neighbors_of(opened), scaled(opened.feature().load(), 2)
        folders = opened.catalog.labels.of_kind("folder")
        found = make_collection(neighbors, opened.catalog)
    names = [folders[i] for i in neighbors.ids.tolist()]
    whole = found.kept.parts[:, 0]
    pages = np.unique(list(found.labels.values()), return_inverse=True)[1]
    lines = []
    for what, parts in (("communities", whole), ("pages", pages)):
        number = int(parts.max()) + 1
        means = KMeans(number, n_init=3, random_state=0).fit_predict(vectors)
        scores = [normalized_mutual_info_score(names, of) for of in (parts, means)]
        lines.append([what, number, *(f"{score:.3f}" for score in scores)])
    heads = (
        "groups",
        "number",
        f"NMI with {len(set(names))} folders",
        "k-means with the same number",
    )
    return f"{len(names):,} pictures, {found.facts.by()}\n\n" + rows(heads, lines)


def _line(store: Path, way: str) -> list[str]:
    (spent_s, edges, number, quality), memory_mb = apart(_timed, store, way, libraries=_LIBRARIES)
    size = _size(store)
    told = [f"{spent_s:.1f}", f"{number:,}", f"{quality:.4f}", f"{memory_mb:.0f}"]
    return [f"{size:,}", f"{edges:,}", way, *told]


def _timed(store: Path, way: str) -> tuple[float, int, int, float]:
    with Store.open(store) as opened:
        graph = knn_graph(neighbors_of(opened))
    started = time.perf_counter()
    parts = _WAYS[way](graph)
    spent_s = time.perf_counter() - started
    return spent_s, len(graph.low), int(parts.max()) + 1, modularity(graph, parts)


def _neighbors(store: Path) -> None:
    with Store.open(store) as opened:
        neighbors_of(opened)


def _size(store: Path) -> int:
    with Store.open(store) as opened:
        return opened.catalog.totals.counts()["ok"]


def _ours(engine: str) -> Callable[[Graph], Parts]:
    return lambda graph: levels(graph, engine)[-1]


def _tree(graph: Graph) -> Parts:
    parts = levels(graph, IGRAPH)[-1]
    tree = Grower(np.ones(graph.n), PAGE_SIZE, IGRAPH).grown(graph, parts)
    return parts if tree.children else parts[:0]


def _made(graph: Graph) -> "nx.Graph[int]":
    found: nx.Graph[int] = nx.Graph()
    found.add_nodes_from(range(graph.n))
    found.add_weighted_edges_from(
        zip(graph.low.tolist(), graph.high.tolist(), graph.weights.tolist(), strict=True)
    )
    return found


def _networkx(graph: Graph) -> Parts:
    parts = np.empty(graph.n, np.int64)
    for number, nodes in enumerate(nx.community.louvain_communities(_made(graph), seed=0)):
        parts[list(nodes)] = number
    return parts


def _python_louvain(graph: Graph) -> Parts:
    found = community.best_partition(_made(graph), random_state=0)
    return np.array([found[node] for node in range(graph.n)], np.int64)


_OURS: dict[str, Callable[[Graph], Parts]] = {
    "imgrec --louvain igraph": _ours(IGRAPH),
    "imgrec --communities leiden": _ours(LEIDEN),
    "the same with the tree": _tree,
}
_WAYS: dict[str, Callable[[Graph], Parts]] = {
    **_OURS,
    "imgrec --louvain python-louvain": _ours(PYTHON_LOUVAIN),
    "networkx louvain_communities": _networkx,
    "python-louvain best_partition": _python_louvain,
}
