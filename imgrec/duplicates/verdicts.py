"""Verdicts on pairs of pictures, kept in the store, so that each pair of files is compared once.

    verdicts/
        kept.json              the version of the rules that give verdicts
        rejected.npy           (r, 2) int64 ids: pairs that thumbnails tell apart
        pairs.npy              (p, 2) int64 ids: pairs whose files were compared
        verdicts.npy           (p,) uint8, `Verdict`
        scores.npy             (p,) float32, 0 to 1
        differences.npy        (p,) int32, `Difference`
        turns.npy              (p,) uint8, 0 to 7
        boxes.npy              (p, 4) float32, shares of the first picture; zeros for no box

Pairs have the smaller id first, and are sorted. Turn and box are those of the picture that
`Contents.ordered` puts first.

Invariant: an id stands for one content, so a verdict never changes. What could not be read is not
kept.
"""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from imgrec.collection import Ids
from imgrec.duplicates.comparison import Box, Comparison, Difference, Verdict
from imgrec.duplicates.pairs import are_pairs, pair_keys
from imgrec.store.arrays import all_finite, match
from imgrec.store.kept import Arrays, load, save

# Raised whenever two files may get another verdict, or two thumbnails another answer.
VERSION = 5
_STAMP = {"version": VERSION}
_FORMS = {
    "rejected": "int64 r two",
    "pairs": "int64 p two",
    "verdicts": "uint8 p",
    "scores": "float32 p",
    "differences": "int32 p",
    "turns": "uint8 p",
    "boxes": "float32 p four",
}
_ALL_DIFFERENCES = sum(Difference)
_TURNS = 8
_REJECTED = Comparison(Verdict.DIFFERENT)
Pair = tuple[int, int]


class Verdicts:
    """What is known of pairs of pictures.

    Attributes:
        compared: by pair of ids, the smaller first, how their files differ.
    """

    def __init__(
        self, compared: Mapping[Pair, Comparison] | None = None, rejected: Ids | None = None
    ) -> None:
        """Make verdicts of pairs that were compared, and of pairs (r, 2) that were rejected."""
        self.compared = dict(compared or {})
        self._rejected = np.sort(
            pair_keys(np.zeros((0, 2), np.int64) if rejected is None else rejected)
        )

    @property
    def rejected(self) -> Ids:
        """The pairs (r, 2) that thumbnails tell apart, sorted."""
        return np.stack([self._rejected >> 32, self._rejected & 0xFFFFFFFF], axis=1)

    def of(self, one: int, other: int) -> Comparison | None:
        """Return the comparison of two pictures in any order; None if it is not known."""
        pair = (min(one, other), max(one, other))
        found = self.compared.get(pair)
        if found is None and self._is_rejected(pair_keys(np.array([pair], np.int64)))[0]:
            return _REJECTED
        return found

    def unknown(self, pairs: Ids) -> Ids:
        """Return those of the pairs (p, 2) of which nothing is known."""
        known = self._is_rejected(pair_keys(pairs))
        known |= np.array([pair in self.compared for pair in map(tuple, pairs.tolist())], bool)
        return pairs[~known]

    def reject(self, pairs: Ids) -> None:
        """Add pairs (r, 2) that thumbnails tell apart."""
        self._rejected = np.union1d(self._rejected, pair_keys(pairs))

    def add(self, pair: Pair, comparison: Comparison) -> Comparison:
        """Add the comparison of a pair, the smaller id first; return it as it is kept."""
        kept = _rounded(comparison)
        self.compared[pair] = kept
        return kept

    def only(self, ids: Ids) -> "Verdicts":
        """Return the verdicts on pairs of which both pictures are among some ids."""
        there = set(ids.tolist())
        compared = {p: c for p, c in self.compared.items() if p[0] in there and p[1] in there}
        rejected = self.rejected
        return Verdicts(compared, rejected[np.isin(rejected, ids).all(axis=1)])

    def _is_rejected(self, keys: NDArray[np.int64]) -> NDArray[np.bool_]:
        if not len(self._rejected):
            return np.zeros(len(keys), bool)
        places = np.minimum(np.searchsorted(self._rejected, keys), len(self._rejected) - 1)
        return np.asarray(self._rejected[places] == keys)


def load_verdicts(folder: Path) -> Verdicts:
    """Return the kept verdicts; none if they are absent, stale or damaged."""
    kept = load(folder, _STAMP, _FORMS)
    if kept is None or not _are_verdicts(kept.arrays):
        return Verdicts()
    columns = [kept.arrays[name].tolist() for name in _FORMS if name != "rejected"]
    compared = {
        (one, other): Comparison(
            Verdict(verdict), score, Difference(differences), _box(box) if any(box) else None, turn
        )
        for (one, other), verdict, score, differences, turn, box in zip(*columns, strict=True)
    }
    return Verdicts(compared, kept.arrays["rejected"])


def save_verdicts(folder: Path, verdicts: Verdicts) -> None:
    """Write verdicts, atomically.

    Raises:
        OSError: the disk is full or read-only; older verdicts stay as they were.
    """
    pairs = sorted(verdicts.compared)
    found = [verdicts.compared[pair] for pair in pairs]
    save(
        folder,
        _STAMP,
        {
            "rejected": verdicts.rejected,
            "pairs": np.array(pairs, np.int64).reshape(-1, 2),
            "verdicts": np.array([c.verdict for c in found], np.uint8),
            "scores": np.array([c.score for c in found], np.float32),
            "differences": np.array([c.differences for c in found], np.int32),
            "turns": np.array([c.turn for c in found], np.uint8),
            "boxes": np.array([c.box or (0, 0, 0, 0) for c in found], np.float32).reshape(-1, 4),
        },
    )


def _rounded(comparison: Comparison) -> Comparison:
    """Return a comparison as it is after it was kept, with its numbers in their range."""
    box = comparison.box and _box([_share(edge) for edge in comparison.box])
    if box is not None and not (box[0] < box[2] and box[1] < box[3]):
        box = None
    return replace(comparison, score=_share(comparison.score), box=box)


def _share(number: float) -> float:
    return float(np.float32(min(max(number, 0.0), 1.0)))


def _box(edges: Sequence[float]) -> Box:
    left, top, right, bottom = edges
    return left, top, right, bottom


def _are_verdicts(arrays: Arrays) -> bool:
    """Return True if arrays are pairs of ids, each once, with values in their ranges."""
    if match(arrays, _FORMS, two=2, four=4) is None:
        return False
    if not (are_pairs(arrays["rejected"]) and are_pairs(arrays["pairs"])):
        return False
    if not len(arrays["pairs"]):
        return True
    scores, boxes, differences = arrays["scores"], arrays["boxes"], arrays["differences"]
    if not all_finite(scores, boxes) or min(scores.min(), boxes.min()) < 0:
        return False
    is_box = (boxes[:, 0] < boxes[:, 2]) & (boxes[:, 1] < boxes[:, 3])
    return bool(
        max(scores.max(), boxes.max()) <= 1
        and (is_box | ~boxes.any(axis=1)).all()
        and arrays["verdicts"].max() <= max(Verdict)
        and 0 <= differences.min() <= differences.max() <= _ALL_DIFFERENCES
        and arrays["turns"].max() < _TURNS
    )
