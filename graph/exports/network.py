"""The network as other programs get it: a stream of nodes and a stream of edges.

Every export format reads the same two streams, so that all files of a collection agree. Both are
read in blocks of the catalog and the k-NN graph. The invariant: all text is valid Unicode, even if
a file name is not UTF-8, since neither XML nor Parquet can hold lone surrogates.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import NamedTuple

import numpy as np

from graph.choices import JOINED
from graph.exports.edges import BLOCK_ROWS, edge_blocks
from graph.exports.map import Map
from imgrec.collection import Catalog, Entry
from imgrec.collection.kinds import COMMUNITY
from imgrec.labels.community_names import CommunityNames
from imgrec.neighbors.neighbors import Neighbors
from imgrec.system.file_names import valid

# The column of the name that a community has on the pages, beside its path.
COMMUNITY_NAME = "community_name"
_PLAIN = ("id", "path", "width", "height", "x", "y", "neighbors", "thumbnail")


class NetworkPicture(NamedTuple):
    """A node: a picture with its labels and its position on the map, -1 to 1, y up."""

    id: int
    path: str
    width: int | None
    height: int | None
    x: float
    y: float
    labels: Mapping[str, str]


class Edge(NamedTuple):
    """An undirected edge between two ids: its weight, over 0 to 1, and the distance."""

    source: int
    target: int
    weight: float
    distance: float


@dataclass(frozen=True)
class Network:
    """The network of one feature of a collection.

    Attributes:
        encoder: name of the compared feature.
        catalog: provides paths, sizes and labels.
        neighbors: k-NN graph of all pictures.
        map: positions of the same pictures.
        joined: how many nearest neighbors of each picture become edges.
        communities: what is said of the communities in the labels; "" for nothing.
        names: of the communities.
        block_rows: maximal number of pictures in memory at a time.
    """

    encoder: str
    catalog: Catalog
    neighbors: Neighbors
    map: Map
    joined: int = JOINED
    communities: str = ""
    names: CommunityNames = field(default_factory=CommunityNames)
    block_rows: int = BLOCK_ROWS

    def description(self) -> str:
        """Return one line on the edges and communities, for formats that have a place for it."""
        edges = f"{self.encoder}, k = {self.joined}"
        return f"{edges}; {self.communities}" if self.communities else edges

    def kinds(self) -> list[str]:
        """Return the label kinds of the catalog, sorted, and that of the names of communities."""
        kinds = self.catalog.labels.kinds()
        return sorted({*kinds, COMMUNITY_NAME}) if COMMUNITY in kinds else kinds

    def pictures(self) -> Iterator[list[NetworkPicture]]:
        """Yield all nodes in blocks of at most `block_rows`, sorted by id."""
        for start in range(0, len(self.neighbors.ids), self.block_rows):
            rows = slice(start, start + self.block_rows)
            ids = self.neighbors.ids[rows].tolist()
            labels, places = self.catalog.labels.of(ids), self.map.positions[rows].tolist()
            yield [
                _picture(entry, self._named(labels[entry.id]), *place)
                for entry, place in zip(self.catalog.entries(ids), places, strict=True)
            ]

    def _named(self, labels: Mapping[str, str]) -> Mapping[str, str]:
        if COMMUNITY not in labels:
            return labels
        return {COMMUNITY_NAME: self.names.of(labels[COMMUNITY]), **labels}

    def edges(self) -> Iterator[Edge]:
        """Yield each edge once."""
        ids = self.neighbors.ids
        for block in edge_blocks(self.neighbors, self.joined, block_rows=self.block_rows):
            ends = ids[block.rows].tolist(), ids[block.others].tolist()
            weights, distances = block.weights.tolist(), block.distances.tolist()
            yield from map(Edge, *ends, weights, distances)


def column_names(kinds: list[str]) -> dict[str, str]:
    """Return a unique column name for each label kind.

    It is the kind itself, prefixed by `label_` as often as needed to differ from the other columns.
    """
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
    """Return the scale factor of map positions at which n nodes of size 10 hardly overlap."""
    return 20 * float(np.sqrt(n))


def _picture(entry: Entry, labels: Mapping[str, str], x: float, y: float) -> NetworkPicture:
    shown = {kind: valid(value) for kind, value in labels.items()}
    return NetworkPicture(entry.id, valid(entry.path), entry.width, entry.height, x, y, shown)
