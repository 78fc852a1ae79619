"""Resizing a decoded picture: encoder pixels and the thumbnail, from one image pyramid.

Each level of the pyramid halves the one above (box filter, 2 x 2 pixels) and is computed once for
all consumers. A consumer is resized (with antialiasing, bilinear where it asks for nothing else)
from the smallest level that is still at least 2.5 times as large on both sides. Compiled loops
(`resampling`) and Pillow give the same bytes.
"""

import io

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from imgrec.pictures.preprocessing import Preprocessing
from imgrec.pictures.resampling import Box, raster_of

THUMB_PX = 128
_THUMB_QUALITY = 85
# 0 is the fastest method of libwebp, 4 its default.
_PREVIEW_QUALITY, _PREVIEW_METHOD = 75, 2
# With a smaller ratio thumbnails lose sharpness: a sixteenth of it at 2.
_GAP = 2.5
# What is left to resize where Pillow averages along one axis first.
_REDUCING_GAP = 3.0
_FILTERS = {"bilinear": Image.Resampling.BILINEAR, "bicubic": Image.Resampling.BICUBIC}
_Size = tuple[int, int]


class Scales:
    """A picture and its halvings; compiled loops resize it if they are imported, else Pillow.

    Attributes:
        image: upright RGB.
    """

    def __init__(self, image: Image.Image) -> None:
        self.image = image
        self._images = [image]
        raster = raster_of(image)
        self._rasters = [] if raster is None else [raster]

    def pixels_for(self, preprocessing: Preprocessing) -> NDArray[np.uint8]:
        """Return the uint8 RGB pixels (crop_px, crop_px, 3) that an encoder takes."""
        size = preprocessing.crop_px, preprocessing.crop_px
        box = _central_box(self.image.size, preprocessing)
        made = self._by_loops(size, box, preprocessing.interpolation)
        if made is None:
            made = np.asarray(self._by_pillow(size, box, preprocessing.interpolation))
        return made

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
        box = 0.0, 0.0, float(width), float(height)
        made = self._by_loops(size, box, "bilinear")
        resized = self._by_pillow(size, box, "bilinear") if made is None else Image.fromarray(made)
        # Pillow writes a comment of the original into a JPEG, and raises if it is too long.
        resized.info = {}
        return resized

    def _by_loops(self, size: _Size, box: Box, interpolation: str) -> NDArray[np.uint8] | None:
        """Return a box of the picture at another size (h, w, 3); None if Pillow has to do it."""
        halvings, part = _halved(size, box)
        ratios = (part[2] - part[0]) / size[0], (part[3] - part[1]) / size[1]
        # With a larger ratio Pillow averages before it resizes.
        if not self._rasters or max(ratios) >= 2 * _REDUCING_GAP:
            return None
        while len(self._rasters) <= halvings:
            self._rasters.append(self._rasters[-1].half)
        return self._rasters[halvings].resized(size, part, interpolation)

    def _by_pillow(self, size: _Size, box: Box, interpolation: str) -> Image.Image:
        """Return a box of the picture at another size."""
        halvings, part = _halved(size, box)
        while len(self._images) <= halvings:
            self._images.append(self._images[-1].reduce(2))
        resampling = _FILTERS[interpolation]
        return self._images[halvings].resize(size, resampling, part, reducing_gap=_REDUCING_GAP)


def _halved(size: _Size, box: Box) -> tuple[int, Box]:
    """Return how often the picture is halved before a box of it is resized, and the box then."""
    halvings = 0
    across, down = (box[2] - box[0]) / size[0], (box[3] - box[1]) / size[1]
    while min(across, down) >= 2 * _GAP * 2**halvings:
        halvings += 1
    left, top, right, bottom = (place / 2**halvings for place in box)
    return halvings, (left, top, right, bottom)


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


def _central_box(size: tuple[int, int], wanted: Preprocessing) -> Box:
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
