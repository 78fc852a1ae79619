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
        resize_px: the side after resizing, before the center is cropped: with `crop` the shorter
            one, with `stretch` both.
        fit: `crop` keeps the aspect ratio and drops the margins; `stretch` changes the aspect
            ratio, and keeps the whole picture where `resize_px` equals `crop_px`.
        interpolation: of the resizing, with antialiasing.
    """

    crop_px: int
    resize_px: int
    fit: Literal["crop", "stretch"] = "stretch"
    interpolation: Literal["bilinear", "bicubic"] = "bilinear"
