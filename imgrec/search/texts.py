"""Questions by words: the vectors that stand for a text, so that pictures are compared with it.

Two ways. Where the compared feature comes from an encoder with a text tower, the text is encoded as
pictures are. Elsewhere a classifier of ImageNet's classes knows things by name: of the pictures
that most probably show the classes of a word the vectors are averaged, weighted by probability,
and pictures near that mean are the answer. This is one round of relevance feedback: the classes
find good examples, the vectors find what looks like them, of classes that ImageNet lacks too.

Source: Rocchio's relevance feedback, here without a user (pseudo relevance feedback).
"""

import threading
from collections.abc import Sequence
from dataclasses import dataclass
from functools import reduce

import numpy as np

from imgrec.collection import Ids
from imgrec.collection.kinds import COLOR
from imgrec.derived.kept import Searchable
from imgrec.encoders.classifier import LinearHead
from imgrec.encoders.imagenet import categories
from imgrec.encoders.imagenet.words import Meaning, meaning_of, shortened
from imgrec.encoders.registry import encodes_text, has_head, load_head
from imgrec.errors import EncoderError, StoreError, WrongValueError
from imgrec.pictures.color_word import WORDS
from imgrec.search.answer import Text
from imgrec.search.class_ranking import Bounds, Rows, Shares, count_probable, likeliest, shares_of
from imgrec.search.query_vectors import Resolved, Resolver, check_text, encoded_by
from imgrec.store.classes import Classes
from imgrec.store.features import FeatureStore, common_ids, positions
from imgrec.store.store import Store

# Pictures whose mean stands for a word.
EXAMPLES = 15
# A picture shows a class if that is more probable than all others together.
PROBABLE = 0.5
# If no picture reaches this many times the share of a word's classes in all, and this at least, the
# examples are no examples; nor does more than `PROBABLE` have to be reached.
_CHANCES, _LEAST = 3, 0.1
_KEPT = 64
# Of a word that may be the noun of a sentence; shorter ones are mostly no nouns.
_LEAST_LETTERS = 3


@dataclass(frozen=True)
class Understood:
    """A text of a question with its vectors.

    Attributes:
        resolved: compared like a query picture.
        text: what the answer says about it.
    """

    resolved: Resolved
    text: Text


@dataclass(frozen=True)
class _Examples:
    """The likeliest pictures of some classes.

    Attributes:
        ids: (m,) by descending probability.
        shares: (m,) their probabilities.
        pictures: how many of the store have a probability of `PROBABLE` or more.
    """

    ids: Ids
    shares: Shares
    pictures: int


@dataclass(frozen=True)
class _Known:
    """What a store knows of the classes of ImageNet.

    Attributes:
        classes: the stored ones, five a picture.
        head: of the classifier, None where only the stored ones are known.
        vectors: which the head scores.
        note: why only the stored ones are known though the classifier has a head; empty if not.
    """

    classes: Classes
    head: LinearHead | None = None
    vectors: FeatureStore | None = None
    note: str = ""


class Texts:
    """Understands the texts of questions about one state of a store; thread-safe."""

    def __init__(self, store: Store) -> None:
        self._store = store
        self._known: _Known | None = None
        self._kept: dict[tuple[object, ...], _Examples] = {}
        self._lock = threading.Lock()

    def understood(
        self, text: str, features: Sequence[Searchable], resolver: Resolver, *, unwanted: bool
    ) -> Understood:
        """Return the vectors of a text in each feature, and how it was understood.

        Args:
            text: a word such as "dog" where classes are asked, any text for a text tower.
            features: those that are compared.
            resolver: encodes texts.
            unwanted: results should not be like it.

        Raises:
            ImgrecError: the word has no class, the store has no classes of ImageNet, or no
                picture of it has a class of the word.
        """
        check_text(text)
        if all(encodes_text(spec.name) for opened in features for spec in encoded_by(opened)):
            resolved = resolver.resolve_text(text, features)
            return Understood(resolved, Text(text, unwanted, features[0].spec.name))
        meaning = self._meaning(text)
        with self._lock:
            known = self._known = self._known or _known(self._store)
            examples = self._examples(meaning.classes, known, [each.feature for each in features])
        encoder = known.classes.encoder
        if not len(examples.shares) or examples.shares[0] <= 0:
            raise StoreError(
                f"no picture of {self._store.path} looks like {shortened(text)!r}: of the five "
                f"classes that {encoder} gave each picture, none is among those of the word"
            )
        vectors = tuple(_mean(opened.feature, examples) for opened in features)
        described = _described(text, meaning, examples, known, unwanted=unwanted)
        return Understood(Resolved(text, None, vectors), described)

    def _meaning(self, text: str) -> Meaning:
        """Return what a word stands for.

        Raises:
            WrongValueError: it has no class; a sentence is answered with a noun and a color of it.
        """
        try:
            return meaning_of(text)
        except WrongValueError:
            words = text.replace(",", " ").split()
            colors = [one for one in words if one.lower() in WORDS]
            noun = next((one for one in words if one not in colors and _is_noun(one)), None)
            if len(words) < 2 or noun is None:
                raise
            known = self._store.catalog.labels.values(COLOR) if colors else []
            color = next((one.lower() for one in colors if one.lower() in known), None)
            only = f" and where color={color}" if color else ""
            raise WrongValueError(
                f"text {shortened(text)!r} is no single noun, by which pictures are found here: "
                f"use text {noun}{only}"
            ) from None

    def _examples(
        self, wanted: Sequence[int], known: _Known, compared: Sequence[FeatureStore]
    ) -> _Examples:
        key = (*wanted, *(feature.name for feature in compared))
        if key not in self._kept:
            while len(self._kept) >= _KEPT:
                del self._kept[next(iter(self._kept))]
            self._kept[key] = _examples(wanted, known, compared)
        return self._kept[key]


