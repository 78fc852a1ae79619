"""The ways out of the network: files for other programs, each written whole."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path

from graph.choices import JOINED
from graph.exports.edges import edge_count
from graph.exports.map import map_of
from graph.exports.network import Network
from graph.exports.parquet import load_pyarrow, write_parquet
from graph.exports.xml import write_gexf, write_graphml
from imgrec.errors import ImgrecError
from imgrec.neighbors.graph import K, neighbors_of
from imgrec.store.store import Store


@dataclass(frozen=True)
class Export:
    """A file that was written.

    Attributes:
        edges: of the network, None for a table of pictures.
    """

    path: Path
    pictures: int
    edges: int | None
    size_bytes: int


def export(
    store: Store,
    targets: Mapping[str, Path],
    encoder: str | None = None,
    k: int = JOINED,
    seed: int = 0,
    thumbnails: bool = False,
) -> list[Export]:
    """Write a store's network to files; labels are those in the catalog.

    Args:
        store: open for reading.
        targets: the file of each format, of `graph.choices.FORMATS`; an older one is replaced.
        encoder: the feature compared; by default the store's own.
        k: neighbors a picture is joined to.
        seed: of the map.
        thumbnails: whether the table has them.

    Raises:
        StoreError: there is no such feature, or it has fewer than two pictures.
        ImgrecError: a file cannot be written there, or what writes it is not installed.
    """
    check_targets(targets)
    spec = store.spec(encoder)
    neighbors = neighbors_of(store, spec.name, max(K, k))
    joined = min(k, neighbors.k)
    places = map_of(store, neighbors, spec.name, seed)
    network = Network(spec.name, store.catalog, neighbors, places, joined)
    writers: dict[str, Callable[[Path], None]] = {
        "gexf": lambda path: write_gexf(network, path),
        "graphml": lambda path: write_graphml(network, path),
        "parquet": lambda path: write_parquet(
            network, path, store.thumbs() if thumbnails else None
        ),
    }
    edges = edge_count(neighbors, joined)
    written = []
    for name, path in targets.items():
        writers[name](path)
        of_file = None if name == "parquet" else edges
        written.append(Export(path, len(neighbors.ids), of_file, path.stat().st_size))
    return written


def check_targets(targets: Mapping[str, Path]) -> None:
    """Raise ImgrecError where a file cannot be written, before anything is computed."""
    for name, path in targets.items():
        if path.is_dir():
            raise ImgrecError(f"--{name} {path} is a folder: name a file")
        if not path.parent.is_dir():
            raise ImgrecError(f"--{name} {path}: there is no folder {path.parent}: make it first")
    if len({path.resolve() for path in targets.values()}) < len(targets):
        raise ImgrecError(f"{next(iter(targets.values()))} is named twice: name a file for each")
    if "parquet" in targets:
        load_pyarrow()
