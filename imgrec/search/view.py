"""A consistent view of a store: its features, opened once, as of one state token.

A `Recommender` may stay open while another process indexes. Each question compares the store's
state token with that of the view; if it changed, a new view is made. No answer mixes two states.

Where only labels have changed, as when a person marks pictures, the new view takes over the opened
features. Invariant: it does so only if the state in which they were opened and its own state are
known to have the same pictures and the same files of features.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, TypeVar, cast

import numpy as np
from numpy.typing import NDArray

from imgrec.collection import Ids
from imgrec.collection.filters import Filter
from imgrec.collection.kinds import CLASS
from imgrec.derived.kept import Searchable, open_reduced, open_searchable
from imgrec.derived.pca import Reduced
from imgrec.distances.axes import Axes
from imgrec.distances.metrics import METRICS, Metric
from imgrec.encoders.spec import Vectors
from imgrec.errors import WrongValueError
from imgrec.labels.community_names import CommunityNames, names_of
from imgrec.search.query_vectors import Resolved
from imgrec.search.space import Part, Space
from imgrec.store.store import Store
from imgrec.store.watched import SETTLED_NS
from imgrec.system.argument_types import NUMBER, check_type

if TYPE_CHECKING:
    from imgrec.search.texts import Texts
    from imgrec.store.previews import PreviewStore
    from imgrec.store.thumbnails import ThumbStore

_KEPT_FILTERS = 16
_LEAST_WEIGHT = 1e-6


@dataclass(frozen=True)
class Compared:
    """The opened features of a question, and the space they span.

    Attributes:
        opened: the features, in the order they were named.
        space: what is compared.
        name: the features as the answer names them.
        lacking: lines about pictures that a relation leaves out.
        axes: for `pca-cosine`, the PCA on whose coordinates vectors are compared.
    """

    opened: tuple[Searchable, ...]
    space: Space
    name: str
    lacking: tuple[str, ...] = ()
    axes: Axes | None = None

    def queries(self, resolved: Sequence[Resolved]) -> list[Vectors]:
        """Return the query vectors (q, d), one array for each feature of the space."""
        vectors = []
        for number, opened in enumerate(self.opened):
            rows = [query.vectors[number] for query in resolved]
            none = np.zeros((0, opened.spec.dimensions), np.float32)
            vectors.append(rows[0] if len(rows) == 1 else np.concatenate([none, *rows]))
        return [self.axes.project(vectors[0])] if self.axes else vectors


_Key = TypeVar("_Key")
_Value = TypeVar("_Value")


class StoreView:
    """One state of a store; thread-safe. Features and filters are opened once and cached.

    Attributes:
        store: open.
        state: its state token.
    """

    def __init__(
        self, store: Store, state: tuple[object, ...], before: StoreView | None = None
    ) -> None:
        """Make a view of the present state.

        Args:
            store: open.
            state: its state token, just read.
            before: the view that this one replaces, whose features are taken over if they can be.
        """
        self.store = store
        self.state = state
        # The names of features that were opened while nothing was written, and of which files.
        self._sure: set[str] = set()
        self._files: tuple[object, ...] | None = None
        self._opened: dict[str, Searchable] = {}
        self._lacking: dict[str, list[str]] = {}
        self._reduced: dict[str, Reduced] = {}
        self._widened: dict[Filter, tuple[Filter, dict[str, list[str]]]] = {}
        self._allowed: dict[tuple[Filter, tuple[str, ...]], NDArray[np.bool_]] = {}
        self._compared: dict[tuple[Metric, tuple[tuple[str, float], ...]], Compared] = {}
        self._opening, self._reducing = threading.Lock(), threading.Lock()
        if before is not None:
            self._take_over(before)

    @cached_property
    def texts(self) -> Texts:
        """Understands texts by the classes of this state."""
        # Imported here: most questions are by pictures.
        from imgrec.search.texts import Texts

        return Texts(self.store)

    @cached_property
    def community_names(self) -> CommunityNames:
        """The names of the communities of this state."""
        return names_of(self.store)

    @cached_property
    def ids(self) -> Ids:
        """The ascending ids (n,) of the ok pictures."""
        return self.store.catalog.ids("ok")

    @cached_property
    def ids_by_path(self) -> Ids:
        """The ids (n,) of the ok pictures by root and path."""
        catalog = self.store.catalog
        each = [catalog.ids_by_path(root) for root in sorted(catalog.roots())]
        ids = np.concatenate([*each, np.zeros(0, np.int64)])
        found: Ids = ids[np.isin(ids, self.ids, assume_unique=True)]
        return found

    @cached_property
    def thumbs(self) -> ThumbStore:
        """The thumbnails.

        Raises:
            StoreError: a part is damaged.
        """
        return self.store.thumbs()

    @cached_property
    def previews(self) -> PreviewStore | None:
        """The previews; None if the store has none.

        Raises:
            StoreError: a part is damaged.
        """
        return self.store.previews()

    def is_current(self) -> bool:
        """Return True if the store has not changed since this view was made."""
        return not self.store.catalog.is_outdated() and self.store.state() == self.state

    def has_its_files(self) -> bool:
        """Return True if the files of features are those of this view; the catalog may differ."""
        return not self.store.catalog.is_outdated() and self.store.files_state() == self.state[1:]

    def compared(self, metric: Metric, weights: Mapping[str, float]) -> Compared:
        """Return the features and the space of a question.

        Args:
            metric: how vectors are compared.
            weights: by feature name; "" stands for the store's default feature.

        Raises:
            ImgrecError: the store lacks a feature, or the metric is not defined for it.
        """
        key = metric, tuple(weights.items())
        known = self._compared.get(key)
        if known is None:
            known = self._opened_for(metric, weights)
            with self._opening:
                _put(self._compared, key, known)
        return known

    def _opened_for(self, metric: Metric, weights: Mapping[str, float]) -> Compared:
        opened = tuple(self._searchable(name) for name in weights)
        lacking = tuple(line for each in opened for line in self._lacking[each.spec.name])
        for each in opened:
            metric.check(each.spec)
        if metric.reduced:
            reduced = self._on_axes(opened[0])
            space = Space(metric, (Part(reduced.feature),))
            return Compared(opened, space, opened[0].spec.name, lacking, reduced.axes)
        pairs = zip(opened, weights.values(), strict=True)
        parts = tuple(
            Part(each.feature, weight, each.sketch, each.hnsw, each.cells) for each, weight in pairs
        )
        name = opened[0].spec.name
        if len(opened) > 1:
            name = ",".join(f"{part.feature.name}={part.weight:g}" for part in parts)
        return Compared(opened, Space(metric, parts), name, lacking)

    def widened(self, wanted: Filter) -> tuple[Filter, dict[str, list[str]]]:
        """Return a filter with nouns replaced by classes, and these; see `with_classes_below`."""
        if not any(kind == CLASS for kind, _ in wanted.where):
            return wanted, {}
        # Loads the nouns of WordNet, which few questions need.
        from imgrec.search.class_filter import with_classes_below

        known = self._widened.get(wanted)
        if known is None:
            known = with_classes_below(wanted, self.store.catalog)
            with self._opening:
                _put(self._widened, wanted, known)
        return known

    def rows_allowed(self, wanted: Filter, space: Space) -> NDArray[np.bool_] | None:
        """Return the boolean mask (n,) of rows that pass a filter; None for an empty filter.

        Raises:
            WrongValueError: no picture passes, or the filter names an unknown label or folder.
        """
        if not wanted:
            return None
        key = wanted, tuple(part.feature.name for part in space.parts)
        allowed = self._allowed.get(key)
        if allowed is None:
            allowed = np.isin(space.ids, wanted.ids(self.store.catalog), assume_unique=True)
            with self._opening:
                _put(self._allowed, key, allowed)
        return allowed

    def _searchable(self, name: str) -> Searchable:
        with self._opening:
            if name not in self._opened:
                opened = open_searchable(self.store, name or None)
                self._lacking[opened.spec.name] = [
                    *self.store.lacking(opened.feature),
                    *opened.notes,
                ]
                self._opened[name] = self._opened.setdefault(opened.spec.name, opened)
                files = _files_of(self.store, self.state)
                if files is not None:
                    self._files = files
                    self._sure |= {name, opened.spec.name}
            return self._opened[name]

    def _take_over(self, before: StoreView) -> None:
        """Take over what an earlier view has opened, if it is what this view would open."""
        files = _files_of(self.store, self.state) if before.store is self.store else None
        if files is not None and files == before._files:
            self._files, self._sure = files, set(before._sure)
            self._opened = {name: before._opened[name] for name in self._sure}
            self._lacking = {name: before._lacking[name] for name in self._sure if name}

    def _on_axes(self, opened: Searchable) -> Reduced:
        # A lock of its own: fitting a PCA takes seconds, and must not block other questions.
        with self._reducing:
            if opened.spec.name not in self._reduced:
                self._reduced[opened.spec.name] = open_reduced(self.store, opened)
            return self._reduced[opened.spec.name]


def _files_of(store: Store, state: tuple[object, ...]) -> tuple[object, ...] | None:
    """Return a token of the pictures and the files of features in a state of a store.

    Returns:
        None if the store has changed since, or its files were written so recently that another
        write might give them the same times.
    """
    stamps = cast("tuple[tuple[str, int, int], ...]", state[1:])
    pictures = store.catalog.ids_not_ok().tobytes(), store.catalog.last_id()
    newest = max(mtime_ns for _, _, mtime_ns in stamps)
    if time.time_ns() - newest < SETTLED_NS or store.state() != state:
        return None
    return stamps, pictures


def _put(kept: dict[_Key, _Value], key: _Key, value: _Value) -> None:
    """Add a value; drop the oldest ones where there are too many."""
    while len(kept) >= _KEPT_FILTERS:
        del kept[next(iter(kept))]
    kept[key] = value


def weights_asked(
    metric: Metric, encoder: str | None, features: str | Mapping[str, float] | None
) -> dict[str, float]:
    """Return the weight of each feature of a question; "" stands for the store's default.

    Raises:
        WrongValueError: a name is empty, a weight is out of range, or the metric cannot join
            features.
    """
    if features is None:
        return {encoder or ("rgb" if metric.histograms_only else ""): 1.0}
    if encoder:
        raise WrongValueError(
            f"encoder {encoder} and features exclude each other: give one of them"
        )
    weights = parse_features(features) if isinstance(features, str) else dict(features)
    if not weights or not all(weights):
        raise WrongValueError("features names no feature: give some, such as mini=1,rgb=0.5")
    for name, weight in weights.items():
        check_type(f"features[{name!r}]", weight, NUMBER)
        if not _LEAST_WEIGHT <= weight <= 1 / _LEAST_WEIGHT:
            raise WrongValueError(
                f"the weight of {name} is {weight:g}: give a number from {_LEAST_WEIGHT:g} "
                f"to {1 / _LEAST_WEIGHT:g}"
            )
    if len(weights) > 1 and not metric.norm:
        able = " or ".join(name for name, other in METRICS.items() if other.norm)
        raise WrongValueError(f"{metric.name} cannot join features: use metric {able}")
    return weights


def parse_features(text: str) -> dict[str, float]:
    """Parse `--features`, such as `mini=1,rgb=0.5`; the weight is 1 by default.

    Raises:
        WrongValueError: a weight is not a number, or a feature is named twice.
    """
    weights: dict[str, float] = {}
    for item in filter(None, (item.strip() for item in text.split(","))):
        name, _, weight = (part.strip() for part in item.partition("="))
        try:
            number = float(weight or 1)
        except ValueError as error:
            raise WrongValueError(f"features {text}: {weight} is not a number") from error
        if name in weights:
            raise WrongValueError(f"features {text}: {name} is named twice")
        weights[name] = number
    return weights
