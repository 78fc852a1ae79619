"""Thumbnails are JPEG and no larger than thumbnails: nothing else of a store is decoded."""

import numpy as np
import pytest
from PIL import Image

from imgrec.pictures.thumbnail_file import MOST_BYTES, MOST_PX, open_thumbnail
from pictures import encoded


def _picture(width: int, height: int = 4) -> Image.Image:
    return Image.fromarray(np.zeros((height, width, 3), np.uint8))


@pytest.mark.parametrize("kind", ["PNG", "WEBP", "GIF", "TIFF", "BMP", "JPEG2000", "ICO"])
def test_other_formats_are_refused(kind: str) -> None:
    with pytest.raises(OSError, match="cannot identify"):
        open_thumbnail(encoded(_picture(16, 16), kind))


def test_sizes() -> None:
    assert open_thumbnail(encoded(_picture(MOST_PX), "JPEG")).size == (MOST_PX, 4)
    for size in ((MOST_PX + 1, 4), (4, MOST_PX + 1)):
        with pytest.raises(ValueError, match="pixels"):
            open_thumbnail(encoded(_picture(*size), "JPEG"))
    jpeg = encoded(_picture(4), "JPEG")
    open_thumbnail(jpeg.ljust(MOST_BYTES, b"\0"))
    with pytest.raises(ValueError, match="bytes"):
        open_thumbnail(jpeg.ljust(MOST_BYTES + 1, b"\0"))
