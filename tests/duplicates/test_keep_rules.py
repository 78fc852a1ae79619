"""Rules for the file to keep: their text, and the order they give, whatever the ids."""

import random
from pathlib import Path

import pytest

from imgrec import ImgrecError, KeepRules
from imgrec.collection import Entry

SECOND = 10**9


def _entry(
    image_id: int, path: str, width: int = 10, size: int = 1, mtime: int = 5, root: str = "/r"
) -> Entry:
    size_of = (size, mtime * SECOND, "digest", width, 10, "JPEG", "ok", None)
    return Entry(image_id, root, path, *size_of)


def _ordered(entries: list[Entry], text: str = "largest,oldest") -> list[str]:
    rank = KeepRules.parse(text).ranking()
    return [entry.path for entry in sorted(entries, key=rank)]


def test_of_equal_pixels_the_one_that_says_more_of_itself_is_kept() -> None:
    original, resaved = _entry(1, "b.jpg"), _entry(2, "a.png", size=9)
    larger, older = _entry(3, "c.jpg", width=20), _entry(4, "d.jpg", mtime=4)
    described = {1: 6, 2: 1}
    rank = KeepRules().ranking(described)
    assert min((original, resaved, older), key=rank) == original
    assert min((original, larger), key=rank) == larger
    assert min((original, older), key=KeepRules(("oldest",)).ranking(described)) == older


@pytest.mark.parametrize(
    ("text", "rules"),
    [
        ("largest", ("largest",)),
        ("oldest, largest", ("oldest", "largest")),
        ("in:Best of, all,newest", ("in:Best of, all", "newest")),
        ("in:a,in:b", ("in:a", "in:b")),
        ("in:a,b", ("in:a,b",)),
        ("in:a,largest b", ("in:a,largest b",)),
    ],
)
def test_rules_are_parsed(text: str, rules: tuple[str, ...]) -> None:
    assert KeepRules.parse(text).rules == rules
    assert KeepRules.parse(str(KeepRules.parse(text))) == KeepRules.parse(text)


@pytest.mark.parametrize("text", ["", "smallest", "largest,oldset", "largest,", "Largest", "in:"])
def test_unknown_rules_are_refused(text: str) -> None:
    with pytest.raises(ImgrecError, match=r"is no rule for what to keep|names no folder"):
        KeepRules.parse(text)


def test_the_default_keeps_most_pixels_then_bytes_then_the_oldest_then_the_first_path() -> None:
    expected = [
        _entry(9, "large", width=20),
        _entry(8, "bytes", size=2),
        _entry(7, "old", mtime=4),
        _entry(6, "a"),
        _entry(5, "b"),
        _entry(3, "unknown", width=0, size=99),
        _entry(2, "$RECYCLE.BIN/large", width=40),
    ]
    for seed in range(5):
        assert _ordered(random.Random(seed).sample(expected, 7)) == [e.path for e in expected]


def test_the_root_decides_before_the_path() -> None:
    entries = [_entry(1, "a", root="/z"), _entry(2, "b", root="/r")]
    assert _ordered(entries) == ["b", "a"]


def test_the_rules_that_are_named_come_first() -> None:
    entries = [_entry(1, "a", width=20), _entry(2, "b", mtime=1), _entry(3, "c/d", mtime=9)]
    assert _ordered(entries, "oldest") == ["b", "a", "c/d"]
    assert _ordered(entries, "newest") == ["c/d", "a", "b"]
    assert _ordered(entries, "in:c") == ["c/d", "a", "b"]
    assert _ordered(entries, "in:c,oldest") == ["c/d", "b", "a"]
    # No rule brings a file of a trash folder before others.
    assert _ordered([*entries, _entry(4, ".Trash/x", mtime=0)], "oldest")[-1] == ".Trash/x"
    assert _ordered([*entries, _entry(4, ".Trash/x", mtime=0)], "in:.Trash")[-1] == ".Trash/x"


@pytest.mark.parametrize(
    "folder", ["album", "album/", "./album", "{root}/album", "{root}", "e\u0301", "\xe9"]
)
def test_a_folder_is_relative_to_a_root_or_a_place(tmp_path: Path, folder: str) -> None:
    inside = "\xe9/a" if len(folder) < 3 else "album/a"
    entries = [
        _entry(1, "albums/b", root=str(tmp_path / "x"), width=20),
        _entry(2, inside, root=str(tmp_path / "y")),
    ]
    folder = folder.format(root=tmp_path / "y")
    assert _ordered(entries, f"in:{folder}") == [inside, "albums/b"]
