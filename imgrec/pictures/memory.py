"""Memory of decoding: the bytes that a picture will take, estimated from its header.

A few bytes of a file can describe a picture of gigabytes, and the number of its pixels says little:
a decoder holds 1 byte a pixel (gray PNG), 16 (WebP, with the canvases of its animations) or 100
(JPEG 2000 cut into tiny code-blocks). So the bytes are estimated before anything is decoded, and
compared with one limit for all formats. The estimate is the sum of

- the bytes of the file, which stay in memory meanwhile;
- what Pillow stores: 1 byte a pixel in the modes 1, L and P, 2 in 16-bit gray, else 4;
- what the decoder needs beside that, by format (`decoder_bytes`): strips, canvases, coefficients;
- the copies made afterwards: conversion to a plain mode, transposition, reducing.

The two last are not alive at the same time, so the larger of them counts. What can be decoded at
reduced size is, when it is too large otherwise: JPEG by its DCT (1/2, 1/4, 1/8), JPEG 2000 by
leaving out resolutions. The coefficients in this module are measured (the peak of resident memory
of a worker, which a test compares with the estimate); they are upper bounds for sound files. A file
whose header lies takes more: the limit of the worker process (`imgrec.system.worker_memory`) ends
that.
"""

import os
from collections.abc import Iterator
from contextlib import contextmanager, nullcontext
from dataclasses import dataclass

from PIL import Image
from PIL.Jpeg2KImagePlugin import Jpeg2KImageFile
from PIL.JpegImagePlugin import JpegImageFile

from imgrec.errors import MemoryShortageError, PictureError
from imgrec.pictures.decoder_memory import (
    area,
    decoder_bytes,
    icon_in,
    inner_picture,
    kept_bytes,
    stored,
)
from imgrec.pictures.jpeg2000_header import codestream
from imgrec.pictures.limits import MAX_JPEG_PIXELS, MAX_MEMORY, MAX_PIXELS
from imgrec.system.worker_memory import bounded_memory, can_allocate

# A picture of more pixels is reduced before it is turned upright, so that the copy is small.
TURNED_FIRST_PIXELS = 1 << 24
# Buffers of any decoder, the thumbnail, the image pyramid.
_FIXED_BYTES = 8_000_000
# What a worker may allocate beyond the limit: memory that is reserved and not used, and the stacks
# of the threads that some decoders start on each core.
_SLACK_BYTES = 64_000_000 + 8_400_000 * (os.cpu_count() or 1)
# Values that are converted to float32 at a time, and the bytes that each takes meanwhile.
_WIDE_CHUNK, _WIDE_BYTES = 1 << 22, 16


@dataclass(frozen=True)
class Limits:
    """The sizes above which a picture is refused as `too-large`.

    Attributes:
        pixels: decoded pixels.
        jpeg_pixels: original pixels of a JPEG, which is decoded at reduced scale.
        memory_bytes: bytes in memory while it is decoded, those of its file among them.
    """

    pixels: int = MAX_PIXELS
    jpeg_pixels: int = MAX_JPEG_PIXELS
    memory_bytes: int = MAX_MEMORY


LIMITS = Limits()


@dataclass(frozen=True)
class Plan:
    """How a picture will be decoded.

    Attributes:
        size: (width, height) that it will have when it is loaded, if its header is true.
        memory_bytes: the most that decoding and reducing it take, its file included.
    """

    size: tuple[int, int]
    memory_bytes: int


@contextmanager
def guarded(needed_bytes: int | None, limits: Limits) -> Iterator[None]:
    """Limit the memory that a worker takes for a picture in this block, and tell why it ran out.

    Under a shortage a decoder may raise anything ("broken data stream"), so after every exception
    it is tried whether the memory that the header promised can be had at all.

    Args:
        needed_bytes: what the picture needs by its header; None before that is known.
        limits: of the picture.

    Raises:
        PictureError: `too-large`: the decoder wanted more than the limit; or what was raised.
        MemoryShortageError: less memory can be had than the picture needs.
    """
    most = limits.memory_bytes + _SLACK_BYTES
    try:
        # Once for a picture: the block in which its needs are known is inside the other.
        with bounded_memory(most) if needed_bytes is None else nullcontext():
            yield
    except PictureError:
        raise
    except Exception as error:
        ran_out = isinstance(error, MemoryError)
        needed = needed_bytes or (limits.memory_bytes if ran_out else _FIXED_BYTES)
        if not can_allocate(needed):
            raise MemoryShortageError(f"{_megabytes(needed)} are not free") from error
        if ran_out:
            why = f"the decoder wants more than {_megabytes(most)} of memory, its header lies"
            raise PictureError("too-large", why) from error
        raise


