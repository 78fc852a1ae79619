"""How near all pictures of a map are to a question: one byte each, to paint the map with.

In a small store every distance is computed; in a large one they are estimated from the sketch, an
eight-bit copy of the leading axes, which takes a tenth of the time and looks the same.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from imgrec.collection import Ids
from imgrec.distances.metrics import Distances
from imgrec.search.ranking import Ranking
from imgrec.store.features import positions

# The byte of the greatest distance, and that of pictures without one.
FARTHEST = 254
NOT_ASKED = 255
# Float32 values of vectors up to which all are compared: some 80 ms.
MOST_VALUES = 1 << 25


@dataclass(frozen=True)
class Painting:
    """The distances of n pictures to a question.

    Attributes:
        steps: (n,) uint8, 0 for `least` to `FARTHEST` for `greatest`, evenly; `NOT_ASKED` for what
            the filters leave out, what lies beyond the limit, and what is not compared.
        least: distance of the nearest picture that an answer may have; 0 if there is none.
        greatest: distance of the farthest; 0 if there is none.
        exact: False if distances were estimated.
    """

    steps: NDArray[np.uint8]
    least: float
    greatest: float
    exact: bool


def painting_of(
    ranking: Ranking, ids: Ids, within: float | None = None, most_values: int = MOST_VALUES
) -> Painting:
    """Return how far pictures are from a question.

    Its own pictures, which no answer has, are told of too, but set no end of the scale: at 0, they
    would leave most of it empty.

    Args:
        ranking: of the question.
        ids: catalog ids (n,) of the pictures.
        within: the greatest distance; None for no limit.
        most_values: number of values of vectors up to which all are compared.
    """
    rows = positions(ranking.compared.space.ids, ids)
    asked = rows >= 0
    if ranking.question.allowed is not None and len(ranking.question.allowed):
        asked &= ranking.question.allowed[rows]
    distances, exact = _distances(ranking, rows[asked], most_values)
    near = np.ones(len(distances), bool) if within is None else distances <= within
    own = np.isin(rows[asked], ranking.question.left_out)
    least, greatest = _ends(distances[near & ~own])
    steps = np.full(len(ids), NOT_ASKED, np.uint8)
    steps[np.flatnonzero(asked)[near]] = _steps(distances[near], least, greatest)
    return Painting(steps, least, greatest, exact)


def _distances(
    ranking: Ranking, rows: NDArray[np.intp], most_values: int
) -> tuple[Distances, bool]:
    """Return the distances (m,) of some rows, and whether they are exact."""
    space, question = ranking.compared.space, ranking.question
    # The sketch orders pictures by `manhattan`, but in another unit.
    estimated = space.has_estimates and space.metric.norm != 1
    if estimated and len(rows) * space.dimensions > most_values:
        estimates = space.estimates(question.vectors)[:, rows]
        return np.maximum(question.scores(estimates), 0), False
    return ranking.distances(rows), True


def _ends(distances: Distances) -> tuple[float, float]:
    return (float(distances.min()), float(distances.max())) if len(distances) else (0.0, 0.0)


def _steps(distances: Distances, least: float, greatest: float) -> NDArray[np.uint8]:
    scale = FARTHEST / (greatest - least) if greatest > least else 0.0
    steps = np.rint((distances - np.float64(least)) * scale)
    found: NDArray[np.uint8] = np.clip(steps, 0, FARTHEST).astype(np.uint8)
    return found
