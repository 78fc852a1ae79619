"""How many pictures lie how far from a question, for a limit of distance.

In a small store every distance is computed. In a large one those of an even sample of the pictures
are, and their number is scaled up: the shape is what a person needs to choose a limit.
"""

import numpy as np
from numpy.typing import NDArray

from imgrec.distances.metrics import Distances
from imgrec.search.ranking import Ranking
from imgrec.serving.answers import Histogram

BINS = 40
# Float32 values up to which all are compared, and those of a sample: some 20 ms.
MOST_VALUES = 1 << 23


def histogram_of(ranking: Ranking, most_values: int = MOST_VALUES) -> Histogram:
    """Return the histogram of the distances to a question.

    The bins are equally wide, from 0 to the greatest distance.

    Args:
        ranking: of the question.
        most_values: number of values of vectors that are read.
    """
    rows = ranking.rows()
    most = max(1, most_values // ranking.compared.space.dimensions)
    sample = rows if len(rows) <= most else rows[_evenly(len(rows), most)]
    distances = ranking.distances(sample)
    if ranking.question.fuse == "rank" and ranking.question.count > 1 and len(sample):
        # Mean ranks within the sample.
        distances = distances * np.float32(len(rows) / len(sample))
    counts, edges = _counted(distances)
    return Histogram(
        edges=edges.tolist(),
        counts=_scaled(counts, len(rows)).tolist(),
        images=ranking.searched,
        exact=len(sample) == len(rows),
    )


def _evenly(count: int, most: int) -> NDArray[np.int64]:
    """Return `most` places of `count`, evenly spread and the same each time."""
    return (np.arange(most, dtype=np.int64) * count) // most


def _counted(distances: Distances) -> tuple[NDArray[np.int64], NDArray[np.float64]]:
    greatest = float(distances.max(initial=0))
    counts, edges = np.histogram(distances, BINS, (0, greatest if greatest > 0 else 1.0))
    return counts.astype(np.int64), edges.astype(np.float64)


def _scaled(counts: NDArray[np.int64], total: int) -> NDArray[np.int64]:
    """Return counts scaled so that their sum is `total`, each to the nearest that allows it."""
    there = int(counts.sum())
    if there in (0, total):
        return counts
    ends = np.rint(np.cumsum(counts) * (total / there)).astype(np.int64)
    scaled: NDArray[np.int64] = np.diff(ends, prepend=0)
    return scaled
