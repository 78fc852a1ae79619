"""The decisions of the page in Chromium, on groups made by hand and at random."""

import random
from pathlib import Path
from typing import Any

import pytest
from selenium import webdriver

from imgrec.collection import Entry
from imgrec.duplicates.comparison import Comparison, Verdict
from imgrec.pictures.metadata_names import Datum
from imgrec.review.page import TEMPLATES
from imgrec.review.page_data import Scene, group_data
from imgrec.review.reviewed import Reviewed

SAID = (Datum("taken", "2019-07-14T10:00:00", 1.0), Datum("keyword", "cat"))


def _group(metadata: list[tuple[Datum, ...]], sizes: list[int]) -> list[dict[str, Any]]:
    """Return a group of files of 10 x 10 pixels that are the same as the first."""
    entries = [
        Entry(i, "/r", f"{i}.jpg", size, 5 * 10**9, f"d{i}", 10, 10, "JPEG", "ok", None)
        for i, size in enumerate(sizes)
    ]
    same = Comparison(Verdict.SAME, 0.9)
    group = tuple(
        Reviewed(
            entry, "same" if i else "kept", "no" if i else "yes", entries[0], same, "", metadata[i]
        )
        for i, entry in enumerate(entries)
    )
    return group_data(group, Scene(Path("/page")))


def _states(browser: webdriver.Chrome, group: list[dict[str, Any]], rule: str) -> list[str]:
    browser.get("about:blank")
    script = (TEMPLATES / "decide.js").read_text("utf-8")
    call = "return decide.states(arguments[0], {name: arguments[1]}, {});"
    found: list[str] = browser.execute_script(f"{script}\n{call}", group, rule)
    return found


@pytest.mark.parametrize(
    ("metadata", "states"),
    [
        # The second has more bytes, the first says more.
        ([SAID, ()], ["yes", "no"]),
        ([(), SAID], ["no", "yes"]),
        ([SAID[:1], SAID], ["no", "yes"]),
        ([(), ()], ["no", "yes"]),
        # Neither says all.
        ([SAID[:1], SAID[1:]], ["look", "yes"]),
    ],
)
def test_the_largest_says_most_and_no_metadata_is_lost_unseen(
    browser: webdriver.Chrome, metadata: list[tuple[Datum, ...]], states: list[str]
) -> None:
    assert _states(browser, _group(metadata, [1, 9]), "largest") == states


def test_what_files_say_is_not_in_the_page() -> None:
    rows = _group([(*SAID, Datum("latitude", "48.2082", 48.2082)), ()], [1, 9])
    assert (rows[0]["described"], rows[0]["more"]) == (3, [1])
    assert "48.2" not in str(rows)
    assert "cat" not in str(rows)


def _random_group(rng: random.Random) -> list[dict[str, Any]]:
    """Return the files of a group as the page gets them, valid by the rules of `groups.py`."""
    files: list[dict[str, Any]] = []
    for _ in range(rng.randint(1, 3)):
        first, content = len(files), len(files)
        kind, keep = ("kept", "yes") if not files else ("similar", "look")
        files.append(_file(rng, kind, keep, first, content))
        for _ in range(rng.randint(0, 3)):
            kind = rng.choice(["copy", "same", "same", "link"])
            of = content if kind == "copy" else len(files)
            file = _file(rng, kind, "no", first, of)
            if kind == "copy":
                file["pixels"] = files[first]["pixels"]
            if kind == "link":
                beside = rng.choice(files[first:])
                file |= {"keep": beside["keep"], "content": beside["content"],
                         "pixels": beside["pixels"]}  # fmt: skip
            elif kind == "same" and file["pixels"] > 1.02 * files[first]["pixels"]:
                file["keep"] = "look"
            files.append(file)
    return files


def _file(rng: random.Random, kind: str, keep: str, same: int, content: int) -> dict[str, Any]:
    return {
        "kind": kind, "keep": keep, "same": same, "content": content, "bytes": rng.randint(1, 5),
        "pixels": rng.choice([100, 101, 200, 300]), "time": rng.randint(1, 5),
        "folder": rng.choice(["/a", "/a/b", "/c"]),
    }  # fmt: skip


def _is_compared(files: list[dict[str, Any]], one: int, other: int) -> bool:
    """True if two files, or files of their bytes, were compared: one is `same` as the other."""
    contents = files[one]["content"], files[other]["content"]
    pairs = {(file["content"], files[file["same"]]["content"])
             for file in files if file["kind"] == "same"}  # fmt: skip
    return contents[0] == contents[1] or contents in pairs or contents[::-1] in pairs


def _is_safe(files: list[dict[str, Any]], number: int, states: list[str]) -> bool:
    return any(
        other != number and states[other] != "no" and file["kind"] != "link"
        and _is_compared(files, number, other)
        and (file["content"] == files[number]["content"]
             or files[number]["pixels"] <= 1.02 * file["pixels"])
        for other, file in enumerate(files)
    )  # fmt: skip


def test_whatever_rule_a_file_that_goes_has_one_that_stays(page: webdriver.Chrome) -> None:
    rng = random.Random(5)
    groups = [_random_group(rng) for _ in range(400)]
    rules = [
        {"name": name, "folder": "/a"}
        for name in ("found", "largest", "oldest", "newest", "folder")
    ]
    chosen = [
        {str(rng.randrange(len(group))): rng.choice(["yes", "no"])} if rng.random() < 0.5 else {}
        for group in groups
    ]
    script = """
      const [groups, rules, chosen] = arguments;
      return groups.map((group, n) => rules.map(rule => decide.states(group, rule, chosen[n])));
    """
    went = 0
    for group, of_rules, by_hand in zip(
        groups, page.execute_script(script, groups, rules, chosen), chosen, strict=True
    ):
        for rule, states in zip(rules, of_rules, strict=True):
            if rule["name"] == "found" and not by_hand:
                assert states == [file["keep"] for file in group]
            for number, state in enumerate(states):
                if str(number) in by_hand:
                    assert state == by_hand[str(number)]
                elif group[number]["kind"] == "link":
                    assert state != "no" or (rule["name"] == "found" and not by_hand)
                elif state == "no":
                    went += 1
                    assert _is_safe(group, number, states), (group, rule, by_hand, states)
            if not by_hand:
                assert any(
                    s != "no" and f["kind"] != "link" for s, f in zip(states, group, strict=True)
                )
    assert went > 1000
