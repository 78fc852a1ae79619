"""Scatter plots of pictures: density and thumbnails on a map, clusters in colors."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from imgrec.collection import Ids
from imgrec.reporting.facts.islands import (
    Coded,
    Island,
    density_of,
    islands_of,
    overlap,
    placed,
)
from imgrec.reporting.facts.maps import Box, chance_order, moved_apart, shown_without_overlap
from imgrec.reporting.figures.canvas import Canvas, shortened, text_width
from imgrec.reporting.figures.style import (
    CARD,
    INK,
    LINE,
    OKABE_ITO,
    QUIET,
    SERIES,
    SMALL_PX,
    TEXT_PX,
)
from imgrec.reporting.figures.thumbnails import Thumbnails
from imgrec.system.file_names import printable

if TYPE_CHECKING:
    from matplotlib.figure import Figure

# Height by width of a wide figure.
_RATIO = 0.66
_STRIP_PX = 20
# Gaussian sigma of the density on narrow and wide figures.
_SMOOTH_PX = (8, 12)
_MARGINS_PX = (26, 38)
# Contour levels of the square root of the density.
_LEVELS = (0.06, 0.18, 0.32, 0.48, 0.64, 0.8)
_ALPHA = 0.1
_WIDE_SIDE_PX, _NARROW_SIDE_PX = 44, 34


@dataclass(frozen=True)
class Plane:
    """Points scaled to a figure.

    Attributes:
        points: (m, 2) in pixels, x to the right and y down.
        width: of the figure in pixels.
        height: of the figure in pixels.
    """

    points: NDArray[np.float64]
    width: float
    height: float

    @classmethod
    def of(cls, positions: NDArray[np.floating], width: float) -> "Plane":
        """Scale positions (m, 2) to fill a figure of this width."""
        height = round(width * (_RATIO if width > 600 else 1.0))
        low, high = positions.min(axis=0).astype(np.float64), positions.max(axis=0)
        room = np.array([width, height]) - 2 * _MARGINS_PX[width > 600]
        spread = np.maximum(high - low, 1e-12)
        # Each axis by itself, as the projector does.
        scale = room / spread
        points = (positions - (low + high) / 2) * scale * [1, -1] + [width / 2, height / 2]
        return cls(np.where(high - low > 0, points, np.array([width, height]) / 2), width, height)

    def bounds(self, axes: Sequence[str]) -> tuple[float, float, float, float]:
        """Return where thumbnails may be: above and below are the names of the axes, if any."""
        strip = _STRIP_PX if axes else 0
        return 0.0, strip, self.width, self.height - strip


def draw_map(
    ids: Ids,
    positions: NDArray[np.floating],
    thumbnails: Thumbnails,
    width_px: int,
    axes: Sequence[str] = (),
    kinds: Sequence[Coded] = (),
) -> "Figure":
    """Draw a map: density, points, names of islands, and the thumbnails that fit without overlap.

    Args:
        ids: (m,) of the pictures.
        positions: (m, 2) of the pictures.
        thumbnails: of the pictures.
        width_px: width of the figure.
        axes: names of x and y; empty if they have no meaning.
        kinds: what may name an island of the map, the most telling first.
    """
    plane = Plane.of(positions, width_px)
    canvas = Canvas(plane.width, plane.height)
    side = _WIDE_SIDE_PX if width_px > 600 else _NARROW_SIDE_PX
    smooth_px = _SMOOTH_PX[width_px > 600]
    density = density_of(plane.points, plane.width, plane.height, smooth_px)
    _draw_density(canvas, plane, density)
    _draw_points(canvas.axes, plane.points, [SERIES] * len(ids), 2.2, 0.5)
    islands = islands_of(plane.points, density, plane.width, plane.height, smooth_px, kinds)
    labels = _draw_names(canvas, plane, islands, axes)
    free = [row for row in chance_order(ids) if not _covers(plane.points[row], side, labels)]
    shown = shown_without_overlap(plane.points, side, free, plane.bounds(axes), gap=2)
    for row in shown:
        x, y = plane.points[row]
        canvas.picture(x - side / 2, y - side / 2, side, thumbnails, int(ids[row]))
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
    """Draw points in the colors of their clusters, and the central picture of each cluster.

    Args:
        positions: (m, 2) of the pictures.
        numbers: (m,) number of each picture's cluster, from 1.
        central: (cluster number, id, row) of the picture nearest to each center.
        thumbnails: of the pictures.
        width_px: width of the figure.
        axes: names of x and y; empty if they have no meaning.
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
        width, height = _draw_framed(canvas, (u, v), side, colors[number], thumbnails, image_id)
        _draw_number(canvas, u - width / 2, v - height / 2, number, side / 8 + 4)
    _name_axes(canvas, plane, axes)
    return canvas.figure


