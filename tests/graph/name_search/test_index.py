"""Tests of the search index, read back: against a linear search, file sizes, reproducibility."""

import json
import re
import unicodedata
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from graph.name_search.documents import DOCUMENTS_BYTES, CommunityDocument, PictureDocument
from graph.name_search.index import WORDS_BYTES, search_files, wide_prefixes, write_search
from graph.name_search.labels import label_terms
from graph.name_search.parts import MOST_WORDS, joined_words, part_words
from graph.name_search.postings import ALPHABET, Postings, encode, merged
from graph.words import MAX_LENGTH, UNSPACED, fold, terms
from imgrec.system.file_names import printable
from name_documents import CELL, category_of, many, picture

EVIL = "</script><img src=x onerror=alert(1)>\u2028\u2029<!--"
NAMES = st.text(min_size=1, max_size=30).map(printable)


def group(number: int, name: str) -> CommunityDocument:
    return CommunityDocument(name, "3 pictures", (f"community-{number}",), None)


class Index:
    """An index whose files are read back as a browser reads them."""

    def __init__(self, files: Sequence[tuple[str, str]]) -> None:
        self.data: dict[str, Any] = {}
        for name, text in files:
            call = re.fullmatch(r'imgrecSearch\.register\("([\w-]+)",(.*)\);\n', text)
            assert call
            assert name == f"search/{call[1]}.js"
            self.data[call[1]] = json.loads(call[2])
        self.told = self.data["index"]

    def rows(self) -> Iterator[tuple[int | None, str, str, str, str]]:
        """Id, name, folder, page and title of each document."""
        for number, count in enumerate(self.told["documents"]):
            file = self.data[f"documents-{number}"]
            assert count == len(file["rows"])
            for i, name, folder, page, *_ in file["rows"]:
                yield i, name, file["folders"][folder], *file["pages"][page]

    def classes(self) -> Iterator[str]:
        """Class of each document, "" for none; communities have none."""
        for number, _ in enumerate(self.told["documents"]):
            file = self.data[f"documents-{number}"]
            for i, *row in file["rows"]:
                labels = [file["labels"][at] for at in row[7:]] if i is not None else []
                yield dict(labels).get("class", "")

    def found(self, word: str) -> tuple[set[int], set[int], int]:
        """The documents with words that begin so in the name, in the folder; files read."""
        key = word.encode("utf-16-be")
        firsts = [first.encode("utf-16-be") for first in self.told["words"]]
        assert firsts == sorted(firsts)
        at = max(0, sum(first <= key for first in firsts) - 1)
        entries = list(self.data[f"words-{at}"])
        read = 1
        for entry in entries:
            if entry[0] == word and len(entry) == 5:
                return listed(entry[3]), listed(entry[4]), read
        while at + read < len(firsts) and self.told["words"][at + read].startswith(word):
            entries += self.data[f"words-{at + read}"]
            read += 1
        begun = [entry for entry in entries if entry[0].startswith(word)]
        names = set().union(*(listed(entry[1]) for entry in begun))
        return names, set().union(*(listed(entry[2]) for entry in begun)), read


def listed(text: str) -> set[int]:
    """Return the documents of a posting list, decoded letter by letter (reference)."""
    values = [ALPHABET.index(letter) for letter in text.removeprefix(".")]
    if text.startswith("."):
        bits = "".join(f"{value:06b}" for value in values)
        return {i for i, bit in enumerate(bits) if bit == "1"}
    numbers, value, unit = [], 0, 1
    for letter in values:
        value, unit = value + letter % 32 * unit, unit * 32
        if letter < 32:
            numbers.append(value)
            value, unit = 0, 1
    found: set[int] = set()
    end, steps = 0, iter(numbers)
    for step in steps:
        start = end + step // 2
        end = start + (next(steps) + 2 if step % 2 else 1)
        found |= set(range(start, end))
    return found


def words_by_hand(text: str) -> set[str]:
    """Return the words of a text, tokenized character by character (reference)."""
    runs: list[str] = []
    last = ""
    for c in fold(text):
        category = unicodedata.category(c)
        kind = "word" if category[0] in "LMN" else "symbol" if category == "So" else ""
        if kind == "word" and re.match(f"[{UNSPACED}]", c):
            kind = "unspaced"
        if kind and (kind != last or kind == "symbol"):
            runs.append("")
        if kind:
            runs[-1] += c
        last = kind
    return {
        part
        for run in runs
        for part in (
            [run[i : i + 2] for i in range(len(run))]
            if re.match(f"[{UNSPACED}]", run)
            else [run[:MAX_LENGTH]]
        )
    }


