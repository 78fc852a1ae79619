"""The canvas: float RGB planes with coordinates, onto which coverage masks are blended.

Shapes are functions of the coordinates (signed distances), so a picture has the same content at
any size. Polygons, lines and text are drawn on a `Stencil`, supersampled for antialiasing.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
from PIL import Image, ImageDraw, ImageFont

from imgrec.samples.palette import Array, Rng

STENCIL_SCALE = 3


@dataclass(frozen=True)
class Canvas:
    """A picture being painted, or a window that shares the pixels of one.

    The origin is the center, x grows to the right, y downwards; half the short side is 1.

    Attributes:
        rgb: (3, h, w) float32, sRGB, nominally 0..1.
        x: (1, w) float32, pixel centers.
        y: (h, 1) float32, pixel centers.
        pixel: the side of one pixel in these units.
    """

    rgb: Array
    x: Array
    y: Array
    pixel: float

    @classmethod
    def blank(cls, width_px: int, height_px: int) -> Canvas:
        """Return a black canvas."""
        pixel = 2 / min(width_px, height_px)
        x = (np.arange(width_px, dtype=np.float32) + 0.5 - width_px / 2) * pixel
        y = (np.arange(height_px, dtype=np.float32) + 0.5 - height_px / 2) * pixel
        rgb = np.zeros((3, height_px, width_px), np.float32)
        return cls(rgb, x[None, :], y[:, None], pixel)

    @property
    def shape(self) -> tuple[int, int]:
        """(h, w) in pixels."""
        return self.y.shape[0], self.x.shape[1]

    @property
    def right(self) -> float:
        """The x of the right edge of a whole canvas."""
        return self.shape[1] * self.pixel / 2

    @property
    def bottom(self) -> float:
        """The y of the bottom edge of a whole canvas."""
        return self.shape[0] * self.pixel / 2

    def window(self, x: float, y: float, reach_x: float, reach_y: float | None = None) -> Canvas:
        """Return a window of all pixels within reach of (x, y), on which painting is cheaper."""
        reach_y = reach_x if reach_y is None else reach_y
        rows = _span(self.y[:, 0], y - reach_y, y + reach_y)
        columns = _span(self.x[0], x - reach_x, x + reach_x)
        return Canvas(self.rgb[:, rows, columns], self.x[:, columns], self.y[rows], self.pixel)

    def local(
        self, x: float, y: float, angle: float = 0.0, scale: float = 1.0
    ) -> tuple[Array, Array]:
        """Return coordinates (h, w) in a frame at (x, y), rotated by `angle`, of unit `scale`."""
        cos, sin = math.cos(angle) / scale, math.sin(angle) / scale
        dx, dy = self.x - x, self.y - y
        return dx * cos + dy * sin, dy * cos - dx * sin

    def inside(self, distance: Array) -> Array:
        """Return the antialiased coverage (h, w), 0..1, of the area of negative signed distance."""
        return np.clip(0.5 - distance / self.pixel, 0, 1)

    def paint(self, color: Array, alpha: Array | float = 1.0) -> None:
        """Blend a color (3, 1, 1) or (3, h, w) over the canvas with coverage (h, w)."""
        self.rgb[...] += (color - self.rgb) * alpha

    def glow(self, color: Array, alpha: Array) -> None:
        """Add light by the screen blend mode, which never exceeds white."""
        self.rgb[...] += (1 - self.rgb) * (color * alpha)

    def shade(self, amount: Array) -> None:
        """Multiply the colors by 1 - amount."""
        self.rgb[...] *= 1 - amount

    def stencil(self) -> Stencil:
        """Return an empty mask of the size of the canvas, to draw polygons, lines and text on."""
        return Stencil(self)

    def finish(self, rng: Rng, vignette: float = 0.0, grain: float = 0.0) -> None:
        """Darken the corners and add film grain over the whole canvas."""
        if vignette:
            reach = (self.x / self.right) ** 2 + (self.y / self.bottom) ** 2
            self.shade(np.clip(reach * (vignette / 2), 0, 1))
        if grain:
            self.rgb[...] += grain * (rng.random(self.shape, dtype=np.float32) - 0.5)

    def image(self) -> Image.Image:
        """Return the canvas as an 8-bit RGB picture."""
        planes = (np.clip(self.rgb, 0, 1) * 255 + 0.5).astype(np.uint8)
        return Image.merge("RGB", [Image.fromarray(plane) for plane in planes])


class Stencil:
    """A mask of polygons, lines and text, supersampled by `STENCIL_SCALE` and box-averaged."""

    def __init__(self, canvas: Canvas) -> None:
        self._shape = height, width = canvas.shape
        self._unit_px = STENCIL_SCALE / canvas.pixel
        # Sums of at most one value: 0 for an empty window, which has no corner.
        corner = (canvas.x[:, :1].sum(), canvas.y[:1].sum())
        self._origin = np.array(corner) - canvas.pixel / 2
        self._mask = Image.new("L", (width * STENCIL_SCALE, height * STENCIL_SCALE), 0)
        self._draw = ImageDraw.Draw(self._mask)

    def _pixels(self, points: npt.ArrayLike) -> list[float]:
        flat: list[Any] = ((np.asarray(points) - self._origin) * self._unit_px).ravel().tolist()
        return flat

    def polygon(self, points: npt.ArrayLike, value: float = 1.0) -> None:
        """Fill a polygon with vertices (m, 2) with a value 0..1."""
        self._draw.polygon(self._pixels(points), fill=round(255 * value))

    def line(self, points: npt.ArrayLike, width: float, value: float = 1.0) -> None:
        """Draw a line through points (m, 2); the width is in canvas units."""
        width_px = max(1, round(width * self._unit_px))
        self._draw.line(self._pixels(points), round(255 * value), width_px, joint="curve")

    def box(self, corners: npt.ArrayLike, value: float = 1.0) -> None:
        """Fill an upright box given by its corners ((left, top), (right, bottom))."""
        self._draw.rectangle(self._pixels(corners), fill=round(255 * value))

    def ellipse(self, corners: npt.ArrayLike, value: float = 1.0) -> None:
        """Fill the ellipse inscribed in a box given by its corners."""
        self._draw.ellipse(self._pixels(corners), fill=round(255 * value))

    def text(self, center: tuple[float, float], text: str, size: float, bold: float = 0) -> None:
        """Write text centered at a point; `size` in canvas units, `bold` as a share of the size."""
        size_px = max(size * self._unit_px, 4)
        stroke_px = round(bold * size_px)
        font = ImageFont.load_default(size_px)
        left, top, right, bottom = self._draw.textbbox((0, 0), text, font, stroke_width=stroke_px)
        x, y = self._pixels(center)
        corner = (x - (left + right) / 2, y - (top + bottom) / 2)
        self._draw.text(corner, text, 255, font, stroke_width=stroke_px)

    def alpha(self) -> Array:
        """Return the mask (h, w), float32, 0..1."""
        if 0 in self._shape:
            return np.zeros(self._shape, np.float32)
        small = self._mask.reduce(STENCIL_SCALE)
        return np.asarray(small, np.float32) / np.float32(255)


def _span(coordinates: Array, low: float, high: float) -> slice:
    start, stop = np.searchsorted(coordinates, (low, high))
    return slice(int(start), int(stop))
