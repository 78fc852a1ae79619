"""`Recommender`: which pictures are most like these."""

import math
import threading
import time
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from imgrec.cache import open_cache
from imgrec.encoders.spec import Vectors
from imgrec.errors import ImgrecError, StoreError
from imgrec.exact import load_kernels
from imgrec.filters import Filter
from imgrec.indexes import Searchable, open_reduced, open_searchable
from imgrec.metrics import METRICS, Metric, metric_named
from imgrec.projection import Axes
from imgrec.questions import Asked, Resolved, Resolver
from imgrec.reduced import Reduced
from imgrec.search import Found, Question, chosen_index, search, search_joined
from imgrec.space import Part, Space
from imgrec.store import Store

_WORTH_COMPILED = 1 << 21  # values of a collection from which on compiled loops are loaded


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
        per_unwanted: distance to each picture that the answers should not be like.
        labels: what the stages found out about it, by kind.
    """

    rank: int
    id: int
    path: str
    distance: float
    similarity: float | None
    per_query: list[float]
    per_unwanted: list[float]
    labels: dict[str, str]


@dataclass(frozen=True)
class Answer:
    """The pictures most like the queries, the nearest first.

    Attributes:
        queries: as they were asked.
        unwanted: likewise, what the answers should not be like.
        encoder: the feature compared, or the features and weights that were joined.
        images: number of pictures searched.
        index: the way that was gone: `exact`, or the index that proposed candidates.
        exact: whether every distance was computed.
        elapsed_ms: from the paths to the results, the store already open.
    """

    queries: list[str]
    unwanted: list[str]
    encoder: str
    metric: str
    fuse: str
    k: int
    images: int
    index: str
    exact: bool
    elapsed_ms: float
    results: list[Result]

    def to_dict(self) -> dict[str, Any]:
        """Return what `--json` prints."""
        return asdict(self)


@dataclass(frozen=True)
class _Compared:
    """The features of a question, and the space they make."""

    opened: tuple[Searchable, ...]
    space: Space
    name: str
    axes: Axes | None = None  # of the one feature, where what is compared are coordinates on them

    def queries(self, resolved: Sequence[Resolved]) -> list[Vectors]:
        """Return the vectors (q, d) for each feature of the space."""
        vectors = []
        for number, opened in enumerate(self.opened):
            rows = [query.vectors[number] for query in resolved]
            vectors.append(np.concatenate([np.zeros((0, opened.spec.dimensions), "f4"), *rows]))
        return [self.axes.project(vectors[0])] if self.axes else vectors


@dataclass
class _View:
    """A store as it was at one moment; a change makes a new view."""

    state: tuple[Any, ...]
    store: Store
    opened: dict[str, Searchable] = field(default_factory=dict)
    reduced: dict[str, Reduced] = field(default_factory=dict)
    allowed: dict[tuple[Filter, tuple[str, ...]], NDArray[np.bool_]] = field(default_factory=dict)

    def searchable(self, name: str) -> Searchable:
        """Return a feature by name; "" is the store's own."""
        if name not in self.opened:
            opened = open_searchable(self.store, name or None)
            self.opened[name] = self.opened.setdefault(opened.spec.name, opened)
        return self.opened[name]

    def compared(self, metric: Metric, weights: Mapping[str, float]) -> _Compared:
        opened = tuple(self.searchable(name) for name in weights)
        for each in opened:
            metric.check(each.spec)
        if metric.reduced:
            reduced = self._on_axes(opened[0])
            space = Space(metric, (Part(reduced.feature),))
            return _Compared(opened, space, opened[0].spec.name, reduced.axes)
        pairs = zip(opened, weights.values(), strict=True)
        parts = tuple(Part(each.feature, weight, each.sketch, each.hnsw) for each, weight in pairs)
        name = opened[0].spec.name
        if len(opened) > 1:
            name = ",".join(f"{p.feature.name}={p.weight:g}" for p in parts)
        return _Compared(opened, Space(metric, parts), name)

    def _on_axes(self, opened: Searchable) -> Reduced:
        if opened.spec.name not in self.reduced:
            self.reduced[opened.spec.name] = open_reduced(self.store, opened)
        return self.reduced[opened.spec.name]

    def rows_allowed(self, wanted: Filter, space: Space) -> NDArray[np.bool_] | None:
        if not wanted:
            return None
        key = wanted, tuple(part.feature.name for part in space.parts)
        if key not in self.allowed:
            ids = wanted.ids(self.store.catalog)
            self.allowed[key] = np.isin(space.ids, ids, assume_unique=True)
        return self.allowed[key]


