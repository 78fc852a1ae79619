"""The few pictures that stand for many: the medoids of clusters of their vectors.

A medoid is the picture of a cluster whose distances to the others have the least sum. Under cosine
that is the one nearest to their mean direction, since the sum over y of 1 - x·y is m - x·(sum of
y); so k-medoids needs no matrix of distances.

Source: L. Kaufman, P. J. Rousseeuw, "Clustering by Means of Medoids" (1987); the alternating
algorithm of H.-S. Park, C.-H. Jun, Expert Systems with Applications 36 (2009); seeds farthest
first, T. F. Gonzalez, Theoretical Computer Science 38 (1985).
"""

import numpy as np
from numpy.typing import NDArray

from imgrec.distances.metrics import scaled
from imgrec.encoders.spec import Vectors

# Pictures whose vectors are compared; of more an even sample is.
MOST_COMPARED = 4096
_ROUNDS = 12


def medoids_of(vectors: Vectors, k: int) -> NDArray[np.intp]:
    """Return the rows of up to k medoids, that of the largest cluster first.

    Fewer are returned where fewer vectors differ. The same vectors give the same rows.

    Args:
        vectors: (m, d), of any length.
        k: number of clusters.
    """
    if not len(vectors):
        return np.zeros(0, np.intp)
    unit = scaled(vectors, 2)  # (m, d)
    medoids = _spread(unit, k)
    for _ in range(_ROUNDS):
        clusters = _clusters(unit, medoids)
        found = np.array([_medoid(unit, clusters == c) for c in _numbers(clusters)], np.intp)
        if np.array_equal(found, medoids):
            break
        medoids = found
    sizes = np.bincount(_clusters(unit, medoids), minlength=len(medoids))
    return medoids[np.argsort(-sizes, kind="stable")]


def sampled(count: int, most: int = MOST_COMPARED) -> NDArray[np.intp]:
    """Return all places of `count`, or `most` of them, evenly spread."""
    if count <= most:
        return np.arange(count)
    return (np.arange(most, dtype=np.int64) * count) // most


def _spread(unit: Vectors, k: int) -> NDArray[np.intp]:
    """Return the medoid of all, then up to k - 1 rows, each the farthest from those before."""
    chosen = [_medoid(unit, np.ones(len(unit), bool))]
    nearest = unit @ unit[chosen[0]]
    while len(chosen) < k:
        farthest = int(nearest.argmin())
        # What is left are copies of what was chosen.
        if nearest[farthest] > 1 - 1e-6:
            break
        chosen.append(farthest)
        nearest = np.maximum(nearest, unit @ unit[farthest])
    return np.array(chosen, np.intp)


def _clusters(unit: Vectors, medoids: NDArray[np.intp]) -> NDArray[np.intp]:
    """Return the number (m,) of the nearest medoid of each row."""
    clusters: NDArray[np.intp] = (unit @ unit[medoids].T).argmax(axis=1)
    return clusters


def _numbers(clusters: NDArray[np.intp]) -> list[int]:
    """Return the clusters that have members: a medoid may become a copy of another."""
    return sorted({*clusters.tolist()})


def _medoid(unit: Vectors, members: NDArray[np.bool_]) -> int:
    """Return the row of the medoid of a cluster."""
    rows = np.flatnonzero(members)
    return int(rows[(unit[rows] @ unit[rows].sum(axis=0)).argmax()])
