"""Compressed posting lists: which documents contain a word, as short ASCII text.

A list is a sequence of runs of consecutive document numbers. It is encoded as the gaps and lengths
of the runs, as variable-length numbers of five bits per letter, or as a bitmap of six documents per
letter if that is shorter. So a list never takes more than one bit per document plus a constant, and
a few lines of JavaScript decode it (`templates/lookup.js`, `mark`).

Source: variable-byte codes and gaps as in Manning, Raghavan, Schütze, Introduction to Information
Retrieval, chapter 5.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

Numbers = NDArray[np.int64]

ALPHABET = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_"
# First character of a list that is encoded as a bitmap.
BITS = "."
# A letter carries five bits of a number, the lowest first; letters from here on are continued.
_LOW = 32
# Numbers below are encoded by table lookup.
_SHORT = 1 << 15


@dataclass(frozen=True)
class Postings:
    """The posting lists of all words, as r runs of consecutive documents.

    All lists share one number line: document i of word w is w × (documents + 1) + i. The extra
    position separates the words, so that runs of different words never touch.

    Attributes:
        documents: number of documents; they are numbered from 0.
        starts: first position of each run, ascending (r,).
        stops: position after the last of each run (r,).
    """

    documents: int
    starts: Numbers
    stops: Numbers

    @classmethod
    def from_runs(
        cls, documents: int, words: Numbers, starts: Numbers, stops: Numbers
    ) -> "Postings":
        """Build postings from r runs in any order; overlapping runs of a word are merged.

        Args:
            documents: number of documents.
            words: word number of each run (r,).
            starts: first document of each run (r,).
            stops: document after the last of each run (r,).
        """
        line = words * (documents + 1)
        return cls(documents, *merged(line + starts, line + stops))

    def of(self, first: int, last: int) -> str:
        """Return the encoded union of the posting lists of the words in [first, last)."""
        bounds = np.array([first, last]) * (self.documents + 1)
        low, high = np.searchsorted(self.starts, bounds).tolist()
        starts = self.starts[low:high] % (self.documents + 1)
        stops = self.stops[low:high] % (self.documents + 1)
        if last - first > 1:
            starts, stops = merged(starts, stops)
        return encode(starts.tolist(), stops.tolist())

    def counts(self, words: int) -> Numbers:
        """Return the number of documents of each word (words,)."""
        counts = np.zeros(words, np.int64)
        np.add.at(counts, self.starts // (self.documents + 1), self.stops - self.starts)
        return counts

    def each(self, words: int) -> Iterator[str]:
        """Yield the encoded posting list of each word, in order."""
        line = np.arange(words + 1) * (self.documents + 1)
        bounds = np.searchsorted(self.starts, line).tolist()
        starts = (self.starts % (self.documents + 1)).tolist()
        stops = (self.stops % (self.documents + 1)).tolist()
        for low, high in pairwise(bounds):
            yield encode(starts[low:high], stops[low:high])


def merged(starts: Numbers, stops: Numbers) -> tuple[Numbers, Numbers]:
    """Return runs sorted, with those that touch or overlap merged into one."""
    if not len(starts):
        return starts, stops
    order = np.argsort(starts, kind="stable")
    starts, ends = starts[order], np.maximum.accumulate(stops[order])
    first = np.concatenate([[True], starts[1:] > ends[:-1]])
    last = np.concatenate([first[1:], [True]])
    return starts[first], ends[last]


def encode(starts: list[int], stops: list[int]) -> str:
    """Return runs encoded as gaps and lengths, or as a bitmap if that is shorter."""
    steps: list[str] = []
    end = 0
    for start, stop in zip(starts, stops, strict=True):
        gap, more = 2 * (start - end), stop - start - 2
        steps.append(_number(gap) if more < 0 else _number(gap + 1) + _number(more))
        end = stop
    text = "".join(steps)
    return text if len(text) <= end // 6 + 2 else _bits(starts, stops)


def _number(value: int) -> str:
    return _SHORT_NUMBERS[value] if value < _SHORT else _letters(value)


def _letters(value: int) -> str:
    text = ""
    while value >= _LOW:
        text += ALPHABET[_LOW + value % _LOW]
        value //= _LOW
    return text + ALPHABET[value]


def _bits(starts: list[int], stops: list[int]) -> str:
    change = np.zeros(6 * (stops[-1] // 6 + 1), np.int8)
    change[starts] = 1
    change[stops] -= 1
    has = np.cumsum(change, dtype=np.int8).reshape(-1, 6)  # (letters, 6)
    values = has @ np.array([32, 16, 8, 4, 2, 1], np.int8)
    return BITS + np.frombuffer(ALPHABET.encode(), np.uint8)[values].tobytes().decode()


_SHORT_NUMBERS = [_letters(value) for value in range(_SHORT)]
