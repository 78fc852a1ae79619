"""The speed of the thumbnail stage on a large collection, beside hashes of the same."""

import io
import time
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from PIL import Image

import hashes
import thumbnails
from imgrec import Store
from imgrec.collection import Ids
from imgrec.duplicates.pairs import CANDIDATES, unique_pairs
from imgrec.duplicates.thumbnail_stage import deserving_by_block
from machine import rows
from measuring import apart, tell
from thumb_parts import write_thumbs

_SEED = 5
# The share of candidate pairs that are one picture.
_SAME = 0.1
_HASHED = 4000
_PART_ROWS = 1024
_HEADS = ("pairs of", "method", "pictures", "pairs", "s", "CPU s", "pairs/s", "deserve files", "MB")


@dataclass(frozen=True)
class Spent:
    """Seconds of both methods on some pairs, and how many of the pairs deserve their files.

    Attributes:
        ours_s: of all threads, by the clock.
        hashes_s: of one process, by the clock.
    """

    pictures: int
    pairs: int
    ours_s: float
    ours_cpu_s: float
    deserving: int
    hashes_s: float
    hashes_cpu_s: float

    def lines(self, what: str, peak_mb: float) -> list[list[object]]:
        """Return a table row for each method."""
        rates = [f"{self.pairs / spent_s:.0f}" for spent_s in (self.ours_s, self.hashes_s)]
        ours = [f"{self.ours_s:.1f}", f"{self.ours_cpu_s:.1f}", rates[0], self.deserving]
        ratio = f"{self.ours_cpu_s / self.hashes_cpu_s:.2f}"
        return [
            [what, "imgrec", self.pictures, self.pairs, *ours, f"{peak_mb:.0f}"],
            ["", "pHash of the same thumbnails", "", "", f"{self.hashes_s:.1f}",
             f"{self.hashes_cpu_s:.1f}", rates[1], "", ""],
            ["", "ratio", "", "", "", ratio, "", "", ""],
        ]  # fmt: skip


def measured(work: Path, count: int, neighbors: Path | None, pairs: Ids | None) -> str:
    """Return the time and memory of the candidate pairs of `count` pictures, a tenth of them equal.

    Args:
        work: folder for the store, which is kept there.
        count: pictures, with generated thumbnails.
        neighbors: a store of real photographs, None without any.
        pairs: (p, 2) pairs of neighbors in it.
    """
    store = work / f"thumbnails-{count}"
    write_thumbnails(store, count)
    tell(f"thumbnail stage: {count} pictures")
    lines = []
    libraries = ("imgrec.duplicates.thumbnail_match", "PIL.Image")
    spent, peak_mb = apart(_compared, store, drawn(count), libraries=libraries)
    lines += spent.lines("generated pictures, a tenth the same", peak_mb)
    if neighbors and pairs is not None:
        spent, peak_mb = apart(_compared, neighbors, pairs, libraries=libraries)
        lines += spent.lines("photographs and their neighbors", peak_mb)
    return rows(_HEADS, lines)


def write_thumbnails(path: Path, count: int) -> None:
    """Write a store that holds nothing but thumbnails, if it is not there; its ids begin at 1."""
    if path.is_dir():
        return
    jpegs = thumbnails.generated()
    with Store.create(path) as store, store.writing():
        for first in range(0, count, _PART_ROWS):
            ids = np.arange(first, min(first + _PART_ROWS, count), dtype=np.int64)
            # Equal ones in succession would stay in the CPU cache.
            of_rows = [jpegs[row * 7919 % len(jpegs)] for row in ids.tolist()]
            write_thumbs(store.paths.thumbs, first // _PART_ROWS, ids + 1, of_rows)


def _compared(path: Path, pairs: Ids) -> Spent:
    with Store.open(path) as store:
        thumbs, folder = store.thumbs(), store.paths.thumbs
        # Loads the compiled loops.
        list(deserving_by_block(pairs[:8], folder))
        clock = _Clock()
        deserving = sum(int(of.sum()) for _, of in deserving_by_block(pairs, folder))
        ours = clock.spent()
        ids = np.unique(pairs)
        # The time of some, times as many as there are.
        some = ids[:: max(1, len(ids) // _HASHED)]
        clock = _Clock()
        found = [hashes.phash(Image.open(io.BytesIO(thumbs.get(i)))) for i in some.tolist()]
        hashed = [spent * len(ids) / len(some) for spent in clock.spent()]
        codes = np.resize(np.array(found, np.uint64), len(ids))
        clock = _Clock()
        first, second = np.searchsorted(ids, pairs).T
        np.bitwise_count(codes[first] ^ codes[second])
        theirs = [sum(spent) for spent in zip(hashed, clock.spent(), strict=True)]
        return Spent(len(ids), len(pairs), *ours, deserving, *theirs)


class _Clock:
    """Seconds since it was made, of the wall and of all cores."""

    def __init__(self) -> None:
        self._started = time.perf_counter(), time.process_time()

    def spent(self) -> tuple[float, float]:
        """Return wall seconds and CPU seconds."""
        wall, cpu = self._started
        return time.perf_counter() - wall, time.process_time() - cpu


def drawn(count: int) -> Ids:
    """Return pairs (p, 2) of pictures, of which a tenth have the same thumbnail."""
    rng = np.random.default_rng(_SEED)
    firsts = np.repeat(np.arange(count), CANDIDATES // 2)
    steps = rng.integers(1, count, len(firsts))
    same = rng.random(len(firsts)) < _SAME
    repeat = thumbnails.DIFFERENT
    steps[same] = repeat * rng.integers(1, count // repeat, int(same.sum()))
    return unique_pairs(np.stack([firsts, (firsts + steps) % count], axis=1) + 1)
