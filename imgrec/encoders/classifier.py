"""Encoders with a head: the scores of classes beside the vectors.

A classification network is an encoder with one more layer, its head, that turns the vector before
it into a score for each class. Where the head is a linear layer the scores are a function of the
vectors: classes of a picture that was indexed before are computed from its stored vector, and
nothing is decoded again. Where it is not (SqueezeNet averages the scores over the picture), they
exist only while the picture is encoded.
"""

from dataclasses import dataclass
from typing import Protocol, runtime_checkable

import numpy as np
from numpy.typing import NDArray

from imgrec.encoders.spec import Encoder, Vectors

Scores = NDArray[np.float32]  # (b, C), the softmax of which are the probabilities of C classes


@runtime_checkable
class Classifier(Encoder, Protocol):
    """An encoder that also scores classes; it may run in the workers or on a device."""

    @property
    def categories(self) -> tuple[str, ...]:
        """The names of the C classes."""
        ...

    @property
    def classifies_vectors(self) -> bool:
        """True if the scores are a function of the vectors.

        False only for a `DeviceEncoder`, which returns them together with the vectors.
        """
        ...

    def scores(self, vectors: Vectors) -> Scores:
        """Return the scores (m, C) of vectors (m, d); only where `classifies_vectors`."""
        ...


@dataclass(frozen=True)
class LinearHead:
    """The head of a classifier by itself, without the network before it.

    Attributes:
        weights: (C, d) float32.
        biases: (C,) float32.
    """

    weights: NDArray[np.float32]
    biases: NDArray[np.float32]

    def scores(self, vectors: Vectors) -> Scores:
        """Return the scores (m, C) of vectors (m, d), to the last bit the same in any batch.

        BLAS chooses the order of its sums by the shape of a product, by the place of a row in it
        and by the number of threads. Only products of one vector with the matrix are free of
        these, at some 0.05 ms more for each picture.
        """
        scores = np.empty((len(vectors), len(self.biases)), np.float32)
        for row, vector in enumerate(vectors):
            scores[row] = self.weights @ vector
        scores += self.biases
        return scores
