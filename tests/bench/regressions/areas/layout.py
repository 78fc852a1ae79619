"""A map of all pictures from their k-NN graph, beside umap-learn from the vectors (CPU seconds)."""

import sys
import time
import warnings
from collections.abc import Sequence
from pathlib import Path

sys.path.insert(1, str(Path(__file__).parents[4]))
sys.path.insert(1, str(Path(__file__).parents[2]))
sys.path.insert(1, str(Path(__file__).parents[1]))

import numpy as np

from graph.exports.map import principal_plane
from imgrec.layouts.fuzzy_graph import fuzzy_graph
from imgrec.layouts.umap import umap_layout
from imgrec.neighbors.graph import exact_neighbors
from imgrec.store.features import Block, FeatureStore
from layouts import synthetic
from ratio import Ratio, in_turns
from running import main_of

_COUNT, _DIMENSIONS = 5_000, 128
_REPEATS = 3


def ratios(work: Path) -> Sequence[Ratio]:
    """Return the map over umap-learn with its defaults; both compiled before."""
    warnings.simplefilter("ignore")
    from umap import UMAP

    vectors = synthetic(_COUNT, _DIMENSIONS)
    feature = FeatureStore("synthetic", _DIMENSIONS, [Block(np.arange(1, _COUNT + 1), vectors)])
    neighbors, start = exact_neighbors(feature, 15), principal_plane(feature)
    return [
        in_turns(
            f"map of {_COUNT:,} x {_DIMENSIONS} from its graph / umap-learn (CPU)",
            lambda: umap_layout(fuzzy_graph(neighbors), start),
            lambda: UMAP().fit_transform(vectors),
            _REPEATS,
            clock=time.process_time,
        )
    ]


if __name__ == "__main__":
    sys.exit(main_of(ratios))
