"""Export the network of a store to files: GEXF, GraphML, Parquet.

All formats of one call share one k-NN graph and one map. Targets are checked before anything is
computed, and each file is written atomically: it appears complete or not at all.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path

from graph.choices import JOINED
from graph.communities.facts import first_numbers
from graph.communities.kept import load_parts
from graph.exports.edges import edge_count, edge_modularity
from graph.exports.map import map_of
from graph.exports.network import Network
from graph.exports.parquet import load_pyarrow, write_parquet
from graph.exports.xml import write_gexf, write_graphml
from imgrec.collection.kinds import COMMUNITY
from imgrec.errors import ImgrecError
from imgrec.labels.community_names import names_of
from imgrec.neighbors.graph import K, knn_graph_of
from imgrec.neighbors.neighbors import Neighbors
from imgrec.store.store import Store
from imgrec.system.progress import planned, progress
from imgrec.system.stage_costs import COLLECTION, NEIGHBORS, layout_s, layout_stage, weights_of
from imgrec.system.text import counted


@dataclass(frozen=True)
class Export:
    """Summary of an exported file.

    Attributes:
        path: of the file.
        pictures: number of nodes or rows.
        edges: number of edges, None for a table of pictures.
        size_bytes: of the file.
        details: lines about the network: neighbors, their recall, communities.
    """

    path: Path
    pictures: int
    edges: int | None
    size_bytes: int
    details: tuple[str, ...] = ()


def export(
    store: Store,
    targets: Mapping[str, Path],
    encoder: str | None = None,
    k: int = JOINED,
    seed: int = 0,
    thumbnails: bool = False,
    *,
    quiet: bool = True,
) -> list[Export]:
    """Export the network of a store to files, with the labels that the catalog has now.

    Args:
        store: open for reading.
        targets: path per format of `graph.choices.FORMATS`; existing files are replaced.
        encoder: name of the feature to compare; None for the default feature of the store.
        k: how many nearest neighbors of each picture become edges.
        seed: of the map layout; the same seed gives the same files.
        thumbnails: add a thumbnail column to the Parquet table.
        quiet: show no progress.

    Returns:
        A summary of each file, in the order of `targets`.

    Raises:
        StoreError: the store has no such feature, or it has fewer than two pictures.
        ImgrecError: a target is not a writable file path (see `check_targets`), or pyarrow is
            needed and not installed.
    """
    check_targets(targets)
    n = len(store.feature(encoder))
    weights = weights_of([NEIGHBORS], n) | {
        layout_stage("umap", 2, COLLECTION): layout_s("umap", 2, n)
    }
    with planned(weights | weights_of(map(_stage, targets), n), quiet=quiet):
        return _exported(store, targets, encoder, k, seed, thumbnails, quiet)


def _stage(name: str) -> str:
    titles = {"gexf": "GEXF", "graphml": "GraphML", "parquet": "Parquet"}
    return f"writing {titles[name]}"


def _exported(
    store: Store, targets: Mapping[str, Path], encoder: str | None, k: int, seed: int,
    thumbnails: bool, quiet: bool,
) -> list[Export]:  # fmt: skip
    spec = store.spec(encoder)
    knn = knn_graph_of(store, spec.name, max(K, k), quiet=quiet)
    neighbors = knn.neighbors
    joined = min(k, neighbors.k)
    places = map_of(store, neighbors, spec.name, seed, quiet=quiet)
    communities = _communities(store, neighbors, joined)
    names = names_of(store)
    network = Network(spec.name, store.catalog, neighbors, places, joined, communities, names)
    writers: dict[str, Callable[[Path], None]] = {
        "gexf": lambda path: write_gexf(network, path),
        "graphml": lambda path: write_graphml(network, path),
        "parquet": lambda path: write_parquet(
            network, path, store.thumbs() if thumbnails else None
        ),
    }
    edges = edge_count(neighbors, joined)
    network_line = f"{counted(edges, 'edge')} ({spec.name}, k = {joined})"
    details = tuple(filter(None, [network_line, knn.line(), communities]))
    written = []
    for name, path in targets.items():
        with progress(_stage(name), quiet=quiet):
            writers[name](path)
        of_file = None if name == "parquet" else edges
        written.append(Export(path, len(neighbors.ids), of_file, path.stat().st_size, details))
    return written


def _communities(store: Store, neighbors: Neighbors, joined: int) -> str:
    """Return what is said of the communities in the labels; "" if a picture has none."""
    labels = store.catalog.labels.of_kind(COMMUNITY)
    of_each = [labels.get(i, "") for i in neighbors.ids.tolist()]
    if not all(of_each):
        return ""
    kept = load_parts(store)
    by = f" by {kept.facts.by()}" if kept else ""
    found = edge_modularity(neighbors, first_numbers(of_each), joined)
    return f"communities{by}: modularity {found:z.3f} of this graph by their first number"


def check_targets(targets: Mapping[str, Path]) -> None:
    """Check the paths of an export, before anything is computed.

    Raises:
        ImgrecError: a path is a folder, its parent folder does not exist, two formats have the
            same path, or pyarrow is needed and not installed.
    """
    for name, path in targets.items():
        if path.is_dir():
            raise ImgrecError(f"--{name} {path} is a folder: give the path of a file")
        if not path.parent.is_dir():
            raise ImgrecError(
                f"--{name} {path}: the folder {path.parent} does not exist: create it first"
            )
    if len({path.resolve() for path in targets.values()}) < len(targets):
        raise ImgrecError(
            f"{next(iter(targets.values()))} is given for two formats: give each its own file"
        )
    if "parquet" in targets:
        load_pyarrow()
