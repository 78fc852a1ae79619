"""The decisions of the page by its own rules, on groups made by hand, in Chromium."""

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
