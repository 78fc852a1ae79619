"""The speed of the thumbnail stage on a large collection, beside hashes of the same thumbnails."""

import io
import time
from pathlib import Path

import numpy as np
from imgrec.duplicates.thumbnail_stage import deserving_by_block
from PIL import Image

import hashes
from imgrec import Store
from imgrec.collection import Ids
from imgrec.duplicates.pairs import CANDIDATES, unique_pairs
from machine import rows
from material import made
from measuring import apart, tell

_SEED = 5
# The share of candidate pairs that are one picture.
_SAME = 0.1
_HASHED = 4000
_HEADS = ("thumbnails", "pictures", "candidate pairs", "s", "pairs/s", "deserve their files", "MB")


def measured(work: Path, count: int) -> str:
    """Return the time and memory of the candidate pairs of `count` pictures, a tenth of them equal.

    Args:
        work: folder for the store, which is kept there.
        count: pictures, with generated thumbnails.
    """
    place = made(work, count)
    tell(f"thumbnail stage: {count} pictures")
    (pairs, spent_s, deserving, hash_s), peak_mb = apart(
        _compared, place.store, count, libraries=("imgrec.duplicates.thumbnail_stage", "PIL.Image")
    )
    ours = ["imgrec", count, pairs, f"{spent_s:.0f}", f"{pairs / spent_s:.0f}", deserving]
    theirs = ["pHash, one process", count, pairs, f"{hash_s:.0f}", f"{pairs / hash_s:.0f}", "", ""]
    note = (
        f"\npHash: the time of {_HASHED} thumbnails, times {count / _HASHED:g}, and of all pairs. "
        f"Ratio of the times: {spent_s / hash_s:.2f}.\n"
    )
    return rows(_HEADS, [[*ours, f"{peak_mb:.0f}"], theirs]) + note


def _compared(path: Path, count: int) -> tuple[int, float, int, float]:
    """Return the number of pairs, the seconds, how many deserve their files, seconds of pHash."""
    with Store.open(path) as store:
        pairs = _pairs(store.catalog.ids("ok"), count)
        thumbs = store.thumbs()
        # Compiles the loops.
        list(deserving_by_block(pairs[:8], thumbs.get))
        started = time.perf_counter()
        deserving = sum(int(of.sum()) for _, of in deserving_by_block(pairs, thumbs.get))
        spent_s = time.perf_counter() - started
        ids = np.unique(pairs)
        some = ids[:: max(1, len(ids) // _HASHED)][:_HASHED]
        started = time.perf_counter()
        found = [hashes.phash(Image.open(io.BytesIO(thumbs.get(i)))) for i in some.tolist()]
        each_s = (time.perf_counter() - started) / len(some)
        codes = np.resize(np.array(found, np.uint64), len(ids))
        started = time.perf_counter()
        first, second = np.searchsorted(ids, pairs).T
        np.bitwise_count(codes[first] ^ codes[second])
        return len(pairs), spent_s, deserving, each_s * len(ids) + time.perf_counter() - started


def _pairs(ids: Ids, count: int) -> Ids:
    """Return pairs (p, 2) of pictures, of which a tenth have the same thumbnail."""
    rng = np.random.default_rng(_SEED)
    firsts = np.repeat(np.arange(count), CANDIDATES // 2)
    steps = rng.integers(1, count, len(firsts))
    same = rng.random(len(firsts)) < _SAME
    # There are 400 different thumbnails, which repeat.
    steps[same] = 400 * rng.integers(1, count // 400, int(same.sum()))
    return unique_pairs(np.stack([ids[firsts], ids[(firsts + steps) % count]], axis=1))
