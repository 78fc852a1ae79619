"""Names of communities: words of paths, classes and colors, frequent inside and rare outside.

A class counts by its probability, over the five classes that are stored of each picture: a hundred
pictures with a probability of 0.3 count as thirty. So a class that the classifier is not sure of
never names a community, and the words of paths do. Words and classes are ranked by their
contribution to the Kullback-Leibler divergence between the community and the rest of the
collection. Siblings get different names.
"""

import math
from collections import Counter
from collections.abc import Mapping, Sequence
from itertools import chain

from graph.communities.tally import Tally
from graph.communities.tree import LONERS
from imgrec.system.file_names import printable

LONELY = "Loners"
# Least share of a community's pictures that must have a word or a class.
_LEAST_SHARE = 1 / 3
_LEAST_COLOR = 1 / 2
# Least ratio of its frequency inside to that outside.
_LEAST_LIFT = 1.5
# Greatest share of the other pictures that may have it: a folder of most pictures names none.
_MOST_OUTSIDE = 1 / 3
# Pictures of average classes that are added to a community, so that a small one needs surer ones.
_PRIOR = 4
# Of two classes, the second is named too if its score is at least this share of the first's.
_SECOND = 1 / 2
_WORDS = 2
_LONGEST = 32


def key_words(own: Tally, whole: Tally) -> list[str]:
    """Return the words that distinguish a community from the rest, the best first."""
    return [word for _, word in _key_words(own, whole)]


def key_classes(own: Tally, whole: Tally) -> list[str]:
    """Return the classes that distinguish a community from the rest, the best first."""
    return [name for _, name in _key_classes(own, whole)]


def class_name(category: str) -> str:
    """Return a class as a part of a name: of "tabby, tabby cat" the first one."""
    return printable(category.partition(",")[0]).strip()[:_LONGEST]


def key_color(own: Tally, whole: Tally) -> str | None:
    """Return the color of most pictures of a community; None if it is as common outside."""
    scores = _scores(own.colors, own.pictures, whole.colors, whole.pictures, _LEAST_COLOR, 1.0)
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
    lead, second = _lead(own, whole)
    color = key_color(own, whole)
    colors = [color] if color and color not in lead else []
    if not [*lead, *colors]:
        return [plain_name(path)]
    # With a color a name is short if only its first part is kept.
    told = [lead, [*lead[:1], *colors], [*lead, *colors]]
    told += [[*lead[:1], *second], [*lead[:1], *second, *colors]] if second else []
    names = [" · ".join(option) for option in told if option]
    return [*dict.fromkeys(names), f"{names[0]} {path}"]


def _lead(own: Tally, whole: Tally) -> tuple[list[str], list[str]]:
    """Return the main parts of a name, and another one, if any, that tells it from its like.

    The main parts are the best word and the best class, the better one first, unless one says
    what the other does: of "shoes" and "running shoe" only the second is kept.
    """
    words, classes = _key_words(own, whole), _key_classes(own, whole)
    if classes and not words:
        (best, first), *others = classes
        also = [name for score, name in others[:1] if score >= _SECOND * best]
        return [", ".join([first, *also])], []
    parts = sorted([*words[:1], *classes[:1]], key=lambda part: -part[0])
    lead = [text for _, text in parts]
    if len(lead) == 2 and _alike(*lead):
        lead = [max(lead, key=lambda text: len(text.split()))]
    more = chain(words[1:], classes[1:])
    return lead, [text for _, text in more if not any(_alike(text, part) for part in lead)][:1]


def _key_words(own: Tally, whole: Tally) -> list[tuple[float, str]]:
    """Return the best words with their scores; ties go to the longer word."""
    scores = _scores(own.words, own.pictures, whole.words, whole.pictures, _LEAST_SHARE)
    return _told_apart(sorted((-score, -len(word), word) for word, score in scores))


def _key_classes(own: Tally, whole: Tally) -> list[tuple[float, str]]:
    """Return the best classes with their scores.

    The log-odds have an informative prior: the shares of the whole collection, with the weight
    of `_PRIOR` pictures.

    Source: Monroe, Colaresi, Quinn, Fightin' Words, Political Analysis 16 (2008).
    """
    prior = _PRIOR / whole.pictures
    sums = {name: s + prior * whole.classes[name] for name, s in own.classes.items()}
    every = {name: s + prior * s for name, s in whole.classes.items()}
    scores = _scores(sums, own.pictures + _PRIOR, every, whole.pictures + _PRIOR, _LEAST_SHARE)
    named = [(class_name(category), score) for category, score in scores]
    return _told_apart(sorted((-score, -len(name), name) for name, score in named if name))


def _told_apart(ranked: Sequence[tuple[float, int, str]]) -> list[tuple[float, str]]:
    """Return the best `_WORDS` of ranked texts (-score, -length, text) that differ in words."""
    found: list[tuple[float, str]] = []
    for score, _, text in ranked:
        if not any(_alike(text, other) for _, other in found):
            found.append((-score, text))
    return found[:_WORDS]


def _scores(
    counts: Mapping[str, float],
    pictures: int,
    everywhere: Mapping[str, float],
    whole: int,
    least: float,
    most_outside: float = _MOST_OUTSIDE,
) -> list[tuple[str, float]]:
    """Return the texts that are frequent inside and rare outside, with their scores.

    The score is p log(p / q), the text's term of the Kullback-Leibler divergence, where p and q
    are the shares of pictures inside and outside that have it.
    """
    found = []
    for text, count in counts.items():
        inside = count / pictures
        outside = (everywhere[text] - count + 0.5) / (whole - pictures + 1)
        distinct = outside <= most_outside and inside >= _LEAST_LIFT * outside
        if inside >= least and distinct:
            found.append((text, inside * math.log(inside / outside)))
    return found


def _alike(text: str, other: str) -> bool:
    """Return True if one text has all words of the other: "shoes" and "running shoe"."""
    one, two = ({word.removesuffix("s") for word in t.casefold().split()} for t in (text, other))
    return one <= two or two <= one
