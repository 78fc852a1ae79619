"""The states that a local store and the one in object storage had in common."""

from imgrec.remote.manifest import Entry
from imgrec.remote.store import RemoteStore
from imgrec.store.pulled import Pulled


def common_states(remote: RemoteStore, before: Pulled | None) -> list[dict[str, Entry]]:
    """Return the entries of the states that a local store has files of, the oldest first.

    Args:
        remote: the store in object storage.
        before: what the local store says of itself; None if it was never pulled or pushed.

    Returns:
        None of a store at another address, nor of one that was replaced since: its manifest of
        this number is another.
    """
    if before is None or before.url != remote.url:
        return []
    found = []
    for number, digest in sorted(before.states.items()):
        earlier = remote.at(number)
        if earlier is not None and earlier.manifest.digest() == digest:
            found.append(earlier.entries())
    return found
