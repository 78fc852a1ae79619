"""Indexing with a network in one process, beside the forward passes that it needs."""

import itertools
import sys
import time
from pathlib import Path

sys.path.insert(1, str(Path(__file__).parents[4]))
sys.path.insert(1, str(Path(__file__).parents[2]))
sys.path.insert(1, str(Path(__file__).parents[1]))

import numpy as np

from imgrec import Options, index_folders
from imgrec.encoders import load_encoder
from imgrec.samples import write_samples
from ratio import Ratio, in_turns
from running import main_of

_ENCODER = "lite0"
_PICTURES, _BATCH = 96, 32
_REPEATS = 5


def ratios(work: Path) -> list[Ratio]:
    """Return a run without worker processes over its forward passes."""
    write_samples(work / "pictures", _PICTURES)
    encoder, numbers = load_encoder(_ENCODER), itertools.count()
    side_px = encoder.spec.preprocessing.crop_px
    pixels = np.random.default_rng(0).integers(0, 256, (_BATCH, side_px, side_px, 3), np.uint8)
    options = Options(encoders=(_ENCODER,), workers=0, batch_size=_BATCH)
    return [
        in_turns(
            f"indexing {_PICTURES} samples, {_ENCODER}, one process / its forward passes (CPU)",
            lambda: index_folders([work / "pictures"], work / f"{next(numbers)}", options),
            lambda: [encoder.encode(pixels) for _ in range(_PICTURES // _BATCH)],
            _REPEATS,
            clock=time.process_time,
        )
    ]


if __name__ == "__main__":
    sys.exit(main_of(ratios))
