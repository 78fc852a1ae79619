"""What is done for one picture, step by step, in processor time; decoding it alone is the floor."""

import io
import time
from collections.abc import Callable, Sequence
from itertools import pairwise
from pathlib import Path
from typing import TypeVar

import numpy as np
from PIL import Image

from imgrec.encoders import load_encoder
from imgrec.encoders.classifier import Classifier
from imgrec.encoders.spec import Encoder
from imgrec.pictures.color_word import color_of
from imgrec.pictures.compiled import import_loops
from imgrec.pictures.decoding import SUFFIXES, Scales, decode, digest
from imgrec.pictures.measures import measures_of
from imgrec.pictures.metadata import metadata_of
from imgrec.pictures.scaling import THUMB_PX, jpeg_of
from imgrec.sources.files import read_file
from imgrec.system.threads import one_blas_thread
from machine import rows

_FLOOR, _FORWARD = "Pillow: open and decode", "`lite0`: forward pass"
_PICTURES, _BATCH = 128, 32
# A step is repeated, and its least time counts: other work on the machine only adds to it.
_REPEATS = 5
_T = TypeVar("_T")


class _Spent:
    """Milliseconds of processor time for each picture, by step."""

    def __init__(self, pictures: int) -> None:
        self.steps: dict[str, float] = {}
        self._pictures = pictures

    def __call__(self, step: str, function: Callable[[], _T]) -> _T:
        clocks = [time.process_time()]
        for _ in range(_REPEATS):
            result = function()
            clocks.append(time.process_time())
        least = min(after - before for before, after in pairwise(clocks))
        self.steps[step] = self.steps.get(step, 0.0) + 1000 * least / self._pictures
        return result


def measured(photos: Path) -> str:
    """Return the table of steps, and what they allow at most."""
    files = [path for path in sorted(photos.rglob("*")) if path.suffix.lower() in SUFFIXES]
    chosen = files[:: max(1, len(files) // _PICTURES)]
    import_loops()
    with one_blas_thread():
        return _table(chosen)


def _table(chosen: Sequence[Path]) -> str:
    spent = _Spent(len(chosen))
    mini, rgb, lite0 = (load_encoder(name) for name in ("mini", "rgb", "lite0"))
    pixels: dict[str, list[np.ndarray]] = {"mini": [], "rgb": [], "lite0": []}
    for path in chosen:
        _one(path, spent, (mini, rgb, lite0), pixels)
    for encoder in (mini, rgb):
        name = encoder.spec.name
        for batch in _batches(pixels[name]):
            spent(f"`{name}`: vectors", lambda e=encoder, b=batch: e.encode(b))
    for batch in _batches(pixels["lite0"]):
        vectors = spent(_FORWARD, lambda b=batch: lite0.encode(b))
        if isinstance(lite0, Classifier):
            spent("`lite0`: scores", lambda v=vectors: lite0.scores(v))
    light = sum(ms for step, ms in spent.steps.items() if "`lite0`" not in step and step != _FLOOR)
    heavy = sum(ms for step, ms in spent.steps.items() if "`lite0`" in step)
    floor, forward = spent.steps[_FLOOR], spent.steps[_FORWARD]
    lines = [[step, f"{ms:.2f}", f"{ms / floor:.2f}"] for step, ms in spent.steps.items()]
    lines.append(["all for `mini` and `rgb`", f"{light:.2f}", f"{light / floor:.2f}"])
    return (
        rows(["step", "ms of a core", "of decoding alone"], lines)
        + f"\n{len(chosen)} pictures. A core does at most {1000 / light:.0f} pictures/s with "
        f"`mini`, where decoding alone allows {1000 / floor:.0f}. With `lite0` too it does "
        f"{1000 / (light + heavy):.0f}, {forward / (light + heavy):.0%} of its forward passes "
        "alone: on the same cores no overlap can hide the rest.\n"
    )


def _one(
    path: Path,
    spent: _Spent,
    encoders: tuple[Encoder, Encoder, Encoder],
    pixels: dict[str, list[np.ndarray]],
) -> None:
    """Do for one picture what a worker does before the encoders."""
    data = read_file(path)
    spent(_FLOOR, lambda: Image.open(io.BytesIO(data)).load())
    spent("read, digest", lambda: digest(read_file(path)))
    picture = spent("decode", lambda: decode(data))
    mini, rgb, lite0 = (encoder.spec for encoder in encoders)

    def resized() -> tuple[Scales, list[np.ndarray], Image.Image]:
        scales = Scales(picture.image)
        made = [scales.pixels_for(spec.preprocessing) for spec in (mini, rgb)]
        return scales, made, scales.fitted(THUMB_PX)

    scales, made, small = spent("resize: `mini`, `rgb`, thumbnail", resized)
    pixels["mini"].append(made[0])
    pixels["rgb"].append(made[1])
    # The levels that it shares are made before.
    large = spent("`lite0`: resize", lambda: scales.pixels_for(lite0.preprocessing))
    pixels["lite0"].append(large)
    thumb = spent("thumbnail: JPEG", lambda: jpeg_of(small))
    spent("color word", lambda: color_of(thumb))
    said = spent("metadata", lambda: metadata_of(data))
    size = picture.width, picture.height
    spent("measures", lambda: measures_of(picture.image, small, size, said))


def _batches(pictures: Sequence[np.ndarray]) -> list[np.ndarray]:
    starts = range(0, len(pictures), _BATCH)
    return [np.stack(pictures[start : start + _BATCH]) for start in starts]
