"""Open the thumbnails of a store: JPEG, and no larger than a thumbnail can be.

A store may come from somebody else, and its thumbnails are decoded in the main process. So no other
decoder of Pillow is tried, and neither pixels nor bytes are more than those of a picture that
imgrec would have written.
"""

import io

from PIL import Image

from imgrec.pictures.scaling import THUMB_PX

# Larger than any thumbnail: a longer side in pixels, and the bytes of its JPEG.
MOST_PX = 8 * THUMB_PX
MOST_BYTES = 1 << 21


def open_thumbnail(jpeg: bytes) -> Image.Image:
    """Return the opened JPEG of a thumbnail, not decoded yet.

    Raises:
        OSError: it is no JPEG.
        ValueError: it is larger than a thumbnail.
    """
    if len(jpeg) > MOST_BYTES:
        raise ValueError(f"it has {len(jpeg):,} bytes")
    image = Image.open(io.BytesIO(jpeg), formats=["JPEG"])
    if max(image.size) > MOST_PX:
        raise ValueError(f"it has {image.width} x {image.height} pixels")
    return image
