"""A search of the live page, beside a plain service with faiss and beside the search itself."""

import sys
from collections.abc import Callable
from pathlib import Path

sys.path.insert(1, str(Path(__file__).parents[4]))
sys.path.insert(1, str(Path(__file__).parents[3] / "helpers"))
sys.path.insert(1, str(Path(__file__).parents[2]))
sys.path.insert(1, str(Path(__file__).parents[2] / "serve"))
sys.path.insert(1, str(Path(__file__).parents[1]))

import numpy as np
from clients import K, Target, asked, likeness
from servers import page, plain
from vectors_store import written

from imgrec import Recommender
from ratio import Ratio, in_turns
from running import main_of

_COUNT, _DIMENSIONS = 20_000, 512
_QUERIES = 20


def ratios(work: Path) -> list[Ratio]:
    """Return questions over one connection, over the same to the two others."""
    store = written(work / "store", _COUNT, _DIMENSIONS)
    left = iter(np.resize(np.random.default_rng(1).permutation(_COUNT) + 1, 100_000).tolist())

    def some() -> list[int]:
        return [next(left) for _ in range(_QUERIES)]

    def ask(target: Target) -> Callable[[], object]:
        return lambda: asked(target, list(likeness(target, some())))

    what = f"live page, {K} of {_COUNT:,} x {_DIMENSIONS}"
    with (
        page(store) as ours,
        plain(store) as (theirs, _),
        Recommender.open(store, cache="none") as recommender,
    ):
        return [
            in_turns(f"{what} / plain service with faiss", ask(ours), ask(theirs)),
            in_turns(
                f"{what} / Recommender.query",
                ask(ours),
                lambda: [recommender.query([image_id], k=K) for image_id in some()],
            ),
        ]


if __name__ == "__main__":
    sys.exit(main_of(ratios))
