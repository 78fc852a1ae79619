"""Encoders that the main process runs in batches: on CUDA, on MPS, or on all cores of the CPU.

The processes that decode send pixels; the main process feeds them to each of these encoders. An
encoder needs only `spec` (with `in_worker=False`) and `encode` for that. One whose device works
asynchronously is a `DeviceEncoder`: `begin` queues a batch and returns at once, and what it
returns waits for the result, so that some batches are in flight while the next pictures are
decoded.

Every encoder with `in_worker=False` runs this way, with a head or without.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Literal, Protocol, runtime_checkable

from imgrec.encoders.classifier import Classifier, Scores
from imgrec.encoders.spec import Encoder, EncoderSpec, Vectors
from imgrec.pictures.preprocessing import Pixels

Compile = Literal["auto", "on", "off"]


@dataclass(frozen=True)
class Encoded:
    """What an encoder found in a batch.

    Attributes:
        vectors: (b, d) float32.
        scores: (b, C) float32; None from an encoder that has no head.
    """

    vectors: Vectors
    scores: Scores | None = None


@runtime_checkable
class DeviceEncoder(Encoder, Protocol):
    """An encoder whose batches are queued on a device."""

    @property
    def ahead(self) -> int:
        """The number of batches to queue before the first of them is waited for."""
        ...

    def prepare(self, pictures: int, batch: int, compile: Compile, quiet: bool = True) -> str:
        """Optimize for a number of pictures to come; called once, before the first batch.

        Args:
            pictures: that will be encoded.
            batch: pictures a batch.
            compile: `auto` where that many pictures pay for it, `on` always, `off` never.
            quiet: no progress bar.

        Returns:
            One line that says why it runs slower than it could; empty where it does not.
        """
        ...

    def begin(self, pixels: Pixels) -> Callable[[], Encoded]:
        """Queue a batch (b, crop_px, crop_px, 3); return a function that waits for its result.

        Raises:
            EncoderError: the device failed; the returned function raises it too.
        """
        ...


def device_encoders(encoders: Mapping[str, Encoder]) -> dict[str, DeviceEncoder]:
    """Return those encoders that do not run in the workers, each as a `DeviceEncoder`."""
    return {
        name: encoder if isinstance(encoder, DeviceEncoder) else _Synchronous(encoder)
        for name, encoder in encoders.items()
        if not encoder.spec.in_worker
    }


class _Synchronous:
    """An encoder that has only `encode`, as a `DeviceEncoder` that is done when `begin` returns."""

    ahead = 0

    def __init__(self, encoder: Encoder) -> None:
        self._encoder = encoder

    @property
    def spec(self) -> EncoderSpec:
        return self._encoder.spec

    def encode(self, pixels: Pixels) -> Vectors:
        return self._encoder.encode(pixels)

    def prepare(self, pictures: int, batch: int, compile: Compile, quiet: bool = True) -> str:
        return ""

    def begin(self, pixels: Pixels) -> Callable[[], Encoded]:
        encoder, vectors, scores = self._encoder, self.encode(pixels), None
        if isinstance(encoder, Classifier) and encoder.classifies_vectors:
            scores = encoder.scores(vectors)
        encoded = Encoded(vectors, scores)
        return lambda: encoded
