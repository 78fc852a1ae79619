"""Thumbnails of a store as pixels, at the size at which a figure shows them."""

from collections.abc import Callable, Sequence
from functools import lru_cache
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from imgrec.errors import StoreError
from imgrec.pictures.thumbnail_file import open_thumbnail
from imgrec.reporting.picture_links import name_of
from imgrec.store.store import Store
from imgrec.store.thumbnails import DAMAGED
from imgrec.system.made_of import fingerprint

# (h, w, 3).
Pixels = NDArray[np.uint8]
# Image pixels for each pixel of the figure; more are hardly visible and make the page large.
_DENSITY = 1.75


class Thumbnails:
    """Access to a store's thumbnails as pixels; a worker process opens the store once.

    Attributes:
        asked: ids of the pictures that were asked for.
    """

    def __init__(self, store: Store) -> None:
        self._path = store.path
        self._thumbs = store.thumbs()
        self._catalog = store.catalog
        self.asked: set[int] = set()

    def __reduce__(self) -> tuple[Callable[[Path], "Thumbnails"], tuple[Path]]:
        return _opened, (self._path,)

    def made_of(self) -> str:
        """Return what counts of it where it is given to a drawing: what is asked is kept apart."""
        return "thumbnails"

    def fingerprint_of(self, ids: Sequence[int]) -> str:
        """Return a fingerprint of the thumbnails and names of pictures; "" if one is not there."""
        try:
            names = [name_of(entry) for entry in self._catalog.entries(ids)]
            return fingerprint([self._thumbs.get(i) for i in ids], names)
        except StoreError:
            return ""

    def get(self, image_id: int, side_px: float) -> Pixels:
        """Return the pixels (h, w, 3) of a picture whose longer side is shown `side_px` long.

        Raises:
            StoreError: the store has no thumbnail of it, or a damaged one.
        """
        self.asked.add(image_id)
        try:
            with open_thumbnail(self._thumbs.get(image_id)) as image:
                return _scaled(image.convert("RGB"), round(_DENSITY * side_px))
        except DAMAGED as error:
            raise StoreError(
                f"the thumbnail of picture {image_id} is damaged ({error}): delete the folder "
                "thumbs in the store and run imgrec index again"
            ) from error

    def names(self, ids: Sequence[int]) -> list[str]:
        """Return what is written below pictures (`name_of`), each in one line of valid Unicode."""
        self.asked.update(map(int, ids))
        return [name_of(entry) for entry in self._catalog.entries(ids)]

    def sizes(self, ids: Sequence[int], side_px: float) -> list[tuple[float, float]]:
        """Return the shown width and height of pictures whose longer side is `side_px`."""
        return [fitted_size(self.get(image_id, side_px), side_px) for image_id in ids]


# In a worker process, which draws the charts of one report.
@lru_cache(maxsize=1)
def _opened(path: Path) -> Thumbnails:
    return Thumbnails(Store.open(path))


def fitted_size(pixels: Pixels, side_px: float) -> tuple[float, float]:
    """Return the shown width and height of a picture whose longer side is `side_px`."""
    height, width = pixels.shape[:2]
    scale = side_px / max(height, width)
    return max(1.0, width * scale), max(1.0, height * scale)


def _scaled(image: Image.Image, side_px: int) -> Pixels:
    scale = side_px / max(image.size)
    if scale < 1:
        size = max(1, round(image.width * scale)), max(1, round(image.height * scale))
        image = image.resize(size, Image.Resampling.LANCZOS)
    return np.asarray(image)
