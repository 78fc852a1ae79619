"""The nearest neighbors of every picture, and the smallest of some distances."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from imgrec.collection import Ids
from imgrec.distances.metrics import Distances
from imgrec.distances.order import smallest
from imgrec.errors import StoreError
from imgrec.store.features import positions

# So many values are sorted sooner than the smallest of them are found.
_FEW = 512


@dataclass(frozen=True)
class Neighbors:
    """The k nearest pictures of each of n pictures, nearest first, without the picture itself.

    Attributes:
        ids: (n,) int64, ascending.
        neighbors: (n, k) int64 ids.
        distances: (n, k) float32.
    """

    ids: Ids
    neighbors: Ids
    distances: Distances

    def __post_init__(self) -> None:
        shapes = {self.neighbors.shape, self.distances.shape, (len(self.ids), self.k)}
        if len(shapes) > 1:
            raise StoreError(
                f"neighbors do not match: ids {self.ids.shape}, neighbors "
                f"{self.neighbors.shape}, distances {self.distances.shape}"
            )

    @property
    def k(self) -> int:
        """Number of neighbors of a picture."""
        return int(self.neighbors.shape[1])

    def cut(self, k: int) -> "Neighbors":
        """Return only the k nearest of each picture; all where there are no more."""
        if k >= self.k:
            return self
        return Neighbors(self.ids, self.neighbors[:, :k], self.distances[:, :k])

    def rows(self) -> NDArray[np.intp]:
        """Return the neighbors as positions (n, k) in `ids`.

        Raises:
            StoreError: a neighbor is none of the pictures.
        """
        found = positions(self.ids, self.neighbors.ravel()).reshape(self.neighbors.shape)
        if (found < 0).any():
            stray = self.neighbors[found < 0][0]
            raise StoreError(
                f"the k-NN graph names picture {stray}, which it has no row of: delete the folder "
                "knn of the store and run the same command again, which makes it anew"
            )
        return found


def top_k(distances: NDArray[np.float32], k: int) -> NDArray[np.intp]:
    """Return the positions of the k smallest of (n,) values, ascending; ties keep their order."""
    k = min(k, len(distances))
    if k <= 0:
        return np.zeros(0, np.intp)
    if len(distances) <= _FEW:
        return distances.argsort(kind="stable")[:k]
    _, candidates = smallest(distances, k - 1)
    order = np.argsort(distances[candidates], kind="stable")
    return candidates[order][:k]