class Recommender:
    """Holds a store open and answers questions about it, from several threads if need be.

    Pictures that come and go while it is open are noticed at the next question.
    """

    def __init__(
        self,
        store: Store,
        weights: Path | None = None,
        device: str = "auto",
        cache: str | None = None,
    ) -> None:
        self.store = store
        self._cache = open_cache(cache)
        self._resolver = Resolver(self._cache, weights, device)
        self._lock = threading.Lock()
        self._view: _View | None = None
        self._outlived: list[Store] = []
        self._asked_before = False

    @classmethod
    def open(
        cls,
        path: Path | str,
        weights: Path | str | None = None,
        device: str = "auto",
        cache: str | None = None,
    ) -> "Recommender":
        """Open a store.

        Args:
            path: of the store.
            weights: the state dict its vectors were made with, for pictures that are not in it.
            device: where such pictures are encoded.
            cache: where the vectors of such pictures are kept, as `imgrec.cache.open_cache`
                takes it; by default in the user's cache folder.

        Raises:
            StoreError: there is none, or it is damaged.
        """
        return cls(Store.open(path), Path(weights) if weights else None, device, cache)

    def close(self) -> None:
        """Close the store."""
        for store in (*self._outlived, self.store):
            store.close()
        self._cache.close()

    def __enter__(self) -> "Recommender":
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def query(
        self,
        images: Sequence[Asked],
        k: int = 5,
        metric: str = "cosine",
        fuse: str = "mean",
        encoder: str | None = None,
        *,
        features: str | Mapping[str, float] | None = None,
        unwanted: Sequence[Asked] = (),
        where: Sequence[str] = (),
        under: Sequence[str] = (),
        index: str = "auto",
    ) -> Answer:
        """Return the k pictures most like all of these; the queries themselves are left out.

        A query that is in the catalogue, at its place or as a copy, uses its stored vector.

        Args:
            images: files, paths as the catalogue has them, ids, PIL images, or pixels
                (h, w, 3), uint8.
            k: how many; fewer come back where the store holds fewer, up to three times as
                many with `combined`.
            metric: one of `imgrec.metrics.METRICS`.
            fuse: `mean`, `min`, `max` or `rank`.
            encoder: the feature to compare; by default the store's own, `rgb` for a metric
                that compares histograms only.
            features: several features to compare together and their weights, as
                `{"mini": 1, "rgb": 0.5}` or `"mini=1,rgb=0.5"`.
            unwanted: pictures that push away what is nearer to them than the queries are.
            where: labels the answers have, as `folder=dress`; see `imgrec.filters.Filter`.
            under: folders the answers lie in.
            index: the way to go, one of `imgrec.search.INDEXES`.

        Raises:
            ValueError: no picture, or k below 1.
            ImgrecError: a picture cannot be read, or the metric, features, filter, index or
                way to fuse is unknown or has no meaning together.
        """
        if not images or k < 1:
            raise ValueError(f"{len(images)} pictures and k = {k}: at least 1 of each is needed")
        started = time.perf_counter()
        chosen, wanted = metric_named(metric), Filter.parse(where, under)
        view, compared = self._compared(chosen, _weights(chosen, encoder, features))
        space = compared.space
        likes = self._resolved(images, view, compared)
        dislikes = self._resolved(unwanted, view, compared)
        allowed = view.rows_allowed(wanted, space)
        asked = [query.id for query in (*likes, *dislikes) if query.id is not None]
        to, away = compared.queries(likes), compared.queries(dislikes)
        question = Question(to, away, space.between(to, away), fuse, space.rows_of(asked), allowed)
        if chosen.joins:
            found = search_joined(space, question, k, index)
        else:
            found = search(space, chosen_index(space, question, k, index), question, k)
        return Answer(
            queries=[query.name for query in likes],
            unwanted=[query.name for query in dislikes],
            encoder=compared.name,
            metric=metric,
            fuse=fuse,
            k=k,
            images=len(space.ids) if allowed is None else int(allowed.sum()),
            index=found.index,
            exact=found.exact,
            elapsed_ms=round(1000 * (time.perf_counter() - started), 3),
            results=_results(view.store, space, found, len(likes), chosen, fuse),
        )

    def _compared(self, metric: Metric, weights: Mapping[str, float]) -> tuple[_View, _Compared]:
        with self._lock:
            view = self._current_view()
            compared = view.compared(metric, weights)
            if self._asked_before and compared.space.values >= _WORTH_COMPILED:
                load_kernels()
            self._asked_before = True
            return view, compared

    def _current_view(self) -> _View:
        """Return the view of the store as it is now; features stay open where nothing changed."""
        try:
            state = self.store.state()
            if self._view and state[1] != self._view.state[1]:  # another catalogue in its place
                renewed = Store.open(self.store.path)
                self._outlived.append(self.store)
                self.store, state = renewed, renewed.state()
        except FileNotFoundError as error:
            raise StoreError(f"the store {self.store.path} is gone: open another") from error
        if self._view is None or self._view.state != state:
            self._view = _View(state, self.store)
        return self._view

    def _resolved(self, asked: Sequence[Asked], view: _View, compared: _Compared) -> list[Resolved]:
        catalog = view.store.catalog
        return [self._resolver.resolve(one, catalog, compared.opened) for one in asked]