def fit(
    image: Image.Image,
    side_px: int,
    file_bytes: int,
    limits: Limits = LIMITS,
    *,
    scale: bool = True,
) -> Plan:
    """Choose the scale at which a picture will be decoded, so that it stays within the limits.

    Args:
        image: opened and not loaded yet; JPEG and JPEG 2000 are set to the chosen scale.
        side_px: length to which the shorter side of a JPEG is scaled down in any case.
        file_bytes: length of its file.
        limits: what it must not exceed.
        scale: False to decode it at full size in any case.

    Returns:
        The size that it will have, and the memory that it takes.

    Raises:
        PictureError: `too-large`.
    """
    decoded = inner_picture(image) or image
    needed = 0
    if area(image.size) > limits.jpeg_pixels:
        raise _refused(decoded, f"the limit is {limits.jpeg_pixels:,} pixels")
    for power in _powers(image, side_px) if scale else [1]:
        if area(_scaled(decoded, power)) > limits.pixels:
            continue
        needed = needed_bytes(decoded, power, side_px, file_bytes)
        if needed <= limits.memory_bytes:
            plan = Plan(_scaled(image, power), needed)
            if scale:
                _scale(image, power)
            return plan
    if not needed:
        raise _refused(decoded, f"the limit is {limits.pixels:,} pixels")
    most = _megabytes(limits.memory_bytes)
    raise _refused(
        decoded, f"decoding it takes {_megabytes(needed)} of memory, the limit is {most}"
    )


def check_icon(data: bytes, side_px: int, limits: Limits) -> None:
    """Check the picture in a Windows icon, before the icon is opened; see `fit`.

    Raises:
        PictureError: `too-large`.
    """
    inner = icon_in(data)
    if inner is not None:
        fit(inner, side_px, len(data), limits, scale=False)


def needed_bytes(image: Image.Image, power: int, side_px: int, file_bytes: int) -> int:
    """Return the bytes that it takes to decode a picture and to reduce it, its file included.

    Args:
        image: opened.
        power: the scale of decoding is 1 / `power`.
        side_px: length above which the shorter side is reduced.
        file_bytes: length of its file.
    """
    pixels = area(_scaled(image, power))
    held = stored(image.mode) * pixels
    # Of a picture that is loaded, as callers may pass one, only the copies are still to be made.
    is_loaded = getattr(image, "_im", None) is not None
    loading = 0 if is_loaded else decoder_bytes(image, power, file_bytes)
    after = (0 if is_loaded else kept_bytes(image)) + _copies(image, _scaled(image, power), side_px)
    # A PNG is read from a copy without its metadata.
    files = file_bytes * (2 if image.format == "PNG" else 1)
    return files + _FIXED_BYTES + held + max(loading, after)


def _copies(image: Image.Image, size: tuple[int, int], side_px: int) -> int:
    """Return the bytes of the copies that are made of a loaded picture until it is reduced RGB."""
    pixels = area(size)
    factor = max(1, min(size) // side_px)
    left = area((-(-size[0] // factor), -(-size[1] // factor)))
    if image.mode.startswith(("I", "F")):
        # Its bytes twice, then the bytes and two copies of the gray.
        raw = stored(image.mode)
        return max(2 * raw, raw + 2) * pixels + _WIDE_BYTES * min(pixels, _WIDE_CHUNK) + 8 * left
    clear = image.has_transparency_data or image.mode in ("LA", "La", "PA")
    converted = 0 if image.mode in ("L", "RGB", "RGBA", "LA", "CMYK") else 4 * pixels
    if image.mode == "1" and not clear:
        converted = pixels
    if clear and image.mode in ("L", "RGB"):
        converted = 4 * pixels
    turned = (stored(image.mode) if not converted else 4) * (
        pixels if pixels <= TURNED_FIRST_PIXELS else left
    )
    # Alpha is multiplied in for the reduction; then composited over white.
    reducing = 4 * pixels if clear and factor > 1 else 0
    return converted + turned + max(reducing, 0) + (16 if clear else 8) * left


def _powers(image: Image.Image, side_px: int) -> list[int]:
    """Return the powers of two by which a picture can be scaled while decoding, ascending."""
    if isinstance(image, JpegImageFile):
        least = min(length // side_px for length in image.size)
        first = next((power for power in (8, 4, 2) if least >= power), 1)
        return [power for power in (1, 2, 4, 8) if power >= first]
    if isinstance(image, Jpeg2KImageFile) and (stream := codestream(image)):
        return [1 << level for level in range(stream.levels + 1)]
    return [1]


def _scaled(image: Image.Image, power: int) -> tuple[int, int]:
    """Return the size of a picture decoded at 1 / `power`."""
    if power > 1 and isinstance(image, Jpeg2KImageFile) and (stream := codestream(image)):
        return stream.scaled(power)
    return -(-image.width // power), -(-image.height // power)


def _scale(image: Image.Image, power: int) -> None:
    """Let a picture be decoded at 1 / `power`."""
    if isinstance(image, JpegImageFile):
        # Pillow takes the largest scale that gives at least this size.
        wanted = max(1, image.width // power), max(1, image.height // power)
        image.draft(None, wanted)  # type: ignore[arg-type, unused-ignore]
    elif isinstance(image, Jpeg2KImageFile) and power > 1:
        # Pillow rounds the scaled size to the nearest, the codec up: of a multiple both are right.
        width, height = _scaled(image, power)
        image._size = width * power, height * power
        image.reduce = power.bit_length() - 1


def _refused(image: Image.Image, why: str) -> PictureError:
    return PictureError(
        "too-large", f"{image.width} x {image.height} pixels of {image.format}: {why}"
    )


def _megabytes(count: int) -> str:
    return f"{count / 1e6:,.0f} MB"
