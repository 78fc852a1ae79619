"""From a word to the classes of ImageNet: "dog" stands for 118 of them, "jacket" for none.

A word is found as WordNet has it, whatever its case, accents and hyphens, and in the plural. It
stands for one noun, its commonest sense that has classes (`imgrec.encoders.imagenet.wordnet`), and
the classes are those at or below that noun. The names of the classes themselves are known too.
Where no class fits, an error offers the nearest words that have some.
"""

import unicodedata
from collections.abc import Iterator
from dataclasses import dataclass
from difflib import get_close_matches
from functools import cache

from imgrec.encoders.imagenet import categories
from imgrec.encoders.imagenet.wordnet import (
    Noun,
    irregular_plurals,
    nouns,
    relatives,
    wnids,
)
from imgrec.errors import WrongValueError

# WordNet's rules for regular plurals (`morphy`): an ending, and what stands there in the singular.
_ENDINGS = (
    *(("s", ""), ("ses", "s"), ("xes", "x"), ("zes", "z")),
    *(("ches", "ch"), ("shes", "sh"), ("men", "man"), ("ies", "y")),
)
# WordNet has no rule for it: to WordNet a people is a noun of its own.
_PEOPLE = {"people": ("person",)}
_ARTICLES = ("a", "an", "the")
_MOST_OFFERED = 5
_MOST_ABOVE = 3
_MOST_SHOWN = 60
# A noun with more classes is no help: "organism", "object".
_MOST_CLASSES = 400
# Of names that are spelled alike: closer than the 0.6 of difflib, at which "giraffe" is "carafe".
_ALIKE = 0.8


@dataclass(frozen=True)
class Meaning:
    """What a word stands for.

    Attributes:
        word: as WordNet or the list of classes writes it.
        sense: the number of its sense in WordNet 3.0; 0 for the name of a class.
        synonyms: the words of this sense.
        classes: the indices of the classes, ascending.
    """

    word: str
    sense: int
    synonyms: tuple[str, ...]
    classes: tuple[int, ...]

    @property
    def class_names(self) -> tuple[str, ...]:
        """The names of the classes."""
        return tuple(categories()[index] for index in self.classes)


def meaning_of(word: str) -> Meaning:
    """Return what a word stands for: its commonest sense that has classes of ImageNet.

    Args:
        word: an English noun, such as "dog", "golden retrievers" or "T-Shirt"; or the name of
            a class.

    Raises:
        WrongValueError: there is no such class; the message offers the nearest words that have
            some.
    """
    asked = _plain(word)
    for form in _forms(asked):
        known = _by_word().get(form) or _by_letters().get(_letters(form))
        if known:
            name, noun = known
            return Meaning(name, noun.words[name], tuple(noun.words), noun.classes)
        if form in _by_category():
            index = _by_category()[form]
            synonyms = tuple(nouns()[wnids()[index]].words)
            return Meaning(categories()[index], 0, synonyms, (index,))
    offered = ", ".join(_offered(asked))
    raise WrongValueError(
        f"ImageNet has no class for {shortened(word)!r}: "
        + (f"try one of {offered}" if offered else "name a thing in English, such as dog or chair")
    )


def shortened(text: str) -> str:
    """Return a text on one line, for messages, with an ellipsis for what is beyond 60 letters."""
    line = " ".join(text.split())
    return line if len(line) <= _MOST_SHOWN else line[:_MOST_SHOWN] + "…"


def _offered(asked: str) -> list[str]:
    """Return words that have classes, near to one that has none; else those spelled like it."""
    near = dict.fromkeys([*_above(asked), *_rarer(asked), *_parts(asked)])
    spelled = get_close_matches(asked, _by_word(), _MOST_OFFERED, _ALIKE)
    return list(near)[:_MOST_OFFERED] or [_by_word()[plain][0] for plain in spelled]


def _above(asked: str) -> Iterator[str]:
    """Yield words for the nouns above: of a giraffe the ruminants, then even-toed ungulates."""
    known = relatives()
    key = next((known[form] for form in _forms(asked) if form in known), "")
    for _ in range(_MOST_ABOVE):
        noun = nouns().get(key)
        if noun is None or len(noun.classes) > _MOST_CLASSES:
            return
        yield from noun.names[:1]
        key = noun.above[0] if noun.above else ""


def _rarer(asked: str) -> Iterator[str]:
    """Yield the classes of senses that a word does not stand for: a jacket may be one of a book."""
    for form in _forms(asked):
        for noun in nouns().values():
            if len(noun.classes) == 1 and noun.words.get(form) == 0:
                yield categories()[noun.classes[0]]


def _parts(asked: str) -> Iterator[str]:
    """Yield the last words that have classes: of a red dress the dress."""
    words = asked.split()
    for start in range(1, len(words)):
        forms = _forms(" ".join(words[start:]))
        yield from [_by_word()[form][0] for form in forms if form in _by_word()][:1]


def _forms(plain: str) -> Iterator[str]:
    """Yield a word, without its article, and its singulars as WordNet forms them."""
    first, _, rest = plain.partition(" ")
    yield plain
    if first in _ARTICLES and rest:
        plain = rest
        yield plain
    head, _, last = plain.rpartition(" ")
    before = f"{head} " if head else ""
    for singular in _PEOPLE.get(last, irregular_plurals().get(last, ())):
        yield before + singular
    for ending, instead in _ENDINGS:
        if last.endswith(ending) and len(last) > len(ending) + 1:
            yield before + last.removesuffix(ending) + instead


def _plain(text: str) -> str:
    """Return a text in lower case, without accents, with single spaces for hyphens and the like.

    Composed and decomposed letters become the same ones.
    """
    decomposed = unicodedata.normalize("NFKD", text.casefold())
    bare = "".join(letter for letter in decomposed if not unicodedata.combining(letter))
    return " ".join("".join(c if c.isalnum() or c in ".'’" else " " for c in bare).split())


def _letters(plain: str) -> str:
    """Return letters and digits only, so that "tshirt" is "t-shirt"."""
    return "".join(filter(str.isalnum, plain))


@cache
def _by_word() -> dict[str, tuple[str, Noun]]:
    """Return for each plain word that has classes its spelling and its noun."""
    return {_plain(word): (word, noun) for noun in nouns().values() for word in noun.names}


@cache
def _by_letters() -> dict[str, tuple[str, Noun]]:
    return {_letters(plain): known for plain, known in _by_word().items()}


@cache
def _by_category() -> dict[str, int]:
    """Return the indices of the classes by their plain names; of equal names the first."""
    return {_plain(name): index for index, name in reversed([*enumerate(categories())])}
