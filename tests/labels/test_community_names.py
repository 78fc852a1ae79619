"""Tests of the names of communities: the same for every reader, never an error."""

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from graph.communities.kept import load_parts
from imgrec.labels.community_names import (
    LONGEST_NAME,
    MOST_NAMES,
    VERSION,
    CommunityNames,
    community_name,
    is_lonely,
    names_of,
    to_keep,
)
from imgrec.store.kept import save
from imgrec.store.store import Store
from site_stores import clusters, data_of, make_store, site_of


@pytest.mark.parametrize(
    ("path", "words", "name"),
    [
        ("6", "dress · t-shirt", "dress · t-shirt (6)"),
        ("3.1", "dress", "dress (3.1)"),
        ("3.1", "", "Community 3.1"),
        ("0", "", "Loners"),
        ("3.0", "", "Loners (3.0)"),
        ("0.2", "", "Loners (0.2)"),
        ("10", "", "Community 10"),
    ],
)
def test_a_name_is_words_and_path(path: str, words: str, name: str) -> None:
    assert community_name(path, words) == name
    assert CommunityNames({path: words} if words else {}).of(path) == name


@given(st.dictionaries(st.from_regex(r"[0-9](\.[0-9]){0,2}", fullmatch=True), st.text(max_size=4)))
def test_no_two_communities_have_one_name(words: dict[str, str]) -> None:
    names = CommunityNames(words)
    assert len({names.of(path) for path in words}) == len(words)


def test_loners_are_those_of_any_level() -> None:
    assert [is_lonely(path) for path in ("0", "3.0", "0.1", "10", "3.10", "")] == [
        True, True, True, False, False, False,
    ]  # fmt: skip


def test_no_more_names_are_kept_than_can_be_read() -> None:
    many = {f"{i}.1": "deep" for i in range(MOST_NAMES)} | {"7": "top", "8": ""}
    kept = to_keep(many)
    assert len(kept) == MOST_NAMES
    assert kept["7"] == "top" and "8" not in kept
    assert to_keep({"1": "x" * 999}) == {"1": "x" * LONGEST_NAME}


@pytest.fixture(scope="module")
def named(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("named")
    kinds = ("dress", "hat", "shoe", "t-shirt")
    path = make_store(folder, [f"{kinds[i % 4]}/{i}.jpg".encode() for i in range(48)], clusters(48))
    site_of(path, folder / "site", page_size=10)
    return path


def test_the_names_of_a_store_are_those_of_its_pages(named: Path) -> None:
    with Store.open(named) as store:
        names = names_of(store)
        kept = load_parts(store)
        paths = set(store.catalog.labels.of_kind("community").values())
    assert kept is not None and dict(kept.words) == names.words
    for path in paths:
        page = named.parent / "site" / "pages" / f"community-{path}.html"
        assert f"<h1>{names.of(path)}</h1>" in page.read_text("utf-8")
    overview = data_of(named.parent / "site" / "index.html")
    ways = overview["data"]["targets"]
    for node in overview["nodes"]:
        path = ways[str(node["id"])].removeprefix("pages/community-").removesuffix(".html")
        assert node["name"].startswith(f"{names.of(path)} · ")
    assert sorted(names.words[str(number)] for number in range(1, 5)) == [
        "dress", "hat", "shoe", "t-shirt",
    ]  # fmt: skip


def test_names_that_are_absent_or_invalid_are_plain(tmp_path: Path) -> None:
    path = make_store(tmp_path, [b"1.jpg", b"2.jpg"], clusters(2))
    with Store.open(path) as store:
        assert names_of(store).of("2") == "Community 2"
        names = {"1": "good", "2": "tab\there", "3": 7, "../4": "out", "5": "x" * 999, "6": None}
        for state, told in (({"names": names}, {"1": "good"}), ({"names": [1]}, {}), ({}, {})):
            save(store.paths.communities, {"version": VERSION}, {}, state)
            assert names_of(store).words == told
        save(store.paths.communities, {"version": VERSION - 1}, {}, {"names": names})
        assert names_of(store).words == {}
