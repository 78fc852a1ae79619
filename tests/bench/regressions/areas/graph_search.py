"""Queries by the HNSW graph, beside faiss with a graph of the same vectors."""

import sys
import time
from pathlib import Path

sys.path.insert(1, str(Path(__file__).parents[4]))
sys.path.insert(1, str(Path(__file__).parents[2]))
sys.path.insert(1, str(Path(__file__).parents[2] / "search"))
sys.path.insert(1, str(Path(__file__).parents[1]))

import faiss
import numpy as np
from threadpoolctl import threadpool_limits

from collection import FIRST_ID, Place, opened, written
from imgrec import Recommender
from measuring import K, apart
from ours import build
from ratio import Ratio, in_turns
from running import main_of

_COUNT, _DIMENSIONS = 20_000, 256
_QUERIES = 300
_LINKS, _EF = 16, 64
_SEED = 5


def ratios(work: Path) -> list[Ratio]:
    """Return questions by the graph over the same to faiss."""
    place = Place(work / "search", _COUNT, _DIMENSIONS, rgb=False)
    apart(written, place)
    build(place)
    matrix = opened(place)
    theirs = faiss.IndexHNSWFlat(_DIMENSIONS, _LINKS)
    theirs.hnsw.efSearch = _EF
    theirs.add(matrix)
    rows = np.random.default_rng(_SEED).choice(_COUNT, 1000, replace=False)
    left = iter(np.tile(rows, 10).tolist())

    def by_faiss() -> None:
        for _ in range(_QUERIES):
            theirs.search(matrix[next(left)][None], K)

    with Recommender.open(place.store, cache="none") as recommender, threadpool_limits(1):

        def by_imgrec() -> None:
            for _ in range(_QUERIES):
                asked = [next(left) + FIRST_ID]
                recommender.query(asked, k=K, metric="cosine", index="hnsw")

        what = f"cosine, hnsw, {_COUNT:,} x {_DIMENSIONS}"
        name = f"{what} / faiss HNSW, ef {_EF} (CPU)"
        return [in_turns(name, by_imgrec, by_faiss, clock=time.process_time)]


if __name__ == "__main__":
    sys.exit(main_of(ratios))
