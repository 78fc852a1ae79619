"""Thumbnails reduced to square planes of one size, on which near-duplicates are compared.

Sketches (16 x 16, luminance) reject most candidate pairs cheaply; miniatures (64 x 64, with color)
decide the remaining ones.
"""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from imgrec.collection import Ids
from imgrec.errors import StoreError
from imgrec.pictures.thumbnail_file import open_thumbnail
from imgrec.store.thumbnails import DAMAGED

SIDE_PX = 64
SMALL_PX = 16
Planes = NDArray[np.uint8]
Thumbnail = Callable[[int], bytes]
# For a sketch, the JPEG decoder reduces a thumbnail by this factor.
DRAFT = 4


@dataclass(frozen=True)
class Miniatures:
    """Pictures stretched to squares; row i belongs to picture i.

    Attributes:
        luminance: (m, 64, 64) uint8.
        color: (m, 2, 16, 16) uint8, the Cb and Cr planes; 128 is gray.
        aspects: (m,) float32, width / height of the original.
    """

    luminance: Planes
    color: Planes
    aspects: NDArray[np.float32]


@dataclass(frozen=True)
class Sketches:
    """Small luminance planes; row i belongs to picture i.

    Attributes:
        luminance: (m, s, s) uint8, s = 16 unless told otherwise.
        aspects: (m,) float32, width / height of the original.
    """

    luminance: Planes
    aspects: NDArray[np.float32]


def miniatures_of(ids: Ids, thumbnail: Thumbnail) -> Miniatures:
    """Return the miniatures of pictures (m,); `thumbnail` returns the JPEG bytes of an id.

    Raises:
        StoreError: a thumbnail is absent or damaged.
    """
    luminance = np.empty((len(ids), SIDE_PX, SIDE_PX), np.uint8)
    color = np.empty((len(ids), 2, SMALL_PX, SMALL_PX), np.uint8)
    aspects = np.empty(len(ids), np.float32)
    for row, image_id in enumerate(ids.tolist()):
        image, aspects[row] = _decoded(image_id, thumbnail, "YCbCr", 1)
        square = image.resize((SIDE_PX, SIDE_PX), Image.Resampling.BILINEAR)
        luminance[row] = np.asarray(square.getchannel(0))
        tints = square.reduce(SIDE_PX // SMALL_PX)
        color[row] = np.asarray(tints).transpose(2, 0, 1)[1:]
    return Miniatures(luminance, color, aspects)


def sketches_of(
    ids: Ids, thumbnail: Thumbnail, side_px: int = SMALL_PX, draft: int = DRAFT
) -> Sketches:
    """Return the sketches of pictures (m,), decoded at reduced size.

    Args:
        ids: of the pictures.
        thumbnail: returns the JPEG bytes of an id.
        side_px: of the planes.
        draft: factor by which the JPEG decoder reduces a thumbnail.

    Raises:
        StoreError: a thumbnail is absent or damaged.
    """
    luminance = np.empty((len(ids), side_px, side_px), np.uint8)
    aspects = np.empty(len(ids), np.float32)
    for row, image_id in enumerate(ids.tolist()):
        image, aspects[row] = _decoded(image_id, thumbnail, "L", draft)
        luminance[row] = np.asarray(image.resize((side_px, side_px), Image.Resampling.BILINEAR))
    return Sketches(luminance, aspects)


def _decoded(
    image_id: int, thumbnail: Thumbnail, mode: str, factor: int
) -> tuple[Image.Image, float]:
    """Return a thumbnail reduced by `factor` while decoding, and its original aspect ratio."""
    jpeg = thumbnail(image_id)
    try:
        with open_thumbnail(jpeg) as image:
            width, height = image.size
            image.draft(mode, (max(1, width // factor), max(1, height // factor)))
            return image.convert(mode), width / height
    except DAMAGED as error:
        raise StoreError(
            f"the thumbnail of picture {image_id} is damaged ({error}): delete the folder "
            "thumbs in the store and run imgrec index again"
        ) from error
