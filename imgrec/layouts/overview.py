"""The overview of a collection: those of its pictures that stand for all where all are too many."""

import numpy as np
from numpy.typing import NDArray

from imgrec.collection import Catalog, Ids
from imgrec.collection.kinds import COMMUNITY
from imgrec.derived.clusters import Clusters
from imgrec.layouts.choices import OVERVIEW_SIZE
from imgrec.layouts.sampling import spread_sample


def groups_of(catalog: Catalog, clusters: Clusters) -> NDArray[np.intp]:
    """Return the group (n,) of each clustered picture: its community, else its cluster."""
    communities = catalog.labels.of_kind(COMMUNITY)
    numbers = {value: n for n, value in enumerate(sorted(set(communities.values())), 1)}
    ids = clusters.ids.tolist()
    groups = np.fromiter((numbers.get(communities.get(i, ""), 0) for i in ids), np.intp, len(ids))
    return np.where(groups > 0, groups, -clusters.numbers.astype(np.intp))


def overview_ids(
    clusters: Clusters, groups: NDArray[np.integer], count: int = OVERVIEW_SIZE
) -> Ids:
    """Return `count` pictures, ascending, spread over all groups, those nearest to centers first.

    Args:
        clusters: of all pictures.
        groups: (n,) of each of them.
        count: of the overview; all pictures where there are no more.
    """
    return spread_sample(clusters.ids, groups, count, clusters.central[clusters.central > 0])
