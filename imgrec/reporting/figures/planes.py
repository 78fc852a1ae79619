"""Planes of points: their density, pictures at their places, clusters in colors."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from imgrec.collection import Ids
from imgrec.reporting.facts.maps import chance_order, moved_apart, shown_without_overlap
from imgrec.reporting.figures.canvas import Canvas, text_width
from imgrec.reporting.figures.style import CARD, INK, LINE, OKABE_ITO, QUIET, SERIES, SMALL_PX
from imgrec.reporting.figures.thumbnails import Thumbnails, fitted_size

if TYPE_CHECKING:
    from matplotlib.figure import Figure

_RATIO = 0.66  # height by width
_STRIP_PX = 20
_BIN_PX = 6  # of the density
_SMOOTH_PX = (8, 12)  # narrow, wide
_MARGINS_PX = (26, 38)
_LEVELS = (0.06, 0.18, 0.32, 0.48, 0.64, 0.8)  # of the square root of the density
_ALPHA = 0.1
_WIDE_SIDE_PX, _NARROW_SIDE_PX = 44, 34


@dataclass(frozen=True)
class Plane:
    """Points on a figure.

    Attributes:
        points: (m, 2) in pixels, x to the right and y down.
        width: of the figure in pixels.
        height: likewise.
    """

    points: NDArray[np.float64]
    width: float
    height: float

    @classmethod
    def of(cls, positions: NDArray[np.floating], width: float) -> "Plane":
        """Stretch positions (m, 2) evenly so that they fill a figure of this width."""
        height = round(width * (_RATIO if width > 600 else 1.0))
        low, high = positions.min(axis=0).astype(np.float64), positions.max(axis=0)
        room = np.array([width, height]) - 2 * _MARGINS_PX[width > 600]
        spread = np.maximum(high - low, 1e-12)
        scale = room / spread  # each axis on its own, as the projector does
        points = (positions - (low + high) / 2) * scale * [1, -1] + [width / 2, height / 2]
        return cls(np.where(high - low > 0, points, np.array([width, height]) / 2), width, height)

    def bounds(self, axes: Sequence[str]) -> tuple[float, float, float, float]:
        """Return within which pictures lie: not where the names of axes stand."""
        strip = _STRIP_PX if axes else 0
        return 0.0, strip, self.width, self.height - strip


def draw_map(
    ids: Ids,
    positions: NDArray[np.floating],
    thumbnails: Thumbnails,
    width_px: int,
    axes: Sequence[str] = (),
) -> "Figure":
    """Draw density, points, and the pictures that fit without overlap.

    Args:
        ids: (m,) of the pictures.
        positions: (m, 2) of them.
        thumbnails: of them.
        width_px: of the figure.
        axes: what x and y are, where they are something.
    """
    plane = Plane.of(positions, width_px)
    canvas = Canvas(plane.width, plane.height)
    side = _WIDE_SIDE_PX if width_px > 600 else _NARROW_SIDE_PX
    _draw_density(canvas, plane)
    _draw_points(canvas.axes, plane.points, [SERIES] * len(ids), 2.2, 0.5)
    shown = shown_without_overlap(plane.points, side, chance_order(ids), plane.bounds(axes), gap=2)
    for row in shown:
        x, y = plane.points[row]
        canvas.picture(x - side / 2, y - side / 2, side, thumbnails.get(int(ids[row]), side))
    _name_axes(canvas, plane, axes)
    return canvas.figure


def draw_cluster_plane(
    positions: NDArray[np.floating],
    numbers: NDArray[np.integer],
    central: Sequence[tuple[int, int, int]],
    thumbnails: Thumbnails,
    width_px: int,
    axes: Sequence[str] = (),
) -> "Figure":
    """Draw points in the colors of their clusters, and the picture in the middle of each.

    Args:
        positions: (m, 2) of the pictures.
        numbers: (m,) of their clusters, from 1.
        central: (number of the cluster, id, row) of the picture nearest to each center.
        thumbnails: of the pictures.
        width_px: of the figure.
        axes: what x and y are, where they are something.
    """
    plane = Plane.of(positions, width_px)
    canvas = Canvas(plane.width, plane.height)
    side = 46 if width_px > 600 else 32
    colors = cluster_colors(plane.points, numbers)
    size = 14 if len(numbers) <= 2_000 else 8
    _draw_points(canvas.axes, plane.points, [colors[n] for n in numbers.tolist()], size, 0.8)
    places = plane.points[[row for _, _, row in central]]
    boxes = moved_apart(places, side + 4, plane.bounds(axes), gap=3)
    for (number, image_id, _), (x, y), (u, v) in zip(central, places, boxes, strict=True):
        canvas.line((x, u), (y, v), INK, linewidth=0.9, zorder=2.5)
        canvas.axes.plot([x], [y], "o", ms=4.5, mfc=colors[number], mec=INK, mew=0.9, zorder=2.6)
        pixels = thumbnails.get(image_id, side)
        _draw_framed(canvas, (u, v), side, colors[number], pixels)
        width, height = fitted_size(pixels, side)
        _draw_number(canvas, u - width / 2, v - height / 2, number, side / 8 + 4)
    _name_axes(canvas, plane, axes)
    return canvas.figure


def cluster_colors(points: NDArray[np.floating], numbers: NDArray[np.integer]) -> dict[int, str]:
    """Return the color of each cluster: of few colors the one whose others are farthest away.

    More than a few colors cannot be told apart by everybody, so clusters share them; those
    that lie near each other get different ones as far as that goes.

    Args:
        points: (m, 2) of the pictures.
        numbers: (m,) of their clusters, from 1.
    """
    middles: dict[int, NDArray[np.float64]] = {}
    chosen: dict[int, str] = {}
    for number in np.unique(numbers).tolist():
        middles[number] = points[numbers == number].mean(axis=0)
        distance = {
            color: min(
                (float(np.linalg.norm(middles[n] - middles[number]))
                 for n, taken in chosen.items() if taken == color),
                default=np.inf,
            )
            for color in OKABE_ITO
        }  # fmt: skip
        chosen[number] = max(OKABE_ITO, key=lambda color: distance[color])
    return chosen


def _draw_framed(
    canvas: Canvas, middle: tuple[float, float], side: float, color: str, pixels: Any
) -> None:
    width, height = fitted_size(pixels, side)
    x, y = middle[0] - width / 2, middle[1] - height / 2
    canvas.bar(x - 2, y - 2, width + 4, height + 4, color, zorder=2.8)
    canvas.picture(middle[0] - side / 2, middle[1] - side / 2, side, pixels)


def _name_axes(canvas: Canvas, plane: Plane, axes: Sequence[str]) -> None:
    if axes:
        across, up = axes
        canvas.text(plane.width - 4, plane.height - 9, f"{across} →", size_px=SMALL_PX,
            color=QUIET, across="right")  # fmt: skip
        canvas.text(4, 10, f"↑ {up}", size_px=SMALL_PX, color=QUIET)


def _draw_number(canvas: Canvas, x: float, y: float, number: int, size_px: float) -> None:
    """Write the number of a cluster upon the upper left corner of its picture."""
    width, height = text_width(str(number), size_px) + 5, size_px + 3
    left, top = max(0.0, x - width / 2), max(0.0, y - height / 2)
    canvas.bar(left, top, width, height, CARD, zorder=3.5, edgecolor=LINE, linewidth=0.8)
    canvas.axes.text(left + width / 2, top + height / 2, str(number), fontsize=size_px, color=INK,
        ha="center", va="center_baseline", zorder=3.6)  # fmt: skip


def _draw_points(
    axes: Any, points: NDArray[np.floating], colors: Sequence[str], size: float, alpha: float
) -> None:
    """Draw points as one picture: thousands of them as shapes would make a page slow."""
    from matplotlib.colors import to_rgba_array

    order = np.argsort(np.random.default_rng(0).random(len(points)))  # no cluster hides another
    axes.scatter(points[order, 0], points[order, 1], s=size, alpha=alpha, linewidths=0,
        c=to_rgba_array(list(colors))[order], rasterized=True, zorder=2)  # fmt: skip


def _draw_density(canvas: Canvas, plane: Plane) -> None:
    from scipy.ndimage import gaussian_filter

    across, down = round(plane.width / _BIN_PX), round(plane.height / _BIN_PX)
    counts, _, _ = np.histogram2d(
        plane.points[:, 1], plane.points[:, 0], (down, across),
        ((0, plane.height), (0, plane.width)),
    )  # fmt: skip
    smooth = gaussian_filter(counts, _SMOOTH_PX[plane.width > 600] / _BIN_PX, mode="constant")
    share = np.sqrt(smooth / smooth.max())
    x, y = (np.arange(across) + 0.5) * plane.width / across, np.arange(down) + 0.5
    y *= plane.height / down
    for level in _LEVELS:  # each laid over those before: no seams between them
        canvas.axes.contourf(x, y, share, [level, 2], colors=[SERIES], alpha=_ALPHA, zorder=1)
