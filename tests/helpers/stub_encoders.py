"""Encoders of each kind in plain numpy, added to the registry while a test runs.

The vectors are mean colors over a grid, so that neighbors are meaningful and an independent
reference is one line.
"""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace

import numpy as np
import pytest

from imgrec.encoders.classifier import Scores
from imgrec.encoders.device import Compile, Encoded
from imgrec.encoders.registry import BUILT_IN, Loader
from imgrec.encoders.spec import Encoder, EncoderSpec, LoadOptions, Vectors
from imgrec.pictures.preprocessing import Pixels, Preprocessing

SIDE_PX, GRID = 16, 4
_SPEC = EncoderSpec("", 3 * GRID**2, Preprocessing(SIDE_PX, SIDE_PX), in_worker=False)


def mean_colors(pixels: Pixels) -> Vectors:
    """Return the mean colors (b, 48) of 4 x 4 cells, 0 to 1."""
    step = SIDE_PX // GRID
    cells = pixels.reshape(len(pixels), GRID, step, GRID, step, 3).mean(axis=(2, 4), dtype=float)
    return (cells.reshape(len(pixels), -1) / 255).astype(np.float32)


class Plain:
    """The least that the protocol of encoders requires: a spec, and `encode`."""

    def __init__(self, name: str = "stub-plain") -> None:
        self.spec = replace(_SPEC, name=name)

    def encode(self, pixels: Pixels) -> Vectors:
        return mean_colors(pixels)


class Queued(Plain):
    """A device encoder without a head that computes when its result is requested."""

    ahead = 2

    def __init__(self, name: str = "stub-queued") -> None:
        super().__init__(name)
        self.prepared: list[int] = []

    def prepare(self, pictures: int, batch: int, compile: Compile, quiet: bool = True) -> str:
        self.prepared.append(pictures)
        return f"{self.spec.name} is slow today" if pictures else ""

    def begin(self, pixels: Pixels) -> Callable[[], Encoded]:
        return lambda: Encoded(self.encode(pixels))


class Head:
    """A linear head with the classes red, green and blue, scored by the mean of each channel."""

    categories = ("red", "green", "blue")
    classifies_vectors = True

    def scores(self, vectors: Vectors) -> Scores:
        return vectors.reshape(len(vectors), -1, 3).mean(axis=1)


class QueuedWithHead(Head, Queued):
    """A device encoder with a head."""

    def begin(self, pixels: Pixels) -> Callable[[], Encoded]:
        vectors = self.encode(pixels)
        return lambda: Encoded(vectors, self.scores(vectors))


class PlainWithHead(Head, Plain):
    """An encoder with a spec, `encode` and a head."""


class LightWithHead(PlainWithHead):
    """An encoder with a head that runs in worker processes."""

    def __init__(self, name: str) -> None:
        super().__init__(name)
        self.spec = replace(self.spec, in_worker=True)


KINDS: dict[str, Callable[[str], Encoder]] = {
    "stub-plain": Plain,
    "stub-queued": Queued,
    "stub-head": QueuedWithHead,
    "stub-plain-head": PlainWithHead,
    "stub-light-head": LightWithHead,
}


def load(name: str, options: LoadOptions) -> Encoder:
    """Return the encoder of a name, as a module in the registry does."""
    return KINDS[name](name)


def load_with_head(name: str, options: LoadOptions) -> Encoder:
    """Return an encoder with a head, whatever its name."""
    return QueuedWithHead(name)


def register() -> None:
    """Add the stub encoders to the registry of this process permanently."""
    BUILT_IN.update({name: Loader("stub_encoders:load") for name in KINDS})


@contextmanager
def registered() -> Iterator[None]:
    """Add the stub encoders to the registry until the block ends."""
    with pytest.MonkeyPatch.context() as patch:
        for name in KINDS:
            patch.setitem(BUILT_IN, name, Loader("stub_encoders:load"))
        yield
