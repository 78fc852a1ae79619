"""How many pictures have which label, of those that pass a filter.

For each kind the ids that have a value are kept as two arrays, pictures and codes of values, made
once for a state of the store; a filter is a mask over ids, and a count one `bincount`. Each kind is
counted without its own filter, so that another value can be chosen.

Costs, of 400,000 pictures with six kinds: one pass over the labels for a new state, grouped by
SQLite (about a second), 12 bytes a label, then what the filter costs and some milliseconds a kind.
"""

import threading
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from weakref import WeakKeyDictionary

import numpy as np
from numpy.typing import NDArray

from imgrec.collection import Catalog, Ids
from imgrec.collection.filters import Filter
from imgrec.collection.kinds import BUNDLE, COMMUNITY, CONFIDENCE, DUPLICATES, NESTED, SIMILAR
from imgrec.collection.metadata_filters import words_of
from imgrec.labels.community_names import CommunityNames
from imgrec.pictures.metadata_names import CAMERA, KEYWORD, LENS, TAKEN
from imgrec.search.view import StoreView
from imgrec.serving.answers import Facet, Facets, FacetValue

# Values of a kind in an answer; months are more.
MOST_VALUES = 50
MOST_MONTHS = 1200
# Labels that say nothing to a person: ids of other pictures, and probabilities.
_UNTOLD = frozenset({CONFIDENCE, DUPLICATES, SIMILAR, BUNDLE})
# Values of metadata of which `--where` takes words.
_WORDED = (CAMERA, LENS, KEYWORD)
_MONTH = len("2019-07")
# A file may have any number of values; more of a kind are not counted.
_MOST_KNOWN = 200_000
# States of the store whose labels are kept, of those that something else still uses.
_MOST_STATES = 2
# Filters of a state whose counts are kept.
_MOST_KEPT = 32

Mask = NDArray[np.bool_]


@dataclass(frozen=True)
class Column:
    """The values of a kind.

    Attributes:
        values: (v), each once.
        ids: (m,) of the pictures that have one; several times where it has several.
        codes: (m,) places in `values`.
    """

    values: list[str]
    ids: Ids
    codes: NDArray[np.int32]

    @classmethod
    def of(cls, groups: Mapping[str, Ids]) -> "Column":
        """Return the column of {value: the ids that have it}."""
        sizes = [len(ids) for ids in groups.values()]
        codes = np.repeat(np.arange(len(groups), dtype=np.int32), sizes)
        return cls(list(groups), np.concatenate([*groups.values(), np.zeros(0, np.int64)]), codes)

    def counts(self, passing: Mask) -> NDArray[np.int64]:
        """Return how many of the passing pictures have each value, (v,)."""
        # Larger ids were added after the mask was made.
        known = self.ids < len(passing)
        chosen = self.codes[known][passing[self.ids[known]]]
        return np.bincount(chosen, minlength=len(self.values))


class Tally:
    """Counts the labels of the states of a store; thread-safe."""

    def __init__(self) -> None:
        self._counters: WeakKeyDictionary[StoreView, _Counter] = WeakKeyDictionary()
        self._lock = threading.Lock()

    def facets(
        self, view: StoreView, wanted: Filter, kind: str | None = None, text: str = ""
    ) -> Facets:
        """Return the facets of the pictures that pass a filter.

        Args:
            view: of the store.
            wanted: the filter.
            kind: count only this one; None for all.
            text: of `kind`, only the values whose name or value contains it, in any case.

        Raises:
            WrongValueError: the filter names an unknown label, metadata or folder.
        """
        # One at a time: the second that asks finds what the first has made.
        with self._lock:
            counter = self._counters.get(view)
            if counter is None:
                counter = self._counters[view] = _Counter(view)
                while len(self._counters) > _MOST_STATES:
                    del self._counters[next(iter(self._counters))]
            if kind is not None:
                return counter.searched(view, wanted, kind, text)
            return counter.facets(view, wanted)


