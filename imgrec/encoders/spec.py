"""What an encoder is: a frozen spec and a function from pixel batches to vectors.

An encoder is data plus arrays. The spec binds everything that decides the vectors (name, version,
weights, preprocessing, dimensions) and is stored beside them, so that a stale feature is noticed
and never mixed with a new one. The function is pure: the same pixels give the same vectors, in any
batch. An encoder never sees a path or a store.

Where it runs is one flag of the spec. With `in_worker` it runs inside the processes that decode
pictures; without, the main process runs it in batches, see `imgrec.encoders.device`. Whether it
knows classes is independent of that, see `imgrec.encoders.classifier`.
"""

from collections.abc import Iterable
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, Literal, Protocol

import numpy as np
from numpy.typing import NDArray

from imgrec.errors import EncoderError
from imgrec.pictures.preprocessing import Pixels, Preprocessing

Vectors = NDArray[np.float32]  # (b, d)
Precision = Literal["float32", "int8"]
# How far from 1 the values of a histogram may sum, for those made in half precision.
_SUM_TOLERANCE = 0.01


@dataclass(frozen=True)
class EncoderSpec:
    """Everything that decides an encoder's vectors; stored beside them in `feature.json`.

    Attributes:
        name: the feature's name, and the name of its folder in the store.
        dimensions: d, the length of a vector.
        preprocessing: how a picture becomes the pixels the encoder takes.
        kind: `histogram` (non-negative, sums to 1) or `embedding` (anything else).
        version: raised whenever the same pixels would give other vectors.
        weights: the name of the weights, never a path; empty for an encoder without weights.
        weights_digest: BLAKE2b of the weights file; empty for an encoder without weights.
        in_worker: True if it is light enough to run in the processes that decode; False if the
            main process runs it in batches, on a GPU or on the CPU.
        precision: of the computation, where an encoder has more than one: their vectors are near
            to each other, but not near enough to be neighbors in one feature.
        foreign: True of vectors that were made elsewhere: there is no encoder to make others, and
            the preprocessing means nothing.
    """

    name: str
    dimensions: int
    preprocessing: Preprocessing
    kind: Literal["embedding", "histogram"] = "embedding"
    version: int = 1
    weights: str = ""
    weights_digest: str = ""
    in_worker: bool = True
    precision: Precision = "float32"
    foreign: bool = False

    def identity(self) -> dict[str, Any]:
        """Return the fields that decide the vectors: not where they are made, nor a name."""
        fields = asdict(self)
        return {key: value for key, value in fields.items() if key not in ("weights", "in_worker")}


@dataclass(frozen=True)
class LoadOptions:
    """What an encoder may be loaded with; each takes what has a meaning for it.

    Attributes:
        weights: a file with the weights; None for the encoder's own.
        device: `auto` (CUDA, then MPS, then CPU) or a torch device name.
        bins: of a histogram, for each channel; None for the default.
        like: the spec of stored vectors that the encoder has to reproduce; None for new ones.
    """

    weights: Path | None = None
    device: str = "auto"
    bins: int | None = None
    like: EncoderSpec | None = None


class Encoder(Protocol):
    """Turns pixels into vectors."""

    @property
    def spec(self) -> EncoderSpec:
        """The frozen description of this encoder."""
        ...

    def encode(self, pixels: Pixels) -> Vectors:
        """Return the float32 vectors (b, d) of uint8 RGB pixels (b, crop_px, crop_px, 3)."""
        ...


def check_finite(name: str, vectors: Iterable[Vectors]) -> None:
    """Check that vectors hold no NaN and no infinity.

    Args:
        name: of the encoder that made them.
        vectors: blocks (b, d).

    Raises:
        EncoderError: a value is not finite.
    """
    if not all(np.isfinite(block).all() for block in vectors):
        raise EncoderError(
            f"{name} gave vectors with NaN or infinite values: its weights may be damaged, or half "
            "precision may be too small for them (try --device cpu)"
        )


def check_histograms(name: str, vectors: Vectors) -> None:
    """Check that vectors are histograms; NaN is left to `check_finite`.

    Args:
        name: of the encoder that made them.
        vectors: (b, d).

    Raises:
        EncoderError: a value is negative, or the values of a vector do not sum to 1 within 0.01.
    """
    least, sums = vectors.min(initial=0), vectors.sum(axis=1, dtype=np.float64)
    far = np.abs(sums - 1) > _SUM_TOLERANCE
    if least < 0 or far.any():
        what = f"the negative value {least:.4g}" if least < 0 else f"a sum of {sums[far][0]:.4g}"
        raise EncoderError(
            f"{name} gave a vector with {what}, which is no histogram: give one that is not "
            'negative and sums to 1, or describe the vectors as of kind "embedding"'
        )
