"""Transparency that a decoder reports wrong or not at all: color keys of PNG, the canvas of GIF.

- A gray PNG of 2 or 4 bits has its color key in these bits, and Pillow its pixels in 8.
- A 16-bit RGB PNG has a key of 16 bits a channel, and Pillow the upper 8 bits of its pixels. A
  second pass reads the lower 8, so that only pixels of exactly this color are transparent.
- A GIF's first frame may be smaller than its canvas, whose rest is transparent in browsers. Pillow
  fills it with a color.

Sources: the PNG specification, third edition, section 11.3.1; GIF89a, appendix B.
"""

import io

import numpy as np
from numpy.typing import NDArray
from PIL import Image
from PIL.ImageFile import ImageFile
from PIL.PngImagePlugin import PngImageFile

_LOW_BITS = {"L;2": 2, "L;4": 4, "L": 8}
# Pixels that are compared with a key at a time.
_CHUNK = 1 << 20
_UPPER, _LOWER = "RGB;16B", "RGB;16L"


def scale_key(image: ImageFile) -> None:
    """Scale the color key of a gray PNG to its 8-bit pixels; call it before the pixels are read."""
    key = image.info.get("transparency")
    bits = _LOW_BITS.get(_raw_mode(image), 0)
    if image.format == "PNG" and image.mode == "L" and isinstance(key, int) and bits:
        # Only the lower bits count.
        image.info["transparency"] = key % (1 << bits) * 255 // ((1 << bits) - 1)


def lower_bytes(image: ImageFile, data: bytes) -> Image.Image | None:
    """Return the lower 8 bits of a 16-bit RGB PNG with a color key; None for any other picture.

    Call it before the pixels of `image` are read.
    """
    if _raw_mode(image) != _UPPER or "transparency" not in image.info:
        return None
    lower = PngImageFile(io.BytesIO(data))
    lower.tile = [tile._replace(args=_LOWER) for tile in lower.tile]
    lower.load()
    return lower


def with_key(image: Image.Image, lower: Image.Image) -> Image.Image:
    """Return a 16-bit RGB PNG as RGBA, transparent where both bytes of each channel are its key.

    Args:
        image: its upper 8 bits.
        lower: its lower 8 bits.
    """
    key = np.array(image.info.pop("transparency"))
    alpha = np.empty((image.height, image.width), np.uint8)
    step = max(1, _CHUNK // image.width)
    for top in range(0, image.height, step):
        box = (0, top, image.width, min(top + step, image.height))
        opaque = _differs(image.crop(box), key >> 8) | _differs(lower.crop(box), key & 255)
        alpha[top : box[3]] = opaque * np.uint8(255)
    keyed = image.convert("RGBA")
    keyed.putalpha(Image.fromarray(alpha))
    return keyed


def on_canvas(image: Image.Image) -> Image.Image:
    """Return a GIF whose canvas around its first frame is transparent; any other as it is."""
    extent = getattr(image, "dispose_extent", None)
    if image.format != "GIF" or extent is None or tuple(extent) == (0, 0, *image.size):
        return image
    clear = Image.new("RGBA", image.size, (255, 255, 255, 0))
    clear.paste(image.crop(extent).convert("RGBA"), tuple(extent)[:2])
    return clear


def _raw_mode(image: ImageFile) -> str:
    args = image.tile[0].args if image.tile else ""
    return args if isinstance(args, str) else ""


def _differs(image: Image.Image, color: NDArray[np.int_]) -> NDArray[np.bool_]:
    different: NDArray[np.bool_] = (np.asarray(image) != color).any(-1)
    return different
