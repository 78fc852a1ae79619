"""Write precomputed layouts as bookmarks of the Embedding Projector, each one click away.

The projector computes PCA, t-SNE and UMAP in the browser, slowly and on a sample. But a bookmark
restores a complete state of the page, coordinates included. So layouts that were computed here are
saved as the JSON of such states: the page shows them at once, for all points.

Coordinates are written as integers of five digits. This keeps the file small, and rows of equal
length can be assembled as a byte array by numpy, fast even for 100,000 points.
"""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from imgrec.encoders.spec import Vectors

# The page's name for no coloring.
NO_COLOR = "No color map"
# Quantization steps of a coordinate, from one end of its axis to the other.
STEPS = 89_999
# Smallest integer of five digits. JSON forbids leading zeros.
_LOWEST = 10_000
_POWERS = 10 ** np.arange(4, -1, -1)
_FRONT = {"orthographic": False, "position": [0, 0, 1.7], "target": [0, 0, 0], "zoom": 1}
_ENDS = ("XLeft", "XRight", "YUp", "YDown")


@dataclass(frozen=True)
class Bookmark:
    """A layout as an entry of the list of bookmarks.

    Attributes:
        name: shown in the list, about 32 characters per line.
        positions: (n, 2) or (n, 3), finite. The page scales each axis to the same length.
        tab: projection to which the page attributes the coordinates. Only "pca" and "umap" are
            static; with "tsne" the page would continue the optimization and move the points.
        color: metadata column to color by, None for no coloring. For dots only: the page
            multiplies thumbnails by the colors, which darkens them.
        flat: show two dimensions as a plane in three, seen from the front. In two dimensions the
            page draws each thumbnail at the full size of its cell, so that thousands overlap until
            the user zooms in; on a plane they are as small as in three. Only for the tab "umap".
    """

    name: str
    positions: Vectors
    tab: Literal["pca", "umap"] = "umap"
    color: str | None = None
    flat: bool = False


def bookmarks_text(views: Sequence[Bookmark], axes: Vectors, columns: int, label: str) -> str:
    """Return the JSON of a list of bookmarks.

    Coordinates are quantized to `STEPS` steps per axis and lie between 10000 and 99999; the page
    rescales every axis. The error is at most 0.006 pixels at a width of 1000 pixels.

    Source: `State` in vz_projector/data.ts, `loadState` in vz_projector/vz-projector.ts and
    `restoreUIFromBookmark` in vz_projector/vz-projector-projections-panel.ts of TensorBoard.

    Args:
        views: in the order of the list; n points each, in the order of the tensor's rows.
        axes: coordinates on the first a principal components (n, a), for the tab "PCA": a bookmark
            replaces all coordinates of the page, which does not compute PCA again.
        columns: number of columns of the tensor.
        label: first text column of the metadata. The page labels points by this column, whatever
            the bookmark says.

    Raises:
        ValueError: the positions of a view are not (n, 2) or (n, 3), or not finite.
    """
    return f"[{','.join(_state(view, axes, columns, label) for view in views)}]"


def _state(view: Bookmark, axes: Vectors, columns: int, label: str) -> str:
    if view.positions.shape not in ((len(axes), 2), (len(axes), 3)):
        shape = "x".join(map(str, view.positions.shape))
        raise ValueError(f"the positions of {view.name!r} are {shape}: give {len(axes)} x 2 or 3")
    pca = {f"pca-{k}": column for k, column in enumerate(axes.T)}
    shown = np.column_stack([view.positions, np.zeros(len(axes))]) if view.flat else view.positions
    own = {f"{view.tab}-{k}": column for k, column in enumerate(shown.T)}
    head = json.dumps(_settings(view, len(axes), columns, label), ensure_ascii=False)
    return f'{head[:-1]}, "projections": [{_rows(pca | own)}]}}'


def _settings(view: Bookmark, rows: int, columns: int, label: str) -> dict[str, object]:
    """Return the state of the page but the coordinates.

    All keys are required: if one is missing, the page shows nothing.
    """
    dimensions = 3 if view.flat else view.positions.shape[1]
    return {
        "label": view.name,
        "isSelected": False,
        "selectedProjection": view.tab,
        "dataSetDimensions": [rows, columns],
        "tSNEIteration": 0,
        "tSNEPerplexity": 25,
        "tSNELearningRate": 10,
        "tSNEis3d": True,
        "umapIs3d": view.tab != "umap" or dimensions == 3,
        "umapNeighbors": 15,
        "umapMinDist": 0.1,
        "pcaComponentDimensions": [0, 1, 2][: dimensions if view.tab == "pca" else 3],
        "customSelectedSearchByMetadataOption": label,
        **{f"custom{end}Text": "" for end in _ENDS},
        **{f"custom{end}Regex": False for end in _ENDS},
        "selectedPoints": [],
        "selectedColorOptionName": NO_COLOR if view.color is None else view.color,
        "selectedLabelOption": label,
        **({"cameraDef": _FRONT} if view.flat else {}),
    }


def _rows(coordinates: Mapping[str, NDArray[np.floating]]) -> str:
    """Return a JSON object for each of n points, comma-separated, from coordinates (n,) by key."""
    pieces: list[NDArray[np.uint8]] = []
    for key, values in coordinates.items():
        pieces += [_text(f'{"," if pieces else "{"}"{key}":'), _digits(_steps(values))]
    pieces.append(_text("},"))
    count = len(next(iter(coordinates.values())))
    table = np.hstack([np.broadcast_to(piece, (count, piece.shape[1])) for piece in pieces])
    return table.tobytes().decode("ascii")[:-1]  # (n, bytes of a row)


def _steps(values: NDArray[np.floating]) -> NDArray[np.int64]:
    """Return coordinates (n,) quantized to integers of five digits, scaled from end to end."""
    values = values.astype(np.float64)
    finite = np.isfinite(values)
    if not finite.all():
        raise ValueError(f"the coordinate of point {int(np.argmin(finite))} is not finite")
    low, high = float(values.min()), float(values.max())
    steps: NDArray[np.float64] = np.rint((values - low) * (STEPS / (high - low or 1.0)))
    return steps.astype(np.int64) + _LOWEST


def _digits(numbers: NDArray[np.int64]) -> NDArray[np.uint8]:
    """Return the ASCII digits (n, 5) of five-digit numbers (n,)."""
    return (ord("0") + numbers[:, None] // _POWERS % 10).astype(np.uint8)


def _text(text: str) -> NDArray[np.uint8]:
    """Return the ASCII codes of a text (1, length)."""
    return np.frombuffer(text.encode("ascii"), np.uint8)[None, :]
