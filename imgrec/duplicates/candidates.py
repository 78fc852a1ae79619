"""Candidate pairs: contents that are near each other in any of some k-NN graphs.

No descriptor finds every alteration. `mini` sees layout and color, so it finds stamped and gray
copies and loses bordered ones; `lite0` sees things, and finds cropped and bordered ones. Neither
finds turned pictures well: for these the vectors of `mini` are averaged over the eight
orientations of a picture, which gives a picture and the turned one the same vector.

Invariant: a pair is a pair of contents, each named by the smallest id of its files.
"""

from dataclasses import replace
from functools import reduce

import numpy as np
from numpy.typing import NDArray

from imgrec.collection import Ids
from imgrec.duplicates.contents import Contents
from imgrec.duplicates.near import candidate_pairs
from imgrec.duplicates.pairs import likely_pairs, unique_pairs
from imgrec.encoders.mini import turned_columns
from imgrec.encoders.spec import EncoderSpec, Vectors
from imgrec.neighbors.graph import neighbors_in
from imgrec.store.features import FeatureStore
from imgrec.store.store import Store

_MINI, _LITE0 = "mini", "lite0"
# Neighbors without regard to orientation that a picture is compared with.
_TURNED = 4
_TURNS = 8


def candidates(
    store: Store, contents: Contents, encoder: str | None = None, *, quiet: bool = True
) -> Ids:
    """Return the candidate pairs (p, 2) of contents, sorted.

    Args:
        store: open.
        contents: of its catalog.
        encoder: the only feature whose neighbors are candidates; None for `mini` and `lite0`, those
            that the store has, or its default where it has none.
        quiet: show no progress bar.

    Raises:
        StoreError: there is no such feature.
    """
    pairs = [np.zeros((0, 2), np.int64)]
    for name in _features(store, encoder):
        spec, feature = store.spec(name), store.feature(name)
        pairs.append(candidate_pairs(store, spec, feature, contents.copies, quiet=quiet))
        # Vectors of another origin may have the name; of other columns, turns are not known.
        turns = name == _MINI and feature.dimensions == len(turned_columns(0))
        if turns and encoder is None and len(feature) > 1:
            pairs.append(_turned_pairs(store, spec, feature, contents, quiet=quiet))
    return unique_pairs(np.concatenate(pairs))


def orientation_free(feature: FeatureStore) -> FeatureStore:
    """Return the vectors (n, 77) of `mini` averaged over the eight orientations of a picture."""
    blocks = [replace(block, vectors=averaged(block.load()), rows=None) for block in feature.blocks]
    return FeatureStore(feature.name, len(_orbits()[0]), blocks)


def averaged(vectors: Vectors) -> Vectors:
    """Return vectors (m, 512) of `mini` averaged over the orientations: (m, 77), same lengths."""
    firsts, sizes = _orbits()
    turns = (vectors[:, turned_columns(turn)[firsts]] for turn in range(_TURNS))
    mean: Vectors = reduce(np.add, turns) / np.float32(_TURNS)
    return mean * np.sqrt(sizes).astype(np.float32)


def _orbits() -> tuple[NDArray[np.intp], NDArray[np.intp]]:
    """Return a column (o,) of each set of columns that turns exchange, and the size of each."""
    columns = np.stack([turned_columns(turn) for turn in range(_TURNS)])
    firsts, sizes = np.unique(columns.min(axis=0), return_counts=True)
    return firsts, sizes


def _turned_pairs(
    store: Store, spec: EncoderSpec, feature: FeatureStore, contents: Contents, *, quiet: bool
) -> Ids:
    free = orientation_free(feature)
    spec = replace(spec, name=f"{spec.name}@turned", dimensions=free.dimensions)
    neighbors = neighbors_in(store, spec, free, quiet=quiet)
    named = np.array([contents.content_of(i) for i in free.ids.tolist()], np.int64)
    return likely_pairs(neighbors, named, _TURNED)


def _features(store: Store, encoder: str | None) -> list[str | None]:
    names = store.feature_names()
    known = [name for name in (_MINI, _LITE0) if name in names]
    return [encoder] if encoder else [*known] or [None]
