"""Resizing a decoded picture: encoder pixels and the thumbnail, from one image pyramid.

Each level of the pyramid halves the one above (box filter, 2 x 2 pixels) and is computed once for
all consumers. A consumer is resized (with antialiasing, bilinear where it asks for nothing else)
from the smallest level that is still at least 2.5 times as large on both sides.
"""

import io
from functools import cached_property

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from imgrec.pictures.preprocessing import Preprocessing

THUMB_PX = 128
_THUMB_QUALITY = 85
# 0 is the fastest method of libwebp, 4 its default.
_PREVIEW_QUALITY, _PREVIEW_METHOD = 75, 2
# With a smaller ratio thumbnails lose sharpness: a sixteenth of it at 2.
_GAP = 2.5
_FILTERS = {"bilinear": Image.Resampling.BILINEAR, "bicubic": Image.Resampling.BICUBIC}
# Left, top, right, bottom, in pixels.
_Box = tuple[float, float, float, float]


class Scales:
    """One level of the pyramid.

    Attributes:
        image: upright RGB.
    """

    def __init__(self, image: Image.Image) -> None:
        self.image = image

    @cached_property
    def half(self) -> "Scales":
        """The next level: half the size."""
        return Scales(self.image.reduce(2))

    def pixels_for(self, preprocessing: Preprocessing) -> NDArray[np.uint8]:
        """Return the uint8 RGB pixels (crop_px, crop_px, 3) that an encoder takes."""
        side = preprocessing.crop_px
        box = _central_box(self.image.size, preprocessing)
        return np.asarray(self._resized((side, side), box, _FILTERS[preprocessing.interpolation]))

    def thumbnail(self, side_px: int = THUMB_PX) -> bytes:
        """Return a JPEG with a longer side of `side_px`; smaller pictures are not enlarged.

        It holds pixels only: no comment, profile or EXIF of the original.
        """
        return jpeg_of(self.fitted(side_px))

    def fitted(self, side_px: int) -> Image.Image:
        """Return the picture with a longer side of `side_px`; a smaller one is not enlarged."""
        width, height = self.image.size
        scale = min(1.0, side_px / max(width, height))
        size = max(1, round(width * scale)), max(1, round(height * scale))
        resized = self._resized(size, (0, 0, width, height))
        # Pillow writes a comment of the original into a JPEG, and raises if it is too long.
        resized.info = {}
        return resized

    def _resized(
        self,
        size: tuple[int, int],
        box: _Box,
        resampling: Image.Resampling = Image.Resampling.BILINEAR,
    ) -> Image.Image:
        """Return a box of the picture at another size, from the smallest sufficient level."""
        across, down = (box[2] - box[0]) / size[0], (box[3] - box[1]) / size[1]
        if min(across, down) >= 2 * _GAP:
            halved = box[0] / 2, box[1] / 2, box[2] / 2, box[3] / 2
            return self.half._resized(size, halved, resampling)
        return self.image.resize(size, resampling, box, reducing_gap=3.0)


def jpeg_of(thumbnail: Image.Image) -> bytes:
    """Return the JPEG that is kept of a thumbnail."""
    buffer = io.BytesIO()
    thumbnail.save(buffer, "JPEG", quality=_THUMB_QUALITY)
    return buffer.getvalue()


def webp_of(preview: Image.Image) -> bytes:
    """Return the WebP that is kept of a preview."""
    buffer = io.BytesIO()
    preview.save(buffer, "WEBP", quality=_PREVIEW_QUALITY, method=_PREVIEW_METHOD)
    return buffer.getvalue()


def pixels_for(image: Image.Image, preprocessing: Preprocessing) -> NDArray[np.uint8]:
    """Return the uint8 RGB pixels (crop_px, crop_px, 3) that an encoder takes of a picture."""
    return Scales(image).pixels_for(preprocessing)


def thumbnail(image: Image.Image, side_px: int = THUMB_PX) -> bytes:
    """Return a JPEG with a longer side of `side_px`; smaller pictures are not enlarged."""
    return Scales(image).thumbnail(side_px)


def reduced(image: Image.Image, side_px: int) -> Image.Image:
    """Return a large picture reduced by an integer factor (box filter), to save memory.

    Args:
        image: of a mode that `color_modes.plain` returns.
        side_px: minimum length of the shorter side of the result.
    """
    factor = min(image.size) // side_px
    return image if factor < 2 else image.reduce(factor)


def _central_box(size: tuple[int, int], wanted: Preprocessing) -> _Box:
    """Return the box of a picture that remains after resizing and cropping.

    Resizing only this box gives the same pixels as torchvision's resize and center crop, and does
    not first enlarge a strip of 2 x 30,000 pixels a hundredfold.
    """
    short = min(size)
    scaled = [
        int(wanted.resize_px * length / short) if wanted.fit == "crop" else wanted.resize_px
        for length in size
    ]
    starts = [round((length - wanted.crop_px) / 2) for length in scaled]
    steps = [length / new for length, new in zip(size, scaled, strict=True)]
    corner = [start * step for start, step in zip(starts, steps, strict=True)]
    # Multiplied first, so that a whole side is exactly that.
    sides = [
        min(wanted.crop_px * length / new, length) for length, new in zip(size, scaled, strict=True)
    ]
    return corner[0], corner[1], corner[0] + sides[0], corner[1] + sides[1]