def check_found(index: Index, words: set[str]) -> int:
    """Check that words and prefixes find exactly their documents; return the most files read."""
    rows = list(index.rows())
    of_names = [{*terms(name), *joined_words(fold(name))} for _, name, *_ in rows]
    of_folders: list[set[str]] = [
        {
            *(*terms(folder), *joined_words(fold(folder)), *terms(category)),
            *([f":class:{fold(category)[:60]}"] if category else []),
        }
        if i is not None
        else set()
        for (i, _, folder, *_), category in zip(rows, index.classes(), strict=True)
    ]
    most = 0
    for word in words:
        names, folders, read = index.found(word)
        assert names == {
            i for i, has in enumerate(of_names) if any(w.startswith(word) for w in has)
        }
        assert folders == {
            i for i, has in enumerate(of_folders) if any(w.startswith(word) for w in has)
        }
        most = max(most, read)
    return most


def test_names_are_cut_and_folded() -> None:
    assert terms("IMG_0042.JPG") == ["img", "0042", "42", "jpg"]
    assert terms("DSC00123") == ["dsc00123", "00123", "123"]
    assert terms("2019summer 7a 000") == ["2019summer", "summer", "7a", "000", "0"]
    assert terms("Straße, Çédille – ŁÓDŹ Ærø") == ["strasse", "cedille", "lodz", "aero"]
    assert terms("ΣΊΣΥΦΟΣ") == terms("σίσυφος")
    assert terms("ﬁne ① Ёлка") == ["fine", "1", "елка"]
    assert terms("東京タワー 夜") == ["東京", "京タ", "タワ", "ワー", "ー", "夜"]
    assert terms("🌸sakura❤️") == ["🌸", "sakura", "❤"]
    assert terms("हिन्दी") == ["हिन्दी"]
    assert terms("!?.../-") == []


@given(st.text())
def test_folding_twice_is_folding_once(text: str) -> None:
    assert fold(fold(text)) == fold(text)
    assert terms(text.upper()) == terms(text.upper().lower())


@given(st.text())
def test_words_are_those_cut_by_hand_and_parts_of_them(text: str) -> None:
    found, by_hand = set(terms(text)), words_by_hand(text)
    assert by_hand <= found
    assert all(any(word in whole for whole in by_hand) for word in found)


@given(st.sets(st.integers(0, 400)))
def test_a_list_of_documents_is_read_back(documents: set[int]) -> None:
    alone = np.array(sorted(documents), np.int64)
    starts, stops = merged(alone, alone + 1)
    text = encode(starts.tolist(), stops.tolist())
    assert listed(text) == documents
    assert len(text) <= max(documents, default=0) // 6 + 3


def test_large_numbers_and_long_runs_are_short() -> None:
    assert listed(encode([3, 100_000], [99_999, 100_001])) == {*range(3, 99_999), 100_000}
    assert len(encode([10**7], [2 * 10**7])) <= 10
    assert listed(encode([2**20], [2**20 + 1])) == {2**20}


@given(st.lists(st.tuples(st.integers(0, 3), st.integers(0, 20), st.integers(1, 9))))
def test_postings_are_the_union_of_the_runs_of_each_word(
    runs: list[tuple[int, int, int]],
) -> None:
    rows = np.array([(w, s, s + n) for w, s, n in runs], np.int64).reshape(-1, 3)
    postings = Postings.from_runs(30, rows[:, 0], rows[:, 1], rows[:, 2])
    by_word = [
        {i for word, start, count in runs if word == w for i in range(start, start + count)}
        for w in range(4)
    ]
    assert [listed(text) for text in postings.each(4)] == by_word
    assert listed(postings.of(1, 3)) == by_word[1] | by_word[2]


