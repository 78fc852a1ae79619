"""Where the pictures lie: the cells of the map, and other layouts of the same pictures.

The base layout is the map that the store keeps (`graph.exports.map`). The others are the same map
on a grid without gaps, the principal plane, UMAP and t-SNE where the projector or the report keeps
them for all pictures, and time by class where most pictures say when they were taken.
"""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from graph.exports.map import principal_plane
from graph.map.kept_layouts import shown_layouts
from imgrec.collection import Catalog, Ids
from imgrec.collection.kinds import CLASS
from imgrec.layouts.choices import COLUMNS, GRID, METHODS
from imgrec.layouts.grid import grid_cells, grid_shape
from imgrec.layouts.kept import TITLES, KeptLayouts, layout_key
from imgrec.layouts.overview import by_chance
from imgrec.layouts.reduction import reduce_feature
from imgrec.layouts.umap import framed
from imgrec.maps.format import MOST_LEVEL
from imgrec.maps.pyramid import side_of
from imgrec.pictures.metadata_names import TAKEN
from imgrec.store.features import FeatureStore
from imgrec.store.store import Store
from imgrec.system.file_names import printable

# The least share of pictures with a date, and most classes, for time by class.
_DATED, _BANDS = 0.5, 12
# Where pictures without a date end, and dated ones begin.
_UNDATED, _FIRST = 0.03, 0.06
_FULL = 65_535
_BATCH = 10_000
_LONGEST_DATE = len("2019-07-14T12:03:01")


# Share of ranks in the places of the map, and the part of the square that they fill.
_EVEN, _FILLED = 0.5, 0.94


def spread(positions: NDArray[np.floating]) -> NDArray[np.float64]:
    """Return positions (n, 2) with less empty space between groups, -1 to 1, with a margin.

    Each coordinate becomes the mean of itself and its rank: the order along each axis stays, and
    so do neighbors, but an island far away no longer leaves the others a strip. The margin is for
    pictures of crowds, which take the cells around them.
    """
    found = np.empty((len(positions), 2))
    for axis in (0, 1):
        values = np.asarray(positions[:, axis], np.float64)
        ascending = np.sort(values)
        # Of equal values the mean of their ranks.
        ranks = sum(np.searchsorted(ascending, values, side) for side in ("left", "right"))
        found[:, axis] = (1 - _EVEN) * values + _EVEN * (ranks / len(values) - 1)
    return np.asarray(found * _FILLED, np.float64)


@dataclass(frozen=True)
class Layout:
    """Positions of all pictures.

    Attributes:
        name: of its files.
        title: for people.
        positions: (n, 2) uint16 over the square of the map, x to the right and y down.
        axes: names of the axes; () where they have no meaning.
    """

    name: str
    title: str
    positions: NDArray[np.uint16]
    axes: tuple[str, ...] = ()

    def facts(self) -> dict[str, Any]:
        """Return what the facts of the map say of it."""
        axes = {"axes": list(self.axes)} if self.axes else {}
        return {"name": self.name, "title": self.title, **axes}


def other_layouts(
    store: Store, feature: FeatureStore, positions: NDArray[np.floating], seed: int
) -> list[Layout]:
    """Return the layouts beside that of the map.

    Args:
        store: open.
        feature: that is compared.
        positions: (n, 2) of the map, x to the right and y up.
        seed: of the layouts that are kept.
    """
    axes = ("1st principal component", "2nd principal component")
    plane = Layout("pca", "Principal components", _counted(framed(principal_plane(feature))), axes)
    return [
        *_kept(store, feature, seed),
        grid_of(positions),
        plane,
        *_by_time(store.catalog, feature.ids),
    ]


