"""Words and the classes of ImageNet: facts checked by hand, plurals and spellings, every class."""

import re
import unicodedata

import pytest

from imgrec import ImgrecError
from imgrec.encoders.imagenet import categories
from imgrec.encoders.imagenet.wordnet import nouns, wnids
from imgrec.encoders.imagenet.words import meaning_of
from paths import ROOT

FOLDER = ROOT / "imgrec" / "encoders" / "imagenet"


def _names(word: str) -> set[str]:
    return set(meaning_of(word).class_names)


def test_the_license_of_wordnet_lies_beside_the_tables() -> None:
    notice = (FOLDER / "wordnet" / "LICENSE.txt").read_text("utf-8")
    for words in ("WordNet 3.0 Copyright 2006 by Princeton University", '"AS IS"', "preserve same"):
        assert words in notice


def test_the_classes_are_in_the_order_of_their_wordnet_ids() -> None:
    ids = wnids()
    assert len(ids) == len(set(ids)) == len(categories()) == 1000
    assert list(ids) == sorted(ids)
    for index, name, wnid in [
        (0, "tench", "n01440764"), (151, "Chihuahua", "n02085620"), (254, "pug", "n02110958"),
        (281, "tabby", "n02123045"), (417, "balloon", "n02782093"),
        (999, "toilet tissue", "n15075141"),
    ]:  # fmt: skip
        assert (categories()[index], ids[index]) == (name, wnid)


def test_every_class_has_its_name_among_the_words_of_its_noun() -> None:
    # These two names are longer, because there are two classes of the shorter one.
    longer = {"crane bird": "crane", "maillot tank suit": "maillot"}
    for name, wnid in zip(categories(), wnids(), strict=True):
        assert longer.get(name, name) in {*nouns()[wnid].words}


def test_the_classes_of_a_noun_are_those_of_the_nouns_below_it() -> None:
    """The classes of each noun against a walk from the table's text, without its code."""
    rows = [r.split("\t") for r in (FOLDER / "wordnet/nouns.txt").read_text("utf-8").splitlines()]
    below: dict[str, set[str]] = {key: set() for key, _, _ in rows}
    for key, above, _ in rows:
        for one in above.split():
            below[one].add(key)

    def classes(key: str) -> set[str]:
        own = {key} & set(wnids())
        return own.union(*(classes(one) for one in below[key]))

    for key, noun in nouns().items():
        assert {wnids()[index] for index in noun.classes} == classes(key)
        assert list(noun.classes) == sorted(noun.classes)


def test_counts_that_are_known_of_imagenet() -> None:
    # 118 breeds of dogs, 59 birds, and everything is an entity.
    assert meaning_of("dog").classes == tuple(range(151, 269))
    assert len(meaning_of("bird").classes) == 59
    assert len(meaning_of("entity").classes) == 1000


@pytest.mark.parametrize(
    ("word", "names"),
    [
        ("elephant", {"Indian elephant", "African elephant"}),
        ("guitar", {"acoustic guitar", "electric guitar"}),
        ("horse", {"sorrel"}),
        ("house", {"monastery", "palace"}),
        ("shoe", {"Loafer", "running shoe", "sandal"}),
        ("hat", {"bearskin", "bonnet", "cowboy hat", "sombrero"}),
        ("dress", {"gown"}),
        ("coat", {"fur coat", "lab coat", "trench coat"}),
        ("person", {"ballplayer", "groom", "scuba diver"}),
        # A hoopskirt is worn, and no class is the skirt of a coat.
        ("skirt", {"hoopskirt", "miniskirt", "overskirt", "sarong"}),
        # Furniture, no array of numbers; mammals, no bishops; an animal, no large person.
        ("table", {"desk", "pool table"}),
        ("whale", {"grey whale", "killer whale"}),
        # No class is an animal called mouse, but one is a mouse.
        ("mouse", {"mouse"}),
        # Names of classes that WordNet does not have.
        ("crane bird", {"crane bird"}),
        ("maillot tank suit", {"maillot tank suit"}),
    ],
)
def test_a_word_stands_for_its_commonest_sense_with_classes(word: str, names: set[str]) -> None:
    assert _names(word) == names


@pytest.mark.parametrize(
    ("written", "word"),
    [
        ("DOG", "dog"),
        ("the dogs", "dog"),
        (" a  Golden   Retriever", "golden retriever"),
        ("golden_retrievers", "golden retriever"),
        ("T-Shirts", "T-shirt"),
        ("t shirt", "T-shirt"),
        ("tshirt", "T-shirt"),
        ("tee-shirt", "tee shirt"),
        ("chowchow", "chow chow"),
        ("St. Bernard", "St Bernard"),
        ("yellow lady’s slipper", "yellow lady's slipper"),
        # Regular plurals by each rule, then irregular ones.
        *[("trousers", "trouser"), ("buses", "bus"), ("boxes", "box")],
        *[("churches", "church"), ("paintbrushes", "paintbrush"), ("butterflies", "butterfly")],
        *[("mice", "mouse"), ("wolves", "wolf"), ("geese", "goose"), ("people", "person")],
        # A noun of its own in the plural.
        ("sunglasses", "sunglasses"),
    ],
)
def test_case_hyphens_articles_and_plurals(written: str, word: str) -> None:
    assert meaning_of(written).word == word
    assert meaning_of(written).classes == meaning_of(word).classes


@pytest.mark.parametrize("form", ["NFC", "NFD"])
def test_accents_composed_and_decomposed(form: str) -> None:
    for written, word in [("gúitar", "guitar"), ("Élephant", "elephant"), ("pâté", None)]:
        text = unicodedata.normalize(form, written)
        if word:
            assert meaning_of(text).classes == meaning_of(word).classes
        else:
            with pytest.raises(ImgrecError, match="ImageNet has no class for"):
                meaning_of(text)


@pytest.mark.parametrize(
    ("word", "offered"),
    [
        ("giraffe", ["ruminant", "even-toed ungulate", "ungulate"]),
        ("giraffes", ["ruminant", "even-toed ungulate", "ungulate"]),
        # The garment has no class, and a book jacket is not meant.
        ("jacket", ["coat", "book jacket"]),
        ("shorts", ["trouser", "garment"]),
        ("seal", ["sea lion"]),
        ("woman", ["person"]),
        ("sneaker", ["shoe"]),
        ("red dress", ["dress"]),
        ("guittar", ["guitar"]),
    ],
)
def test_a_word_without_a_class_is_an_error_that_offers_the_nearest(
    word: str, offered: list[str]
) -> None:
    with pytest.raises(ImgrecError) as raised:
        meaning_of(word)
    message = str(raised.value)
    assert message.startswith(f"ImageNet has no class for {word!r}: ")
    named = re.split(r", ", message.partition("try one of ")[2])
    assert set(offered) <= set(named)
    assert len(named) <= 5
    for one in named:
        assert meaning_of(one).classes


@pytest.mark.parametrize("word", ["", " ", "!?", "xyzzyx", "狗", "x" * 10_000])
def test_what_is_no_word_is_a_one_line_error(word: str) -> None:
    with pytest.raises(ImgrecError, match=r"\AImageNet has no class for .*such as dog or chair\Z"):
        meaning_of(word)


def test_a_meaning_explains_itself() -> None:
    dog = meaning_of("dogs")
    assert (dog.word, dog.sense) == ("dog", 1)
    assert dog.synonyms == ("dog", "domestic dog", "Canis familiaris")
    assert dog.class_names[:2] == ("Chihuahua", "Japanese spaniel")
    assert meaning_of("skirt").sense == 2
