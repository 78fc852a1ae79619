"""Names of communities: words of paths, labels and colors, frequent inside and rare outside.

Words are ranked by their contribution to the Kullback-Leibler divergence between the community and
the rest of the collection. Siblings get different names.
"""

import math
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field

from graph.communities.path_words import words_of
from graph.communities.tree import LONERS
from imgrec.collection import Entry
from imgrec.collection.kinds import CLASS, COLOR, FOLDER
from imgrec.system.file_names import printable

LONELY = "Loners"
# Least share of a community's pictures that must have a word.
_LEAST_SHARE = 1 / 3
_LEAST_COLOR = 1 / 2
# Least ratio of its frequency inside to that outside.
_LEAST_LIFT = 1.5
_WORDS = 2
_LONGEST = 32


@dataclass
class Tally:
    """Numbers of pictures of a community that have each word, color and folder."""

    pictures: int = 0
    words: Counter[str] = field(default_factory=Counter)
    colors: Counter[str] = field(default_factory=Counter)
    folders: Counter[str] = field(default_factory=Counter)

    @classmethod
    def of(cls, entries: Iterable[Entry], labels: Mapping[int, Mapping[str, str]]) -> "Tally":
        """Count the words, colors and folders of some pictures."""
        found = cls()
        for entry in entries:
            found.pictures += 1
            of_one = labels[entry.id]
            found.words.update(named_words(entry, of_one))
            found.colors.update([of_one[COLOR]] if COLOR in of_one else [])
            found.folders.update([of_one[FOLDER]] if FOLDER in of_one else [])
        return found

    def pruned(self) -> "Tally":
        """Return the tally without words too rare to name anything, such as those of one file."""
        least = max(2, self.pictures // 50) if self.pictures > _WORDS else 1
        self.words = Counter({word: c for word, c in self.words.items() if c >= least})
        return self

    @classmethod
    def joined(cls, tallies: Iterable["Tally"]) -> "Tally":
        """Return the sum of several tallies."""
        found = cls()
        for tally in tallies:
            found.pictures += tally.pictures
            for kind in ("words", "colors", "folders"):
                getattr(found, kind).update(getattr(tally, kind))
        return found


def named_words(entry: Entry, labels: Mapping[str, str]) -> set[str]:
    """Return the words of a picture that may name its community, in lower case."""
    words = {word.casefold() for word in words_of(entry.path)}
    if CLASS in labels:
        words.add(printable(labels[CLASS].partition(",")[0]).strip().casefold()[:_LONGEST])
    return words - {""}


def key_words(own: Tally, whole: Tally) -> list[str]:
    """Return the words that distinguish a community from the rest, the best first.

    The weight of a word is p log(p / q), its term of the Kullback-Leibler divergence, where p and
    q are the shares of pictures inside and outside that have it; ties go to the longer word.
    """
    ranked = sorted(
        (-score, -len(word), word)
        for word, score in _scores(own.words, own, whole.words, whole, _LEAST_SHARE)
    )
    found: list[str] = []
    for *_, word in ranked:
        if not any(_shares_letters(word, other) for other in found):
            found.append(word)
    return found[:_WORDS]


def key_color(own: Tally, whole: Tally) -> str | None:
    """Return the color of most pictures of a community; None if it is as common outside."""
    scores = _scores(own.colors, own, whole.colors, whole, _LEAST_COLOR)
    return max(scores, key=lambda item: (item[1], item[0]))[0] if scores else None


def names_of(tallies: Mapping[str, Tally], whole: Tally) -> dict[str, str]:
    """Return unique names for siblings, by path.

    Args:
        tallies: the tally of each sibling, by path.
        whole: the tally of the whole collection.
    """
    options = {path: _options(path, tally, whole) for path, tally in tallies.items()}
    place = dict.fromkeys(options, 0)
    while True:
        chosen = {path: options[path][place[path]] for path in options}
        counts = Counter(name.casefold() for name in chosen.values())
        alike = [path for path, name in chosen.items() if counts[name.casefold()] > 1]
        if not alike:
            return chosen
        for path in alike:
            place[path] = min(place[path] + 1, len(options[path]) - 1)


def plain_name(path: str) -> str:
    """Return the name of a community without distinguishing words: its number."""
    if path.rpartition(".")[2] == str(LONERS):
        return LONELY
    return f"Community {path}"


def _options(path: str, own: Tally, whole: Tally) -> list[str]:
    """Return candidate names, best first; the last one is unique among siblings."""
    if path.rpartition(".")[2] == str(LONERS):
        return [plain_name(path)]
    words, color = key_words(own, whole), key_color(own, whole)
    told = [*words[:1], *([color] if color and color not in words else [])]
    if not told:
        return [plain_name(path)]
    with_second = [*words, *told[1:]] if words else told
    options: list[Sequence[str]] = [told[:1], told, words, with_second]
    names = [" · ".join(option) for option in options if option]
    return [*dict.fromkeys(names), f"{names[0]} {path}"]


def _scores(
    counts: Counter[str], own: Tally, everywhere: Counter[str], whole: Tally, least: float
) -> list[tuple[str, float]]:
    found = []
    for word, count in counts.items():
        inside = count / own.pictures
        outside = (everywhere[word] - count + 0.5) / (whole.pictures - own.pictures + 1)
        if inside >= least and inside >= _LEAST_LIFT * outside:
            found.append((word, inside * math.log(inside / outside)))
    return found


def _shares_letters(word: str, other: str) -> bool:
    """Return True if one word is part of the other: "york" and "new york", "shirt" and "shirts"."""
    return (
        word in other.split(" ")
        or other in word.split(" ")
        or f"{word}s" == other
        or f"{other}s" == word
    )
