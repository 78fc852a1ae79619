"""Tests of the names of communities: natural words, distinctive, unique among siblings."""

import re
from collections import Counter

import pytest
from hypothesis import given
from hypothesis import strategies as st

from graph.communities.naming import Tally, key_words, names_of, plain_name
from graph.communities.path_words import words_of
from imgrec.collection import Entry


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


@given(st.text(st.characters(codec="utf-8", exclude_characters="\0"), max_size=60))
def test_no_word_has_a_digit_or_is_long(path: str) -> None:
    for word in words_of(path):
        assert 1 < len(word) <= 32
        assert not re.search(r"[\d_/<>]", word)


def tally(count: int, *folders: tuple[str, int], colors: dict[str, int] | None = None) -> Tally:
    words = Counter(dict(folders))
    return Tally(count, words, Counter(colors or {}), Counter())


def test_a_word_is_frequent_inside_and_rare_outside() -> None:
    whole = tally(1000, ("dress", 100), ("shop", 1000), ("odd", 3))
    own = tally(100, ("dress", 80), ("shop", 100), ("odd", 3))
    assert key_words(own, whole) == ["dress"]


def test_names_of_siblings_are_told_apart_by_color_then_words_then_number() -> None:
    whole = tally(
        400, ("dress", 150), ("silk", 60), ("hat", 50), colors={"red": 50, "blue": 50, "gray": 300}
    )
    found = names_of(
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
        "5": "Community 5",
        "6": "Community 6",
        "0": "Loners",
    }


def test_names_that_nothing_tells_apart_get_their_paths() -> None:
    whole = tally(400, ("dress", 100))
    found = names_of({path: tally(50, ("dress", 50)) for path in ("3.1", "3.2")}, whole)
    assert found == {"3.1": "dress 3.1", "3.2": "dress 3.2"}


@given(
    st.lists(
        st.dictionaries(st.sampled_from(["dress", "Hat", "hat", "loners", "community 1"]),
                        st.integers(1, 10)),
        min_size=1, max_size=8,
    )
)  # fmt: skip
def test_names_are_distinct(siblings: list[dict[str, int]]) -> None:
    tallies = {str(i): tally(10, *words.items()) for i, words in enumerate(siblings)}
    whole = Tally.joined([*tallies.values(), tally(100)])
    names = names_of(tallies, whole).values()
    assert len({name.casefold() for name in names}) == len(siblings)


def test_a_class_names_as_a_word_does() -> None:
    entries = [Entry(i, "/r", f"{i}.jpg", 1, 1, None, None, None, None, "ok", None)
               for i in range(4)]  # fmt: skip
    labels = {i: {"class": "jersey, T-shirt", "color": "red", "folder": "r"} for i in range(4)}
    own = Tally.of(entries, labels)
    assert own == Tally(4, Counter(jersey=4), Counter(red=4), Counter(r=4))
    assert key_words(own, Tally.joined([own, tally(40)])) == ["jersey"]


def test_names_of_single_files_are_forgotten() -> None:
    own = tally(500, ("dress", 300), ("rare", 9), ("once", 1)).pruned()
    assert own.words == Counter(dress=300)
    assert tally(2, ("once", 1)).pruned().words == Counter(once=1)


def test_the_plain_name() -> None:
    assert [plain_name(path) for path in ("3.1", "0", "3.0")] == [
        "Community 3.1",
        "Loners",
        "Loners",
    ]