def grid_of(positions: NDArray[np.floating]) -> Layout:
    """Return the pictures of the map side by side, each in the middle of a cell of its own.

    The cells are those of the least level of the map that has enough of them, so that where this
    level is shown thumbnails touch, too. They begin where a cell of the first level does, as near
    to the middle of the map as that can be.

    Args:
        positions: (n, 2) of the map, x to the right and y up.
    """
    rows, columns = grid_shape(len(positions))
    level = 0
    while side_of(level) < columns and level < MOST_LEVEL:
        level += 1
    side = side_of(level)
    first = [(side - extent) // 2 >> level << level for extent in (rows, columns)]
    units = (_FULL + 1) // side
    centers = (grid_cells(positions) + first) * units + units // 2  # row and column
    return Layout(GRID, TITLES[GRID], centers[:, ::-1].astype(np.uint16))


def _kept(store: Store, feature: FeatureStore, seed: int) -> list[Layout]:
    """Return UMAP and t-SNE, where the store keeps them for all pictures."""
    # The columns are not computed for nothing.
    if not shown_layouts(store, feature):
        return []
    kept = KeptLayouts(store, feature.name)
    columns = reduce_feature(store, store.spec(feature.name), feature, COLUMNS).take(feature.ids)
    found = []
    for method in METHODS:
        key = layout_key(method, 2, feature.ids, columns, seed)
        positions = kept.load(key, (len(feature), 2))
        if positions is not None:
            found.append(Layout(method, TITLES[method], _counted(framed(positions))))
    return found


def _by_time(catalog: Catalog, ids: Ids) -> list[Layout]:
    """Return time by class: the order of dates to the right, a band for each class."""
    taken = _taken(catalog, ids)
    dated = taken != ""
    if dated.sum() < _DATED * len(ids) or len(np.unique(taken[dated])) < 2:
        return []
    ascending = np.sort(taken[dated])
    x = np.full(len(ids), _UNDATED / 2)
    # Pictures of one moment share their place.
    firsts = np.searchsorted(ascending, taken[dated])
    x[dated] = _FIRST + (1 - _FIRST) * firsts / max(1, dated.sum() - 1)
    chance = by_chance(ids) / np.float64(2**64)
    x[~dated] = _UNDATED * chance[~dated]
    positions = np.stack([x, _bands(catalog, ids, chance)], axis=1)
    years = [str(end)[:4] for end in ascending[[0, -1]]]
    when = years[0] if years[0] == years[1] else f"{years[0]} to {years[1]}"
    counted = np.rint(positions * _FULL).astype(np.uint16)
    return [Layout("time", "Time by class", counted, (f"taken, {when}, in order", CLASS))]


def _bands(catalog: Catalog, ids: Ids, chance: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return heights (n,), 0 to 1: a band for each of the most frequent classes, one for the rest.

    A band is as high as its share of the pictures.
    """
    of_class = catalog.labels.of_kind(CLASS)
    names = [of_class.get(i, "") for i in ids.tolist()]
    counts = Counter(filter(None, names))
    ranked = sorted(counts, key=lambda name: (-counts[name], name))[:_BANDS]
    numbers = {name: number for number, name in enumerate(ranked)}
    bands = np.array([numbers.get(name, len(ranked)) for name in names])
    sizes = np.bincount(bands, minlength=len(ranked) + 1) / len(ids)
    tops = np.cumsum([0, *sizes[:-1]])
    # A tenth of each band is free, so that bands are told apart.
    return np.asarray(tops[bands] + sizes[bands] * (0.05 + 0.9 * chance), np.float64)


def _taken(catalog: Catalog, ids: Ids) -> NDArray[np.str_]:
    """Return the date (n,) each picture was taken, "" for none."""
    return np.array(taken_of(catalog, ids.tolist()), np.str_)


def taken_of(catalog: Catalog, ids: Sequence[int]) -> list[str]:
    """Return the dates some pictures were taken, "" for none."""
    found: list[str] = []
    for start in range(0, len(ids), _BATCH):
        batch = ids[start : start + _BATCH]
        said = catalog.metadata.of(batch)
        for i in batch:
            dates = (datum.value for datum in said[i] if datum.name == TAKEN)
            found.append(printable(next(dates, ""))[:_LONGEST_DATE])
    return found


def _counted(positions: NDArray[np.floating]) -> NDArray[np.uint16]:
    """Return positions (n, 2), -1 to 1 and y up, as whole numbers, y down."""
    down = np.asarray(positions, np.float64) * (1, -1)
    return np.rint((np.clip(down, -1, 1) + 1) / 2 * _FULL).astype(np.uint16)
