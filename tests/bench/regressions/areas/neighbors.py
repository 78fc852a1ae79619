"""The k-NN graph, beside the bare matrix product that an exact one needs."""

import sys
import time
from pathlib import Path

sys.path.insert(1, str(Path(__file__).parents[4]))
sys.path.insert(1, str(Path(__file__).parents[2]))
sys.path.insert(1, str(Path(__file__).parents[1]))

import numpy as np
from numpy.typing import NDArray

from imgrec.neighbors.by_cells import approximate_lists
from imgrec.neighbors.by_products import exact_lists
from imgrec.store.features import Block, FeatureStore
from layouts import synthetic
from ratio import Ratio, in_turns
from running import main_of

_K = 15
_FEW, _MANY, _DIMENSIONS = 6_000, 12_000, 512
_BLOCK = 2_000
_REPEATS = 3


def ratios(work: Path) -> list[Ratio]:
    """Return the exact graph and that by cells, in CPU seconds over those of the product."""
    found = []
    for name, make, count in (("exact", exact_lists, _FEW), ("by cells", approximate_lists, _MANY)):
        vectors = synthetic(count, _DIMENSIONS)
        feature = FeatureStore("synthetic", _DIMENSIONS, [Block(np.arange(count), vectors)])
        ratio = in_turns(
            f"k-NN {name}, {count:,} x {_DIMENSIONS} / product of all pairs (CPU)",
            lambda make=make, feature=feature: make(feature, _K),
            lambda vectors=vectors: _product(vectors),
            _REPEATS,
            clock=time.process_time,
        )
        found.append(ratio)
    return found


def _product(vectors: NDArray[np.float32]) -> None:
    for start in range(0, len(vectors), _BLOCK):
        _ = vectors[start : start + _BLOCK] @ vectors.T


if __name__ == "__main__":
    sys.exit(main_of(ratios))
