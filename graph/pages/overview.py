"""The drawing of an overview: for each community some pictures, a weight and a place.

The page divides its window among the communities, whatever its size (`overview.js`): in rows from
top to bottom, and within a row from left to right, by these places, so that similar communities are
near each other. The area of a community grows with the square root of its pictures, so that a
community of thousands does not leave the others a strip.
"""

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from graph.addresses import Cell
from graph.communities.samples import MOST_SAMPLES
from graph.pages.layout import springs
from graph.pages.network import Drawing, drawn_edges

# Pictures on an overview; with many communities each shows fewer.
MOST_PICTURES = 250
LEAST_SAMPLES = 4
# Least weight of a community, relative to the largest.
_LEAST_WEIGHT = 0.3


def samples_each(communities: int) -> int:
    """Return how many pictures each community on an overview shows, 4 to 9."""
    return max(LEAST_SAMPLES, min(MOST_SAMPLES, MOST_PICTURES // max(1, communities)))


def weights_of(sizes: Sequence[int]) -> list[float]:
    """Return the share of the area of each community, relative to the largest one."""
    largest = max(sizes)
    return [round(max(_LEAST_WEIGHT, float(np.sqrt(size / largest))), 3) for size in sizes]


def draw_overview(
    ids: Sequence[int],
    names: Sequence[str],
    sizes: Sequence[int],
    cells: Sequence[Sequence[Cell]],
    pairs: Mapping[tuple[int, int], float],
    seed: int,
) -> Drawing:
    """Return the communities of an overview as nodes, and edges between the most similar.

    Args:
        ids: of the nodes.
        names: of the communities, with counts and what is in them.
        sizes: their numbers of pictures.
        cells: for each, the cells of its pictures on the sheet.
        pairs: similarity of every edge, by its two ids.
        seed: of the layout.
    """
    row = {node: i for i, node in enumerate(ids)}
    edges = [(row[a], row[b], weight) for (a, b), weight in pairs.items()]
    points = springs(edges, len(ids), seed)
    spans = np.ptp(points, axis=0)
    places = (points - points.min(axis=0)) / np.where(spans > 0, spans, 1)
    nodes: list[dict[str, Any]] = [
        {
            "id": node,
            "name": name,
            "weight": weight,
            "cell": of_node[0],
            "cells": list(of_node),
            "place": place,
        }
        for node, name, weight, of_node, place in zip(
            ids, names, weights_of(sizes), cells, places.round(3).tolist(), strict=True
        )
    ]
    return Drawing(nodes, drawn_edges(pairs))
