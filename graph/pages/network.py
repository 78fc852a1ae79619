"""The drawing of a page as data for vis-network: nodes with fixed positions, and few edges.

Positions are computed here, once for wide screens and once for tall ones, and the physics of the
browser is off: a page is drawn at once and looks the same for everybody. Only the strongest edges
of each node are drawn, since more would hide the pictures.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from graph.addresses import Cell
from graph.pages.layout import Points, place, springs

EDGES_A_NODE = 3
# Aspect ratio (width / height) of a wide screen.
WIDE = 16 / 10
# Longest and shortest side of a picture (such as a panorama), relative to the side of its square.
# The shortest one is about 24 px on a full page that is shown whole.
_LONGEST = 1.5
_SHORTEST = 0.5
# Line widths of the weakest and the strongest edge of a page.
_WIDTHS = (0.8, 3.2)
OPTIONS: dict[str, Any] = {
    "physics": {"enabled": False},
    "layout": {"improvedLayout": False},
    "interaction": {
        "dragNodes": False,
        "hover": False,
        "selectable": False,
        # Arrow keys move from node to node instead (templates/keys.js).
        "keyboard": {"enabled": False},
        "zoomSpeed": 0.6,
    },
    "nodes": {"shape": "custom"},
    "edges": {"smooth": False, "selectionWidth": 1.5, "chosen": True},
}


@dataclass(frozen=True)
class Drawing:
    """Nodes and edges as dictionaries for JSON.

    A node has its center `x`, `y` on wide screens and `tall`, [x, y] on tall ones, around (0, 0);
    its `width` and `height`; half its longer side as `size`; and its `cell` on the sheet. An edge
    has `from`, `to` and a line `width`.
    """

    nodes: list[dict[str, Any]]
    edges: list[dict[str, Any]]


def draw(
    ids: Sequence[int],
    cells: Sequence[Cell],
    sides: Sequence[float],
    pairs: Mapping[tuple[int, int], float],
    caption: float = 0.0,
    aspect: float = WIDE,
    seed: int = 0,
) -> Drawing:
    """Return the drawing of some nodes, laid out for wide and for tall screens.

    Args:
        ids: of the nodes.
        cells: of their thumbnails on the sheet.
        sides: for each node, side of the square with the area of its picture.
        pairs: similarity of every edge, by its two ids.
        caption: height reserved below each picture.
        aspect: aspect ratio (width / height) on wide screens; on tall ones it is 1 / `WIDE`.
        seed: of the layout.
    """
    sizes = picture_sizes(cells, sides)  # (n, 2)
    boxes = sizes + np.array([0.0, caption])
    row = {node: i for i, node in enumerate(ids)}
    points = springs([(row[a], row[b], weight) for (a, b), weight in pairs.items()], len(ids), seed)
    wide = place(points, boxes, aspect) - np.array([0.0, caption / 2])
    tall = place(points[:, ::-1], boxes, 1 / WIDE) - np.array([0.0, caption / 2])
    nodes = [
        _node(*of_node) for of_node in zip(ids, cells, sizes, wide, tall, strict=True)
    ]  # fmt: skip
    return Drawing(nodes, drawn_edges(pairs))


def picture_sizes(cells: Sequence[Cell], sides: Sequence[float]) -> Points:
    """Return widths and heights (n, 2) with the shape of the cell and the area of the square.

    Both are bounded by `_LONGEST` and `_SHORTEST`. So the box of an extremely long picture is
    large enough to see and click; the picture is shown within it.
    """
    shapes = np.array([cell[2:] for cell in cells], np.float64).reshape(-1, 2)
    squares = np.asarray(sides, np.float64)[:, None]  # (n, 1)
    sizes = shapes * squares / np.sqrt(shapes.prod(axis=1, keepdims=True))
    bounded = sizes * np.minimum(1, _LONGEST * squares / sizes.max(axis=1, keepdims=True))
    boxes: Points = np.maximum(bounded, _SHORTEST * squares)
    return np.round(boxes, 1)


def drawn_edges(pairs: Mapping[tuple[int, int], float]) -> list[dict[str, Any]]:
    """Return the `EDGES_A_NODE` strongest edges of each node, drawn wider if stronger."""
    kept = {
        (min(a, b), max(a, b)): weight
        for a, others in strongest(pairs, EDGES_A_NODE).items()
        for b, weight in others
    }
    if not kept:
        return []
    low, high = min(kept.values()), max(kept.values())
    thin, thick = _WIDTHS
    return [
        {
            "from": a,
            "to": b,
            "width": round(thin + (thick - thin) * (weight - low) / ((high - low) or 1), 1),
        }
        for (a, b), weight in sorted(kept.items())
    ]


def strongest(
    pairs: Mapping[tuple[int, int], float], each: int
) -> dict[int, list[tuple[int, float]]]:
    """Return the strongest neighbors of each node with weights; ties go to the smaller id."""
    others: dict[int, list[tuple[int, float]]] = {}
    for (a, b), weight in pairs.items():
        others.setdefault(a, []).append((b, weight))
        others.setdefault(b, []).append((a, weight))
    return {
        node: sorted(found, key=lambda other: (-other[1], other[0]))[:each]
        for node, found in sorted(others.items())
    }


def _node(
    node: int,
    cell: Cell,
    size: NDArray[np.float64],
    wide: NDArray[np.float64],
    tall: NDArray[np.float64],
) -> dict[str, Any]:
    width, height = size.tolist()
    x, y = wide.round(1).tolist()
    return {
        "id": node,
        "x": x,
        "y": y,
        "tall": tall.round(1).tolist(),
        "width": width,
        "height": height,
        "size": max(width, height) / 2,
        "cell": cell,
    }
