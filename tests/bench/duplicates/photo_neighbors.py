"""The nearest neighbors of real photographs: distinct photographs that look most alike."""

from pathlib import Path

import numpy as np

from imgrec import Options, Store, index_folders
from imgrec.neighbors.graph import neighbors_in
from trials import Trial

_ENCODERS = ("lite0", "mini")


def neighbors(photos: Path, work: Path, k: int) -> list[Trial]:
    """Return a trial for each photograph and each of its k nearest of other content, once.

    Args:
        photos: a folder of photographs.
        work: folder for the store.
        k: neighbors by each of the features `lite0` and `mini`.
    """
    index_folders([photos], work / "neighbors", Options(encoders=_ENCODERS))
    with Store.open(work / "neighbors") as store:
        entries = {e.id: e for e in store.catalog.entries(store.catalog.ids("ok"))}
        pairs: set[tuple[int, int]] = set()
        for name in _ENCODERS:
            feature = store.feature(name)
            found = neighbors_in(store, store.spec(name), feature)
            rows = found.rows()[:, :k]  # (n, k)
            firsts = np.repeat(feature.ids, rows.shape[1])
            ids = np.sort(np.stack([firsts, feature.ids[rows.ravel()]], axis=1), axis=1)
            pairs |= {(one, other) for one, other in ids.tolist()}
    return [
        Trial(
            "photographs",
            "nearest neighbors",
            number,
            files=(photos / entries[one].path, photos / entries[other].path),
        )
        for number, (one, other) in enumerate(sorted(pairs))
        if entries[one].digest != entries[other].digest
    ]
