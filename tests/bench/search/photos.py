"""The approximate indexes on a store of photographs, against exact distances by SciPy."""

import shutil
from dataclasses import replace
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from scipy.spatial.distance import cdist

from collection import Place
from imgrec import ImgrecError, Recommender, Store
from imgrec.store.features import FeatureStore
from machine import rows
from measuring import HEADS, K, Row, apart, asked, paragraph, tell
from ours import LIBRARIES, build, costs

_QUERIES = 1000
_SEED = 22
# Equal distances: duplicates may replace each other.
_TOLERANCE = 1e-6
_NAMES = {"cosine": "cosine", "euclidean": "euclidean", "manhattan": "cityblock"}
_UNREAD = ("thumbs", "lock", "knn", "indexes")


def measured(photos: Path, work: Path) -> str:
    """Return recall and latency of the indexes, on a copy of the store."""
    tell(f"photographs: {photos}")
    shutil.rmtree(work, ignore_errors=True)
    place = Place(work, 0)
    shutil.copytree(photos, place.store, ignore=shutil.ignore_patterns(*_UNREAD))
    built = build(place)
    with Store.open(place.store) as store:
        # What is compared by default may be a relation of the store's own embedding.
        names = dict.fromkeys(filter(None, (store.default_feature, store.encoder)))
    measures, told = [], []
    for name in names:
        (count, found, refused), _ = apart(_measured, place, name, libraries=LIBRARIES)
        measures += found
        told += [f"{count} photographs, {name}", *refused]
    return rows(HEADS, [row.line() for row in measures]) + "\n" + paragraph([*told, *costs(built)])


def _measured(place: Place, name: str) -> tuple[int, list[Row], list[str]]:
    measures, refused = [], []
    with Recommender.open(place.store) as recommender, Store.open(place.store) as store:
        feature = store.feature(name)
        rng = np.random.default_rng(_SEED)
        chosen = rng.choice(len(feature), min(_QUERIES, len(feature)), replace=False)
        for metric in _NAMES:
            truth = _Truth(feature, chosen, metric)
            for index in ("exact", "sketch", "hnsw"):
                try:
                    measures.append(_row(recommender, metric, index, truth))
                # A graph supports only some metrics.
                except ImgrecError as error:
                    refused.append(f"{name}, {metric}, {index}: {error}")
        return len(feature), measures, refused


class _Truth:
    """The distances of the queries to all pictures, and those of the K-th nearest."""

    def __init__(self, feature: FeatureStore, chosen: NDArray[np.int64], metric: str) -> None:
        self.name = feature.name
        vectors = feature.load()
        distances = cdist(vectors[chosen], vectors, _NAMES[metric])  # (q, n)
        distances[np.arange(len(chosen)), chosen] = np.inf
        farthest = np.partition(distances, K - 1, axis=1)[:, K - 1]  # (q,)
        self.ids = [int(i) for i in feature.ids[chosen]]
        self._near = distances <= (farthest * (1 + _TOLERANCE) + _TOLERANCE)[:, None]
        self._all_ids = feature.ids

    def recall(self, found: list[list[int]]) -> float:
        """Return the share of the K results that are as near as the true K nearest."""
        hits = 0
        for near, ids in zip(self._near, found, strict=False):
            hits += int(near[np.searchsorted(self._all_ids, ids)].sum())
        return hits / (K * len(found))


def _row(recommender: Recommender, metric: str, index: str, truth: _Truth) -> Row:
    found: dict[int, list[int]] = {}
    went: set[str] = set()

    def ask(image_id: int) -> list[int]:
        answer = recommender.query([image_id], k=K, metric=metric, encoder=truth.name, index=index)
        found[image_id] = [result.id for result in answer.results]
        went.add(answer.index)
        return found[image_id]

    row = asked(f"{truth.name}: {metric}, {index}", ask, truth.ids, None)
    other = went - {index}
    way = row.way + (f" (used {' / '.join(sorted(other))})" if other else "")
    return replace(row, way=way, recall=truth.recall([found[i] for i in truth.ids[: row.queries]]))
