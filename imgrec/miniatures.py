"""Thumbnails as small planes of one size: what near-duplicates are compared by."""

import io
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from imgrec.catalog import Ids
from imgrec.errors import StoreError

SIDE_PX = 64
SMALL_PX = 16
Planes = NDArray[np.uint8]
Thumbnail = Callable[[int], bytes]
_DRAFT = 4  # a thumbnail is decoded at a quarter for 16 pixels a side


@dataclass(frozen=True)
class Miniatures:
    """Pictures stretched to a square; row i is of picture i.

    Attributes:
        luminance: (m, 64, 64), smoothed, so that a shift by part of a pixel changes little.
        colour: (m, 2, 16, 16), the blue and the red difference (Cb, Cr), 128 for grey.
        aspects: (m,) float32, width by height before.
    """

    luminance: Planes
    colour: Planes
    aspects: NDArray[np.float32]


@dataclass(frozen=True)
class Sketches:
    """The same, smaller and without colour.

    Attributes:
        luminance: (m, 16, 16).
        aspects: (m,) float32, width by height before.
    """

    luminance: Planes
    aspects: NDArray[np.float32]


def miniatures_of(ids: Ids, thumbnail: Thumbnail) -> Miniatures:
    """Return the miniatures of pictures (m,); `thumbnail` gives the JPEG of one.

    Raises:
        StoreError: a thumbnail is absent or damaged.
    """
    luminance = np.empty((len(ids), SIDE_PX, SIDE_PX), np.uint8)
    colour = np.empty((len(ids), 2, SMALL_PX, SMALL_PX), np.uint8)
    aspects = np.empty(len(ids), np.float32)
    for row, image_id in enumerate(ids.tolist()):
        image, aspects[row] = _decoded(image_id, thumbnail, "YCbCr", 1)
        planes = np.asarray(image.resize((SIDE_PX, SIDE_PX), Image.Resampling.BILINEAR))
        luminance[row] = _smoothed(planes[..., 0])
        colour[row] = np.moveaxis(_averaged(planes[..., 1:]), -1, 0)
    return Miniatures(luminance, colour, aspects)


def sketches_of(ids: Ids, thumbnail: Thumbnail) -> Sketches:
    """Return the sketches of pictures (m,), decoded no larger than they need.

    Raises:
        StoreError: a thumbnail is absent or damaged.
    """
    luminance = np.empty((len(ids), SMALL_PX, SMALL_PX), np.uint8)
    aspects = np.empty(len(ids), np.float32)
    for row, image_id in enumerate(ids.tolist()):
        image, aspects[row] = _decoded(image_id, thumbnail, "L", _DRAFT)
        luminance[row] = np.asarray(image.resize((SMALL_PX, SMALL_PX), Image.Resampling.BILINEAR))
    return Sketches(luminance, aspects)


def _decoded(
    image_id: int, thumbnail: Thumbnail, mode: str, factor: int
) -> tuple[Image.Image, float]:
    """Return a thumbnail decoded at a part of its size, and the aspect of the whole."""
    jpeg = thumbnail(image_id)
    try:
        with Image.open(io.BytesIO(jpeg), formats=["JPEG"]) as image:
            width, height = image.size
            image.draft(mode, (max(1, width // factor), max(1, height // factor)))
            return image.convert(mode), width / height
    except (OSError, SyntaxError, ValueError) as error:
        raise StoreError(
            f"the thumbnail of picture {image_id} is damaged ({error}): delete the folder "
            "thumbs in the store and run python -m imgrec.index again"
        ) from error


def _smoothed(plane: Planes) -> NDArray[np.float32]:
    """Return a plane (h, w) weighed 1 2 1 with its neighbours, across and down."""
    padded = np.pad(plane, 1, "edge").astype(np.float32)
    rows = padded[:-2] + 2 * padded[1:-1] + padded[2:]
    return np.asarray(np.rint((rows[:, :-2] + 2 * rows[:, 1:-1] + rows[:, 2:]) / 16))


def _averaged(planes: Planes) -> NDArray[np.float32]:
    """Return planes (64, 64, c) as means of blocks (16, 16, c)."""
    block = SIDE_PX // SMALL_PX
    blocks = planes.reshape(SMALL_PX, block, SMALL_PX, block, -1)
    return np.asarray(np.rint(blocks.mean((1, 3), np.float32)))
