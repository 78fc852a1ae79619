"""Resize pictures to the same bytes as Pillow, by compiled loops that are several times as fast.

`Raster.resized` does what `Image.resize` does without `reducing_gap`, and `Raster.half` what
`Image.reduce(2)` does. The order of the axes decides some bytes: across first, but since Pillow 13
not for pictures that lose more than twice as many rows as columns.

Source: Pillow 13, src/libImaging/Resample.c.
"""

from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property, lru_cache
from types import ModuleType

import numpy as np
import PIL
from numpy.typing import NDArray
from PIL import Image

from imgrec.pictures.compiled import resampling
from imgrec.pictures.pixel_memory import pixels_of

# Left, top, right, bottom, in pixels.
Box = tuple[float, float, float, float]
_Floats = NDArray[np.float64]
# One number for each pixel, of four bytes.
_Words = NDArray[np.uint32]

# Whether Pillow resizes down first where that is less work.
_DOWN_FIRST = int(PIL.__version__.partition(".")[0]) >= 13
# Pixels of a picture above which Pillow is used, which makes no transposed copy.
_MOST_PIXELS = 1_600_000
# Bits after the point of a weight; weights of a sum are a multiple of so many.
_WEIGHT_BITS, _TOGETHER = 22, 4


def raster_of(image: Image.Image) -> "Raster | None":
    """Return an image for the loops; None if these are not imported, it is large or not RGB."""
    loops = resampling()
    if loops is None or image.mode != "RGB" or image.width * image.height > _MOST_PIXELS:
        return None
    return Raster(loops, pixels_of(image).view(np.uint32)[..., 0])


class Raster:
    """An RGB picture that is resized by the compiled loops.

    It is kept as it was given, upright or transposed; the other form is made when it is needed.
    """

    def __init__(self, loops: ModuleType, words: _Words, *, lies: bool = False) -> None:
        """Wrap the pixels of a picture.

        Args:
            loops: `imgrec.pictures.resampling_loops`.
            words: (h, w), or (w, h) if it lies.
            lies: True if they are transposed.
        """
        self._loops = loops
        self._words = words
        self._lies = lies

    @cached_property
    def half(self) -> "Raster":
        """The means of 2 x 2 pixels; at the far edge of an odd side, of fewer."""
        lies = self._lies or "_lying" in self.__dict__
        words = self._lying if lies else self._words
        out = np.empty([-(-side // 2) for side in words.shape], np.uint32)
        self._loops.halve(words, out)
        return Raster(self._loops, out, lies=lies)

    def resized(self, size: tuple[int, int], box: Box, interpolation: str) -> NDArray[np.uint8]:
        """Return a box of the picture at another size, (h, w, 3) uint8.

        Args:
            size: width and height.
            box: within the picture.
            interpolation: `bilinear` or `bicubic`, with antialiasing.
        """
        width, height = size
        wide, high = self._words.shape if self._lies else self._words.shape[::-1]
        across = _weights(wide, box[0], box[2], width, interpolation)
        down = _weights(high, box[1], box[3], height, interpolation)
        if _DOWN_FIRST and high - height > max(0, 2 * (wide - width)):
            words = self._transposed(self._weighed_twice(self._upright, down, across))
        else:
            words = self._weighed_twice(self._lying, across, down)
        packed = np.empty((height, width, 3), np.uint8)
        self._loops.pack(words.view(np.uint8).reshape(-1, 4), packed.reshape(-1, 3))
        return packed

    @cached_property
    def _upright(self) -> _Words:
        return self._transposed(self._words) if self._lies else self._words

    @cached_property
    def _lying(self) -> _Words:
        return self._words if self._lies else self._transposed(self._words)

    def _transposed(self, words: _Words) -> _Words:
        out = np.empty(words.shape[::-1], np.uint32)
        self._loops.transpose(words, out)
        return out

    def _weighed_twice(self, words: _Words, first: "_Weights", second: "_Weights") -> _Words:
        """Return pixels (n, m) weighed along one axis, then along the other: transposed."""
        needed = range(int(second.starts[0]), second.end)
        narrow = self._weighed(words, first.starts, first.values, needed)
        starts = second.starts - np.int32(needed.start)
        return self._weighed(self._transposed(narrow), starts, second.values, range(len(first)))

    def _weighed(
        self, words: _Words, starts: NDArray[np.int32], values: NDArray[np.int32], columns: range
    ) -> _Words:
        """Return weighted sums (m, len(columns)) of rows of pixels (n, all columns)."""
        out = np.empty((len(starts), len(columns)), np.uint32)
        self._loops.weigh_rows(
            words.view(np.uint8), 4 * columns.start, starts, values, out.view(np.uint8)
        )
        return out


@dataclass(frozen=True)
class _Weights:
    """How the pixels along one axis are weighed.

    Attributes:
        starts: (m,) the first pixel of each sum.
        values: (m, t) the weights in units of 2⁻²², 0 for pixels after `end`.
        end: the pixel after the last one of all sums.
    """

    starts: NDArray[np.int32]
    values: NDArray[np.int32]
    end: int

    def __len__(self) -> int:
        return len(self.starts)


# Cached: most pictures of a collection have one of a few sizes.
@lru_cache(maxsize=256)
def _weights(length: int, start: float, end: float, wanted: int, interpolation: str) -> _Weights:
    """Return the weights that make `wanted` pixels of those from `start` to `end` of an axis.

    Args:
        length: of the axis in pixels.
        start: of the box.
        end: of the box.
        wanted: number of pixels.
        interpolation: `bilinear` or `bicubic`.
    """
    # As Pillow computes: the box in 32 bits, all else in 64, each sum in order.
    low, high = np.float32(start), np.float32(end)
    function, reach = _FUNCTIONS[interpolation]
    scale = float(high - low) / wanted
    stretch = max(scale, 1.0)
    support = reach * stretch
    centers = float(low) + (np.arange(wanted) + 0.5) * scale  # (m,)
    first = np.maximum((centers - support + 0.5).astype(np.int64), 0)
    last = np.minimum((centers + support + 0.5).astype(np.int64), length)
    places = first[:, None] + np.arange(-(-int((last - first).max()) // _TOGETHER) * _TOGETHER)
    shares = function(np.abs((places - centers[:, None] + 0.5) * (1.0 / stretch)))  # (m, t)
    shares[places >= last[:, None]] = 0
    total = np.cumsum(shares, axis=1)[:, -1:]
    shares = np.divide(shares, total, out=shares, where=total != 0) * (1 << _WEIGHT_BITS)
    values = (shares + np.copysign(0.5, shares)).astype(np.int32)
    return _Weights(first.astype(np.int32), values, int(last[-1]))


def _bilinear(x: _Floats) -> _Floats:
    return np.where(x < 1, 1 - x, 0)


def _bicubic(x: _Floats) -> _Floats:
    """Return the cubic convolution of R. G. Keys (1981) with a = -0.5, for x ≥ 0."""
    near = ((-0.5 + 2) * x - (-0.5 + 3)) * x * x + 1
    far = (((x - 5) * x + 8) * x - 4) * -0.5
    return np.where(x < 1, near, np.where(x < 2, far, 0))


# The function of the distance, and how far it reaches.
_FUNCTIONS: dict[str, tuple[Callable[[_Floats], _Floats], float]] = {
    "bilinear": (_bilinear, 1.0),
    "bicubic": (_bicubic, 2.0),
}
