"""An inverted index over names, folders and labels that works offline, without a server.

A page opened from `file://` may load scripts but not fetch data (same-origin policy). So each file
of the index is a script that passes its data to the page by `imgrecSearch.register(name, data)`,
and the browser loads only the files that a query needs:

    search/index.js          directory: how many documents and which words the other files hold,
                             and which kinds of label there are
    search/documents-0.js …  name, folder, labels, page and cell of some communities or pictures
    search/words-0.js …      some words and keys of labels, sorted, each with its posting lists
    search/parts.js          words that are found by a part of them

Documents are numbered, communities first, then pictures sorted by path. So the pictures of one
folder, or of one series of a camera, are consecutive numbers, and a posting list of runs stays
short even for a word that many names have: at most one bit per document. The invariant: the lists
are complete, no word has a cutoff.
"""

from array import array
from collections.abc import Iterable, Iterator, Sequence
from itertools import groupby
from pathlib import Path
from typing import Any

import numpy as np

from graph.name_search.documents import CommunityDocument, PictureDocument, document_files
from graph.name_search.parts import joined_words, part_words
from graph.name_search.postings import Numbers, Postings
from graph.words import fold, terms
from imgrec.system.script_data import json_text

FOLDER = "search"
# Size at which a file of words is full; a longer entry gets a file of its own.
WORDS_BYTES = 24_000


def search_files(
    pictures: Iterable[PictureDocument], groups: Sequence[CommunityDocument]
) -> Iterator[tuple[str, str]]:
    """Yield the files of the index as pairs: path relative to the site, and content.

    Args:
        pictures: in any order; all are held in memory.
        groups: communities, the preferred ones first: ties of equally good matches keep this order.
    """
    ordered = sorted(pictures, key=lambda picture: (picture.folder, picture.name, picture.id))
    counts: list[int] = []
    for file in document_files(ordered, groups):
        yield _script(f"documents-{len(counts)}", file.text())
        counts.append(len(file))
    firsts: list[str] = []
    words, names, folders = _indexed([*groups, *ordered])
    for entries in _word_files(words, names, folders):
        yield _script(f"words-{len(firsts)}", f"[{','.join(entries.values())}]")
        firsts.append(next(iter(entries)))
    parts = part_words(words, names.counts(len(words)) + folders.counts(len(words)))
    if parts:
        yield _script("parts", json_text(" ".join(parts)))
    kinds = sorted({word.split(":", 2)[1] for word in words if word.startswith(":")})
    directory = {
        "groups": len(groups), "documents": counts, "words": firsts, "kinds": kinds,
        "parts": len(parts),
    }  # fmt: skip
    yield _script("index", json_text(directory))


def write_search(
    site: Path, pictures: Iterable[PictureDocument], groups: Sequence[CommunityDocument]
) -> None:
    """Write the index into the temporary folder of a site, before that is renamed."""
    (site / FOLDER).mkdir()
    for name, text in search_files(pictures, groups):
        (site / name).write_text(text, "utf-8")


def wide_prefixes(
    words: Sequence[str], sizes: Numbers, first: int = 0, last: int | None = None, length: int = 1
) -> Iterator[tuple[str, int, int]]:
    """Yield the prefixes whose words together fill more than half a file.

    A search for such a prefix would load many files; they get combined posting lists instead.

    Args:
        words: n words, sorted.
        sizes: cumulative sizes of their entries in bytes (n + 1,), starting with 0.
        first: index of the first word to examine.
        last: index after the last word to examine; None for all.
        length: of the shortest prefixes.

    Yields:
        The prefix, the index of its first word and the index after its last; at least two words.
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
    """Builder of postings: collects runs of documents per word, in any order."""

    def __init__(self, numbers: dict[str, int]) -> None:
        self._numbers = numbers
        self._rows = array("i")

    def add(self, text: str, start: int, stop: int) -> None:
        self.add_terms([*terms(text), *joined_words(fold(text))], start, stop)

    def add_terms(self, words: Iterable[str], start: int, stop: int) -> None:
        for word in words:
            self._rows.extend((self._numbers.setdefault(word, len(self._numbers)), start, stop))

    def postings(self, documents: int, ranks: Numbers) -> Postings:
        rows = np.array(self._rows, np.int64).reshape(-1, 3)  # (r, 3)
        return Postings.from_runs(documents, ranks[rows[:, 0]], rows[:, 1], rows[:, 2])


def _indexed(
    documents: Sequence[PictureDocument | CommunityDocument],
) -> tuple[list[str], Postings, Postings]:
    """Return all words, sorted, and their postings: of names, and of folders and labels."""
    numbers: dict[str, int] = {}
    names, folders = _Runs(numbers), _Runs(numbers)
    for document, described in enumerate(documents):
        names.add(described.name, document, document + 1)
        folders.add_terms(described.terms(), document, document + 1)
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
    """Yield for each file its JSON entries by word: [word, posting list of names, of folders].

    The entry of a wide prefix (`wide_prefixes`) has two more lists, [3] and [4]: the union of the
    posting lists of all words with this prefix, in names and in folders.
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
    """Return a sort key that orders words as JavaScript does, by UTF-16 code units."""
    return word.encode("utf-16-be")


def _folder(document: PictureDocument | CommunityDocument) -> str:
    return document.folder if isinstance(document, PictureDocument) else ""


def _script(name: str, data: str) -> tuple[str, str]:
    return f"{FOLDER}/{name}.js", f'imgrecSearch.register("{name}",{data});\n'
