"""The nearest neighbors of real photographs: distinct photographs that look most alike."""

from pathlib import Path

import numpy as np

from imgrec import Options, Store, index_folders
from imgrec.collection import Ids
from imgrec.neighbors.graph import neighbors_in
from trials import Trial

_ENCODERS = ("lite0", "mini")


def store_of(photos: Path, work: Path) -> Path:
    """Index photographs into a store within `work`; return its path."""
    index_folders([photos], work / "neighbors", Options(encoders=_ENCODERS))
    return work / "neighbors"


def pairs_in(path: Path, k: int) -> Ids:
    """Return the pairs (p, 2) of each picture and its k nearest of other content, each once.

    Args:
        path: a store with the features `lite0` and `mini`.
        k: neighbors by each of them.
    """
    with Store.open(path) as store:
        digests = {e.id: e.digest for e in store.catalog.entries(store.catalog.ids("ok"))}
        pairs: set[tuple[int, int]] = set()
        for name in _ENCODERS:
            feature = store.feature(name)
            rows = neighbors_in(store, store.spec(name), feature).rows()[:, :k]  # (n, k)
            firsts = np.repeat(feature.ids, rows.shape[1])
            ids = np.sort(np.stack([firsts, feature.ids[rows.ravel()]], axis=1), axis=1)
            pairs |= {(one, other) for one, other in ids.tolist()}
    distinct = [pair for pair in sorted(pairs) if digests[pair[0]] != digests[pair[1]]]
    return np.array(distinct, np.int64).reshape(-1, 2)


def trials(path: Path, pairs: Ids) -> list[Trial]:
    """Return a trial of the files of each pair (p, 2)."""
    with Store.open(path) as store:
        ids = store.catalog.ids("ok")
        files = {e.id: Path(e.root) / e.path for e in store.catalog.entries(ids)}
    return [
        Trial("photographs", "nearest neighbors", number, files=(files[one], files[other]))
        for number, (one, other) in enumerate(pairs.tolist())
    ]
