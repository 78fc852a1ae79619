"""Tests of the names of communities: natural words, distinctive, unique among siblings."""

import re
from collections import Counter
from pathlib import PurePosixPath

import numpy as np
import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from graph.communities.date_words import date_words
from graph.communities.naming import key_classes, key_words, words_of_siblings
from graph.communities.nouns import breadth, noun_sums, noun_word
from graph.communities.tally import Tally, class_sums
from imgrec.collection import Entry
from imgrec.collection.path_words import words_of
from imgrec.encoders.imagenet import categories
from imgrec.encoders.imagenet.words import meaning_of
from imgrec.labels.community_names import community_name
from imgrec.store.classes import Classes


@pytest.mark.parametrize(
    ("path", "words"),
    [
        ("train/dress/06a00c0f-5f9a-410d-a7da-3881a9df3a71.jpg", ["dress"]),
        ("t-shirt/IMG_1234.JPG", ["t-shirt"]),
        ("DSC00017.jpg", []),
        ("P1000123.jpg", []),
        ("2019/Summer holidays/red-dress_02.png", ["Summer holidays", "Summer", "holidays", "red",
                                                   "dress"]),
        ("New York 2019/20190704_120000.jpg", ["New York", "New", "York"]),
        ("d41d8cd98f00b204e9800998ecf8427e.jpg", []),
        ("a1b2c3.jpg", []),
        ("ümläut/Straße.jpg", ["ümläut", "Straße"]),
        ("dress12/12dress.jpg", ["dress"]),
        ("images/photos/0001.jpg", []),
        ("l'été/o'hara.jpg", ["l'été", "o'hara"]),
        ("</script><img src=x>.jpg", ["script", "src"]),
    ],
)  # fmt: skip
def test_words_of_a_path(path: str, words: list[str]) -> None:
    assert words_of(path) == words


@given(st.text("abÄ1-_'. //AIMG", max_size=14))
def test_words_of_a_path_are_those_of_its_parts(path: str) -> None:
    place = PurePosixPath(path)
    # `pathlib` of newer Python takes a dot at the end for a suffix.
    assume(not place.name.endswith("."))
    one_by_one = [word for part in place.parts[:-1] for word in words_of(f"{part}/1")]
    assert words_of(path) == list(dict.fromkeys(one_by_one + words_of(place.stem + ".jpg")))


@given(st.text(st.characters(codec="utf-8", exclude_characters="\0"), max_size=60))
def test_no_word_has_a_digit_or_is_long(path: str) -> None:
    for word in words_of(path):
        assert 1 < len(word) <= 32
        assert not re.search(r"[\d_/<>]", word)


def tally(
    count: int,
    *folders: tuple[str, int],
    colors: dict[str, int] | None = None,
    classes: dict[str, float] | None = None,
) -> Tally:
    words = Counter(dict(folders))
    return Tally(count, words, Counter(colors or {}), Counter(), classes or {})


def test_a_word_is_frequent_inside_and_rare_outside() -> None:
    whole = tally(1000, ("dress", 100), ("shop", 1000), ("odd", 3))
    own = tally(100, ("dress", 80), ("shop", 100), ("odd", 3))
    assert key_words(own, whole) == ["dress"]


def test_names_of_siblings_are_told_apart_by_color_then_words_then_number() -> None:
    whole = tally(
        400, ("dress", 150), ("silk", 60), ("hat", 50), colors={"red": 50, "blue": 50, "gray": 300}
    )
    found = words_of_siblings(
        {
            "1": tally(50, ("dress", 50), colors={"red": 40}),
            "2": tally(50, ("dress", 50), colors={"blue": 45}),
            "3": tally(50, ("dress", 50), ("silk", 45)),
            "4": tally(50, ("hat", 50)),
            "5": tally(50, colors={"gray": 50}),
            "6": tally(50),
            "0": tally(5, ("hat", 5)),
        },
        whole,
    )
    assert found == {
        "1": "dress · red",
        "2": "dress · blue",
        "3": "silk",
        "4": "hat",
        "5": "",
        "6": "",
        "0": "",
    }


