"""The data files of a map but its tiles: points, layouts, labels, details, neighbors.

Each is a name and a value of JSON's types (`imgrec.maps.format`), computed piece by piece: memory
does not grow with the number of pictures beyond some bytes for each.
"""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from graph.map.labels import Coloring
from graph.map.positions import Layout, taken_of
from imgrec.collection import Catalog, Ids
from imgrec.maps.format import (
    NEAR,
    PER_DETAILS,
    PER_POINTS,
    details_name,
    label_name,
    layout_name,
    near_name,
    packed,
    pieces,
    points_name,
)
from imgrec.maps.pyramid import Pyramid
from imgrec.neighbors.neighbors import Neighbors

# Name and value of a file.
DataFile = tuple[str, Any]


def point_files(ids: Ids, pyramid: Pyramid, sides: NDArray[np.uint8]) -> Iterator[DataFile]:
    """Yield ids, cells, first levels and sides (n, 2) of the thumbnails of all pictures."""
    levels = pyramid.first_levels()
    for number, rows in enumerate(pieces(len(ids), PER_POINTS)):
        own = slice(rows.start, rows.stop)
        yield (
            points_name(number),
            {
                "ids": packed(ids[own].astype(np.uint32)),
                "cells": packed(pyramid.cells[own]),
                "levels": packed(levels[own]),
                "sides": packed(sides[own]),
            },
        )


def layout_files(layout: Layout) -> Iterator[DataFile]:
    """Yield the positions of a layout."""
    for number, rows in enumerate(pieces(len(layout.positions), PER_POINTS)):
        own = layout.positions[rows.start : rows.stop]
        yield layout_name(layout.name, number), {"positions": packed(own)}


def label_files(kind: int, coloring: Coloring) -> Iterator[DataFile]:
    """Yield the codes of a kind of label, given by its place in the facts."""
    for number, rows in enumerate(pieces(len(coloring.codes), PER_POINTS)):
        own = coloring.codes[rows.start : rows.stop]
        yield label_name(kind, number), {"codes": packed(own)}


def near_files(neighbors: Neighbors, rows: NDArray[np.intp]) -> Iterator[DataFile]:
    """Yield the nearest pictures of each, with similarities from 0 to 255.

    Args:
        neighbors: of all pictures.
        rows: (n, k) the rows of these.
    """
    k = min(NEAR, neighbors.k)
    for number, own in enumerate(pieces(len(rows), PER_DETAILS)):
        piece = slice(own.start, own.stop)
        similarity = np.clip(1 - neighbors.distances[piece, :k], 0, 1)
        yield (
            near_name(number),
            {
                "k": k,
                "rows": packed(rows[piece, :k].astype(np.uint32)),
                "similarity": packed(np.rint(similarity * 255).astype(np.uint8)),
            },
        )


def detail_files(
    communities: Mapping[int, str], catalog: Catalog, ids: Ids, roots: Sequence[str]
) -> Iterator[DataFile]:
    """Yield path, root, page, date and size of each picture.

    Args:
        communities: the path of each picture, by id.
        catalog: has the pictures.
        ids: (n,) of the pictures.
        roots: in the order of the facts.
    """
    numbers = {root: number for number, root in enumerate(roots)}
    for number, rows in enumerate(pieces(len(ids), PER_DETAILS)):
        own = ids[rows.start : rows.stop]
        entries = catalog.entries(own)
        # A community that is not divided has a page.
        pages = [communities[entry.id] for entry in entries]
        known = list(dict.fromkeys(pages))
        places = {page: place for place, page in enumerate(known)}
        yield (
            details_name(number),
            {
                "paths": [entry.path for entry in entries],
                "roots": [numbers[entry.root] for entry in entries],
                "pages": known,
                "page": [places[page] for page in pages],
                "taken": taken_of(catalog, own.tolist()),
                "sizes": [[entry.width or 0, entry.height or 0] for entry in entries],
            },
        )
