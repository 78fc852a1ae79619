"""From a decoded picture to smaller ones: the pixels of encoders, thumbnails.

Each is resized (triangle filter, as torchvision does) from the smallest halving of the picture that
is still two and a half times as large on both sides: halvings are averages of 2 x 2 pixels, made
once for all that want them.
"""

import io
from functools import cached_property

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from imgrec.pictures.preprocessing import Preprocessing

THUMB_PX = 128
_THUMB_QUALITY = 85
_GAP = 2.5  # below it, thumbnails lose sharpness: at 2 a sixteenth
_Box = tuple[float, float, float, float]  # left, top, right, bottom


class Scales:
    """A picture and its halvings.

    Attributes:
        image: upright RGB.
    """

    def __init__(self, image: Image.Image) -> None:
        self.image = image

    @cached_property
    def half(self) -> "Scales":
        """The picture at half its size."""
        return Scales(self.image.reduce(2))

    def pixels_for(self, preprocessing: Preprocessing) -> NDArray[np.uint8]:
        """Return the uint8 pixels (crop_px, crop_px, 3) that an encoder takes."""
        side = preprocessing.crop_px
        if preprocessing.fit == "crop":
            box = _central_box(self.image.size, preprocessing)
        else:
            box = (0, 0, *self.image.size)
        return np.asarray(self._resized((side, side), box))

    def thumbnail(self, side_px: int = THUMB_PX) -> bytes:
        """Return a JPEG whose longer side is `side_px`, or that of a smaller picture."""
        width, height = self.image.size
        scale = min(1.0, side_px / max(width, height))
        size = max(1, round(width * scale)), max(1, round(height * scale))
        buffer = io.BytesIO()
        self._resized(size, (0, 0, width, height)).save(buffer, "JPEG", quality=_THUMB_QUALITY)
        return buffer.getvalue()

    def _resized(self, size: tuple[int, int], box: _Box) -> Image.Image:
        """Return a part of the picture at another size, made from the halving next above it."""
        across, down = (box[2] - box[0]) / size[0], (box[3] - box[1]) / size[1]
        if min(across, down) >= 2 * _GAP:
            halved = box[0] / 2, box[1] / 2, box[2] / 2, box[3] / 2
            return self.half._resized(size, halved)
        return self.image.resize(size, Image.Resampling.BILINEAR, box, reducing_gap=3.0)


def pixels_for(image: Image.Image, preprocessing: Preprocessing) -> NDArray[np.uint8]:
    """Return the uint8 pixels (crop_px, crop_px, 3) that an encoder takes of a picture."""
    return Scales(image).pixels_for(preprocessing)


def thumbnail(image: Image.Image, side_px: int = THUMB_PX) -> bytes:
    """Return a JPEG whose longer side is `side_px`, or that of a smaller picture."""
    return Scales(image).thumbnail(side_px)


def reduced(image: Image.Image, side_px: int) -> Image.Image:
    """Average blocks of a large picture, so that what follows needs a part of its memory.

    Args:
        image: of a mode that `conversion.plain` gives.
        side_px: the shorter side stays at least as long.
    """
    factor = min(image.size) // side_px
    return image if factor < 2 else image.reduce(factor)


def _central_box(size: tuple[int, int], wanted: Preprocessing) -> _Box:
    """Return what is left of a picture when it is scaled to the shorter side and then cropped.

    The same pixels as scaling all of it, as torchvision does, without making a strip of
    2 x 30,000 pixels a hundred times as large before.
    """
    scaled = [int(wanted.resize_px * length / min(size)) for length in size]
    starts = [round((length - wanted.crop_px) / 2) for length in scaled]
    steps = [length / new for length, new in zip(size, scaled, strict=True)]
    corner = [start * step for start, step in zip(starts, steps, strict=True)]
    sides = [min(wanted.crop_px * step, end) for step, end in zip(steps, size, strict=True)]
    return corner[0], corner[1], corner[0] + sides[0], corner[1] + sides[1]