def test_names_that_nothing_tells_apart_have_the_same_words() -> None:
    whole = tally(400, ("dress", 100))
    found = words_of_siblings({path: tally(50, ("dress", 50)) for path in ("3.1", "3.2")}, whole)
    assert found == {"3.1": "dress", "3.2": "dress"}


def test_namesakes_are_told_apart_by_what_is_frequent_in_one_of_them_only() -> None:
    whole = tally(1000, ("dress", 200), ("silk", 300), colors={"red": 60}, classes={"gown": 100.0})
    found = words_of_siblings(
        {
            "1": tally(50, ("dress", 50), classes={"gown": 16.0}),
            "2": tally(50, ("dress", 50), ("silk", 15)),
            "3": tally(50, ("dress", 50), colors={"red": 20}),
            "4": tally(50, ("dress", 50)),
        },
        whole,
    )
    assert found == {"1": "dress · gown", "2": "dress · silk", "3": "dress · red", "4": "dress"}


def test_namesakes_without_a_text_of_their_own_are_told_apart_by_a_difference() -> None:
    hats = {"6": {"gray": 30, "black": 15}, "7": {"gray": 28, "red": 12, "black": 10}}
    tallies = {path: tally(50, ("hat", 50), colors=colors) for path, colors in hats.items()}
    whole = Tally.joined([*tallies.values(), tally(400, colors={"black": 300, "red": 90})])
    words = words_of_siblings(tallies, whole)
    assert words["7"] == "hat · red"
    assert len(set(words.values())) == 2
    # A class, a date and a folder may tell as well; a difference of a few pictures does not.
    for kind, text in (("classes", "cap"), ("dates", "July 2019"), ("folders", "batch 3")):
        few, many = (tally(50, ("dress", 50)) for _ in range(2))
        getattr(few, kind)[text], getattr(many, kind)[text] = 9, 20
        both = {"7.1": few, "7.2": many}
        told = words_of_siblings(both, Tally.joined([few, many, tally(400)]))
        assert told == {"7.1": "dress", "7.2": f"dress · {text}"}
    few, many = (tally(50, ("dress", 50), colors={"red": n}) for n in (18, 20))
    both = words_of_siblings({"1": few, "2": many}, Tally.joined([few, many, tally(400)]))
    assert both == {"1": "dress", "2": "dress"}


@given(
    st.lists(
        st.dictionaries(st.sampled_from(["dress", "Hat", "hat", "loners", "community 1"]),
                        st.integers(1, 10)),
        min_size=1, max_size=8,
    )
)  # fmt: skip
def test_names_are_distinct(siblings: list[dict[str, int]]) -> None:
    tallies = {str(i): tally(10, *words.items()) for i, words in enumerate(siblings, start=1)}
    whole = Tally.joined([*tallies.values(), tally(100)])
    words = words_of_siblings(tallies, whole)
    names = {community_name(path, text).casefold() for path, text in words.items()}
    assert len(names) == len(siblings)


def entry_of(number: int, path: str) -> Entry:
    return Entry(number, "/r", path, 1, 1, None, None, None, None, "ok", None)


def test_a_tally_counts_words_colors_and_folders_and_keeps_the_sums_of_classes() -> None:
    labels = {i: {"class": "sandal", "color": "red", "folder": "beach"} for i in range(4)}
    entries = [entry_of(i, f"beach/{i}.jpg") for i in range(4)]
    own = Tally.of(entries, labels, {"sandal": 2.5})
    # The label is not counted: the sums say how sure the classifier was.
    assert own == Tally(4, Counter(beach=4), Counter(red=4), Counter(beach=4), {"sandal": 2.5})
    both = Tally.joined([own, tally(6, ("beach", 1), classes={"sandal": 1.0, "hay": 0.5})])
    assert (both.pictures, both.words) == (10, Counter(beach=5))
    assert both.classes == {"sandal": 3.5, "hay": 0.5}


