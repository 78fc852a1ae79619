"""The index of names and folders that the pages' search box reads, file by file, from `file://`.

A file is a script that hands its data over, `imgrecSearch.register(name, data)`: a page opened from
`file://` may load scripts, and may fetch nothing.

    search/index.js          what the others hold
    search/documents-0.js …  name, folder, page and cell of some communities or pictures
    search/words-0.js …      some words in order, each with the documents that have it

Documents are numbered, first communities, then pictures in the order of their paths, so that the
pictures of a folder, and those numbered by a camera, are runs. A word that many have costs little
then, and all that have it are always there: at most one bit a document.
"""

from array import array
from collections.abc import Iterable, Iterator, Sequence
from itertools import groupby
from pathlib import Path
from typing import Any

import numpy as np

from graph.name_search.documents import (
    CommunityDocument,
    PictureDocument,
    document_files,
    json_text,
)
from graph.name_search.postings import Numbers, Postings
from graph.words import terms

FOLDER = "search"
WORDS_BYTES = 24_000  # a file is full then; a word has one of its own where it needs more


def search_files(
    pictures: Iterable[PictureDocument], groups: Sequence[CommunityDocument]
) -> Iterator[tuple[str, str]]:
    """Yield the files of the index, each as its name and its text.

    Args:
        pictures: in any order; all are held in memory.
        groups: in the order in which those that match equally well are shown.
    """
    ordered = sorted(pictures, key=lambda picture: (picture.folder, picture.name, picture.id))
    counts: list[int] = []
    for file in document_files(ordered, groups):
        yield _script(f"documents-{len(counts)}", file.text())
        counts.append(len(file))
    firsts: list[str] = []
    for entries in _word_files(*_indexed([*groups, *ordered])):
        yield _script(f"words-{len(firsts)}", f"[{','.join(entries.values())}]")
        firsts.append(next(iter(entries)))
    told = {"groups": len(groups), "documents": counts, "words": firsts}
    yield _script("index", json_text(told))


def write_search(
    site: Path, pictures: Iterable[PictureDocument], groups: Sequence[CommunityDocument]
) -> None:
    """Write the index of a site that is being made."""
    (site / FOLDER).mkdir()
    for name, text in search_files(pictures, groups):
        (site / name).write_text(text, "utf-8")


def wide_prefixes(
    words: Sequence[str], sizes: Numbers, first: int = 0, last: int | None = None, length: int = 1
) -> Iterator[tuple[str, int, int]]:
    """Yield the beginnings of words whose entries are together more than half a file.

    Args:
        words: in order.
        sizes: (n + 1,) bytes of all entries before each.
        first: of the words looked at.
        last: the word after those; None for all.
        length: of the shortest beginnings.

    Returns:
        The beginning, the first word that has it and the one after the last; two at least.
    """
    start = first
    for prefix, same in groupby(words[first:last], key=lambda word: word[:length]):
        stop = start + sum(1 for _ in same)
        is_wide = sizes[stop] - sizes[start] > WORDS_BYTES // 2 and stop - start > 1
        if is_wide and len(prefix) == length:
            yield prefix, start, stop
            yield from wide_prefixes(words, sizes, start, stop, length + 1)
        start = stop


class _Runs:
    """Words with the runs of documents that have them, as they come."""

    def __init__(self, numbers: dict[str, int]) -> None:
        self._numbers = numbers
        self._rows = array("i")

    def add(self, text: str, start: int, stop: int) -> None:
        for word in terms(text):
            self._rows.extend((self._numbers.setdefault(word, len(self._numbers)), start, stop))

    def postings(self, documents: int, ranks: Numbers) -> Postings:
        rows = np.array(self._rows, np.int64).reshape(-1, 3)  # (r, 3)
        return Postings.from_runs(documents, ranks[rows[:, 0]], rows[:, 1], rows[:, 2])


def _indexed(
    documents: Sequence[PictureDocument | CommunityDocument],
) -> tuple[list[str], Postings, Postings]:
    """Return all words in order, and which documents have each in the name and in the folder."""
    numbers: dict[str, int] = {}
    names, folders = _Runs(numbers), _Runs(numbers)
    for document, described in enumerate(documents):
        names.add(described.name, document, document + 1)
    start = 0
    for folder, same in groupby(map(_folder, documents)):
        stop = start + sum(1 for _ in same)
        folders.add(folder, start, stop)
        start = stop
    words = sorted(numbers, key=_order)
    ranks = np.empty(len(words), np.int64)
    ranks[[numbers[word] for word in words]] = np.arange(len(words))
    return words, names.postings(len(documents), ranks), folders.postings(len(documents), ranks)


def _word_files(
    words: Sequence[str], names: Postings, folders: Postings
) -> Iterator[dict[str, str]]:
    """Yield the entries of each file by word, [word, in names, in folders] as JSON.

    The words that begin with some letters may fill many files. Where they do, the entry of
    these letters tells in [3] and [4] which documents have any of them.
    """
    lists = (names.each(len(words)), folders.each(len(words)))
    entries: dict[str, list[Any]] = {
        word: [word, *of_word] for word, *of_word in zip(words, *lists, strict=True)
    }
    sizes = np.cumsum([0, *(len(json_text(entry).encode()) + 1 for entry in entries.values())])
    for prefix, first, last in wide_prefixes(words, sizes):
        begun = [names.of(first, last), folders.of(first, last)]
        entries[prefix] = [*entries.get(prefix, [prefix, "", ""]), *begun]
    file: dict[str, str] = {}
    size = 0
    for word in sorted(entries, key=_order):
        text = json_text(entries[word])
        length = len(text.encode()) + 1
        if file and size + length > WORDS_BYTES:
            yield file
            file, size = {}, 0
        file[word] = text
        size += length
    if file:
        yield file


def _order(word: str) -> bytes:
    """Sorts as JavaScript does."""
    return word.encode("utf-16-be")


def _folder(document: PictureDocument | CommunityDocument) -> str:
    return document.folder if isinstance(document, PictureDocument) else ""


def _script(name: str, data: str) -> tuple[str, str]:
    return f"{FOLDER}/{name}.js", f'imgrecSearch.register("{name}",{data});\n'
