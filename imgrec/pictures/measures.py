"""Measures of a picture as a picture: how sharp, bright, contrasty, clipped and flat it is.

They are numbers from 0 to 100, computed from what a run has anyway: the thumbnail before it is
compressed, and crops of the decoded pixels. They say what a reviewer would look at first (blurred,
too dark, overexposed, empty, a screenshot), not whether a picture is good.

    sharpness    100 / width in pixels of the sharpest edges, where the shorter side has 512 px
    brightness   mean luma, percent of white
    contrast     standard deviation of luma, percent of white: 0 to 50
    clipped      percent of the pixels that are black or white
    flat         percent of the blocks of 8 x 8 px of the thumbnail that have no structure
    screenshot   how likely it is a picture of a screen, a guess

Invariant: a measure depends on the decoded pixels, size, format and metadata alone. A picture in
which there is nothing to focus on has no sharpness.

Source: luma: Rec. ITU-R BT.601. Contrast: the RMS contrast of E. Peli, "Contrast in complex
images", JOSA A 7 (1990). Sharpness: the edge width of P. Marziliano, F. Dufaux, S. Winkler,
T. Ebrahimi, "A no-reference perceptual blur metric", ICIP 2002, taken where the picture is
sharpest, as C. T. Vu, T. D. Phan, D. M. Chandler, "S3: a spectral and spatial measure of local
perceived sharpness in natural images", IEEE Transactions on Image Processing 21 (2012).
"""

from collections.abc import Iterable, Iterator

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from imgrec.pictures.compiled import measuring
from imgrec.pictures.edge_width import sharpest_edges
from imgrec.pictures.metadata_names import (
    APERTURE,
    BRIGHTNESS,
    CAMERA,
    CLIPPED,
    CONTRAST,
    EXPOSURE,
    FLAT,
    FOCAL,
    SCREENSHOT,
    SHARPNESS,
    Datum,
)  # fmt: skip
from imgrec.pictures.pixel_memory import pixels_of
from imgrec.pictures.screens import screen_likeness

_WHITE = 255
# Luma up to which a pixel is black, from which it is white: reducing and JPEG blur it by so much.
_BLACK_UP_TO, _WHITE_FROM = 3, 252
_BLOCK_PX = 8
# Least difference of luma within a block that has structure.
_STRUCTURE = 10
# What only a camera writes.
_OF_A_CAMERA = frozenset({CAMERA, EXPOSURE, APERTURE, FOCAL})


def measures_of(
    image: Image.Image, small: Image.Image, size: tuple[int, int], said: Iterable[Datum] = ()
) -> tuple[Datum, ...]:
    """Return the measures of a picture by name, in the order of `MEASURES`.

    Args:
        image: the decoded picture, upright RGB.
        small: the same at the size of a thumbnail.
        size: width and height of the original in pixels.
        said: the metadata of its file.
    """
    luma = small.convert("L")
    brightness, contrast, clipped = _tones(luma)
    shades, pixels = np.asarray(luma), pixels_of(image)
    from_camera = any(datum.name in _OF_A_CAMERA for datum in said)
    found = {
        SHARPNESS: sharpest_edges(image, pixels, shades),
        BRIGHTNESS: brightness,
        CONTRAST: contrast,
        CLIPPED: clipped,
        FLAT: _flat(shades),
        SCREENSHOT: 0.0 if from_camera else screen_likeness(pixels, size),
    }
    return tuple(_data(found))


def _data(found: dict[str, float | None]) -> Iterator[Datum]:
    for name, value in found.items():
        if value is not None:
            rounded = round(float(value), 1)
            yield Datum(name, f"{rounded:g}", rounded)


def _tones(luma: Image.Image) -> tuple[float, float, float]:
    """Return brightness, contrast and the clipped share of a gray picture, each in percent."""
    counts = np.array(luma.histogram(), np.float64)
    shares, levels = counts / counts.sum(), np.arange(len(counts)) / _WHITE
    mean = float(shares @ levels)
    deviation = float(np.sqrt(shares @ (levels - mean) ** 2))
    clipped = float(shares[: _BLACK_UP_TO + 1].sum() + shares[_WHITE_FROM:].sum())
    return 100 * mean, 100 * deviation, min(100.0, 100 * clipped)


def _flat(shades: NDArray[np.uint8]) -> float:
    """Return the percentage of blocks of a gray picture (h, w) that have no structure."""
    loops = measuring()
    if loops is not None:
        down, across = (-(-int(side) // _BLOCK_PX) for side in shades.shape)
        return 100 * (int(loops.flat_blocks(shades, _BLOCK_PX, _STRUCTURE)) / (down * across))
    rows, columns = (np.arange(0, side, _BLOCK_PX) for side in shades.shape)
    high = np.maximum.reduceat(np.maximum.reduceat(shades, rows, axis=0), columns, axis=1)
    low = np.minimum.reduceat(np.minimum.reduceat(shades, rows, axis=0), columns, axis=1)
    return 100 * float((high - low < _STRUCTURE).mean())