def test_sums_of_classes_equal_those_of_a_loop() -> None:
    rng = np.random.default_rng(0)
    ids = np.array([2, 3, 5, 8, 13, 21])
    # Two classes of one name, as the two cranes of ImageNet.
    categories = ("crane", "dog", "hay", "crane", "sky")
    top = np.array([rng.permutation(5) for _ in ids], np.int16)
    shares = rng.dirichlet(np.ones(5), len(ids)).astype(np.float32)
    found = class_sums(Classes("net", ids, top, shares, categories), np.array([3, 4, 13, 21]))
    expected = dict.fromkeys(categories, 0.0)
    for row in (1, 4, 5):
        for code, share in zip(top[row].tolist(), shares[row].tolist(), strict=True):
            expected[categories[code]] += share
    assert found == pytest.approx(expected)


def test_a_class_names_a_community_if_it_is_sure_and_distinctive() -> None:
    whole = tally(1000, classes={"sandal": 70.0, "jean": 400.0, "hay": 60.0})
    # 55 of 60 pictures' worth, of the 70 of the whole collection.
    assert key_classes(tally(60, classes={"sandal": 55.0}), whole) == ["sandal"]
    # The most probable class of every picture, with a probability of 0.2: not sure.
    assert key_classes(tally(60, classes={"sandal": 12.0}), whole) == []
    # As frequent everywhere.
    assert key_classes(tally(60, classes={"jean": 30.0}), whole) == []
    # Both: the one that tells more first.
    two = tally(60, classes={"hay": 26.0, "sandal": 30.0})
    assert key_classes(two, whole) == ["sandal", "hay"]


def test_a_small_community_needs_a_surer_class() -> None:
    whole = tally(1000, classes={"sandal": 160.0})
    assert key_classes(tally(3, classes={"sandal": 1.5}), whole) == []
    assert key_classes(tally(3, classes={"sandal": 2.9}), whole) == ["sandal"]
    assert key_classes(tally(300, classes={"sandal": 150.0}), whole) == ["sandal"]


@pytest.mark.parametrize(
    ("own", "name"),
    [
        # Without words two classes of about the same weight name it, or the better one.
        (tally(50, classes={"alp": 24.0, "hay": 20.0}), "alp, hay"),
        (tally(50, classes={"running shoe": 40.0, "Loafer": 5.0}), "running shoe"),
        # A class that contains the word says more; one that does not is added.
        (tally(50, ("shoes", 48), classes={"running shoe": 40.0}), "running shoe"),
        (tally(50, ("shoes", 48), classes={"clog": 30.0}), "shoes · clog"),
        (tally(50, ("shoes", 20), classes={"clog": 45.0}), "shoes · clog"),
        (tally(50, ("shoes", 48), classes={"clog": 20.0}), "shoes"),
        # None is sure, two together are.
        (tally(50, classes={"alp": 14.0, "hay": 10.0, "sandal": 3.0}), "alp, hay"),
        # What the classes have in common says more.
        (tally(50, classes={"clog": 14.0, "Loafer": 13.0, "sandal": 12.0}), "footwear"),
        # Where the classes are not sure, the words count.
        (tally(50, ("shoes", 48), classes={"clog": 8.0, "Loafer": 7.0, "sandal": 6.0}), "shoes"),
        (tally(50, colors={"red": 40}, classes={"clog": 8.0}), "red"),
        (tally(50, classes={"clog": 8.0}), ""),
        # Most pictures lie in this folder.
        (tally(50, ("holidays", 50), classes={"clog": 30.0}), "clog"),
        (tally(50, ("holidays", 50)), ""),
        (tally(50, classes={"tabby, tabby cat": 40.0}), "tabby"),
    ],
)
def test_names_join_words_and_classes(own: Tally, name: str) -> None:
    classes = {"running shoe": 50.0, "Loafer": 30.0, "clog": 50.0, "tabby, tabby cat": 45.0,
               "sandal": 40.0, "alp": 30.0, "hay": 30.0}  # fmt: skip
    colors = {"red": 60, "blue": 300}
    whole = tally(1000, ("shoes", 60), ("holidays", 550), colors=colors, classes=classes)
    assert words_of_siblings({"1": own}, whole) == {"1": name}


