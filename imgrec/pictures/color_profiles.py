"""Color profiles: a picture whose embedded ICC profile is not sRGB is converted to sRGB.

Relative colorimetric with black point compensation, as photo programs do. A profile counts as
sRGB when it changes no color by more than two levels of 255, whatever it is called. One that is
broken, or that describes other channels than the picture has, is not applied.
"""

import io
from collections.abc import Callable
from functools import cache, lru_cache

import numpy as np
from PIL import Image

_Conversion = Callable[[Image.Image], Image.Image]
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
    colors = image.mode.removesuffix("A")
    convert = None
    if isinstance(profile, bytes) and profile[16:20] == _SPACES[image.mode]:
        convert = _conversion(profile, colors)
    if convert is None:
        wanted = "RGB" if image.mode == colors else "RGBA"
        return image if image.mode == wanted else image.convert(wanted)
    if image.mode == colors:
        return convert(image)
    converted = convert(image.convert(colors))
    converted.putalpha(image.getchannel("A"))
    return converted


@lru_cache(maxsize=32)
def _conversion(profile: bytes, mode: str) -> _Conversion | None:
    """Return how colors of a mode become sRGB; None where they are, or the profile is broken."""
    probe = _probe(mode)
    try:
        convert = _transform(profile, mode)
        after = np.asarray(convert(probe))
    except Exception:  # whatever is wrong with a profile, the pixels are there
        return None
    change = np.abs(np.asarray(probe.convert("RGB"), np.int16) - after)
    if mode != "CMYK" and change.max() <= _NEAR_SRGB:
        return None
    if mode == "L":  # the probe has all there are
        levels = after[0].T.ravel().tolist()  # 256 of red, then green, then blue
        return lambda gray: gray.convert("RGB").point(levels)
    return convert


def _transform(profile: bytes, mode: str) -> _Conversion:
    from PIL import ImageCms

    flags = ImageCms.Flags.BLACKPOINTCOMPENSATION
    if mode == "L":
        flags |= ImageCms.Flags.NOOPTIMIZE  # else a table too short for a steep curve
    return ImageCms.ImageCmsTransform(
        ImageCms.ImageCmsProfile(io.BytesIO(profile)),
        ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")),
        mode,
        "RGB",
        ImageCms.Intent.RELATIVE_COLORIMETRIC,
        flags=flags,
    ).apply


@cache
def _probe(mode: str) -> Image.Image:
    """Return a picture of colors all over a mode: all grays, or nine levels a channel."""
    if mode == "L":
        return Image.fromarray(np.arange(256, dtype=np.uint8)[None])
    levels = np.linspace(0, 255, 9).round().astype(np.uint8)
    colors = np.stack(np.meshgrid(*[levels] * len(mode), indexing="ij"), -1)
    return Image.fromarray(colors.reshape(9, -1, len(mode)), mode)
