"""Statistics of predicted classes: the most frequent ones, and the agreement of two classifiers.

Classifiers are compared by the names of their classes, so they may have different lists of them.
"Top five" are the five most probable classes of a picture.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from imgrec.collection import Ids
from imgrec.store.classes import Classes
from imgrec.store.features import positions

MOST = 50
_MOST_COMPARED = 20
_MOST_PAIRS, EXAMPLES = 8, 8
_EXAMPLES_OF_ONE = 4


@dataclass(frozen=True)
class Frequency:
    """How often a class was predicted.

    Attributes:
        name: of the class.
        first: number of pictures whose most probable class it is.
        among: number of pictures that have it among their top five.
        examples: ids of the pictures of `first` for which it is most probable.
        confidence: its mean probability for the pictures of `first`, 0 to 1.
    """

    name: str
    first: int
    among: int
    examples: tuple[int, ...]
    confidence: float


@dataclass(frozen=True)
class Disagreement:
    """A pair of different classes that two classifiers predict for the same pictures.

    Attributes:
        one: class by the first classifier.
        other: class by the second classifier.
        count: number of pictures.
        examples: picture ids, those first for which both classifiers are most confident.
    """

    one: str
    other: str
    count: int
    examples: tuple[int, ...]


@dataclass(frozen=True)
class Comparison:
    """The agreement of two classifiers on the pictures that both have classified.

    Attributes:
        one: name of the first classifier.
        other: name of the second classifier.
        pictures: number of pictures that both have classified.
        same: number of these with the same most probable class.
        within: number of these with the first's class among the second's top five.
        by_class: (class by the first, number of pictures, number of these that agree), in
            descending order of frequency.
        disagreements: in descending order of frequency.
    """

    one: str
    other: str
    pictures: int
    same: int
    within: int
    by_class: tuple[tuple[str, int, int], ...]
    disagreements: tuple[Disagreement, ...]


def frequencies_of(classes: Classes, most: int = MOST) -> list[Frequency]:
    """Return the most frequent classes, ties by how often each is among the top five."""
    count = len(classes.categories)
    first = np.bincount(classes.top[:, 0], minlength=count)
    among = np.bincount(classes.top.ravel(), minlength=count)
    order = np.lexsort((np.arange(count), -among, -first))[:most]
    return [
        Frequency(classes.categories[code], int(first[code]), int(among[code]),
            *_surest(classes, code))
        for code in order.tolist() if first[code]
    ]  # fmt: skip


def compare(one: Classes, other: Classes) -> Comparison:
    """Compare the predictions of two classifiers by class name."""
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


def _surest(classes: Classes, code: int) -> tuple[tuple[int, ...], float]:
    """Return the most confident pictures of those with a class first, and its mean probability."""
    rows = np.flatnonzero(classes.top[:, 0] == code)
    sure = classes.probabilities[rows, 0]
    # Ids ascend, and the sort is stable: ties go to the smallest id.
    best = rows[np.argsort(-sure, kind="stable")[:_EXAMPLES_OF_ONE]]
    return tuple(classes.ids[best].tolist()), float(sure.mean(dtype=np.float64))


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
