"""Pairs that are the same picture: re-encoded, resized, turned by EXIF, other metadata."""

import io
from collections.abc import Callable

import numpy as np
from PIL import Image

from near_pairs.different import Pair, drawings
from near_pairs.files import saved, scaled
from near_pairs.photos import Photos

# A file of a picture at its own size, other than the one it is compared with.
Copy = Callable[[Image.Image, np.random.Generator], bytes]
_LEAST_SIDE_PX = 160


def _jpeg(low: int, high: int) -> Copy:
    return lambda image, rng: saved(
        image,
        "JPEG",
        quality=int(rng.integers(low, high)),
        subsampling=int(rng.choice([0, 2])),
        progressive=bool(rng.random() < 0.3),
    )


def _webp(image: Image.Image, rng: np.random.Generator) -> bytes:
    return saved(image, "WEBP", quality=int(rng.integers(50, 96)), method=2)


def _avif(image: Image.Image, rng: np.random.Generator) -> bytes:
    return saved(image, "AVIF", quality=int(rng.integers(50, 96)), speed=9)


def _twice(image: Image.Image, rng: np.random.Generator) -> bytes:
    """Save as WebP, then as JPEG, as a picture that went through two programs."""
    first = Image.open(io.BytesIO(_webp(image, rng))).convert("RGB")
    return _jpeg(50, 90)(first, rng)


def _turned_by_exif(image: Image.Image, rng: np.random.Generator) -> bytes:
    """Store the pixels turned by a quarter, and say so in the metadata."""
    orientation, turn = ((6, 90), (8, 270), (3, 180))[rng.integers(3)]
    exif = Image.Exif()
    exif[0x0112] = orientation
    return saved(
        image.rotate(turn, expand=True), "JPEG", quality=int(rng.integers(75, 96)), exif=exif
    )


def _metadata(image: Image.Image, rng: np.random.Generator) -> bytes:
    exif = Image.Exif()
    exif[0x010E], exif[0x0131] = "a title", "a program"
    return saved(image, "JPEG", quality=92, comment=b"another comment", exif=exif)


REENCODED: dict[str, Copy] = {
    "JPEG 30 to 49": _jpeg(30, 50),
    "JPEG 50 to 74": _jpeg(50, 75),
    "JPEG 75 to 95": _jpeg(75, 96),
    "WebP 50 to 95": _webp,
    "AVIF 50 to 95": _avif,
    "PNG": lambda image, rng: saved(image, "PNG", compress_level=1),
    "WebP, then JPEG": _twice,
    "turned by EXIF": _turned_by_exif,
    "other metadata": _metadata,
}
# Shares of both sides.
RESIZED = {
    "to 76 to 95 %": (0.76, 0.95),
    "to 51 to 75 %": (0.51, 0.75),
    "to 25 to 50 %": (0.25, 0.5),
}


def original(
    photos: Photos, seed: int, kind: str | None, side_px: int | None = None
) -> Image.Image:
    """Return a picture to alter: a drawing of a kind, or a photograph if it is None."""
    if kind is not None:
        return drawings(kind, seed)[0]
    rng = np.random.default_rng([seed, 4])
    return photos.drawn(rng, side_px or int(rng.integers(500, 1100)))


def original_file(image: Image.Image, seed: int, *, is_photo: bool) -> bytes:
    """Return the file of an original: a good JPEG, or a PNG as programs write for drawings."""
    rng = np.random.default_rng([seed, 5])
    if is_photo or rng.random() < 0.4:
        return saved(image, "JPEG", quality=int(rng.integers(85, 97)), subsampling=0)
    return saved(image, "PNG", compress_level=1)


def reencoded_pair(data: bytes, name: str, seed: int) -> Pair:
    """Return a file and the same decoded and saved in another way."""
    upright = Image.open(io.BytesIO(data)).convert("RGB")
    other = REENCODED[name](upright, np.random.default_rng([seed, 6]))
    return Pair(name, data, other, f"seed {seed}")


def resized_pair(data: bytes, name: str, seed: int) -> Pair:
    """Return a file and a smaller one of the same picture, in another quality.

    The shorter side keeps `_LEAST_SIDE_PX`, because little ones are never the same by design.
    """
    rng = np.random.default_rng([seed, 7])
    image = Image.open(io.BytesIO(data)).convert("RGB")
    share = max(float(rng.uniform(*RESIZED[name])), _LEAST_SIDE_PX / min(image.size))
    small = scaled(image, min(share, 0.95), rng)
    other = list(REENCODED.values())[rng.integers(6)](small, rng)
    return Pair(name, data, other, f"seed {seed}, share {share:.2f}")
