"""The stages whose growth is measured, each of a store that has what it builds on."""

import resource
import shutil
import time
from collections.abc import Callable, Mapping
from functools import partial
from itertools import cycle
from pathlib import Path

import numpy as np

from exponents import Cost
from graph.exports.map import principal_plane
from graph.pages.options import SiteOptions
from graph.pages.site import write_site
from imgrec import Recommender, Store, neighbors_of
from imgrec.derived.kept import update_indexes
from imgrec.layouts.fuzzy_graph import fuzzy_graph
from imgrec.layouts.umap import umap_layout
from imgrec.neighbors.graph import exact_neighbors, knn_graph_of
from imgrec.reporting.options import ReportOptions
from imgrec.reporting.write import write_report
from imgrec.store.features import Block, FeatureStore
from machine import run
from measuring import K
from projector.export import ProjectorOptions, write_logdir
from rescan import index_command, made

_QUERIES = 30
_SEED = 4
_WARM, _NEIGHBORS = 500, 15


def query(store: Path, index: str) -> Cost:
    """Return the mean cost of a query after the first two, by an index that is built for it.

    The second one loads the compiled loops, which a command that asks once does without.
    """
    if index != "exact":
        with Store.create(store) as opened, opened.writing():
            update_indexes(opened, hnsw=index == "hnsw", sketch_values=0)
    with Recommender.open(store, cache="none") as recommender:
        with Store.open(store) as opened:
            ids = opened.feature().ids
        rng = np.random.default_rng(_SEED)
        chosen = cycle(rng.choice(ids, min(_QUERIES, len(ids) // 2), replace=False).tolist())

        def ask() -> None:
            recommender.query([next(chosen)], k=K, metric="cosine", index=index)

        ask()
        ask()
        whole = _cost(lambda: [ask() for _ in range(_QUERIES)])
    return Cost(whole.seconds / _QUERIES, whole.cpu_s / _QUERIES)


def knn(store: Path) -> Cost:
    """Return the cost of the k-NN graph, which is kept afterwards."""
    shutil.rmtree(store / "knn", ignore_errors=True)
    with Store.open(store) as opened:
        return _cost(lambda: knn_graph_of(opened))


def layout(store: Path) -> Cost:
    """Return the cost of positions of all pictures in two dimensions."""
    with Store.open(store) as opened:
        feature = opened.feature()
        neighbors, start = neighbors_of(opened), principal_plane(feature)
        few = feature.take_rows(np.arange(_WARM))
    small = FeatureStore("small", feature.dimensions, [Block(np.arange(1, _WARM + 1), few)])
    # The loops are compiled by this.
    umap_layout(fuzzy_graph(exact_neighbors(small, _NEIGHBORS)), principal_plane(small))
    return _cost(lambda: umap_layout(fuzzy_graph(neighbors), start))


def logdir(store: Path) -> Cost:
    """Return the cost of the projector's files without layouts."""
    options = ProjectorOptions(methods=())
    return _written(store, lambda opened, out: write_logdir(opened, out, options=options))


def network(store: Path) -> Cost:
    """Return the cost of the network pages, whose neighbors are kept."""
    options = SiteOptions(groups=(), map=False)
    return _written(store, lambda opened, out: write_site(opened, out, options))


def report(store: Path) -> Cost:
    """Return the cost of the report without maps beside PCA."""
    options = ReportOptions(methods=())
    return _written(store, lambda opened, out: write_report(opened, out, options))


def rescan(work: Path, count: int) -> Cost:
    """Return the cost of the whole command on files that are as they were."""
    tree, store = made(work, count)
    command = index_command(store)[1:]
    cost = min((_cost(lambda: run(*command)) for _ in range(3)), key=lambda cost: cost.cpu_s)
    shutil.rmtree(tree)
    shutil.rmtree(store)
    return cost


# By name; in this order each finds what it builds on.
STAGES: Mapping[str, Callable[[Path], Cost]] = {
    "exact query": partial(query, index="exact"),
    "sketch query": partial(query, index="sketch"),
    "hnsw query": partial(query, index="hnsw"),
    "k-NN graph": knn,
    "map layout": layout,
    "projector files": logdir,
    "network pages": network,
    "report": report,
}


def _written(store: Path, write: Callable[[Store, Path], object]) -> Cost:
    out = store.parent / "out"
    shutil.rmtree(out, ignore_errors=True)
    with Store.open(store) as opened:
        cost = _cost(lambda: write(opened, out))
    shutil.rmtree(out)
    return cost


def _cost(function: Callable[[], object]) -> Cost:
    wall, cpu = time.perf_counter(), _cpu_s()
    function()
    return Cost(time.perf_counter() - wall, _cpu_s() - cpu)


def _cpu_s() -> float:
    kinds = (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN)
    return sum(used.ru_utime + used.ru_stime for used in map(resource.getrusage, kinds))