def _weights(
    metric: Metric, encoder: str | None, features: str | Mapping[str, float] | None
) -> dict[str, float]:
    """Return the weights of the features asked for by name; "" is the store's own."""
    if features is None:
        return {encoder or ("rgb" if metric.histograms_only else ""): 1.0}
    if encoder:
        raise ImgrecError(f"--encoder {encoder} and --features exclude each other: name one")
    weights = parse_features(features) if isinstance(features, str) else dict(features)
    for name, weight in weights.items():
        if not 0 < weight < math.inf:
            raise ImgrecError(f"the weight of {name} is {weight}: give a number above 0")
    if not weights:
        raise ImgrecError("--features names no feature: give some, as mini=1,rgb=0.5")
    if len(weights) > 1 and not metric.norm:
        able = " or ".join(name for name, other in METRICS.items() if other.norm)
        raise ImgrecError(f"{metric.name} cannot join features: ask with --metric {able}")
    return weights


def parse_features(text: str) -> dict[str, float]:
    """Return weights by feature of a text as `mini=1,rgb=0.5`; a weight left out is 1.

    Raises:
        ImgrecError: a weight is no number, or a feature is named twice.
    """
    weights: dict[str, float] = {}
    for item in filter(None, (item.strip() for item in text.split(","))):
        name, _, weight = (part.strip() for part in item.partition("="))
        try:
            number = float(weight or 1)
        except ValueError as error:
            raise ImgrecError(f"--features {text}: {weight} is no number") from error
        if name in weights:
            raise ImgrecError(f"--features {text}: {name} is named twice")
        weights[name] = number
    return weights


def _results(
    store: Store, space: Space, found: Found, count: int, metric: Metric, fuse: str
) -> list[Result]:
    ids = space.ids[found.rows].tolist()
    labels = store.catalog.labels(ids)
    has_similarity = metric.has_similarity and fuse != "rank"
    entries = store.catalog.entries(ids)
    return [
        Result(
            rank=rank,
            id=entry.id,
            path=entry.path,
            distance=score,
            similarity=1 - score if has_similarity else None,
            per_query=distances[:count],
            per_unwanted=distances[count:],
            labels=labels[entry.id],
        )
        for rank, (entry, score, distances) in enumerate(
            zip(entries, found.scores.tolist(), found.distances.T.tolist(), strict=True), start=1
        )
    ]
