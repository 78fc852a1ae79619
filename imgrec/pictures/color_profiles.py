"""Color management: pictures with an embedded ICC profile are converted to sRGB (littleCMS).

The rendering intent is relative colorimetric with black point compensation, the default of photo
programs. A profile counts as sRGB, and is skipped, if it changes no color by more than two levels
of 255. A damaged profile, or one for other channels than the picture has, is ignored.
"""

import io
from collections.abc import Callable
from functools import cache, lru_cache

import numpy as np
from PIL import Image

_Conversion = Callable[[Image.Image], Image.Image]
_SPACES = {"L": b"GRAY", "LA": b"GRAY", "RGB": b"RGB ", "RGBA": b"RGB ", "CMYK": b"CMYK"}
# Levels of 255 by which tables of the same curve differ.
_NEAR_SRGB = 2


def to_srgb(image: Image.Image, profile: bytes | None) -> Image.Image:
    """Return a picture in sRGB.

    Args:
        image: of mode L, LA, RGB, RGBA or CMYK.
        profile: its ICC profile, if any.

    Returns:
        A picture of mode RGB, or RGBA if `image` has an alpha channel.
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


def changes_colors(profile: bytes | None, mode: str) -> bool:
    """Return True if an ICC profile changes colors of a picture when it is converted to sRGB.

    Args:
        profile: the ICC profile, if any.
        mode: Pillow's mode of the picture as stored; CMYK is always converted.
    """
    colors = "L" if mode in ("1", "L", "LA", "La") else "RGB"
    if not isinstance(profile, bytes) or profile[16:20] != _SPACES[colors]:
        return mode == "CMYK"
    return _conversion(profile, colors) is not None


@lru_cache(maxsize=32)
def _conversion(profile: bytes, mode: str) -> _Conversion | None:
    """Return the conversion to sRGB; None if the profile is sRGB already, or damaged."""
    probe = _probe(mode)
    try:
        convert = _transform(profile, mode)
        after = np.asarray(convert(probe))
    # A broken profile must not cost the picture, whatever littleCMS raises.
    except Exception:
        return None
    change = np.abs(np.asarray(probe.convert("RGB"), np.int16) - after)
    if mode != "CMYK" and change.max() <= _NEAR_SRGB:
        return None
    # For gray the probe holds all 256 levels, so its conversion is a complete lookup table:
    # 256 entries of red, then green, then blue.
    if mode == "L":
        levels = after[0].T.ravel().tolist()
        return lambda gray: gray.convert("RGB").point(levels)
    return convert


def _transform(profile: bytes, mode: str) -> _Conversion:
    from PIL import ImageCms

    flags = ImageCms.Flags.BLACKPOINTCOMPENSATION
    if mode == "L":
        # The optimized table has too few entries for a steep curve.
        flags |= ImageCms.Flags.NOOPTIMIZE
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
    """Return a test picture that covers a mode: all 256 grays, or nine levels a channel."""
    if mode == "L":
        return Image.fromarray(np.arange(256, dtype=np.uint8)[None])
    levels = np.linspace(0, 255, 9).round().astype(np.uint8)
    colors = np.stack(np.meshgrid(*[levels] * len(mode), indexing="ij"), -1)
    return Image.fromarray(colors.reshape(9, -1, len(mode)), mode)
