"""By what pictures are called on the page: names that say something, else folders and classes."""

from collections.abc import Iterator
from itertools import product
from pathlib import Path

import pytest
from selenium.webdriver import Chrome

from imgrec.collection import path_words
from imgrec.collection.path_words import name_words
from live_server import live
from page_modules import call

_PARTS = (
    *("dress", "t-shirt", "x-ray", "red-dress", "a-b", "IMG", "img2", "WA", "FB", "été", "ё"),
    *("06a00c0f-5f9a-410d-a7da-123456789abc", "06a00c0f5f9a", "deadbeef", "1234", "dress12"),
    *("2019summer", "it's", "'quoted'", "Ⅻ", "½", "a", "", "-", "thumb", "Photos", "Bøf"),
    *("夏", "夏休み", "사진", "\U0001f600", "12夏", "the", "of", "final", "x²", "facade"),
)


@pytest.fixture(scope="module")
def page(browser: Chrome, photo_store: Path) -> Iterator[Chrome]:
    with live(photo_store) as server:
        browser.get(server.address)
        yield browser
        browser.get("about:blank")


def _speaks(name: str) -> bool:
    # The rule of the projector's labels (projector/files/telling.py).
    words = [word for word in name_words(name) if len(word) >= 3 or not word.isascii()]
    return bool(words) or any(letter >= "\u2e80" and letter.isalpha() for letter in name)


def test_what_speaks_is_what_speaks_elsewhere(page: Chrome) -> None:
    names = [f"{one}{sign}{other}" for one, sign, other in product(_PARTS, " _-.", _PARTS)]
    names += sorted(path_words._PREFIXES)
    expected = {name: _speaks(name) for name in names}
    assert len(set(expected.values())) == 2
    found = call(page, "names.js", "given.map(m.speaks)", names)
    assert dict(zip(names, found, strict=True)) == expected


@pytest.mark.parametrize(
    ("path", "labels", "title"),
    [
        ("train/dress/06a00c0f-5f9a-410d-a7da-123456789abc.jpg", {"class": "gown"}, "dress"),
        ("train/06a00c0f-5f9a-410d-a7da-123456789abc.jpg", {"class": "gown"}, "gown"),
        ("IMG_1234.JPG", {"class": "gown"}, "gown"),
        ("IMG_1234.JPG", {}, "IMG_1234.JPG"),
        ("2019/07/IMG_1234.JPG", {"color": "red"}, "IMG_1234.JPG"),
        ("dress/harbor at night.jpg", {"class": "gown"}, "harbor at night.jpg"),
        ("dress/.jpg", {}, "dress"),
        ("a\nparty/1.jpg", {}, "a\u2423party"),
        ("1.jpg", {"class": "\u202egpj"}, "\u2423gpj"),
    ],
)
def test_a_picture_is_called_by_what_says_most(
    page: Chrome, path: str, labels: dict[str, str], title: str
) -> None:
    picture = {"path": path, "labels": labels}
    assert call(page, "names.js", "m.titleOf(given)", picture) == title


@pytest.mark.parametrize(
    ("under", "where", "title"),
    [
        (["a/dress"], [], "gown"),
        ([], ["folder=dress", "color=red"], "gown"),
        (["a"], [], "dress"),
        (["a/dress", "a/hat"], [], "dress"),
        ([], ["folder=hat", "folder=dress"], "dress"),
    ],
)
def test_the_folder_that_is_chosen_says_nothing(
    page: Chrome, under: list[str], where: list[str], title: str
) -> None:
    picture = {"path": "a/dress/1.jpg", "labels": {"class": "gown", "folder": "dress"}}
    given = [picture, {"under": under, "where": where}]
    assert call(page, "names.js", "m.titleOf(...given)", given) == title