BREEDS = ("beagle", "pug", "golden retriever", "whippet", "boxer", "Pomeranian", "collie", "chow")


def test_many_classes_of_one_noun_name_a_community_by_it() -> None:
    dogs = dict.fromkeys(BREEDS, 6.0)
    whole = tally(1000, ("zoo", 48), classes={**dogs, "tabby": 40.0, "alp": 200.0})
    assert words_of_siblings({"1": tally(50, classes=dogs)}, whole) == {"1": "dog"}
    # Together they are sure of less than a third, but hardly any other picture is of one. Three of
    # the four breeds hunt.
    few = dict.fromkeys(BREEDS[:4], 4.0)
    assert words_of_siblings({"1": tally(50, classes=few)}, whole) == {"1": "hunting dog"}
    fewer = dict.fromkeys(BREEDS[:4], 2.0)
    assert words_of_siblings({"1": tally(50, classes=fewer)}, whole) == {"1": ""}
    # One of the classes says more than the noun.
    pugs = tally(50, classes={"pug": 45.0, "collie": 2.0})
    assert words_of_siblings({"1": pugs}, Tally.joined([whole, pugs])) == {"1": "pug"}
    # A word of the paths comes first.
    assert words_of_siblings({"1": tally(50, ("zoo", 48), classes=dogs)}, whole) == {"1": "zoo"}


def test_nouns_are_of_classes_of_imagenet_only() -> None:
    mine = {f"{name} of mine": 6.0 for name in BREEDS}
    assert noun_sums(mine) == {}
    whole = tally(1000, classes=mine)
    assert words_of_siblings({"1": tally(50, classes=mine)}, whole) == {"1": ""}


def test_sums_of_nouns_are_those_of_the_classes_below_them() -> None:
    sums = noun_sums({"beagle": 2.0, "tabby": 3.0, "alp": 0.5, "volcano": 1.0})
    by_word = {noun_word(key): total for key, total in sums.items()}
    assert (by_word["dog"], by_word["cat"], by_word["mountain"]) == (2.0, 3.0, 1.5)
    below = {categories()[index] for index in meaning_of("carnivore").classes}
    assert {"beagle", "tabby"} <= below and "alp" not in below
    assert all(1 < breadth(key) <= 120 for key in sums)


def test_siblings_of_one_class_are_told_apart_by_color() -> None:
    classes = {"clog": 45.0}
    whole = tally(1000, ("shoes", 150), colors={"red": 60, "blue": 60}, classes={"clog": 100.0})
    found = words_of_siblings(
        {
            "1": tally(50, ("shoes", 48), colors={"red": 40}, classes=classes),
            "2": tally(50, ("shoes", 48), colors={"blue": 40}, classes=classes),
            "3": tally(50, ("shoes", 48)),
        },
        whole,
    )
    assert sorted(found.values()) == ["shoes", "shoes · blue", "shoes · red"]


@given(
    st.dictionaries(st.sampled_from(["a", "b", "c"]), st.floats(0.1, 40), min_size=1),
    st.integers(1, 40),
)
def test_classes_of_less_than_a_third_of_the_probability_name_nothing(
    classes: dict[str, float], pictures: int
) -> None:
    classes = {name: min(share, pictures) for name, share in classes.items()}
    whole = Tally.joined([tally(pictures, classes=classes), tally(400)])
    for name in key_classes(tally(pictures, classes=classes), whole):
        assert classes[name] >= pictures / 8
    sure = sum(classes[name] for name in key_classes(tally(pictures, classes=classes), whole))
    assert not sure or sure > pictures / 3


