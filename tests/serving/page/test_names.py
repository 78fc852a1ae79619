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


# A name in a box of a width: its parts, whether the first of them is seen and is cut, and whether
# the last one is seen whole.
_CUT = """
(() => {
  const box = document.body.appendChild(document.createElement("div"));
  Object.assign(box.style, { width: `${given[1]}px`, fontSize: "12px" });
  m.showCut(box, given[0]);
  const [first, last] = [box.firstChild, box.lastChild];
  const [edge, end] = [box, last].map((one) => one.getBoundingClientRect());
  const found = [[...box.children].map((part) => part.textContent), first.clientWidth > 0,
    first.scrollWidth > first.clientWidth,
    end.left >= edge.left - 1 && end.right <= edge.right + 1];
  box.remove();
  return found;
})()
"""
_FAMILY = "\U0001f468\u200d\U0001f469\u200d\U0001f467"


@pytest.mark.parametrize(
    ("name", "width_px", "parts", "seen", "cut"),
    [
        ("balloons-000576.jpg", 300, ["balloons-00", "0576.jpg"], True, False),
        ("balloons-000576.jpg", 100, ["balloons-00", "0576.jpg"], True, True),
        ("balloons-000576.jpg", 55, ["balloons-00", "0576.jpg"], False, False),
        ("img-01.jpg", 300, ["img-01.jpg"], True, False),
        ("img-01.jpg", 30, ["img-01.jpg"], True, True),
        (f"party {_FAMILY}34567.jpg", 300, ["party " + _FAMILY + "3", "4567.jpg"], True, False),
        (f"party {_FAMILY}567.jpg", 300, ["party ", _FAMILY + "567.jpg"], True, False),
    ],
)
def test_a_name_that_does_not_fit_is_cut_in_its_middle(
    page: Chrome, name: str, width_px: int, parts: list[str], seen: bool, cut: bool
) -> None:
    found = call(page, "dom.js", _CUT, [name, width_px])
    assert found == [parts, seen, cut, True]


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
