"""The overview of a collection: a sample that shows all groups and is stable while it grows.

A projector page cannot hold more than some ten thousand points, so of a larger collection a sample
is laid out. It is stratified: each group (community or cluster) is represented in proportion to
its size. Chance is a hash of the picture's id, not a random number: pictures that come later
displace a few of the sample and leave the rest.
"""

import numpy as np
from numpy.typing import NDArray

from imgrec.collection import Catalog, Ids
from imgrec.collection.kinds import COMMUNITY
from imgrec.derived.clusters import Clusters
from imgrec.layouts.choices import OVERVIEW_SIZE

_MIX = (0x9E3779B97F4A7C15, 0xBF58476D1CE4E5B9, 0x94D049BB133111EB)


def groups_of(catalog: Catalog, clusters: Clusters) -> NDArray[np.intp]:
    """Return the group (n,) of each clustered picture: its community, else minus its cluster."""
    communities = catalog.labels.of_kind(COMMUNITY)
    numbers = {None: 0} | {v: n for n, v in enumerate(sorted(set(communities.values())), 1)}
    values = map(communities.get, clusters.ids.tolist())
    groups = np.fromiter(map(numbers.__getitem__, values), np.intp, len(clusters.ids))
    return np.where(groups > 0, groups, -clusters.numbers.astype(np.intp))


def overview_ids(
    clusters: Clusters, groups: NDArray[np.integer], count: int = OVERVIEW_SIZE
) -> Ids:
    """Return the ids (m,) of an overview, ascending, from all groups and with cluster centers.

    Args:
        clusters: of all pictures.
        groups: (n,) of each of them.
        count: pictures in the overview; all pictures if there are no more.
    """
    return spread_sample(clusters.ids, groups, count, clusters.central[clusters.central > 0])


def spread_sample(
    ids: Ids, groups: NDArray[np.integer], count: int, always: Ids | None = None
) -> Ids:
    """Return `count` ids, ascending, from each group in proportion to its size, at least one.

    If there are more groups than `count`, some are left out at random. Within a group the choice
    is random too, by a hash of the ids (`by_chance`).

    Args:
        ids: (n,) the pictures.
        groups: (n,) of each of them.
        count: size of the sample; all ids are returned if there are no more.
        always: (m,) ids that must be in it, m <= count.
    """
    if len(ids) <= count:
        return np.sort(ids)
    chance = by_chance(ids)
    order = np.lexsort((chance, groups))
    starts = np.flatnonzero(np.diff(groups[order], prepend=groups[order[0]] - 1))
    sizes = np.diff(starts, append=len(ids))
    ranks = np.empty(len(ids))  # of each picture in its group, 0 to 1
    ranks[order] = (np.arange(len(ids)) - np.repeat(starts, sizes)) / np.repeat(sizes, sizes)
    if always is not None:
        ranks[np.isin(ids, always)] = -1
    return np.sort(ids[np.lexsort((chance, ranks))[:count]])


def by_chance(ids: Ids) -> NDArray[np.uint64]:
    """Return a hash (n,) of each id, uniform over 64 bits; the finalizer of SplitMix64.

    Source: Steele, Lea and Flood 2014, Fast Splittable Pseudorandom Number Generators.
    """
    add, first, second = map(np.uint64, _MIX)
    mixed = (ids.astype(np.uint64) + np.uint64(1)) * add
    mixed = (mixed ^ (mixed >> np.uint64(30))) * first
    mixed = (mixed ^ (mixed >> np.uint64(27))) * second
    return np.asarray(mixed ^ (mixed >> np.uint64(31)), np.uint64)
