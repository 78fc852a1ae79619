"""Colour profiles: a picture whose embedded ICC profile is not sRGB is converted to sRGB.

Relative colorimetric with black point compensation, as photo programs do. A profile counts as
sRGB when it changes no colour by more than two levels of 255, whatever it is called. One that is
broken, or that describes other channels than the picture has, is not applied.
"""

import io
from functools import cache, lru_cache
from typing import TYPE_CHECKING

import numpy as np
from PIL import Image

if TYPE_CHECKING:
    from PIL.ImageCms import ImageCmsTransform

_SPACES = {"L": b"GRAY", "LA": b"GRAY", "RGB": b"RGB ", "RGBA": b"RGB ", "CMYK": b"CMYK"}
_NEAR_SRGB = 2  # levels of 255: what tables of the same curve differ by


def to_srgb(image: Image.Image, profile: bytes | None) -> Image.Image:
    """Return a picture in sRGB.

    Args:
        image: of mode L, LA, RGB, RGBA or CMYK.
        profile: the ICC profile that came with it.

    Returns:
        Of mode RGB, or RGBA where there is transparency.
    """
    transparent = image.mode in ("LA", "RGBA")
    transform = None
    if isinstance(profile, bytes) and profile[16:20] == _SPACES[image.mode]:
        transform = _transform(profile, image.mode.removesuffix("A"))
    if transform is None:
        return image.convert("RGBA" if transparent else "RGB")
    if not transparent:
        return transform.apply(image)
    colours = image.convert(image.mode.removesuffix("A"))
    converted = transform.apply(colours)
    converted.putalpha(image.getchannel("A"))
    return converted


@lru_cache(maxsize=32)
def _transform(profile: bytes, mode: str) -> "ImageCmsTransform | None":
    """Return how colours of a mode become sRGB; None where they are, or the profile is broken."""
    try:
        from PIL import ImageCms

        transform = ImageCms.ImageCmsTransform(
            ImageCms.ImageCmsProfile(io.BytesIO(profile)),
            ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")),
            mode,
            "RGB",
            ImageCms.Intent.RELATIVE_COLORIMETRIC,
            flags=ImageCms.Flags.BLACKPOINTCOMPENSATION,
        )
        probe = _probe(mode)
        before, after = probe.convert("RGB"), transform.apply(probe)
    except Exception:  # whatever is wrong with a profile, the pixels are there
        return None
    change = np.abs(np.asarray(before, np.int16) - np.asarray(after))
    return transform if mode == "CMYK" or change.max() > _NEAR_SRGB else None


@cache
def _probe(mode: str) -> Image.Image:
    """Return a picture of colours all over a mode: all greys, or nine levels a channel."""
    if mode == "L":
        return Image.fromarray(np.arange(256, dtype=np.uint8)[None])
    channels = len(mode)
    levels = np.linspace(0, 255, 9).round().astype(np.uint8)
    colours = np.stack(np.meshgrid(*[levels] * channels, indexing="ij"), -1)
    return Image.fromarray(colours.reshape(9, -1, channels), mode)
