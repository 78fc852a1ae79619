"""Indexing with a network in one process, beside the forward passes that it needs."""

import itertools
import sys
import time
from pathlib import Path

sys.path.insert(1, str(Path(__file__).parents[4]))
sys.path.insert(1, str(Path(__file__).parents[2]))
sys.path.insert(1, str(Path(__file__).parents[1]))

import numpy as np
import torch
import torchvision

from imgrec import Options, index_folders
from imgrec.encoders import load_encoder
from imgrec.samples import write_samples
from ratio import Ratio, in_turns
from running import main_of

_ENCODER, _MODEL = "lite0", "resnet18"
_PICTURES, _BATCH, _SIDE_PX = 96, 32, 224
_REPEATS = 5


def ratios(work: Path) -> list[Ratio]:
    """Return runs without worker processes over their forward passes, in ONNX Runtime and torch."""
    write_samples(work / "pictures", _PICTURES)
    encoder, numbers = load_encoder(_ENCODER, device="cpu"), itertools.count()
    shape = (_BATCH, _SIDE_PX, _SIDE_PX, 3)
    pixels = np.random.default_rng(0).integers(0, 256, shape, np.uint8)
    batch = torch.from_numpy(pixels).permute(0, 3, 1, 2).float() / 255  # (b, 3, h, w)
    model = torchvision.models.get_model(_MODEL, weights=None).eval()
    model = model.to(memory_format=torch.channels_last)
    torch.save(model.state_dict(), work / "random.pth")

    def index(name: str, weights: Path | None = None) -> None:
        options = Options(
            encoders=(name,), weights=weights, device="cpu", batch_size=_BATCH, workers=0,
            compile="off",
        )  # fmt: skip
        index_folders([work / "pictures"], work / f"{next(numbers)}", options)

    def passes() -> None:
        with torch.inference_mode():
            for _ in range(_PICTURES // _BATCH):
                model(batch)

    what = f"indexing {_PICTURES} samples"
    return [
        in_turns(
            f"{what}, {_ENCODER}, one process / its forward passes (CPU)",
            lambda: index(_ENCODER),
            lambda: [encoder.encode(pixels) for _ in range(_PICTURES // _BATCH)],
            _REPEATS,
            clock=time.process_time,
        ),
        in_turns(
            f"{what}, {_MODEL}, one process / its forward passes by torch alone (CPU)",
            lambda: index(_MODEL, work / "random.pth"),
            passes,
            _REPEATS,
            clock=time.process_time,
        ),
    ]


if __name__ == "__main__":
    sys.exit(main_of(ratios))
