"""Encoders of words: texts and pictures as vectors of one space.

Where a network was trained on pictures and their captions, the vector of a text is near those of
the pictures it describes. A query by words then is a query by vectors.
"""

from collections.abc import Sequence
from typing import Protocol, runtime_checkable

from imgrec.encoders.spec import Encoder, Vectors


@runtime_checkable
class TextEncoder(Encoder, Protocol):
    """An encoder whose vectors of texts and of pictures can be compared by cosine."""

    def encode_text(self, texts: Sequence[str]) -> Vectors:
        """Return the float32 unit vectors (t, d) of t texts.

        Raises:
            EncoderError: its tokenizer or its text network cannot be used.
        """
        ...
