"""What pixels an encoder takes: how a decoded picture is scaled and cut for it."""

from dataclasses import dataclass
from typing import Literal

import numpy as np
from numpy.typing import NDArray

Pixels = NDArray[np.uint8]  # (b, h, w, 3), RGB


@dataclass(frozen=True)
class Preprocessing:
    """How a decoded picture becomes the pixels an encoder takes.

    Attributes:
        crop_px: side of the square of pixels the encoder takes.
        resize_px: with `crop`, the length the shorter side is scaled to before the
            central square is cut; with `stretch`, the same as `crop_px`.
        fit: `crop` keeps the aspect ratio and loses the rim, `stretch` keeps all of the
            picture and loses the aspect ratio.
    """

    crop_px: int
    resize_px: int
    fit: Literal["crop", "stretch"] = "stretch"