class _Counter:
    """Counts the labels of one state; what was counted is kept for the next that asks."""

    def __init__(self, view: StoreView) -> None:
        # No reference to the view: it is let go of with this.
        catalog = view.store.catalog
        self._columns = dict(_columns(catalog))
        self._ok = np.ones(catalog.last_id() + 1, np.bool_)
        self._ok[0] = False
        self._ok[catalog.ids_not_ok()] = False
        self._kept: dict[Filter, Facets] = {}

    def facets(self, view: StoreView, wanted: Filter) -> Facets:
        found = self._kept.pop(wanted, None) or self._counted(view, wanted, self._columns)
        self._kept[wanted] = found
        if len(self._kept) > _MOST_KEPT:
            del self._kept[next(iter(self._kept))]
        return found

    def searched(self, view: StoreView, wanted: Filter, kind: str, text: str) -> Facets:
        """Return the one facet of a kind with the values that contain a text; none without any."""
        kinds = [kind] if kind in self._columns else []
        return self._counted(view, wanted, kinds, text)

    def _counted(
        self, view: StoreView, wanted: Filter, kinds: Iterable[str], text: str = ""
    ) -> Facets:
        widened, _ = view.widened(wanted)
        passing = self._mask(widened, view)
        facets = []
        for kind in kinds:
            without = tuple(pair for pair in widened.where if pair[0] != kind)
            others = Filter(without, widened.under)
            mask = passing if others == widened else self._mask(others, view)
            facet = _facet(kind, self._columns[kind], mask, view, text)
            if facet.values:
                facets.append(facet)
        return Facets(int(passing.sum()), facets)

    def _mask(self, wanted: Filter, view: StoreView) -> Mask:
        if not wanted:
            return self._ok
        mask = np.zeros_like(self._ok)
        ids = wanted.passing(view.store.catalog)
        mask[ids[ids < len(mask)]] = True
        return mask


def _columns(catalog: Catalog) -> Iterator[tuple[str, Column]]:
    for kind in catalog.labels.kinds():
        if kind not in _UNTOLD:
            groups = catalog.labels.groups(kind, _MOST_KNOWN)
            yield kind, Column.of(_with_parents(groups) if kind in NESTED else groups)
    taken = catalog.metadata.groups(TAKEN, _MOST_KNOWN, first=_MONTH)
    if taken:
        yield TAKEN, Column.of(taken)
    for name in _WORDED:
        groups = catalog.metadata.groups(name, _MOST_KNOWN)
        if groups:
            yield name, Column.of(_with_wordier(groups))


def _with_parents(groups: Mapping[str, Ids]) -> dict[str, Ids]:
    """Return {path: ids of it and of those below it}: 3 has those of 3.1 too."""
    return _joined(groups, lambda path: _ancestors(path))


def _ancestors(path: str) -> list[str]:
    parts = path.split(".")
    return [".".join(parts[:count]) for count in range(1, len(parts) + 1)]


def _with_wordier(groups: Mapping[str, Ids]) -> dict[str, Ids]:
    """Return {value: ids of those that hold its words}, as `--where` takes the value.

    A value without a word cannot be asked for and is left out.
    """
    words = {value: frozenset(words_of(value)) for value in groups}
    by_word: dict[str, list[str]] = {}
    for value, its in words.items():
        for word in its:
            by_word.setdefault(word, []).append(value)
    found: dict[str, Ids] = {}
    for value, its in words.items():
        if its:
            # Only values with the rarest of its words can hold them all.
            rarest = min((by_word[word] for word in its), key=len)
            holding = [groups[other] for other in rarest if its <= words[other]]
            found[value] = holding[0] if len(holding) == 1 else np.unique(np.concatenate(holding))
    return found


def _joined(groups: Mapping[str, Ids], names: Callable[[str], list[str]]) -> dict[str, Ids]:
    lists: dict[str, list[Ids]] = {}
    for value, ids in groups.items():
        for name in names(value):
            lists.setdefault(name, []).append(ids)
    return {name: np.unique(np.concatenate(each)) for name, each in lists.items()}


def _facet(kind: str, column: Column, passing: Mask, view: StoreView, text: str) -> Facet:
    counts = column.counts(passing)
    names = view.community_names if kind == COMMUNITY else None
    there = np.flatnonzero(counts).tolist()
    if text:
        there = [place for place in there if _has(text, column.values[place], names)]
    if kind == TAKEN:
        order = sorted(there, key=lambda place: column.values[place])[-MOST_MONTHS:]
    else:
        order = sorted(there, key=lambda place: (-counts[place], column.values[place]))
        order = order[:MOST_VALUES]
    values = [
        FacetValue(value, int(counts[place]), names.of(value) if names else "")
        for place in order
        for value in [column.values[place]]
    ]
    return Facet(kind, values, len(there))


def _has(text: str, value: str, names: CommunityNames | None) -> bool:
    """Return whether the name of a value, or the value, contains a text, as the page compares."""
    name = names.of(value) if names else ""
    return text.lower() in f"{name} {value}".lower()
