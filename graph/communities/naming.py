"""Names of communities: words of paths, classes, colors and dates, frequent inside, rare outside.

A class counts by its probability, over the five classes that are stored of each picture: a hundred
pictures with a probability of 0.3 count as thirty. So a class that the classifier is not sure of
never names a community, and the words of paths do. Where there are none, a noun above the classes
may: of thirty breeds, each with a small share, "dog" has a large one. Where nothing is sure, a
class or noun with a smaller share names it, if it is far more frequent inside; then the date of
most pictures, then the color of many; then two words that are no more frequent than elsewhere.
Texts are ranked by their contribution to the Kullback-Leibler divergence between the community and
the rest of the collection. Siblings get different words where anything tells them apart: a weaker
text that one of them has and its namesakes lack is added, or, where there is none, one that is more
frequent in it than in its namesakes. The full name ends in the path of the
community, which no other has (`imgrec.labels.community_names`).
"""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

from graph.communities.nouns import breadth, noun_word
from graph.communities.tally import Tally
from imgrec.labels.community_names import is_lonely
from imgrec.system.file_names import printable

# Least share of a community's pictures that must have a text.
_LEAST_SHARE = 1 / 3
_LEAST_COLOR = 1 / 2
# The same of a class that is named beside a word, and of each of two classes named together.
_LEAST_BESIDE, _LEAST_OF_TWO = 1 / 2, 1 / 8
# The same where nothing else names a community, and how much more frequent inside it must be.
_LEAST_WEAK, _WEAK_LIFT = 1 / 5, 3
_LEAST_WEAK_COLOR = 1 / 4
# The same of two words together, where nothing tells the community from the others.
_LEAST_MIXED = 1 / 2
# Of a date: that of a journey or an event, which is not that of most other pictures.
_LEAST_DATE = 1 / 2
# A noun is taken instead of a class if its score is so many times as high.
_CLEARLY = 1.5
# Of nouns with nearly the best score, the one with the fewest classes is taken: of "measuring
# instrument" and "clock" the second.
_NEARLY = 0.95
# The same of a text that only tells a community from its namesakes.
_LEAST_TELLING = 1 / 4
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


@dataclass(frozen=True)
class _Text:
    """A word, class or color that may name a community.

    Attributes:
        text: as shown.
        share: of the community's pictures, 0 to 1.
        score: how much it tells about the community.
    """

    text: str
    share: float
    score: float


def key_words(own: Tally, whole: Tally) -> list[str]:
    """Return the words that distinguish a community from the rest, the best first."""
    return [found.text for found in _words(own, whole, _LEAST_SHARE)[:_WORDS]]


def key_classes(own: Tally, whole: Tally) -> list[str]:
    """Return the classes that distinguish a community from the rest, the best first.

    Each has a third of the probability inside; or the best two together have.
    """
    found = _classes(own, whole, _LEAST_OF_TWO)
    sure = [one.text for one in found if one.share >= _LEAST_SHARE]
    two = found[:2]
    if not sure and len(two) == 2 and two[0].share + two[1].share >= _LEAST_SHARE:
        return [one.text for one in two]
    return sure[:_WORDS]


def class_name(category: str) -> str:
    """Return a class as a part of a name: of "tabby, tabby cat" the first one."""
    return printable(category.partition(",")[0]).strip()[:_LONGEST]


def key_color(own: Tally, whole: Tally) -> str | None:
    """Return the color of most pictures of a community; None if it is as common outside."""
    found = _colors(own, whole, _LEAST_COLOR)
    return found[0].text if found else None


def words_of_siblings(tallies: Mapping[str, Tally], whole: Tally) -> dict[str, str]:
    """Return the words of the names of siblings, by path; "" for one that nothing distinguishes.

    They differ, unless nothing tells two siblings apart.

    Args:
        tallies: the tally of each sibling, by path.
        whole: the tally of the whole collection.
    """
    options = {path: _options(path, tally, whole) for path, tally in tallies.items()}
    firsts = [texts[0].casefold() for texts in options.values()]
    for path, texts in options.items():
        namesakes = [
            tallies[other] for other, first in zip(options, firsts, strict=True)
            if texts[0] and other != path and first == texts[0].casefold()
        ]  # fmt: skip
        if namesakes:
            told = _telling(texts[0], tallies[path], Tally.joined([tallies[path], *namesakes]))
            texts += [f"{texts[0]} · {text}" for text in told]
    place = dict.fromkeys(options, 0)
    while True:
        chosen = {path: options[path][place[path]] for path in options}
        by_words: dict[str, list[str]] = {}
        for path, words in chosen.items():
            by_words.setdefault(words.casefold(), []).append(path)
        # Those that have more to offer move on; one that has not keeps its words.
        moved = [
            path
            for paths in by_words.values()
            if len(paths) > 1
            for path in paths
            if place[path] < len(options[path]) - 1
        ]
        if not moved:
            break
        for path in moved:
            place[path] += 1
    leads = {path: texts[0] for path, texts in options.items()}
    return chosen | _contrasted(chosen, leads, tallies)


