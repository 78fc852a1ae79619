"""Which documents have a word, written as short text that a browser reads fast."""

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

Numbers = NDArray[np.int64]

ALPHABET = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_"
BITS = "."  # starts a list that is one bit a document
_LOW = 32  # a letter carries five bits of a number; those of the upper half say that more follow
_SHORT = 1 << 15


@dataclass(frozen=True)
class Postings:
    """The documents of every word, as runs of documents that follow each other.

    All words lie on one line: that of word w from w × (documents + 1), so that runs of
    different words never touch.

    Attributes:
        documents: how many there are; they are numbered from 0.
        starts: (r,) where the runs begin on the line, ascending.
        stops: (r,) where they end.
    """

    documents: int
    starts: Numbers
    stops: Numbers

    @classmethod
    def from_runs(
        cls, documents: int, words: Numbers, starts: Numbers, stops: Numbers
    ) -> "Postings":
        """Make postings of runs in any order: word, first document, the one after the last."""
        line = words * (documents + 1)
        return cls(documents, *merged(line + starts, line + stops))

    def of(self, first: int, last: int) -> str:
        """Return the documents that have any of the words from `first` to before `last`."""
        bounds = np.array([first, last]) * (self.documents + 1)
        low, high = np.searchsorted(self.starts, bounds).tolist()
        starts = self.starts[low:high] % (self.documents + 1)
        stops = self.stops[low:high] % (self.documents + 1)
        if last - first > 1:
            starts, stops = merged(starts, stops)
        return encode(starts.tolist(), stops.tolist())

    def each(self, words: int) -> Iterator[str]:
        """Yield the documents of one word after the other."""
        line = np.arange(words + 1) * (self.documents + 1)
        bounds = np.searchsorted(self.starts, line).tolist()
        starts = (self.starts % (self.documents + 1)).tolist()
        stops = (self.stops % (self.documents + 1)).tolist()
        for low, high in pairwise(bounds):
            yield encode(starts[low:high], stops[low:high])


def merged(starts: Numbers, stops: Numbers) -> tuple[Numbers, Numbers]:
    """Return runs in order, those that touch or overlap as one."""
    if not len(starts):
        return starts, stops
    order = np.argsort(starts, kind="stable")
    starts, ends = starts[order], np.maximum.accumulate(stops[order])
    first = np.concatenate([[True], starts[1:] > ends[:-1]])
    last = np.concatenate([first[1:], [True]])
    return starts[first], ends[last]


def encode(starts: list[int], stops: list[int]) -> str:
    """Return runs as text: the steps between them, or a bit a document where that is shorter."""
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
