"""The nouns of WordNet at and above the classes of ImageNet, from the tables beside this module.

`tools/imagenet_words.py` makes the tables and says what is in them. A class is a noun, and the
nouns above it (its hypernyms) are found by going up: a beagle is a hound, a dog, an animal.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cache
from importlib.resources import files


@dataclass(frozen=True)
class Noun:
    """A noun of WordNet (a synset) that is a class of ImageNet or has classes below it.

    Attributes:
        id: in WordNet 3.0, such as n02084071.
        words: its synonyms; the number is the sense of a word that stands for this noun, and 0
            for a word that stands for another one.
        above: ids of its hypernyms.
        classes: the indices of the classes at or below it, ascending.
    """

    id: str
    words: Mapping[str, int]
    above: tuple[str, ...]
    classes: tuple[int, ...]

    @property
    def names(self) -> list[str]:
        """The words that stand for this noun."""
        return [word for word, sense in self.words.items() if sense]


@cache
def nouns() -> Mapping[str, Noun]:
    """Return the nouns with classes by their id."""
    rows = {key: (tuple(above.split()), words) for key, above, words in _rows("nouns.txt")}
    below: dict[str, list[int]] = {key: [] for key in rows}
    for index, wnid in enumerate(wnids()):
        waiting, seen = [wnid], {wnid}
        while waiting:
            key = waiting.pop()
            below[key].append(index)
            higher = [one for one in rows[key][0] if one not in seen]
            seen.update(higher)
            waiting += higher
    return {
        key: Noun(key, _numbered(words), above, tuple(below[key]))
        for key, (above, words) in rows.items()
    }


@cache
def wnids() -> tuple[str, ...]:
    """Return the WordNet ids of the 1,000 classes, in the order of the classes."""
    return tuple(files(__package__).joinpath("wnids.txt").read_text("utf-8").split())


@cache
def relatives() -> Mapping[str, str]:
    """Return for words without a class the id of the nearest noun above that has classes."""
    return {word: key for key, words in _rows("relatives.txt") for word in words.split()}


@cache
def irregular_plurals() -> Mapping[str, tuple[str, ...]]:
    """Return the singulars of plurals that follow no rule."""
    return {plural: tuple(singulars.split()) for plural, singulars in _rows("plurals.txt")}


def _rows(name: str) -> Iterator[list[str]]:
    text = files(__package__).joinpath("wordnet", name).read_text("utf-8")
    return (line.split("\t") for line in text.splitlines())


def _numbered(words: str) -> dict[str, int]:
    pairs = (word.partition("#") for word in words.split(", "))
    return {word: int(sense or 0) for word, _, sense in pairs}
