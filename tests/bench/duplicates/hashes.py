"""Perceptual hashes, the usual way to find copies, as what the verdicts are compared with."""

import io

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageOps
from scipy.fft import dctn

# Distances in bits of 64 up to which tools call two pictures the same.
STRICT, LOOSE = 4, 10
HEADS = ("dHash ≤ 4", "pHash ≤ 4", "pHash ≤ 10")


def distances(one: bytes, other: bytes) -> tuple[int, int]:
    """Return the bits that differ in the difference hash and in the DCT hash of two files."""
    first, second = _small(one), _small(other)
    return _apart(_dhash(first), _dhash(second)), _apart(phash(first), phash(second))


def called_same(found: tuple[int, int]) -> tuple[bool, bool, bool]:
    """Return what the columns HEADS say of the distances of a pair."""
    return found[0] <= STRICT, found[1] <= STRICT, found[1] <= LOOSE


def _small(data: bytes) -> Image.Image:
    with Image.open(io.BytesIO(data)) as opened:
        opened.draft("L", (256, 256))
        return ImageOps.exif_transpose(opened).convert("L")


def _dhash(image: Image.Image) -> int:
    """Return whether each of 8 × 9 pixels is brighter than the one to its right."""
    pixels = np.asarray(image.resize((9, 8), Image.Resampling.LANCZOS), np.int16)
    return _bits(pixels[:, 1:] > pixels[:, :-1])


def phash(image: Image.Image) -> int:
    """Return the DCT hash of a picture.

    A bit says whether one of the 8 × 8 lowest frequencies of 32 × 32 pixels exceeds their median.
    """
    pixels = np.asarray(image.convert("L").resize((32, 32), Image.Resampling.LANCZOS), np.float64)
    low = dctn(pixels)[:8, :8]
    return _bits(low > np.median(low))


def _bits(mask: NDArray[np.bool_]) -> int:
    return int("".join("01"[bit] for bit in mask.ravel().tolist()), 2)


def _apart(one: int, other: int) -> int:
    return (one ^ other).bit_count()