def _contrasted(
    chosen: Mapping[str, str], leads: Mapping[str, str], tallies: Mapping[str, Tally]
) -> dict[str, str]:
    """Return other words, by path, for siblings whose words are the same in spite of all options.

    A text that is clearly more frequent in one of them than in its namesakes is added to its lead,
    however frequent it is in the rest of the collection: where both are gray, one has more red.

    Args:
        chosen: the words of all siblings, by path.
        leads: the main part of each name.
        tallies: of the siblings.
    """
    used = {words.casefold() for words in chosen.values()}
    found: dict[str, str] = {}
    for path, words in chosen.items():
        namesakes = [
            tallies[other] for other, same in chosen.items()
            if other != path and words and same.casefold() == words.casefold()
        ]  # fmt: skip
        if not namesakes:
            continue
        own, lead = tallies[path], leads[path]
        alike = Tally.joined([own, *namesakes])
        told = [f"{lead} · {text}" for text in _telling(words, own, alike, clearly=False)]
        new = next((name for name in told if name.casefold() not in used), None)
        if new is not None:
            found[path] = new
            used.add(new.casefold())
    return found


def _options(path: str, own: Tally, whole: Tally) -> list[str]:
    """Return candidate words, best first; at least one, which may be ""."""
    if is_lonely(path):
        return [""]
    lead, second = _lead(own, whole)
    color = key_color(own, whole)
    colors = [color] if color and color not in lead else []
    dates = [found.text for found in _dates(own, whole)[:1]]
    if not [*lead, *colors]:
        lead = _weak_lead(own, whole) or dates or _weak_color(own, whole) or _mixed(own, whole)
    if not [*lead, *colors]:
        return [""]
    # With a color a name is short if only its first part is kept.
    told = [lead, *([[*lead[:1], *colors], [*lead, *colors]] if colors else [])]
    told += [[*lead[:1], *second], [*lead[:1], *second, *colors]] if second else []
    told += [[*(lead[:1] or colors), *dates]] if dates and dates != lead else []
    return list(dict.fromkeys(" · ".join(option) for option in told if option))


def _weak_lead(own: Tally, whole: Tally) -> list[str]:
    """Return the noun or class of a fifth of the probability, if it is rare in other pictures."""
    found = [*_classes(own, whole, _LEAST_WEAK)[:1]]
    noun = _noun(own, whole, _LEAST_WEAK)
    if noun and (not found or noun.score > _CLEARLY * found[0].score):
        found = [noun]
    # The score is p log(p / q).
    return [one.text for one in found if one.score >= one.share * math.log(_WEAK_LIFT)]


def _weak_color(own: Tally, whole: Tally) -> list[str]:
    return [one.text for one in _colors(own, whole, _LEAST_WEAK_COLOR)[:1]]


def _mixed(own: Tally, whole: Tally) -> list[str]:
    """Return the two most frequent words, as one part of a name, if most pictures have one of them.

    They may be as frequent outside: such a community is a mixture of what others are.
    """
    of_both = own.words, own.pictures, whole.words, whole.pictures
    found = _scored(*of_both, _LEAST_WEAK, lift=1.0)
    two = sorted(found, key=lambda one: (-one.share, one.text))[:2]
    apart = len(two) == 2 and not _alike(two[0].text, two[1].text)
    if not apart or sum(one.share for one in two) < _LEAST_MIXED:
        return []
    return [", ".join(one.text for one in two)]


def _lead(own: Tally, whole: Tally) -> tuple[list[str], list[str]]:
    """Return the main parts of a name, and another one, if any, that may be added.

    The main parts are the best word, and the best class if most pictures are of it. Of "shoes"
    and "running shoe" only the second is kept, which says what the other does. Without a word,
    one or two classes are the only part.
    """
    words, classes = _words(own, whole, _LEAST_SHARE)[:_WORDS], key_classes(own, whole)
    if not words:
        scores = {found.text: found.score for found in _classes(own, whole, _LEAST_OF_TWO)}
        also = [name for name in classes[1:2] if scores[name] >= _SECOND * scores[classes[0]]]
        noun = _noun(own, whole)
        if noun and (not classes or noun.score > _CLEARLY * scores[classes[0]]):
            return [noun.text], classes[:1]
        return [", ".join([*classes[:1], *also])] if classes else [], []
    lead = [words[0].text, *(found.text for found in _classes(own, whole, _LEAST_BESIDE)[:1])]
    if len(lead) == 2 and _alike(*lead):
        lead = [max(lead, key=lambda text: len(text.split()))]
    more = [*classes, *(found.text for found in words[1:])]
    return lead, [text for text in more if not any(_alike(text, part) for part in lead)][:1]


