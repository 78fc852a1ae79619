"""Pairs of pictures: the likely duplicates of a k-NN graph, and a cache of similarities.

    duplicates/
        kept.json              the version of the rule that gives similarities
        pairs.npy              (p, 2) int64 ids, the smaller one first, sorted
        similarities.npy       (p,) float32, 0 to 1

Invariant: an id stands for one content, so the similarity of a pair never changes.
"""

from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from imgrec.collection import Ids
from imgrec.collection.rows import MOST_ID
from imgrec.neighbors.neighbors import Neighbors
from imgrec.store.arrays import all_finite, match
from imgrec.store.kept import Arrays, load, save

Similarities = NDArray[np.float32]
# Neighbors that a picture is compared with.
CANDIDATES = 8
# Raised whenever two pictures may get another similarity.
VERSION = 1
_STAMP = {"version": VERSION}
_ARRAYS = ("pairs", "similarities")


def likely_pairs(neighbors: Neighbors, contents: Ids, count: int = CANDIDATES) -> Ids:
    """Return pairs (p, 2) of contents, sorted: each picture and its nearest others.

    Args:
        neighbors: of n pictures.
        contents: (n,) the content of each picture: equal numbers stand for equal bytes.
        count: of others.
    """
    others = contents[neighbors.rows()]  # (n, k)
    wanted = others != contents[:, None]
    wanted &= np.cumsum(wanted, axis=1) <= count
    firsts = np.repeat(contents, wanted.sum(axis=1))
    return unique_pairs(np.stack([firsts, others[wanted]], axis=1))


def unique_pairs(pairs: Ids) -> Ids:
    """Return each pair (p, 2) once, the smaller id first, sorted."""
    keys = np.unique(pair_keys(np.sort(pairs, axis=1)))
    return np.stack([keys >> 32, keys & 0xFFFFFFFF], axis=1)


def crowded_contents(neighbors: Neighbors, contents: Ids) -> Ids:
    """Return the contents (c,), ascending, whose pictures have only copies as neighbors."""
    sees = (contents[neighbors.rows()] != contents[:, None]).any(axis=1)
    return np.setdiff1d(contents, contents[sees])


@dataclass(frozen=True)
class KnownPairs:
    """Similarities of pairs of pictures.

    Attributes:
        pairs: (p, 2) int64 ids, the smaller one first, sorted.
        similarities: (p,) float32, 0 to 1.
    """

    pairs: Ids = field(default_factory=lambda: np.zeros((0, 2), np.int64))
    similarities: Similarities = field(default_factory=lambda: np.zeros(0, np.float32))

    @cached_property
    def _own_keys(self) -> NDArray[np.int64]:
        return pair_keys(self.pairs)

    def of(self, pairs: Ids) -> Similarities:
        """Return the similarities (m,) of pairs (m, 2), the smaller id first; NaN if unknown."""
        keys, wanted = self._own_keys, pair_keys(pairs)
        if not len(keys):
            return np.full(len(pairs), np.nan, np.float32)
        places = np.minimum(np.searchsorted(keys, wanted), len(keys) - 1)
        return np.where(keys[places] == wanted, self.similarities[places], np.float32(np.nan))

    def joined(self, pairs: Ids, similarities: Similarities) -> "KnownPairs":
        """Return these pairs and others; no pair may be in both."""
        every = np.concatenate([self.pairs, pairs])
        order = np.argsort(pair_keys(every), kind="stable")
        return KnownPairs(every[order], np.concatenate([self.similarities, similarities])[order])

    def only(self, ids: Ids) -> "KnownPairs":
        """Return the pairs of which both pictures are among `ids`."""
        kept = np.isin(self.pairs, ids).all(axis=1)
        return self if kept.all() else KnownPairs(self.pairs[kept], self.similarities[kept])


def load_pairs(folder: Path) -> KnownPairs:
    """Return the kept pairs; no pairs if they are absent, stale or damaged."""
    kept = load(folder, _STAMP, _ARRAYS)
    if kept is None or not _are_pairs(kept.arrays):
        return KnownPairs()
    return KnownPairs(*(kept.arrays[name] for name in _ARRAYS))


def _are_pairs(arrays: Arrays) -> bool:
    """Return True if arrays are pairs of ids and finite similarities."""
    if match(arrays, {"pairs": "int64 p two", "similarities": "float32 p"}, two=2) is None:
        return False
    return are_pairs(arrays["pairs"]) and all_finite(arrays["similarities"])


def are_pairs(pairs: Ids) -> bool:
    """Return True if pairs (p, 2) of ids are sorted, each once and the smaller id first."""
    if not len(pairs):
        return True
    in_range = pairs.min() >= 0 and pairs.max() <= MOST_ID and (pairs[:, 0] < pairs[:, 1]).all()
    return bool(in_range and (np.diff(pair_keys(pairs)) > 0).all())


def save_pairs(folder: Path, known: KnownPairs) -> None:
    """Write pairs, atomically.

    Raises:
        OSError: the disk is full or read-only; older pairs stay as they were.
    """
    save(folder, _STAMP, dict(zip(_ARRAYS, (known.pairs, known.similarities), strict=True)))


def pair_keys(pairs: Ids) -> NDArray[np.int64]:
    """Return a sortable key (p,) of each pair (p, 2) of ids, which are at most `MOST_ID`."""
    return pairs[:, 0] << 32 | pairs[:, 1]