def cluster_colors(points: NDArray[np.floating], numbers: NDArray[np.integer]) -> dict[int, str]:
    """Return a color for each cluster: greedily the one whose other clusters are farthest away.

    More than about seven colors cannot be distinguished by everybody, so clusters share them; the
    choice keeps clusters of one color apart.

    Args:
        points: (m, 2) of the pictures.
        numbers: (m,) number of each picture's cluster, from 1.
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
    canvas: Canvas, middle: tuple[float, float], side: float, color: str,
    thumbnails: Thumbnails, image_id: int,
) -> tuple[float, float]:  # fmt: skip
    """Draw a picture with a frame around it; return its width and height."""
    left, top = middle[0] - side / 2, middle[1] - side / 2
    width, height = canvas.picture(left, top, side, thumbnails, image_id)
    x, y = middle[0] - width / 2, middle[1] - height / 2
    canvas.bar(x - 2, y - 2, width + 4, height + 4, color, zorder=2.8)
    return width, height


def _name_axes(canvas: Canvas, plane: Plane, axes: Sequence[str]) -> None:
    if axes:
        across, up = axes
        canvas.text(plane.width - 4, plane.height - 9, f"{across} →", size_px=SMALL_PX,
            color=QUIET, across="right")  # fmt: skip
        canvas.text(4, 10, f"↑ {up}", size_px=SMALL_PX, color=QUIET)


def _draw_number(canvas: Canvas, x: float, y: float, number: int, size_px: float) -> None:
    """Write the number of a cluster on the upper left corner of its picture."""
    width, height = text_width(str(number), size_px) + 5, size_px + 3
    left, top = max(0.0, x - width / 2), max(0.0, y - height / 2)
    canvas.bar(left, top, width, height, CARD, zorder=3.5, edgecolor=LINE, linewidth=0.8)
    canvas.axes.text(left + width / 2, top + height / 2, str(number), fontsize=size_px, color=INK,
        ha="center", va="center_baseline", zorder=3.6)  # fmt: skip


def _draw_points(
    axes: Any, points: NDArray[np.floating], colors: Sequence[str], size: float, alpha: float
) -> None:
    """Draw points, rasterized: thousands of vector shapes would make the page slow."""
    from matplotlib.colors import to_rgba_array

    # In random order, so that no cluster hides another.
    order = np.argsort(np.random.default_rng(0).random(len(points)))
    axes.scatter(points[order, 0], points[order, 1], s=size, alpha=alpha, linewidths=0,
        c=to_rgba_array(list(colors))[order], rasterized=True, zorder=2)  # fmt: skip


def _draw_names(
    canvas: Canvas, plane: Plane, islands: Sequence[Island], axes: Sequence[str]
) -> list[Box]:
    """Write the names of islands, each where it is or beside it; return their boxes."""
    size_px = TEXT_PX if plane.width > 600 else SMALL_PX
    longest = 0.4 * plane.width
    names = [shortened(printable(i.name), longest, size_px, bold=True) for i in islands]
    sizes = [(text_width(name, size_px, bold=True) + 12, size_px + 8) for name in names]
    shown = dict(zip(islands, names, strict=True))
    boxes = []
    for island, box in placed(islands, sizes, plane.bounds(axes)):
        left, top, right, bottom = box
        canvas.bar(left, top, right - left, bottom - top, CARD, zorder=3.5, edgecolor=LINE,
            linewidth=0.8)  # fmt: skip
        canvas.axes.text((left + right) / 2, (top + bottom) / 2, shown[island], fontsize=size_px,
            color=INK, fontweight="bold", ha="center", va="center_baseline",
            zorder=3.6)  # fmt: skip
        boxes.append(box)
    return boxes


def _covers(point: NDArray[np.floating], side: float, boxes: Sequence[Box]) -> bool:
    x, y = point.tolist()
    square = (x - side / 2, y - side / 2, x + side / 2, y + side / 2)
    return any(overlap(square, box) for box in boxes)


def _draw_density(canvas: Canvas, plane: Plane, share: NDArray[np.float64]) -> None:
    down, across = share.shape
    x, y = (np.arange(across) + 0.5) * plane.width / across, np.arange(down) + 0.5
    y *= plane.height / down
    # Filled up to the maximum and overlaid, so that there are no seams between levels.
    for level in _LEVELS:
        canvas.axes.contourf(x, y, share, [level, 2], colors=[SERIES], alpha=_ALPHA, zorder=1)
