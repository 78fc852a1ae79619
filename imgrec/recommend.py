"""`Recommender`: which pictures are most like these."""

import time
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import numpy as np

from imgrec.catalog import Ids
from imgrec.encoders import matching_encoder
from imgrec.encoders.spec import Encoder, EncoderSpec, Vectors
from imgrec.errors import ImgrecError, PictureError
from imgrec.images import decode, digest, pixels_for, read_file
from imgrec.metrics import Distances, Metric, fuse, metric_named
from imgrec.neighbors import ExactIndex, top_k
from imgrec.store import Store


@dataclass(frozen=True)
class Result:
    """A picture of the answer.

    Attributes:
        rank: from 1.
        id: in the catalogue.
        path: relative to its root.
        distance: to the queries, fused; 0 = the same. With `rank` the mean place, from 0.
        similarity: 1 - distance, None where that means nothing.
        per_query: distance to each query picture.
        labels: what the stages found out about it, by kind.
    """

    rank: int
    id: int
    path: str
    distance: float
    similarity: float | None
    per_query: list[float]
    labels: dict[str, str]


@dataclass(frozen=True)
class Answer:
    """The pictures most like the queries, the nearest first.

    Attributes:
        queries: as they were asked.
        images: number of pictures searched.
        exact: whether every distance was computed.
        elapsed_ms: from the paths to the results, the store already open.
    """

    queries: list[str]
    encoder: str
    metric: str
    fuse: str
    k: int
    images: int
    exact: bool
    elapsed_ms: float
    results: list[Result]

    def to_dict(self) -> dict[str, Any]:
        """Return what `--json` prints."""
        return asdict(self)


@dataclass(frozen=True)
class _Query:
    name: str
    id: int | None
    vector: Vectors  # (1, d)


class Recommender:
    """Holds a store open and answers questions about it."""

    def __init__(self, store: Store, weights: Path | None = None, device: str = "auto") -> None:
        self.store = store
        self._weights = weights
        self._device = device
        self._indexes: dict[tuple[str, str], ExactIndex] = {}
        self._encoders: dict[str, Encoder] = {}

    @classmethod
    def open(
        cls, path: Path | str, weights: Path | str | None = None, device: str = "auto"
    ) -> "Recommender":
        """Open a store.

        Args:
            path: of the store.
            weights: the state dict its vectors were made with, for pictures that are not in it.
            device: where such pictures are encoded.

        Raises:
            StoreError: there is none, or it is damaged.
        """
        return cls(Store.open(path), Path(weights) if weights else None, device)

    def close(self) -> None:
        """Close the store."""
        self.store.close()

    def __enter__(self) -> "Recommender":
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def query(
        self,
        images: Sequence[Path | str],
        k: int = 5,
        metric: str = "cosine",
        fuse: str = "mean",
        encoder: str | None = None,
    ) -> Answer:
        """Return the k pictures most like all of these; the queries themselves are left out.

        A query that is in the catalogue, at its place or as a copy, uses its stored vector.

        Args:
            images: paths of files, or paths as the catalogue has them.
            k: how many; fewer come back where the store holds fewer.
            metric: one of `imgrec.metrics.METRICS`.
            fuse: `mean`, `min`, `max` or `rank`.
            encoder: the feature to compare; by default the store's own, `rgb` for a metric
                that compares histograms only.

        Raises:
            ValueError: no picture, or k below 1.
            ImgrecError: a picture cannot be read, or the metric, feature or way to fuse is
                unknown or has no meaning together.
        """
        if not images or k < 1:
            raise ValueError(f"{len(images)} pictures and k = {k}: at least 1 of each is needed")
        started = time.perf_counter()
        chosen = metric_named(metric)
        spec = self.store.spec(encoder or ("rgb" if chosen.histograms_only else None))
        chosen.check(spec)
        index = self._index(spec, chosen)
        queries = [self._resolve(str(image), spec, index) for image in images]
        distances = index.distances(np.concatenate([query.vector for query in queries]))  # (q, n)
        results = self._results(index.ids, distances, queries, k, fuse, chosen)
        return Answer(
            queries=[query.name for query in queries],
            encoder=spec.name,
            metric=metric,
            fuse=fuse,
            k=k,
            images=len(index.ids),
            exact=True,
            elapsed_ms=round(1000 * (time.perf_counter() - started), 3),
            results=results,
        )

    def _results(
        self,
        ids: Ids,
        distances: Distances,
        queries: list[_Query],
        k: int,
        how: str,
        metric: Metric,
    ) -> list[Result]:
        asked = [query.id for query in queries if query.id is not None]
        rows = np.flatnonzero(np.isin(ids, asked, invert=True))
        distances = distances[:, rows]  # (q, n - asked)
        fused = fuse(distances, how)
        nearest = top_k(fused, k)
        found = [int(ids[rows[place]]) for place in nearest]
        labels = self.store.catalog.labels(found)
        has_similarity = metric.has_similarity and how != "rank"
        return [
            Result(
                rank=rank,
                id=entry.id,
                path=entry.path,
                distance=float(fused[place]),
                similarity=1 - float(fused[place]) if has_similarity else None,
                per_query=[float(value) for value in distances[:, place]],
                labels=labels[entry.id],
            )
            for rank, (entry, place) in enumerate(
                zip(self.store.catalog.entries(found), nearest, strict=True), start=1
            )
        ]

    def _index(self, spec: EncoderSpec, metric: Metric) -> ExactIndex:
        key = (spec.name, metric.name)
        if key not in self._indexes:
            self._indexes[key] = ExactIndex(self.store.feature(spec.name), metric)
        return self._indexes[key]

    def _resolve(self, name: str, spec: EncoderSpec, index: ExactIndex) -> _Query:
        catalog, file = self.store.catalog, Path(name)
        entry = catalog.find_file(file.resolve())
        if entry is None and not file.exists():
            entry = catalog.find_path(name)
            if entry is None:
                raise ImgrecError(f"no picture at {name}: name a file, or a path of the catalogue")
        if entry is not None:
            return _Query(name, entry.id, index.feature.take(np.array([entry.id])))
        return self._resolve_content(name, spec, index)

    def _resolve_content(self, name: str, spec: EncoderSpec, index: ExactIndex) -> _Query:
        try:
            data = read_file(Path(name))
            entry = self.store.catalog.find_digest(digest(data))
            if entry is not None:
                return _Query(name, entry.id, index.feature.take(np.array([entry.id])))
            picture = decode(data, need_px=spec.preprocessing.resize_px)
        except PictureError as error:
            raise ImgrecError(f"{name} cannot be read: {error.reason} ({error})") from error
        pixels = np.stack([pixels_for(picture.image, spec.preprocessing)])  # (1, h, w, 3)
        return _Query(name, None, self._encoder(spec).encode(pixels))

    def _encoder(self, spec: EncoderSpec) -> Encoder:
        if spec.name not in self._encoders:
            self._encoders[spec.name] = matching_encoder(spec, self._weights, self._device)
        return self._encoders[spec.name]
