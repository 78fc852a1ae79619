"""Counts of what the pictures of a community have in common: words, classes, colors, folders.

Names are chosen from these counts (`graph.communities.naming`). Tallies add up: that of a community
is the sum of those of its children.
"""

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from functools import cached_property

import numpy as np

from graph.communities.date_words import date_words
from graph.communities.nouns import noun_sums
from imgrec.collection import Entry, Ids
from imgrec.collection.kinds import COLOR, FOLDER
from imgrec.collection.path_words import words_of
from imgrec.store.classes import Classes
from imgrec.store.features import positions

# Classes with a smaller sum of probabilities are forgotten.
_LEAST_SUM = 0.05
# Up to so many pictures, every word counts.
_FEW = 2

# Sums of the probabilities of each class over some pictures, by name.
ClassSums = Mapping[str, float]


@dataclass
class Tally:
    """Numbers of pictures of a community that have each word, color and folder.

    Attributes:
        pictures: number of pictures.
        words: of their paths, in lower case.
        colors: color words.
        dates: days, months and years in which they were taken, as words.
        folders: names of folders.
        classes: sum of the probabilities of each class.
    """

    pictures: int = 0
    words: Counter[str] = field(default_factory=Counter)
    colors: Counter[str] = field(default_factory=Counter)
    folders: Counter[str] = field(default_factory=Counter)
    classes: dict[str, float] = field(default_factory=dict)
    dates: Counter[str] = field(default_factory=Counter)

    @cached_property
    def nouns(self) -> dict[str, float]:
        """The sum of the probabilities of the classes below each noun, by its id."""
        return noun_sums(self.classes)

    @classmethod
    def of(
        cls,
        entries: Iterable[Entry],
        labels: Mapping[int, Mapping[str, str]],
        classes: ClassSums | None = None,
        taken: Mapping[int, str] | None = None,
    ) -> "Tally":
        """Count the words, colors, folders and dates of some pictures.

        Args:
            entries: of the pictures.
            labels: their labels, by id and kind.
            classes: sums over these pictures; None if the store has no classes.
            taken: when pictures were taken, by id; None for nowhere told.
        """
        found = cls(classes=dict(classes or {}))
        for entry in entries:
            found.pictures += 1
            of_one = labels[entry.id]
            found.words.update(path_words(entry))
            found.colors.update([of_one[COLOR]] if COLOR in of_one else [])
            found.folders.update([of_one[FOLDER]] if FOLDER in of_one else [])
            found.dates.update(date_words((taken or {}).get(entry.id, "")))
        return found

    def pruned(self) -> "Tally":
        """Return the tally without words too rare to name anything, such as those of one file."""
        least = max(2, self.pictures // 50) if self.pictures > _FEW else 1
        self.words = Counter({word: c for word, c in self.words.items() if c >= least})
        self.dates = Counter({word: c for word, c in self.dates.items() if c >= least})
        self.classes = {name: s for name, s in self.classes.items() if s >= _LEAST_SUM}
        return self

    @classmethod
    def joined(cls, tallies: Iterable["Tally"]) -> "Tally":
        """Return the sum of several tallies."""
        found = cls()
        for tally in tallies:
            found.pictures += tally.pictures
            for kind in ("words", "colors", "folders", "dates"):
                getattr(found, kind).update(getattr(tally, kind))
            for name, total in tally.classes.items():
                found.classes[name] = found.classes.get(name, 0.0) + total
        return found


def path_words(entry: Entry) -> set[str]:
    """Return the words of a picture's path that may name its community, in lower case."""
    return {word.casefold() for word in words_of(entry.path)} - {""}


def class_sums(classes: Classes, ids: Ids) -> dict[str, float]:
    """Return the sum of the probabilities of each class over some pictures, by name.

    Args:
        classes: the most probable classes of the pictures of a store.
        ids: (m,) of the pictures; those without classes add nothing.
    """
    rows = positions(classes.ids, ids)
    rows = rows[rows >= 0]
    codes = classes.top[rows].ravel()
    sums = np.bincount(codes, classes.probabilities[rows].ravel())
    found: dict[str, float] = {}
    for code in np.flatnonzero(sums).tolist():
        # Two classes of ImageNet may have the same name: crane.
        name = classes.categories[code]
        found[name] = found.get(name, 0.0) + float(sums[code])
    return found
