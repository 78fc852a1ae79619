"""`rgb`: the color histogram of a picture.

It counts the levels of each channel in the 224 x 224 picture. It knows nothing of shapes or places,
and is exact: equal counts give equal vectors on every machine. Every store has it.
"""

import numpy as np
from PIL import Image

from imgrec.encoders.spec import EncoderSpec, LoadOptions, Vectors
from imgrec.errors import EncoderError
from imgrec.pictures.compiled import measuring
from imgrec.pictures.preprocessing import Pixels, Preprocessing

BINS = 256
_SIDE_PX = 224


def bins_of(spec: EncoderSpec) -> int:
    """Return the number of bins for each channel of a histogram."""
    return spec.dimensions // 3


class RgbHistogram:
    """Concatenated histograms of red, green and blue over 224 x 224 pixels; all bins sum to 1."""

    def __init__(self, bins: int = BINS) -> None:
        if bins < 1 or 256 % bins:
            raise EncoderError(f"rgb cannot have {bins} bins a channel: name a divisor of 256")
        self._bins = bins
        self._spec = EncoderSpec(
            name="rgb",
            dimensions=3 * bins,
            preprocessing=Preprocessing(crop_px=_SIDE_PX, resize_px=_SIDE_PX),
            kind="histogram",
            # 2: color profiles are applied.
            version=2,
        )

    @property
    def spec(self) -> EncoderSpec:
        """The frozen description of this encoder."""
        return self._spec

    def encode(self, pixels: Pixels) -> Vectors:
        """Return the histograms (b, 3 * bins): red, green, blue, each from dark to bright."""
        levels = _counts(pixels).reshape(len(pixels), 3 * self._bins, 256 // self._bins)
        merged = levels.sum(axis=2)  # (b, 3 * bins)
        shares: Vectors = merged / np.float32(3 * pixels.shape[1] * pixels.shape[2])
        return shares


def _counts(pixels: Pixels) -> Vectors:
    """Return how many pixels have each level of red, green and blue, (b, 768)."""
    loops = measuring()
    if loops is None:
        counts = [Image.fromarray(picture).histogram() for picture in pixels]
        return np.array(counts, np.float32)
    counted = np.empty((len(pixels), 3, 256), np.int64)
    for picture, out in zip(np.ascontiguousarray(pixels), counted, strict=True):
        loops.count_levels(picture.reshape(-1, 3), out)
    return counted.astype(np.float32)


def load(name: str, options: LoadOptions) -> RgbHistogram:
    """Return the encoder with `options.bins`, else with the bins of `options.like`."""
    if options.bins is not None:
        return RgbHistogram(options.bins)
    return RgbHistogram(bins_of(options.like) if options.like else BINS)
