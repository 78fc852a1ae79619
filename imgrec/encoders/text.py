"""Encoders with a text tower: pictures and texts as vectors of one space.

A network that was trained on pictures with their captions has two towers, one for each, whose
vectors can be compared: the nearest pictures to the vector of a text are those it describes.
"""

from collections.abc import Sequence
from typing import Protocol, runtime_checkable

from imgrec.encoders.spec import Encoder, Vectors


@runtime_checkable
class TextEncoder(Encoder, Protocol):
    """An encoder that also encodes texts; `Loader.encodes_text` says so before it is loaded."""

    def encode_text(self, texts: Sequence[str]) -> Vectors:
        """Return the vectors (t, d) of t texts, to be compared by cosine with those of pictures.

        Raises:
            EncoderError: a text cannot be encoded.
        """
        ...