def _is_noun(word: str) -> bool:
    try:
        return len(word) >= _LEAST_LETTERS and bool(meaning_of(word))
    except WrongValueError:
        return False


def _known(store: Store) -> _Known:
    """Return what a store knows of the classes of ImageNet, by the encoder that is best to ask.

    With a head all classes can be scored, without one only the five that are stored. So it is
    where the weights of the head cannot be had.
    """

    def headless(name: str) -> bool:
        return not (has_head(name) and name in store.feature_names())

    names = sorted(store.class_encoders(), key=lambda name: (headless(name), name != store.encoder))
    every = (store.classes(name) for name in names)
    classes = next((one for one in every if one.categories == categories()), None)
    if classes is None:
        towers = [name for name in store.feature_names() if encodes_text(name)]
        other = f", or ask by --encoder {towers[0]}, which encodes texts" if towers else ""
        raise StoreError(
            f"{store.path} has no classes of ImageNet, by which words are found: "
            f"run imgrec index --store {store.path} --encoder lite0{other}"
        )
    if headless(classes.encoder):
        return _Known(classes)
    try:
        head = load_head(store.spec(classes.encoder))
    except EncoderError:
        note = (
            f"the weights of {classes.encoder} cannot be had: by the five classes of each picture"
        )
        return _Known(classes, note=note)
    return _Known(classes, head, store.feature(classes.encoder))


def _examples(wanted: Sequence[int], known: _Known, compared: Sequence[FeatureStore]) -> _Examples:
    """Return the likeliest pictures of some classes that have every compared feature."""
    classes, head, scored = known.classes, known.head, known.vectors
    stores = [*compared, *([scored] if scored else [])]
    ids = reduce(common_ids, (feature.ids for feature in stores), classes.ids)
    rows = positions(classes.ids, ids)
    top, probabilities = classes.top[rows], classes.probabilities[rows]
    bounds = Bounds.of(top, probabilities, wanted, len(classes.categories))
    exact = None
    if head and scored:

        def exact(rows: Rows) -> Shares:
            vectors = scored.take(ids[rows])
            return shares_of(head, vectors, wanted, top[rows, 0], probabilities[rows, 0])

    best, shares = likeliest(bounds, exact, EXAMPLES)
    return _Examples(ids[best], shares, count_probable(bounds, exact, PROBABLE))


def _mean(feature: FeatureStore, examples: _Examples) -> np.ndarray:
    """Return the mean (1, d) of the examples' vectors, weighted by their probabilities."""
    weights = examples.shares / examples.shares.sum()
    mean: np.ndarray = weights[None] @ feature.take(examples.ids)
    return mean


def least_convincing(classes: int) -> float:
    """Return the probability that one picture reaches at least where a word is shown by some.

    The probability of a word is a sum over its classes. A picture of nothing known has a thousandth
    for each, so three times that is asked, from 0.1 to 0.5.

    Args:
        classes: how many of ImageNet's 1,000 classes the word stands for.
    """
    return min(max(_CHANCES * classes / len(categories()), _LEAST), PROBABLE)


def _described(
    text: str, meaning: Meaning, examples: _Examples, known: _Known, *, unwanted: bool
) -> Text:
    best = round(float(examples.shares[0]), 4)
    notes = [known.note] if known.note else []
    if best < least_convincing(len(meaning.classes)):
        notes.append(f"no picture here looks like {text!r}; what is nearest is shown")
    return Text(
        text=text,
        unwanted=unwanted,
        by=known.classes.encoder,
        word=meaning.word,
        sense=meaning.sense or None,
        classes=list(meaning.class_names),
        pictures=examples.pictures,
        best=best,
        note="; ".join(notes),
    )
