"""The bookmarks of a tensor: layouts computed beforehand, each one click away in the page."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from imgrec.encoders.spec import Vectors

NO_COLOR = "No color map"  # what the page calls it
STEPS = 89_999  # of a coordinate, from one end of the layout to the other
_LOWEST = 10_000  # five digits each: rows of one length, and no leading zero, which JSON forbids
_POWERS = 10 ** np.arange(4, -1, -1)
_FRONT = {"orthographic": False, "position": [0, 0, 1.7], "target": [0, 0, 0], "zoom": 1}
_ENDS = ("XLeft", "XRight", "YUp", "YDown")


@dataclass(frozen=True)
class Bookmark:
    """An entry in the list of bookmarks.

    Attributes:
        name: shown in the list, some 32 characters a line.
        positions: (n, 2) or (n, 3), finite. The page stretches each axis to the same length.
        tab: where the page believes them to come from. Only "pca" and "umap" stand still: in
            "tsne" the page goes on moving them.
        color: a column of the metadata, None for none. The page multiplies the thumbnails by
            the colors, which darkens them.
        flat: two dimensions as a plane in three, seen from the front. In two dimensions the
            page draws each thumbnail as large as its cell, so that many are a pile until one
            is close; on a plane they are as small as in three. Only with the tab "umap".
    """

    name: str
    positions: Vectors
    tab: Literal["pca", "umap"] = "umap"
    color: str | None = None
    flat: bool = False


def bookmarks_text(views: Sequence[Bookmark], axes: Vectors, columns: int, label: str) -> str:
    """Return the JSON of some views.

    Coordinates are rounded to `STEPS` of the length of their axis and lie between 10000 and
    99999: the page scales each axis anyhow. At a width of 1000 pixels that is 0.006 pixels
    off at most.

    Source: `State` in vz_projector/data.ts, `loadState` in vz_projector/vz-projector.ts and
    `restoreUIFromBookmark` in vz_projector/vz-projector-projections-panel.ts of TensorBoard.

    Args:
        views: in the order of the list; all n points each, in the order of the tensor's rows.
        axes: (n, a) the first principal components, for the tab "PCA". A bookmark replaces
            all coordinates that the page has, and it does not compute those again.
        columns: of the tensor.
        label: the first column of text in the metadata. The page names the points by that
            one whatever is written here.

    Raises:
        ValueError: a view has not n points in two or three dimensions, or a coordinate is
            not finite.
    """
    return f"[{','.join(_state(view, axes, columns, label) for view in views)}]"


def _state(view: Bookmark, axes: Vectors, columns: int, label: str) -> str:
    if view.positions.shape not in ((len(axes), 2), (len(axes), 3)):
        shape = "x".join(map(str, view.positions.shape))
        raise ValueError(f"the view {view.name!r} is {shape}: {len(axes)} points in 2 or 3 needed")
    pca = {f"pca-{k}": column for k, column in enumerate(axes.T)}
    shown = np.column_stack([view.positions, np.zeros(len(axes))]) if view.flat else view.positions
    own = {f"{view.tab}-{k}": column for k, column in enumerate(shown.T)}
    head = json.dumps(_settings(view, len(axes), columns, label), ensure_ascii=False)
    return f'{head[:-1]}, "projections": [{_rows(pca | own)}]}}'


def _settings(view: Bookmark, rows: int, columns: int, label: str) -> dict[str, object]:
    """Everything but the coordinates: where one of them is missing the page shows nothing."""
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
    """Return an object for each point, with these keys and coordinates (n,), comma between."""
    pieces: list[NDArray[np.uint8]] = []
    for key, values in coordinates.items():
        pieces += [_text(f'{"," if pieces else "{"}"{key}":'), _digits(_steps(values))]
    pieces.append(_text("},"))
    count = len(next(iter(coordinates.values())))
    table = np.hstack([np.broadcast_to(piece, (count, piece.shape[1])) for piece in pieces])
    return table.tobytes().decode("ascii")[:-1]  # (n, bytes of a row)


def _steps(values: NDArray[np.floating]) -> NDArray[np.int64]:
    """Return coordinates (n,) as integers of five digits, by their place between the ends."""
    values = values.astype(np.float64)
    finite = np.isfinite(values)
    if not finite.all():
        raise ValueError(f"point {int(np.argmin(finite))} has no finite coordinate")
    low, high = float(values.min()), float(values.max())
    steps: NDArray[np.float64] = np.rint((values - low) * (STEPS / (high - low or 1.0)))
    return steps.astype(np.int64) + _LOWEST


def _digits(numbers: NDArray[np.int64]) -> NDArray[np.uint8]:
    """Return the ASCII digits (n, 5) of numbers (n,) of five digits."""
    return (ord("0") + numbers[:, None] // _POWERS % 10).astype(np.uint8)


def _text(text: str) -> NDArray[np.uint8]:
    """Return the ASCII of a text (1, its length)."""
    return np.frombuffer(text.encode("ascii"), np.uint8)[None, :]
