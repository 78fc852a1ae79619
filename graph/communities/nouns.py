"""Nouns above classes: what a community of thirty breeds has in common is that they are dogs.

A collection of dogs has many classes of ImageNet, and none of them a large share. So the sums of
the probabilities are added up to the nouns of WordNet above the classes.
"""

from collections.abc import Mapping
from functools import cache

from imgrec.encoders.imagenet import categories
from imgrec.encoders.imagenet.wordnet import nouns

# A noun with more classes says little: "device" has 130, "dog" 118.
_MOST_CLASSES = 120


def noun_sums(classes: Mapping[str, float]) -> dict[str, float]:
    """Return the sum of the probabilities of the classes below each noun.

    Args:
        classes: sums by the name of the class; those that are not of ImageNet add nothing.

    Returns:
        Sums by the id of the noun, of nouns with two classes or more below them.
    """
    found: dict[str, float] = {}
    for name, total in classes.items():
        for key in _above().get(name, ()):
            found[key] = found.get(key, 0.0) + total
    return found


def noun_word(key: str) -> str:
    """Return the commonest word for a noun by its id: the first one that WordNet names."""
    return next(iter(nouns()[key].words))


def breadth(key: str) -> int:
    """Return the number of classes below a noun by its id."""
    return len(nouns()[key].classes)


@cache
def _above() -> dict[str, tuple[str, ...]]:
    """Return the ids of the nouns above each class, by its name."""
    found: dict[str, list[str]] = {name: [] for name in categories()}
    for key, noun in nouns().items():
        if 1 < len(noun.classes) <= _MOST_CLASSES:
            for index in noun.classes:
                found[categories()[index]].append(key)
    return {name: tuple(keys) for name, keys in found.items()}