def test_wide_prefixes_are_those_of_more_than_half_a_file() -> None:
    words = sorted(map(str, range(20_000)))
    sizes = np.arange(len(words) + 1) * 20
    found = {prefix: (first, last) for prefix, first, last in wide_prefixes(words, sizes)}
    for prefix in ("1", "19", "199", "2", "23", "234", "0", "x"):
        having = [i for i, word in enumerate(words) if word.startswith(prefix)]
        assert (prefix in found) == (20 * len(having) > WORDS_BYTES // 2)
        if prefix in found:
            assert found[prefix] == (having[0], having[-1] + 1)
    assert {len(prefix) for prefix in found} == {1, 2}


@settings(max_examples=60)
@given(
    st.lists(st.tuples(NAMES, NAMES, NAMES | st.just("")), min_size=1, max_size=12),
    st.lists(NAMES, max_size=4),
)
def test_odd_names_are_found_by_every_word_and_beginning(
    names: list[tuple[str, str, str]], titles: list[str]
) -> None:
    pictures = [picture(i, *of_one) for i, of_one in enumerate(names, start=1)]
    groups = [group(i, title) for i, title in enumerate(titles, start=1)]
    index = Index(list(search_files(pictures, groups)))
    rows = list(index.rows())
    assert [row[:2] for row in rows[: len(titles)]] == [(None, title) for title in titles]
    by_path = sorted(pictures, key=lambda p: (p.folder, p.name, p.id))
    assert [row[:4] for row in rows[len(titles) :]] == [p[:4] for p in by_path]
    assert list(index.classes())[len(titles) :] == [category_of(p) for p in by_path]
    words = {word for text in sum(names, (*titles,)) for word in words_by_hand(text)}
    check_found(index, {word[:n] for word in words for n in range(1, len(word) + 1)})


def test_many_pictures_are_found_in_one_or_two_small_files_a_word() -> None:
    pictures = many(6000)
    files = list(search_files(pictures, [group(i, f"Community {i}") for i in range(1, 8)]))
    index = Index(files)
    entries = [e for name, data in index.data.items() if name.startswith("words") for e in data]
    assert len(index.told["words"]) > 8
    assert any(len(entry) == 5 for entry in entries)
    words = {entry[0] for entry in entries}
    beginnings = {word[:n] for word in words for n in (1, 2, 3)}
    rng = np.random.default_rng(0)
    chosen = {*rng.choice(sorted(words), 150), *rng.choice(sorted(beginnings), 150)}
    assert check_found(index, chosen | {"2019", "img", "jpg", "1", "夜"}) <= 3
    # A file may exceed its limit by 100 bytes around the rows, and 200 of the last row.
    for name, text in files:
        assert len(text.encode()) <= 300 + (DOCUMENTS_BYTES if "doc" in name else WORDS_BYTES)
    assert sum(len(text.encode()) for _, text in files) < 160 * len(pictures)


def test_a_word_that_all_have_takes_a_bit_a_picture_at_most() -> None:
    rng = np.random.default_rng(0)
    names = [f"{'holiday' if rng.random() < 0.5 else 'work'} {i:05d}" for i in range(20_000)]
    rng.shuffle(names)
    pictures = [picture(i, f"{i:05d} {name}") for i, name in enumerate(names)]
    index = Index(list(search_files(pictures, [])))
    names_of, _, read = index.found("holiday")
    assert len(names_of) == sum("holiday" in name for name in names)
    assert read == 1
    lists = [e for k, d in index.data.items() if k.startswith("words") for e in d]
    assert max(len(text) for entry in lists for text in entry[1:]) <= 20_000 / 6 + 3


def test_the_same_pictures_in_any_order_give_the_same_bytes() -> None:
    pictures, groups = many(500), [group(1, "One"), group(2, "Two")]
    files = list(search_files(pictures, groups))
    assert list(search_files(reversed(pictures), groups)) == files


def test_titles_faces_and_pages_of_communities() -> None:
    pictures = [
        PictureDocument(5, "a.jpg", "", "community-1", CELL),
        PictureDocument(6, "b.jpg", "", "community-1-2", (140, 4, 60, 128)),
    ]
    groups = [
        CommunityDocument("Red", "2 pictures", ("community-1", "community-1-2"), 6),
        CommunityDocument("None", "", ("community-2",), 99),
    ]
    index = Index(list(search_files(pictures, groups)))
    (file,) = (data for name, data in index.data.items() if name.startswith("documents"))
    pages = file["pages"]
    red, none, first, second = file["rows"]
    assert (pages[red[3]][0], red[4:8], pages[red[8]][0]) == (
        "community-1", [140, 4, 60, 128], "community-1-2"
    )  # fmt: skip
    assert (pages[none[3]][0], none[4:]) == ("community-2", [])
    assert pages[first[3]] == ["community-1", "Red"]
    assert pages[second[3]] == ["community-1-2", "Red · page 2"]


def test_no_name_ends_a_script() -> None:
    pictures = [picture(1, EVIL, EVIL, EVIL), picture(2, EVIL.upper(), "\\\"'\\u003c")]
    files = list(search_files(pictures, [group(1, EVIL)]))
    for _, text in files:
        assert not set(text) & {"<", "\u2028", "\u2029"}
        assert text.count("\n") == 1
    assert {row[1] for row in Index(files).rows()} == {EVIL, EVIL.upper()}


def test_labels_have_keys_and_words() -> None:
    assert list(label_terms([("Color", "Red")])) == [":color:red", "red"]
    assert list(label_terms([("class", "tabby, tabby cat")])) == [
        ":class:tabby, tabby cat", "tabby", "cat"
    ]  # fmt: skip
    # A number alone means a file name.
    assert list(label_terms([("cluster", "7")])) == [":cluster:7"]
    assert set(label_terms([("community", "3.1.2")])) == {
        ":community:3.1.2", ":community:3", ":community:3.1"
    }  # fmt: skip
    assert set(label_terms([("taken", "2019-07-14")])) == {
        ":taken:2019-07-14", ":taken:2019", ":taken:2019-07", "july"
    }  # fmt: skip
    assert set(label_terms([("taken", "2019")])) == {":taken:2019"}
    assert next(iter(label_terms([("x", "é" * 99)]))) == ":x:" + "e" * 60


@given(NAMES, NAMES)
def test_any_label_is_found_by_its_key_and_words(kind: str, value: str) -> None:
    found = list(label_terms([(kind, value)]))
    assert found[0] == f":{fold(kind)}:{fold(value)[:60]}"
    if fold(kind) not in {"taken", "cluster", "community"}:
        assert found[1:] == terms(value)


def test_labels_are_indexed_with_their_pictures() -> None:
    red, blue = (("color", "red"), ("class", "dress")), (("color", "blue"),)
    pictures = [
        PictureDocument(1, "a.jpg", "f", "community-1", CELL, red, "f", "3.1"),
        PictureDocument(2, "b.jpg", "f", "community-1", CELL, blue, "f", "3.2"),
    ]
    groups = [CommunityDocument("Three", "", ("community-3",), None, "3")]
    index = Index(list(search_files(pictures, groups)))
    assert index.told["kinds"] == ["class", "color", "community", "folder"]
    # Documents: the community, a.jpg, b.jpg.
    for key, documents in {
        ":color:red": {1}, ":color:blue": {2}, ":folder:f": {1, 2}, ":community:3": {0, 1, 2},
        ":community:3.1": {1}, ":class:dress": {1}, "red": {1}, "dress": {1},
    }.items():  # fmt: skip
        assert index.found(key)[1] == documents, key
    (file,) = (data for name, data in index.data.items() if name.startswith("documents"))
    rows = file["rows"][1:]
    assert [[file["labels"][i] for i in row[8:]] for row in rows] == [
        [list(label) for label in of_one] for of_one in (red, blue)
    ]


def test_words_with_a_hyphen_are_joined() -> None:
    assert joined_words("red t-shirt, rock'n'roll") == ["tshirt", "rocknroll"]
    assert joined_words("t_shirt 12-jpg x ray.png") == ["tshirt", "xray"]
    assert joined_words("2019-07-14 a1-b2 one two-3") == []
    assert joined_words("ab cd-efgh-") == ["cdefgh"]


def test_the_words_that_are_searched_for_parts_are_bounded() -> None:
    words = ["abc", "abcd", "a1b2c3", ":color:red", "sunset", "東京夜景", "beach"]
    counts = np.array([9, 1, 9, 9, 5, 2, 5])
    assert part_words(words, counts) == ["sunset", "beach", "東京夜景", "abcd"]
    letters = [f"{a}{b}{c}{d}" for a in ALPHABET[:26] for b in ALPHABET[:26]
               for c in ALPHABET[:26] for d in "ab"]  # fmt: skip
    found = part_words(letters, np.arange(len(letters)))
    assert found == letters[: -MOST_WORDS - 1 : -1]
    index = Index(list(search_files([picture(1, "sunset beach 2019.jpg", "t-shirt")], [])))
    assert set(index.data["parts"].split()) == {"sunset", "beach", "shirt", "tshirt"}
    assert index.told["parts"] == 4


@pytest.mark.parametrize("count", [0, 1])
def test_few_pictures(tmp_path: Path, count: int) -> None:
    pictures = [picture(1, "!.?")][:count]
    write_search(tmp_path, pictures, [])
    written = sorted(path.name for path in (tmp_path / "search").iterdir())
    assert written == ["documents-0.js", "index.js"][1 - count :]
    index = Index([(f"search/{n}", (tmp_path / "search" / n).read_text("utf-8")) for n in written])
    assert (index.told["words"], index.told["groups"]) == ([], 0)
