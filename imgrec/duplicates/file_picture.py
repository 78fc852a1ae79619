"""One picture file as the comparison of files needs it: its headers, and its pixels at a size.

Headers are read without decoding. They say what pixels of 8 bits cannot show: more bits, other
color spaces, frames behind the first, transparency, data behind the end of a JPEG. Pixels are those
of `imgrec.pictures.decoding`, with its limits of memory, resized once.
"""

import hashlib
import io
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray
from PIL import Image
from PIL.ImageFile import ImageFile

from imgrec.pictures import jpeg_segments
from imgrec.pictures.color_profiles import changes_colors
from imgrec.pictures.decoding import LIMITS, Picture, decode
from imgrec.pictures.failures import translated
from imgrec.pictures.memory import guarded
from imgrec.pictures.opening import opened
from imgrec.pictures.raw_preview import embedded_preview, raw_kind
from imgrec.pictures.tiff_tags import BITS

Pixels = NDArray[np.uint8]
Size = tuple[int, int]

# Modes whose pixels are 8 bits of gray or RGB.
_COMMON = frozenset({"1", "L", "LA", "La", "P", "PA", "RGB", "RGBA", "RGBa", "RGBX"})
# Bytes behind the end of a JPEG that are no data: padding, a newline.
_PADDING_BYTES = 64


@dataclass(frozen=True)
class Headers:
    """What a file says about its picture.

    Attributes:
        size: (width, height) as stored, before the EXIF orientation.
        frames: number of frames, pages, layers or sizes; -1 if it cannot be read.
        is_deep: True for more than 8 bits, or other colors than gray and RGB.
        has_alpha: True if it may have transparent pixels.
        profile: the ICC profile if it changes colors, else empty.
        appended: digest of the data behind the end of a JPEG, else empty.
        is_raw: True of a raw file, of whose preview the other values are.
    """

    size: Size
    frames: int
    is_deep: bool
    has_alpha: bool
    profile: bytes
    appended: bytes
    is_raw: bool = False


class FilePicture:
    """A picture file, decoded when its pixels are asked for.

    Attributes:
        data: the bytes of the file.
        headers: what it says about its picture.
    """

    def __init__(self, data: bytes) -> None:
        """Read the headers.

        Raises:
            PictureError: they cannot be read.
        """
        self.data = data
        is_raw = bool(raw_kind(data))
        read = (embedded_preview(data) or data) if is_raw else data
        self.headers = replace(read_headers(read), is_raw=is_raw)

    @property
    def area(self) -> int:
        """The number of pixels."""
        return self.headers.size[0] * self.headers.size[1]

    def decoded(self, short_px: int, ground: str = "white") -> Picture:
        """Return the picture with a shorter side of at least so many pixels, if it has them.

        Raises:
            PictureError: it cannot be decoded.
        """
        return decode(self.data, short_px, LIMITS, ground)


def pixels_at(
    picture: Picture, size: Size, resampling: Image.Resampling = Image.Resampling.BICUBIC
) -> Pixels:
    """Return the pixels (h, w, 3) of a decoded picture at (width, height)."""
    image = picture.image
    if image.size != size:
        # A reduced picture may extend beyond the original's edge, by a part of its last pixel.
        factor = max(1, round(max(picture.width, picture.height) / max(image.size)))
        box = (0.0, 0.0, min(image.width, picture.width / factor),
               min(image.height, picture.height / factor))  # fmt: skip
        image = image.resize(size, resampling, box)
    return np.asarray(image)


def read_headers(data: bytes) -> Headers:
    """Return what a file says about its picture.

    Raises:
        PictureError: its code is one of `imgrec.pictures.decoding.REASONS`.
    """
    with translated(data), guarded(None, LIMITS), opened(data)[0] as image:
        profile = image.info.get("icc_profile")
        return Headers(
            image.size,
            _frames(data, image),
            _is_deep(image),
            image.has_transparency_data or image.format == "GIF" or image.mode in ("PA", "La"),
            profile if profile and changes_colors(profile, image.mode) else b"",
            _appended(data),
        )


def _frames(data: bytes, image: ImageFile) -> int:
    """Return the number of frames, pages, layers or sizes."""
    if image.format in ("ICO", "ICNS", "CUR"):
        return len(image.info.get("sizes", ()))
    if image.format == "PNG":
        # It was opened without the chunks of an animation.
        if b"acTL" not in data:
            return 1
        try:
            image = Image.open(io.BytesIO(data), formats=["PNG"])
        except Exception:
            return -1
    try:
        return int(getattr(image, "n_frames", 1))
    # A damaged later frame may raise anything.
    except Exception:
        return -1


def _is_deep(image: ImageFile) -> bool:
    """Return True if pixels have more than 8 bits, or colors other than gray and RGB."""
    mode = image.tile[0].args if image.tile else ""
    raw = mode[0] if isinstance(mode, tuple) and mode else mode
    tags = getattr(image, "tag_v2", {})
    bits = tags.get(BITS, (8,))
    return (
        image.mode not in _COMMON
        or (isinstance(raw, str) and ("16" in raw or "32" in raw))
        or max(bits if isinstance(bits, tuple) else (bits,)) > 8
        or image.info.get("bit_depth", 8) > 8
    )


def _appended(data: bytes) -> bytes:
    """Return a digest of what lies behind the end marker of a JPEG, empty for nothing."""
    if not data.startswith(jpeg_segments.SOI):
        return b""
    end = next(
        (part.end for part in jpeg_segments.segments(data) if part.marker == jpeg_segments.EOI[1]),
        len(data),
    )
    rest = data[end:].strip(b"\0\r\n ")
    return hashlib.blake2b(rest, digest_size=16).digest() if len(rest) > _PADDING_BYTES else b""
