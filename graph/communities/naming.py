"""Names of communities: what is frequent inside and rare outside."""

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
_LEAST_SHARE = 1 / 3  # of a community: rarer, a word does not name it
_LEAST_COLOR = 1 / 2
_LEAST_LIFT = 1.5  # times as frequent inside as outside
_WORDS = 2
_LONGEST = 32


@dataclass
class Tally:
    """In how many pictures of a community a word, a color, a folder comes."""

    pictures: int = 0
    words: Counter[str] = field(default_factory=Counter)
    colors: Counter[str] = field(default_factory=Counter)
    folders: Counter[str] = field(default_factory=Counter)

    @classmethod
    def of(cls, entries: Iterable[Entry], labels: Mapping[int, Mapping[str, str]]) -> "Tally":
        """Count what is known of some pictures."""
        found = cls()
        for entry in entries:
            found.pictures += 1
            of_one = labels[entry.id]
            found.words.update(named_words(entry, of_one))
            found.colors.update([of_one[COLOR]] if COLOR in of_one else [])
            found.folders.update([of_one[FOLDER]] if FOLDER in of_one else [])
        return found

    def pruned(self) -> "Tally":
        """Leave out what is too rare to name anything: names of single files, most of all."""
        least = max(2, self.pictures // 50) if self.pictures > _WORDS else 1
        self.words = Counter({word: c for word, c in self.words.items() if c >= least})
        return self

    @classmethod
    def joined(cls, tallies: Iterable["Tally"]) -> "Tally":
        """Add up the tallies of the communities within another."""
        found = cls()
        for tally in tallies:
            found.pictures += tally.pictures
            for kind in ("words", "colors", "folders"):
                getattr(found, kind).update(getattr(tally, kind))
        return found


def named_words(entry: Entry, labels: Mapping[str, str]) -> set[str]:
    """Return the words by which a picture may name its community, in lower case."""
    words = {word.casefold() for word in words_of(entry.path)}
    if CLASS in labels:
        words.add(printable(labels[CLASS].partition(",")[0]).strip().casefold()[:_LONGEST])
    return words - {""}


def key_words(own: Tally, whole: Tally) -> list[str]:
    """Return the words that tell a community from the rest of the collection, the best first.

    A word is weighed by p log(p / q), its part of the divergence between the shares of the
    pictures inside (p) and outside (q) that have it; longer ones first where that is equal.
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
    """Return the color of most of a community, None where the others have it as often."""
    scores = _scores(own.colors, own, whole.colors, whole, _LEAST_COLOR)
    return max(scores, key=lambda item: (item[1], item[0]))[0] if scores else None


def names_of(tallies: Mapping[str, Tally], whole: Tally) -> dict[str, str]:
    """Return the names of siblings by their paths, no two alike.

    Args:
        tallies: of each by its path.
        whole: of the collection.
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
    """Return how a community is called of which nothing is known."""
    if path.rpartition(".")[2] == str(LONERS):
        return LONELY
    return f"Community {path}"


def _options(path: str, own: Tally, whole: Tally) -> list[str]:
    """Names for a community, the first choice first; the last is no sibling's."""
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
    """Whether one is part of the other: "york" beside "new york", "shirts" beside "shirt"."""
    return (
        word in other.split(" ")
        or other in word.split(" ")
        or f"{word}s" == other
        or f"{other}s" == word
    )
