"""The order in which pictures are shown where there is not room for all.

The faces of communities come first, the largest communities before the parts of them; then one
picture of each bundle of near-duplicates, the more others have it among their nearest the sooner
(a cheap stand-in for farthest first: central pictures of everywhere, since each cell of the map
chooses for itself); then the second pictures of bundles.
"""

import numpy as np

from graph.communities.guide import Guide
from imgrec.maps.pyramid import Rows

# Deeper than any community.
_NO_FACE = 1 << 20


def ranks_of(guide: Guide, neighbors: Rows) -> Rows:
    """Return the rank (n,) of each picture, a permutation; less is shown first.

    Args:
        guide: to all communities.
        neighbors: (n, k) the rows of the nearest pictures of each.
    """
    bundles, n = guide.bundles, len(neighbors)
    faces = np.full(len(bundles), _NO_FACE)
    # Parents come first, so that a face of several counts by the largest of its communities.
    for path, node in reversed(list(guide.faces.items())):
        faces[node] = path.count(".") + 1 if path else 0
    depth = np.full(n, _NO_FACE)
    depth[bundles.representatives] = faces
    second = np.ones(n, bool)
    second[bundles.representatives] = False
    central = np.bincount(neighbors.ravel(), minlength=n)
    order = np.lexsort((np.arange(n), -central, depth, second))
    ranks = np.empty(n, np.int64)
    ranks[order] = np.arange(n)
    return ranks
