"""The communities, kept in the catalog for every other stage."""

import numpy as np

from graph.communities.bundles import Bundles
from graph.communities.numbering import Paths, parsed
from graph.communities.tree import Community
from imgrec.collection import Catalog
from imgrec.collection.kinds import COMMUNITY


def community_labels(tree: Community, bundles: Bundles) -> dict[int, str]:
    """Return the path of the community whose page shows it, for each picture by ascending id."""
    paths = np.empty(len(bundles), object)
    for path, group in tree.walk():
        if not group.children:
            paths[group.rows] = path
    return dict(zip(bundles.ids.tolist(), paths[bundles.node].tolist(), strict=True))


def labels_before(catalog: Catalog, bundles: Bundles) -> Paths:
    """Return the paths (u, depth) under which the nodes stood in the run before."""
    kept = catalog.labels.of_kind(COMMUNITY)
    return parsed([kept.get(bundles.picture(node)) for node in range(len(bundles))])