def test_names_of_single_files_are_forgotten() -> None:
    classes = {"gown": 90.0, "hay": 0.04}
    own = tally(500, ("dress", 300), ("rare", 9), ("once", 1), classes=classes).pruned()
    assert own.words == Counter(dress=300)
    assert own.classes == {"gown": 90.0}
    assert tally(2, ("once", 1)).pruned().words == Counter(once=1)


def dated(count: int, *dates: tuple[str, int], colors: dict[str, int] | None = None) -> Tally:
    found = Tally(count, colors=Counter(colors or {}))
    for date, times in dates:
        for word in date_words(date):
            found.dates[word] += times
    return found


@pytest.mark.parametrize(
    ("taken", "words"),
    [
        ("2019-07-04T12:03:11", ["4 July 2019", "July 2019", "2019"]),
        ("2019-12", ["December 2019", "2019"]),
        ("2019", ["2019"]),
        ("2019-13", ["2019"]),
        ("", []),
        ("yesterday", []),
    ],
)
def test_words_of_a_date(taken: str, words: list[str]) -> None:
    assert date_words(taken) == words


def test_a_date_names_a_community_where_nothing_else_does() -> None:
    other = dated(400, ("2018-03-01", 200), ("2019-01-05", 100))
    summer = dated(50, ("2019-07-04", 20), ("2019-07-09", 20), colors={"blue": 30})
    whole = Tally.joined([other, summer])
    # Most are of July, of no one day; the color is of most pictures too, and stands first.
    assert words_of_siblings({"1": dated(50, ("2019-07-04", 20), ("2019-07-09", 20))}, whole) == {
        "1": "July 2019"
    }
    assert words_of_siblings({"1": summer}, whole) == {"1": "blue"}
    day = dated(50, ("2019-07-04", 45))
    assert words_of_siblings({"1": day}, Tally.joined([other, day])) == {"1": "4 July 2019"}
    # The year of most other pictures tells nothing.
    assert words_of_siblings({"1": dated(50, ("2018-03-01", 45))}, whole) == {"1": ""}


def test_namesakes_are_told_apart_by_their_dates() -> None:
    one, two = (
        Tally(50, Counter(dress=50), dates=Counter({month: 40, "2019": 40}))
        for month in ("May 2019", "June 2019")
    )
    whole = Tally.joined([one, two, tally(400)])
    assert words_of_siblings({"1": one, "2": two}, whole) == {
        "1": "dress · May 2019",
        "2": "dress · June 2019",
    }


def test_a_color_of_many_pictures_is_the_last_thing_that_names() -> None:
    whole = tally(400, colors={"red": 20, "gray": 200})
    assert words_of_siblings({"1": tally(50, colors={"red": 14})}, whole) == {"1": "red"}
    assert words_of_siblings({"1": tally(50, colors={"red": 11})}, whole) == {"1": ""}
    assert words_of_siblings({"1": tally(50, colors={"gray": 20})}, whole) == {"1": ""}


def test_a_mixture_is_named_by_its_two_most_frequent_words() -> None:
    whole = tally(1000, ("t-shirt", 300), ("dress", 150), ("hat", 90), ("clothes", 1000))
    mixed = tally(100, ("t-shirt", 33), ("dress", 22), ("hat", 9), ("clothes", 100))
    assert words_of_siblings({"1": mixed}, whole) == {"1": "t-shirt, dress"}
    # Together less than half, or rarer than elsewhere.
    for words in (("t-shirt", 28), ("dress", 21)), (("t-shirt", 25), ("dress", 30)):
        assert words_of_siblings({"1": tally(100, *words, ("clothes", 100))}, whole) == {"1": ""}
