"""Classes as a report tells them: the most frequent, and where two classifiers agree."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from imgrec.collection import Ids
from imgrec.store.classes import Classes
from imgrec.store.features import positions

MOST = 50
_MOST_COMPARED = 20
_MOST_PAIRS, EXAMPLES = 8, 8


@dataclass(frozen=True)
class Frequency:
    """How often a class was seen.

    Attributes:
        name: of the class.
        first: pictures of which it is the most probable class.
        among: pictures of which it is among the five most probable.
        example: the picture that is most probably of it.
        confidence: how probable that is, 0 to 1.
    """

    name: str
    first: int
    among: int
    example: int
    confidence: float


@dataclass(frozen=True)
class Disagreement:
    """Pictures that two classifiers see otherwise.

    Attributes:
        one: what the first sees.
        other: what the second sees.
        count: of the pictures.
        examples: ids, the ones first of which both are surest.
    """

    one: str
    other: str
    count: int
    examples: tuple[int, ...]


@dataclass(frozen=True)
class Comparison:
    """Two classifiers on the same pictures.

    Attributes:
        one: the name of the first.
        other: the name of the second.
        pictures: that both have seen.
        same: of which their most probable class is the same.
        within: of which that of the first is among the five of the second.
        by_class: (name, pictures of which it is the first's class, of these the same), the
            most frequent first.
        disagreements: the most frequent first.
    """

    one: str
    other: str
    pictures: int
    same: int
    within: int
    by_class: tuple[tuple[str, int, int], ...]
    disagreements: tuple[Disagreement, ...]


def frequencies_of(classes: Classes, most: int = MOST) -> list[Frequency]:
    """Return the most frequent classes; of equally frequent ones those among more fives first."""
    count = len(classes.categories)
    first = np.bincount(classes.top[:, 0], minlength=count)
    among = np.bincount(classes.top.ravel(), minlength=count)
    order = np.lexsort((np.arange(count), -among, -first))[:most]
    return [
        Frequency(classes.categories[code], int(first[code]), int(among[code]),
            *_surest(classes, int(code)))
        for code in order.tolist() if first[code]
    ]  # fmt: skip


def compare(one: Classes, other: Classes) -> Comparison:
    """Compare two classifiers by the names of their classes."""
    rows = positions(other.ids, one.ids)
    left, right = np.flatnonzero(rows >= 0), rows[rows >= 0]
    ids = one.ids[left]
    codes = {name: code for code, name in enumerate(one.categories)}
    beyond = len(one.categories)
    meaning = np.array([codes.get(name, beyond + i) for i, name in enumerate(other.categories)])
    firsts, seconds = one.top[left, 0].astype(np.int64), meaning[other.top[right, 0]]
    same = firsts == seconds
    within = (meaning[other.top[right]] == firsts[:, None]).any(axis=1)
    sure = np.minimum(one.probabilities[left, 0], other.probabilities[right, 0])
    names = [*one.categories, *other.categories]
    return Comparison(
        one.encoder,
        other.encoder,
        len(ids),
        int(same.sum()),
        int(within.sum()),
        _by_class(firsts, same, one.categories),
        _disagreements(ids, firsts, seconds, sure, names),
    )


def _surest(classes: Classes, code: int) -> tuple[int, float]:
    """Return the picture with the highest probability of a class that is its first."""
    rows = np.flatnonzero(classes.top[:, 0] == code)
    best = rows[classes.probabilities[rows, 0].argmax()]  # of equals the smallest id
    return int(classes.ids[best]), float(classes.probabilities[best, 0])


def _by_class(
    firsts: NDArray[np.int64], same: NDArray[np.bool_], categories: tuple[str, ...]
) -> tuple[tuple[str, int, int], ...]:
    counts = np.bincount(firsts, minlength=len(categories))
    agreed = np.bincount(firsts[same], minlength=len(categories))
    order = np.lexsort((np.arange(len(categories)), -counts))[:_MOST_COMPARED].tolist()
    return tuple((categories[c], int(counts[c]), int(agreed[c])) for c in order if counts[c])


def _disagreements(
    ids: Ids,
    firsts: NDArray[np.int64],
    seconds: NDArray[np.int64],
    sure: NDArray[np.float32],
    names: list[str],
) -> tuple[Disagreement, ...]:
    differ = np.flatnonzero(firsts != seconds)
    keys = firsts[differ] * len(names) + seconds[differ]
    pairs, counts = np.unique(keys, return_counts=True)
    found = []
    for place in np.lexsort((pairs, -counts))[:_MOST_PAIRS].tolist():
        rows = differ[keys == pairs[place]]
        examples = ids[rows[np.lexsort((ids[rows], -sure[rows]))[:EXAMPLES]]]
        first, second = divmod(int(pairs[place]), len(names))
        found.append(
            Disagreement(names[first], names[second], int(counts[place]), tuple(examples.tolist()))
        )
    return tuple(found)
