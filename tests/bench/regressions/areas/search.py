"""Queries by all ways of search, beside a plain sum of the bytes that they read."""

import sys
from collections.abc import Callable
from pathlib import Path

sys.path.insert(1, str(Path(__file__).parents[4]))
sys.path.insert(1, str(Path(__file__).parents[2]))
sys.path.insert(1, str(Path(__file__).parents[2] / "search"))
sys.path.insert(1, str(Path(__file__).parents[1]))

import numpy as np

from collection import FIRST_ID, Place, opened, written
from imgrec import Recommender
from imgrec.derived.sketch import COMPONENTS
from measuring import K, apart
from ours import build
from ratio import Ratio, in_turns
from reading import summing
from running import main_of

_COUNT, _DIMENSIONS = 50_000, 512
_QUERIES = 5
_TOGETHER = 5
_SEED = 3


def ratios(work: Path) -> list[Ratio]:
    """Return exact and sketch queries over a sum, and one by several pictures over one by one."""
    place = Place(work / "search", _COUNT, _DIMENSIONS, rgb=False)
    apart(written, place)
    build(place, hnsw=False)
    ids = np.random.default_rng(_SEED).choice(_COUNT, 1000, replace=False) + FIRST_ID
    left = iter(np.tile(ids, 100).tolist())
    codes = np.ones((_COUNT, COMPONENTS), np.int8)
    matrix = opened(place)
    size = f"{_COUNT:,} x {_DIMENSIONS}"
    with Recommender.open(place.store, cache="none") as recommender:

        def asked(pictures: int = 1, **options: str) -> Callable[[], object]:
            def ask() -> None:
                for _ in range(_QUERIES):
                    chosen = [next(left) for _ in range(pictures)]
                    recommender.query(chosen, k=K, **options)

            return ask

        found = [
            in_turns(f"{metric}, exact, {size} / sum of the vectors",
                     asked(metric=metric, index="exact"), summing(matrix, _QUERIES))
            for metric in ("cosine", "euclidean", "manhattan")
        ]  # fmt: skip
        sketch = {"metric": "cosine", "index": "sketch"}
        one = asked(**sketch)
        found += [
            in_turns(f"cosine, sketch, {size} / sum of {COMPONENTS} bytes a picture", one,
                     summing(codes, _QUERIES)),
            in_turns(f"cosine, sketch, {size}: {_TOGETHER} pictures / one",
                     asked(_TOGETHER, **sketch), one),
        ]  # fmt: skip
    return found


if __name__ == "__main__":
    sys.exit(main_of(ratios))
