"""Exact nearest neighbors of a few pictures in a feature larger than memory, group by group.

Measures the recall of an approximate graph, and searches what it could not find.
"""

from typing import NamedTuple

from imgrec.collection import Ids
from imgrec.neighbors.by_parts import lists_into, load_lists, merged, save_lists
from imgrec.neighbors.neighbors import Neighbors
from imgrec.store.features import Block, FeatureStore
from imgrec.store.part_groups import Groups, Mapping


class ProbeTask(NamedTuple):
    """Find the nearest of some pictures in one group, exactly.

    Attributes:
        groups: of the feature.
        k: neighbors.
        number: of the group.
        name: of the ids and vectors in scratch.
    """

    groups: Groups
    k: int
    number: int
    name: str


def probe(
    feature: FeatureStore, groups: Groups, ids: Ids, k: int, name: str, mapping: Mapping = map
) -> Neighbors:
    """Return the k nearest, among all, of a few pictures, exactly.

    Args:
        feature: open.
        groups: of the feature.
        ids: (b,) ascending; their vectors are held in memory by every task.
        k: neighbors.
        name: for the files in scratch.
        mapping: where tasks run.
    """
    scratch = groups.scratch
    if not scratch.has(name):
        scratch.save(name, ids, feature.take(ids))
    lacking = [n for n in range(groups.count) if not scratch.has(_probed_name(name, n))]
    if lacking:
        for _ in mapping(write_probed, [ProbeTask(groups, k, number, name) for number in lacking]):
            pass
    best = load_lists(scratch, _probed_name(name, 0))
    for number in range(1, groups.count):
        best = merged(best, load_lists(scratch, _probed_name(name, number)), k)
    return best


def write_probed(task: ProbeTask) -> int:
    """Save the nearest of the probes in one group, and return its number."""
    groups, k, number, name = task
    scratch, own_name = groups.scratch, _probed_name(name, number)
    if not scratch.has(own_name):
        ids, vectors = scratch.load(name)
        probes = FeatureStore(groups.name, groups.dimensions, [Block(ids, vectors)])
        save_lists(scratch, own_name, lists_into(probes, groups.feature(number), k))
    return number


def _probed_name(name: str, number: int) -> str:
    return f"probed-{name}-{number:06d}"
