"""What other programs are given of a collection: its pictures and edges, a few at a time."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np

from graph.choices import JOINED
from graph.exports.edges import edge_blocks
from graph.exports.map import Map
from imgrec.collection import Catalog, Entry
from imgrec.neighbors.neighbors import Neighbors
from imgrec.system.file_names import valid

BLOCK_ROWS = 8_192
_PLAIN = ("id", "path", "width", "height", "x", "y", "neighbors", "thumbnail")


class NetworkPicture(NamedTuple):
    """A node; `x` and `y` are those of the map, all text is valid Unicode."""

    id: int
    path: str
    width: int | None
    height: int | None
    x: float
    y: float
    labels: Mapping[str, str]


class Edge(NamedTuple):
    """Two pictures by their ids; `weight` to 1, as in the network, and their distance."""

    source: int
    target: int
    weight: float
    distance: float


@dataclass(frozen=True)
class Network:
    """A collection as a network.

    Attributes:
        encoder: name of the feature compared.
        map: of the pictures of the neighbors.
        joined: neighbors a picture is joined to by edges.
    """

    encoder: str
    catalog: Catalog
    neighbors: Neighbors
    map: Map
    joined: int = JOINED

    def kinds(self) -> list[str]:
        """Return the kinds of label there are, in order."""
        return self.catalog.labels.kinds()

    def pictures(self) -> Iterator[list[NetworkPicture]]:
        """Yield the pictures, in the order of ids, some at a time."""
        for start in range(0, len(self.neighbors.ids), BLOCK_ROWS):
            rows = slice(start, start + BLOCK_ROWS)
            ids = self.neighbors.ids[rows].tolist()
            labels, places = self.catalog.labels.of(ids), self.map.positions[rows].tolist()
            yield [
                _picture(entry, labels[entry.id], *place)
                for entry, place in zip(self.catalog.entries(ids), places, strict=True)
            ]

    def edges(self) -> Iterator[Edge]:
        """Yield each edge once."""
        ids = self.neighbors.ids
        for block in edge_blocks(self.neighbors, self.joined):
            ends = ids[block.rows].tolist(), ids[block.others].tolist()
            weights, distances = block.weights.tolist(), block.distances.tolist()
            yield from map(Edge, *ends, weights, distances)


def column_names(kinds: list[str]) -> dict[str, str]:
    """Return the column of each kind of label: its own name, with `label_` where that is taken."""
    names: dict[str, str] = {}
    taken = set(_PLAIN)
    for kind in kinds:
        name = valid(kind)
        while name in taken:
            name = f"label_{name}"
        names[kind] = name
        taken.add(name)
    return names


def spread(n: int) -> float:
    """Return what the map's positions are multiplied by so that n nodes of size 10 have room."""
    return 20 * float(np.sqrt(n))


def _picture(entry: Entry, labels: Mapping[str, str], x: float, y: float) -> NetworkPicture:
    shown = {kind: valid(value) for kind, value in labels.items()}
    return NetworkPicture(entry.id, valid(entry.path), entry.width, entry.height, x, y, shown)
