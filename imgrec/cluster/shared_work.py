"""Work on a store's features that is shared among processes, or the machines of a Ray cluster."""

from functools import partial
from typing import Literal

from imgrec.cluster.mapping import map_items
from imgrec.remote.part_vectors import RemoteParts
from imgrec.remote.store import RemoteStore
from imgrec.store.features import FeatureStore
from imgrec.store.part_groups import GROUP_BYTES
from imgrec.store.part_work import PartWork
from imgrec.store.paths import FEATURES
from imgrec.store.pulled import read_pulled
from imgrec.store.store import Store
from imgrec.system.folder_names import folder_name

SCRATCH = "scratch"


def shared_work(
    store: Store,
    feature: FeatureStore,
    workers: int | Literal["ray"],
    group_bytes: int = GROUP_BYTES,
) -> PartWork:
    """Return where tasks over the groups of a feature run, and where they read and write.

    If the store follows one in object storage that has the same parts, tasks read them there, and
    leave their results there below `scratch/` until they are done. Otherwise they use the store's
    folder and the user's cache folder, which all machines then have to reach.

    Args:
        store: open.
        feature: of the store.
        workers: as `imgrec.cluster.mapping.map_items` takes them.
        group_bytes: of the vectors in a group, at most.

    Raises:
        StoreError: `pulled.json` is damaged, or the store in object storage is gone.
        ObjectError: it cannot be read.
    """
    mapping = partial(map_items, workers=workers)
    pulled = read_pulled(store.path)
    if pulled is None or not _has_parts(RemoteStore.open(pulled.url), feature):
        return PartWork(mapping, group_bytes=group_bytes)
    url = f"{pulled.url.rstrip('/')}/{SCRATCH}"
    return PartWork(
        mapping, url=url, vectors=partial(RemoteParts, pulled.url), group_bytes=group_bytes
    )


def _has_parts(remote: RemoteStore, feature: FeatureStore) -> bool:
    """Return True if a store in object storage has all parts of a feature, with this content."""
    prefix = f"{FEATURES}/{folder_name(feature.name)}/"
    there = remote.entries(prefix)
    for block in feature.blocks:
        # See `imgrec.store.features.FeatureStore.open`.
        part, digest = block.source.split()[:2]
        entry = there.get(f"{prefix}{part}/part.json")
        if entry is None or entry.digest != digest:
            return False
    return True
