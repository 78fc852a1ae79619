"""Communities beside the folders of the pictures, beside other seeds, and after pictures came."""

import time
from itertools import combinations
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from sklearn.metrics import adjusted_rand_score, normalized_mutual_info_score

from graph.choices import METHOD_TITLES, METHODS, PAGE_SIZE
from graph.communities.bundles import Bundles
from graph.communities.detection import chosen_engine, levels, modularity
from graph.communities.kept import parts_of
from graph.communities.numbering import community_labels, numbered, parsed
from graph.communities.start import NOWHERE, Start
from graph.communities.tree import Grower
from graph.communities.weights import Graph, knn_graph
from imgrec import Store
from imgrec.encoders.spec import Vectors
from imgrec.errors import StoreError
from imgrec.neighbors.graph import K, exact_neighbors
from imgrec.store.features import Block, FeatureStore
from machine import rows

FEATURES = ("mini", "lite0", "lite0+mini")
_SEEDS = 5
_THERE = 0.9  # of the pictures, before the others come

Parts = NDArray[np.int64]


def table(store: Path) -> str:
    """Return two tables, a line for each feature and method: of all pictures, and as they come."""
    with Store.open(store) as opened:
        labels = opened.catalog.labels.of_kind("folder")
        found = {name: feature for name in FEATURES if (feature := _feature(opened, name))}
    whole, grown, count = [], [], 0
    for name, (ids, vectors) in found.items():
        # The class of a picture is its first folder.
        folders = [labels.get(i, "").partition("/")[0] for i in ids.tolist()]
        count, classes = len(ids), len(set(folders))
        graph = _graph(ids, vectors)
        for method in METHODS:
            engine = chosen_engine(method, "auto", len(ids))
            whole.append([name, METHOD_TITLES[method], *_against(graph, engine, folders)])
            grown.append([name, METHOD_TITLES[method], *_growing(ids, vectors, graph, engine)])
    if not whole:
        return "no feature to compare\n"
    heads = [
        f"NMI with {classes} folders", "communities", "modularity",
        f"adjusted Rand index of {_SEEDS} seeds: mean (least, most)", "s",
    ]  # fmt: skip
    continuing = [
        "adjusted Rand index to before: continued", "found anew", "to found anew",
        "same number: continued", "found anew", "same page: continued", "found anew",
        "modularity: continued", "found anew",
    ]  # fmt: skip
    return (
        f"{count:,} pictures, k = 8, near-duplicates not joined; "
        f"range over {_SEEDS} seeds\n\n"
        + rows(["feature", "method", *heads], whole)
        + f"\n{_THERE:.0%} of the pictures, then all of them:\n\n"
        + rows(["feature", "method", *continuing], grown)
    )


def _feature(store: Store, name: str) -> tuple[NDArray[np.int64], Vectors] | None:
    try:
        feature = store.feature(name)
    except StoreError:
        return None
    return feature.ids, feature.load()


def _graph(ids: NDArray[np.int64], vectors: Vectors) -> Graph:
    feature = FeatureStore("subset", vectors.shape[1], [Block(ids, vectors)])
    return knn_graph(exact_neighbors(feature, K))


def _against(graph: Graph, engine: str, folders: list[str]) -> list[str]:
    """Return agreement with the folders, number, modularity, agreement of seeds, and seconds."""
    started = time.perf_counter()
    found = [levels(graph, engine, seed)[-1] for seed in range(_SEEDS)]
    spent_s = (time.perf_counter() - started) / _SEEDS
    agreement = [adjusted_rand_score(a, b) for a, b in combinations(found, 2)]
    return [
        _range([normalized_mutual_info_score(folders, parts) for parts in found]),
        f"{min(map(np.max, found)) + 1} to {max(map(np.max, found)) + 1}",
        _range([modularity(graph, parts) for parts in found]),
        f"{np.mean(agreement):.2f} ({min(agreement):.2f}, {max(agreement):.2f})",
        f"{spent_s:.2f}",
    ]


def _growing(ids: NDArray[np.int64], vectors: Vectors, graph: Graph, engine: str) -> list[str]:
    """Return how much of the communities of some pictures is left when the others came."""
    n = len(ids)
    old = np.sort(np.random.default_rng(0).permutation(n)[: int(_THERE * n)])
    parts, kept, labels = _run(_graph(ids[old], vectors[old]), engine, [None] * len(old))
    before: list[str | None] = [None] * n
    start = np.full((n, kept.shape[1]), -1, np.int32)
    start[old] = kept
    for row, label in zip(old.tolist(), labels, strict=True):
        before[row] = label
    continued, _, pages = _run(graph, engine, before, Start(start))
    new, _, new_pages = _run(graph, engine, before)
    shares = [
        f"{np.mean([_cut(of[row], depth) == _cut(before[row], depth) for row in old.tolist()]):.2f}"
        for depth in (1, 99)
        for of in (pages, new_pages)
    ]
    return [
        f"{adjusted_rand_score(continued[old], parts):.2f}",
        f"{adjusted_rand_score(new[old], parts):.2f}",
        f"{adjusted_rand_score(continued, new):.2f}",
        *shares,
        f"{modularity(graph, continued):.4f}",
        f"{modularity(graph, new):.4f}",
    ]


def _run(
    graph: Graph, engine: str, before: list[str | None], start: Start = NOWHERE
) -> tuple[Parts, NDArray[np.int32], list[str]]:
    """Return the partition, the parts to keep, and the label of each picture."""
    bundles = Bundles.of(np.arange(graph.n))
    grower = Grower(np.ones(graph.n), PAGE_SIZE, engine, start=start)
    parts = grower.levels(graph)[-1]
    tree = numbered(grower.grown(graph, parts), parsed(before), np.ones(graph.n))
    return parts, parts_of(tree, bundles), list(community_labels(tree, bundles).values())


def _cut(label: str | None, depth: int) -> list[str]:
    return (label or "").split(".")[:depth]


def _range(values: list[float]) -> str:
    return f"{min(values):.3f} to {max(values):.3f}"