def _telling(name: str, own: Tally, alike: Tally, clearly: bool = True) -> list[str]:
    """Return the texts that tell a community from others of the same name, the best first.

    Args:
        name: the words that it has so far.
        own: its tally.
        alike: the sum of its tally and those of its namesakes.
        clearly: its namesakes lack the text; else it is only less frequent there.
    """
    if clearly:
        found = [
            *_words(own, alike, _LEAST_TELLING),
            *_classes(own, alike, _LEAST_TELLING),
            *_colors(own, alike, _LEAST_SHARE),
            *_dates(own, alike)[:1],
        ]
    else:
        kinds = ("words", "colors", "dates", "folders")
        found = [
            one for kind in kinds
            for one in _scored(getattr(own, kind), own.pictures, getattr(alike, kind),
                               alike.pictures, _LEAST_WEAK, most_outside=1.0)
        ]  # fmt: skip
        classes = _probable(
            own.classes, own.pictures, alike.classes, alike.pictures, _LEAST_WEAK, most_outside=1.0
        )
        found += [replace(one, text=class_name(one.text)) for one in classes]
        found = [replace(one, text=printable(one.text).strip()[:_LONGEST]) for one in found]
        found = [one for one in found if one.text]
    found.sort(key=lambda one: (-one.score, one.text))
    parts = name.split(" · ")
    return [one.text for one in found if not any(_alike(one.text, part) for part in parts)]


def _words(own: Tally, whole: Tally, least: float) -> list[_Text]:
    return _told_apart(_scored(own.words, own.pictures, whole.words, whole.pictures, least))


def _probable(
    sums: Mapping[str, float],
    pictures: int,
    everywhere: Mapping[str, float],
    whole: int,
    least: float,
    most_outside: float = _MOST_OUTSIDE,
) -> list[_Text]:
    """Return what `_scored` returns of sums of probabilities.

    The odds have an informative prior: the shares of the whole collection, with the weight of
    `_PRIOR` pictures.

    Source: Monroe, Colaresi, Quinn, Fightin' Words, Political Analysis 16 (2008).
    """
    prior = _PRIOR / whole
    own = {text: total + prior * everywhere[text] for text, total in sums.items()}
    every = {text: total + prior * total for text, total in everywhere.items()}
    return _scored(own, pictures + _PRIOR, every, whole + _PRIOR, least, most_outside)


def _classes(own: Tally, whole: Tally, least: float) -> list[_Text]:
    """Return the best classes."""
    found = _probable(own.classes, own.pictures, whole.classes, whole.pictures, least)
    named = [_Text(class_name(one.text), one.share, one.score) for one in found]
    return _told_apart([one for one in named if one.text])


def _noun(own: Tally, whole: Tally, least: float = _LEAST_SHARE) -> _Text | None:
    """Return the noun above several classes that says most about a community."""
    found = _probable(own.nouns, own.pictures, whole.nouns, whole.pictures, least)
    if not found:
        return None
    best = max(one.score for one in found)
    near = [one for one in found if one.score >= _NEARLY * best]
    chosen = min(near, key=lambda one: (breadth(one.text), -one.score, one.text))
    return replace(chosen, text=noun_word(chosen.text))


def _colors(own: Tally, whole: Tally, least: float) -> list[_Text]:
    found = _scored(own.colors, own.pictures, whole.colors, whole.pictures, least, 1.0)
    return sorted(found, key=lambda one: (-one.score, one.text))


def _dates(own: Tally, whole: Tally) -> list[_Text]:
    """Return the days, months and years of most pictures, the most telling first."""
    found = _scored(own.dates, own.pictures, whole.dates, whole.pictures, _LEAST_DATE)
    return sorted(found, key=lambda one: (-one.score, -len(one.text), one.text))


def _told_apart(found: Sequence[_Text]) -> list[_Text]:
    """Return texts, the best first, without those that say what a better one does.

    Ties go to the longer text.
    """
    kept: list[_Text] = []
    for one in sorted(found, key=lambda one: (-one.score, -len(one.text), one.text)):
        if not any(_alike(one.text, other.text) for other in kept):
            kept.append(one)
    return kept


def _scored(
    counts: Mapping[str, float],
    pictures: int,
    everywhere: Mapping[str, float],
    whole: int,
    least: float,
    most_outside: float = _MOST_OUTSIDE,
    lift: float = _LEAST_LIFT,
) -> list[_Text]:
    """Return the texts that are frequent inside and rare outside, with their scores.

    The score is p log(p / q), the text's term of the Kullback-Leibler divergence, where p and q
    are the shares of pictures inside and outside that have it.
    """
    found = []
    for text, count in counts.items():
        inside = count / pictures
        outside = (everywhere[text] - count + 0.5) / (whole - pictures + 1)
        distinct = outside <= most_outside and inside >= lift * outside
        if inside >= least and distinct:
            found.append(_Text(text, inside, inside * math.log(inside / outside)))
    return found


def _alike(text: str, other: str) -> bool:
    """Return True if one text has all words of the other: "shoes" and "running shoe"."""
    one, two = ({word.removesuffix("s") for word in t.casefold().split()} for t in (text, other))
    return one <= two or two <= one
