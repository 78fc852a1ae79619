"""The pixels an encoder takes: how a decoded picture is resized and cropped for it."""

from dataclasses import dataclass
from typing import Literal

import numpy as np
from numpy.typing import NDArray

# (b, h, w, 3), RGB, 0 to 255.
Pixels = NDArray[np.uint8]


@dataclass(frozen=True)
class Preprocessing:
    """How a decoded picture is resized and cropped to the square an encoder takes.

    Attributes:
        crop_px: side of the square, in pixels.
        resize_px: with `crop`, the length of the shorter side after resizing, before the center
            is cropped; with `stretch`, the same as `crop_px`.
        fit: `crop` keeps the aspect ratio and drops the margins; `stretch` keeps the whole
            picture and changes the aspect ratio.
    """

    crop_px: int
    resize_px: int
    fit: Literal["crop", "stretch"] = "stretch"
