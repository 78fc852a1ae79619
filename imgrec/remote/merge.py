"""Merge the changes of a local store with those that others committed meanwhile.

Three states: the base, which the local store was pulled from or pushed as; what is local now; what
is in object storage now. A unit that only one side changed is taken from that side. One that both
changed, to different content, is a conflict: neither is thrown away unless that is asked for.
"""

from collections.abc import Mapping
from dataclasses import dataclass

from imgrec.remote.manifest import Entry
from imgrec.remote.places import by_unit

Entries = Mapping[str, Entry]


@dataclass(frozen=True)
class Merged:
    """What has to be committed.

    Attributes:
        changes: {path: entry, or None to remove it}, against what is in object storage.
        conflicts: units that both sides changed, sorted.
    """

    changes: dict[str, Entry | None]
    conflicts: list[str]


def merged(base: Entries, local: Entries, there: Entries, *, force: bool = False) -> Merged:
    """Return what has to be committed so that the local changes are there.

    Args:
        base: what the local store and object storage had in common.
        local: what is local now.
        there: what is in object storage now.
        force: take the local side of a conflict, and remove what is not local.
    """
    sides = [by_unit(entries) for entries in (base, local, there)]
    changes: dict[str, Entry | None] = {}
    conflicts: list[str] = []
    for unit in sorted(set().union(*sides)):
        before, ours, theirs = (side.get(unit, {}) for side in sides)
        if ours == theirs:
            continue
        if not force:
            if ours == before:
                continue
            if theirs != before:
                conflicts.append(unit)
                continue
        changes |= dict.fromkeys(theirs)
        changes |= ours
    return Merged(changes, conflicts)
