"""What the scripts of the search find in Chromium, beside a search by hand in Python."""

import json
import re
import shutil
import sys
import unicodedata
from functools import cache
from pathlib import Path

import numpy as np
import pytest
from selenium import webdriver
from selenium.webdriver.common.by import By

from graph.name_search.documents import CommunityDocument, PictureDocument
from graph.name_search.index import write_search
from graph.name_search.parts import joined_words
from graph.words import fold, terms
from name_documents import category_of, many
from name_documents import picture as document
from search_box import NAMES, found_by, searched
from site_in_browser import opened

SHOWN, COUNT = 30, 6000


@pytest.fixture(scope="module")
def collection(site: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return a site whose index has 6,000 pictures and 40 communities."""
    copy = tmp_path_factory.mktemp("large") / "site"
    shutil.copytree(site, copy)
    shutil.rmtree(copy / "search")
    groups = [CommunityDocument(f"River {i}", "", (f"community-{i}",), None) for i in range(1, 41)]
    write_search(copy, many(COUNT), groups)
    return copy


@cache
def cut() -> list[tuple[PictureDocument, set[str], set[str]]]:
    return [
        (
            p,
            {*terms(p.name), *joined_words(fold(p.name))},
            {*terms(p.folder), *terms(category_of(p))},
        )
        for p in many(COUNT)
    ]


def is_inside(part: str, word: str) -> bool:
    """Return True if a part of three letters or more is within a word of letters."""
    return len(part) >= 3 and part.isalpha() and word.isalpha() and word.find(part) > 0


def ranked_by_hand(words: list[str]) -> tuple[list[int], int]:
    """Return the ids of the best pictures that match all words, and the count (reference)."""

    def of_word(word: str, name: set[str], folder: set[str]) -> int:
        for score, found in (
            (6, word in name),
            (5, word in folder),
            (4, any(w.startswith(word) for w in name)),
            (3, any(w.startswith(word) for w in folder)),
            (2, any(is_inside(word, w) for w in name)),
            (1, any(is_inside(word, w) for w in folder)),
        ):
            if found:
                return score
        return 0

    scored = []
    for picture, name, folder in cut():
        scores = [of_word(word, name, folder) for word in words]
        if all(scores):
            scored.append((-sum(scores), picture.folder, picture.name, picture.id))
    return [row[-1] for row in sorted(scored)[:SHOWN]], len(scored)


def test_scripts_fold_and_cut_as_python_does(browser: webdriver.Chrome, site: Path) -> None:
    opened(browser, site / "index.html")
    assigned = [
        chr(i)
        for i in range(sys.maxunicode + 1)
        if unicodedata.category(chr(i)) not in ("Cn", "Cs", "Co")
    ]
    told = browser.execute_script("return arguments[0].map((c) => imgrecTerms.fold(c))", assigned)
    differing = [(c, there) for c, there in zip(assigned, told, strict=True) if fold(c) != there]
    assert differing == []
    texts = [*(name.decode() for name in NAMES), *(p.name for p in many(300)), "x" * 30, "ß 東 🌸❤️"]
    texts += ["".join(assigned[i : i + 40]) for i in range(0, len(assigned), 40)]
    cut = browser.execute_script(
        "return arguments[0].map((text) => imgrecTerms.wordsOf(text))", texts
    )
    for text, words in zip(texts, cut, strict=True):
        assert set(words) <= set(terms(text)), text
        assert bool(words) == bool(terms(text))


def test_answers_are_those_of_a_search_by_hand(browser: webdriver.Chrome, collection: Path) -> None:
    opened(browser, collection / "index.html")
    index = (collection / "search" / "index.js").read_text("utf-8")
    told = json.loads(index[index.index("{") : index.rindex("}") + 1])
    assert len(told["words"]) > 5
    rng = np.random.default_rng(1)
    words = sorted(set().union(*(name | folder for _, name, folder in cut())))
    singles = [word[: rng.integers(1, 6)] for word in rng.choice(words, 40)]
    pairs = [f"{a} {b}" for a, b in zip(singles[::2], ["img", "2019", "r", "jpg"] * 5, strict=True)]
    fixed = ["jpg", "IMG", "riv", "river été", "2019 3", "été house", "夜景 2", "кот jp 1", "zzz"]
    fixed += ["golden", "retr", "running shoe", "shoe river", "golden 2019"]
    fixed += ["each", "ress", "triev", "ouse riv", "oto", "lde 2019"]
    across = [first[:n] for first in told["words"][1:] for n in range(1, len(first))]
    for query in [*singles, *pairs, *fixed, *across]:
        answer = found_by(browser, query)
        ids, count = ranked_by_hand(browser.execute_script(
            "return imgrecTerms.wordsOf(arguments[0])", query
        ))  # fmt: skip
        assert [row["id"] for row in answer["pictures"]["rows"]] == ids, query
        assert answer["pictures"]["count"] == count
    searched(browser, "river 1")
    assert browser.find_element(By.ID, "told").text.startswith("5 of 11 communities")
    groups = found_by(browser, "riv")["groups"]
    assert groups["count"] == 40
    assert [row["name"] for row in groups["rows"]] == [f"River {i}" for i in range(1, 6)]
    assert [row["name"] for row in found_by(browser, "RIVER 12")["groups"]["rows"]] == ["River 12"]


def test_a_class_finds_its_pictures_and_stands_beside_their_folder(
    browser: webdriver.Chrome, collection: Path
) -> None:
    opened(browser, collection / "index.html")
    assert len(searched(browser, "golden retriever")) == SHOWN
    shown = browser.execute_script(
        "return [...document.querySelectorAll('#found .about')].map((about) => about.textContent)"
    )
    digest = r"( · [0-9a-f-]{19}\.png)?"
    assert all(re.fullmatch(rf".+/.+ · golden retriever{digest}", about) for about in shown)
    found = {row["id"] for row in found_by(browser, "golden retriever")["pictures"]["rows"]}
    assert found <= {p.id for p in many(COUNT) if category_of(p) == "golden retriever"}
    # Without a class only the folder stands there.
    without = next(p for p in many(COUNT) if not category_of(p))
    assert searched(browser, f"{without.name} {without.folder}")[0] == without.name
    about = browser.find_element(By.CSS_SELECTOR, "#found .about").text
    assert about == without.folder


def test_a_name_that_nobody_can_read_stands_behind_the_folder(
    browser: webdriver.Chrome, site: Path, tmp_path: Path
) -> None:
    shutil.copytree(site, tmp_path / "site")
    shutil.rmtree(tmp_path / "site" / "search")
    names = ("06a00c0f-5f9a-410d-a7da-123456789abc.jpg", "1234567890123456.jpg", "1.jpg")
    pictures = [document(i, name, "train/dress", "gown") for i, name in enumerate(names, 1)]
    pictures += [document(4, names[0], "", "gown"), document(5, names[0])]
    write_search(tmp_path / "site", pictures, [CommunityDocument(names[0], "", ("a",), None)])

    def shown(query: str) -> set[tuple[str, ...]]:
        searched(browser, query)
        script = "return [...document.querySelectorAll('#found .text')].map(({children}) => (" \
            "[...children].map((part) => part.textContent)))"  # fmt: skip
        return {tuple(texts) for texts in browser.execute_script(script)}

    opened(browser, tmp_path / "site" / "index.html")
    assert shown("gown") == {
        ("dress", f"train/dress · gown · {names[0]}"),
        (names[1], "train/dress · gown"),
        (names[2], "train/dress · gown"),
        ("gown", names[0]),
    }
    found = shown("06a00c0f")
    assert found == {(names[0], "train/dress · gown"), (names[0], "gown"), (names[0], "")}


@pytest.mark.parametrize("query", ["夜", "夜景", "東京 夜景3", "ETE SEV", "été à séville 1"])
def test_names_of_other_scripts_are_found(
    browser: webdriver.Chrome, site: Path, query: str
) -> None:
    opened(browser, site / "index.html")
    shown = searched(browser, query)
    assert shown
    expected = "夜景" if fold(query)[0] in "夜東" else "plage"
    assert all(expected in name for name in shown)
