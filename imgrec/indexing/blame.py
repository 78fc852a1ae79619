"""Find the pictures that an encoder fails on, so that they cost themselves and no others.

An encoder gets pictures in batches, and one picture can spoil a batch: the encoder raises, or gives
a vector that is not finite. The batch is then encoded picture by picture. A plain gray picture
decides who is to blame: where the encoder fails on that too, it is the encoder (damaged weights, a
device that is gone), and the run ends with its error; otherwise it is the picture.
"""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from imgrec.encoders.classifier import Classifier
from imgrec.encoders.device import Encoded
from imgrec.encoders.spec import Encoder, check_finite
from imgrec.errors import EncoderError, ImgrecError
from imgrec.pictures.preprocessing import Pixels

_GRAY = 128

Encode = Callable[[Pixels], Encoded]


@dataclass(frozen=True)
class Attempt:
    """The results of encoding a batch.

    Attributes:
        encoded: of all b pictures; rows of those that failed mean nothing.
        faults: {row: message} of the pictures that the encoder failed on.
    """

    encoded: Encoded
    faults: Mapping[int, str] = field(default_factory=dict)


def attempt(name: str, first: Callable[[], Encoded], encode: Encode, pixels: Pixels) -> Attempt:
    """Encode a batch; where that fails, encode each of its pictures alone.

    Args:
        name: of the encoder.
        first: returns the result of the whole batch, which may be under way.
        encode: encodes a batch of any length.
        pixels: (b, h, w, 3) uint8, b at least 1.

    Raises:
        EncoderError: the encoder fails on a plain gray picture too.
    """
    try:
        return _checked(name, first(), encode, pixels)
    # An encoder may be of any library, and raise an exception of any type.
    except Exception as error:
        return _one_by_one(name, error, encode, pixels)


def joined_faults(attempts: Iterable[Attempt]) -> dict[int, str]:
    """Return {row: message} of the pictures that any encoder of a batch failed on."""
    return {row: told for made in attempts for row, told in made.faults.items()}


def encode_with(encoder: Encoder, pixels: Pixels) -> Encoded:
    """Encode a batch, with scores from a classifier; for encoders that run in the workers."""
    vectors = encoder.encode(pixels)
    return Encoded(vectors, encoder.scores(vectors) if isinstance(encoder, Classifier) else None)


def _checked(name: str, found: Encoded, encode: Encode, pixels: Pixels) -> Attempt:
    """Return a result with the rows that are not finite as faults."""
    wrong = np.flatnonzero(~_finite(found))
    if len(wrong):
        _probe(name, None, encode, pixels)
    told = f"{name} gave NaN or infinite values (half precision may be too small: --device cpu)"
    return Attempt(found, {int(row): told for row in wrong})


def _one_by_one(name: str, error: Exception, encode: Encode, pixels: Pixels) -> Attempt:
    plain = _probe(name, error, encode, pixels)
    rows, faults = [], {}
    for row in range(len(pixels)):
        try:
            alone = _checked(name, encode(pixels[row : row + 1]), encode, pixels)
            if alone.faults:
                faults[row] = alone.faults[0]
            rows.append(alone.encoded)
        # A shortage of memory is not the picture's fault.
        except MemoryError:
            raise
        except Exception as own:
            faults[row] = f"{name}: {_told(own)}"
            rows.append(plain)
    scores = [row.scores for row in rows if row.scores is not None]
    vectors = np.concatenate([row.vectors for row in rows])
    return Attempt(Encoded(vectors, np.concatenate(scores) if scores else None), faults)


def _probe(name: str, error: Exception | None, encode: Encode, pixels: Pixels) -> Encoded:
    """Encode a plain gray picture, to learn whether the encoder works at all.

    Raises:
        EncoderError: it does not; says what `error` said, if there was one.
    """
    try:
        found = encode(np.full_like(pixels[:1], _GRAY))
    except Exception as own:
        error = error or own
        if isinstance(error, ImgrecError):
            raise error from own
        raise EncoderError(f"{name} failed ({_told(error)})") from error
    check_finite(name, [found.vectors])
    return found


def _finite(found: Encoded) -> NDArray[np.bool_]:
    """Return which rows (b,) of a result hold finite numbers only."""
    finite: NDArray[np.bool_] = np.logical_and.reduce(np.isfinite(found.vectors), axis=1)
    if found.scores is not None:
        finite &= np.logical_and.reduce(np.isfinite(found.scores), axis=1)
    return finite


def _told(error: Exception) -> str:
    return f"{type(error).__name__}: {error}" if str(error) else type(error).__name__
