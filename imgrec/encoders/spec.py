"""What an encoder is: a frozen spec and a function from pixel batches to vectors."""

from collections.abc import Callable, Iterable
from dataclasses import asdict, dataclass
from typing import Any, Literal, Protocol, runtime_checkable

import numpy as np
from numpy.typing import NDArray

from imgrec.errors import EncoderError
from imgrec.pictures.preprocessing import Pixels, Preprocessing

Vectors = NDArray[np.float32]  # (b, d)
Compile = Literal["auto", "on", "off"]
Scores = NDArray[np.float32]  # (b, C), the softmax of which are the probabilities of C classes


@dataclass(frozen=True)
class EncoderSpec:
    """Everything that decides an encoder's vectors; kept beside them in the store.

    Attributes:
        name: the feature's name, and its folder in the store.
        dimensions: d, the length of a vector.
        preprocessing: the pixels it takes.
        kind: `histogram` (not negative, sums to 1) or `embedding` (anything else).
        version: raised whenever the same pixels would give other vectors.
        weights: where the weights came from, a name and never a path; empty without.
        weights_digest: BLAKE2b of the weights; empty without.
        in_worker: light enough to run in the processes that decode.
    """

    name: str
    dimensions: int
    preprocessing: Preprocessing
    kind: Literal["embedding", "histogram"] = "embedding"
    version: int = 1
    weights: str = ""
    weights_digest: str = ""
    in_worker: bool = True

    def identity(self) -> dict[str, Any]:
        """Return the part that decides the vectors: not the name of the weights file."""
        return {key: value for key, value in asdict(self).items() if key != "weights"}


def check_finite(name: str, vectors: Iterable[Vectors]) -> None:
    """Raise EncoderError where an encoder gave values that are no numbers."""
    if not all(np.isfinite(block).all() for block in vectors):
        raise EncoderError(
            f"{name} gave vectors with values that are no numbers: its weights may be damaged, or "
            "half precision too small for them (try --device cpu)"
        )


class Encoder(Protocol):
    """Turns pixels into vectors; never sees a path."""

    @property
    def spec(self) -> EncoderSpec:
        """The frozen description of this encoder."""
        ...

    def encode(self, pixels: Pixels) -> Vectors:
        """Return the float32 vectors (b, d) of uint8 pixels (b, crop_px, crop_px, 3)."""
        ...


@dataclass(frozen=True)
class Encoded:
    """What a classifier finds in a batch.

    Attributes:
        vectors: (b, d) float32.
        scores: (b, C) float32.
    """

    vectors: Vectors
    scores: Scores


@runtime_checkable
class Classifier(Encoder, Protocol):
    """An encoder that runs on a device and tells classes apart."""

    @property
    def categories(self) -> tuple[str, ...]:
        """The names of the C classes."""
        ...

    @property
    def ahead(self) -> int:
        """How many batches are to be begun before the first of them is waited for."""
        ...

    def prepare(self, pictures: int, batch: int, compile: Compile, quiet: bool = True) -> str:
        """Get ready for so many pictures; return why it is slower than it could be."""
        ...

    def begin(self, pixels: Pixels) -> Callable[[], Encoded]:
        """Begin a batch of pixels (b, crop_px, crop_px, 3); what is returned waits for it."""
        ...

    @property
    def classifies_vectors(self) -> bool:
        """Whether the scores are a function of the vectors."""
        ...

    def scores(self, vectors: Vectors) -> Scores:
        """Return the scores (m, C) of vectors (m, d), where they are a function of these."""
        ...
