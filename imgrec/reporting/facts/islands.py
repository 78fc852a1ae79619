"""Islands of a map: where pictures lie densely, and what most of those there have in common.

An island is a local maximum of the density; each picture belongs to the nearest one. Its name is
that of the folder, class or cluster which at least half of its pictures share, and which they
share more often than pictures elsewhere: a folder that holds everything names nothing.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from imgrec.collection import Catalog, Ids
from imgrec.collection.kinds import CLASS
from imgrec.derived.clusters import Clusters
from imgrec.reporting.facts.catalog import codes_of
from imgrec.reporting.facts.clusters import Cluster
from imgrec.reporting.facts.maps import Box

# Side of a cell of the density in pixels.
BIN_PX = 6
# Density of an island, of the largest there is; both under the square root.
_LEAST_DENSITY = 0.25
# Pictures of an island: at least so many, and at least this share of all.
_LEAST_PICTURES, _LEAST_SHARE = 5, 0.01
# Share of an island's pictures that must have its name, and times how often elsewhere.
_TELLING, _LIFT = 0.5, 1.5
# Islands of the same name that are nearer than this share of the width are one.
_ONE = 0.3
# Steps of the search for a free place, in heights of a label, and their number.
_STEP, _STEPS = 0.35, 240

# Number (m,) of each picture's name, -1 for none, and the names.
Coded = tuple[NDArray[np.int64], Sequence[str]]


@dataclass(frozen=True)
class Island:
    """An island with a name.

    Attributes:
        name: of it.
        x: of its densest place, in pixels.
        y: likewise.
        pictures: number of pictures of it.
    """

    name: str
    x: float
    y: float
    pictures: int


def names_on(
    catalog: Catalog,
    ids: Ids,
    folders: Mapping[int, str],
    clusters: Clusters,
    groups: Iterable[Cluster],
) -> list[Coded]:
    """Return what may name the islands of these pictures (m,), the most telling kind first.

    Args:
        catalog: of the pictures.
        ids: (m,) of the pictures, ascending.
        folders: folder by id.
        clusters: of all pictures.
        groups: facts about these clusters.
    """
    numbers = clusters.numbers[clusters.ids.searchsorted(ids)].astype(np.int64)
    names = [""] * (len(clusters.central) + 1)
    for group in groups:
        names[group.number] = group.name
    classes = codes_of(ids, catalog.labels.of_kind(CLASS))
    return [codes_of(ids, folders), classes, (numbers, names)]


def density_of(
    points: NDArray[np.floating], width: float, height: float, smooth_px: float
) -> NDArray[np.float64]:
    """Return the square root of the density (rows, columns) of points, 0 to 1, in cells.

    Args:
        points: (m, 2) in pixels, x to the right and y down.
        width: of the map in pixels.
        height: of the map in pixels.
        smooth_px: sigma of the Gaussian kernel.
    """
    from scipy.ndimage import gaussian_filter

    across, down = round(width / BIN_PX), round(height / BIN_PX)
    counts, _, _ = np.histogram2d(
        points[:, 1], points[:, 0], (down, across), ((0, height), (0, width))
    )
    smooth = gaussian_filter(counts, smooth_px / BIN_PX, mode="constant")
    root: NDArray[np.float64] = np.sqrt(smooth / smooth.max())
    return root


def islands_of(
    points: NDArray[np.floating],
    density: NDArray[np.float64],
    width: float,
    height: float,
    smooth_px: float,
    kinds: Sequence[Coded],
) -> list[Island]:
    """Return the islands that have a name, the largest first.

    Args:
        points: (m, 2) of the pictures in pixels.
        density: of the points, by `density_of`.
        width: of the map in pixels.
        height: of the map in pixels.
        smooth_px: of the density.
        kinds: what may name an island, the most telling first.
    """
    peaks = _peaks(density, smooth_px) * [width / density.shape[1], height / density.shape[0]]
    if not len(peaks):
        return []
    away = np.linalg.norm(points[:, None, :] - peaks[None], axis=2)  # (m, peaks)
    nearest = away.argmin(axis=1)
    least = max(_LEAST_PICTURES, _LEAST_SHARE * len(points))
    found: list[Island] = []
    for number, (x, y) in enumerate(peaks.tolist()):
        inside = nearest == number
        count = int(inside.sum())
        name = _name_of(inside, kinds) if count >= least else ""
        if name:
            found.append(Island(name, x, y, count))
    return _merged(sorted(found, key=lambda i: (-i.pictures, i.y, i.x)), _ONE * width)


def placed(
    islands: Sequence[Island], sizes: Sequence[tuple[float, float]], bounds: Box
) -> list[tuple[Island, Box]]:
    """Return the islands that a label has room for, with its box; no two boxes overlap.

    Args:
        islands: in the order in which they are placed.
        sizes: width and height of the label of each.
        bounds: a label must lie completely within.
    """
    left, top, right, bottom = bounds
    found: list[tuple[Island, Box]] = []
    for island, (width, height) in zip(islands, sizes, strict=True):
        if width > right - left or height > bottom - top:
            continue
        for turn in range(_STEPS):
            # A sunflower spiral, as in `imgrec.reporting.facts.maps`.
            angle, radius = turn * np.pi * (3 - 5**0.5), _STEP * height * turn**0.5
            x = island.x + radius * np.cos(angle) - width / 2
            y = island.y + radius * np.sin(angle) - height / 2
            x = float(min(max(x, left), right - width))
            y = float(min(max(y, top), bottom - height))
            box = (x, y, x + width, y + height)
            if not any(overlap(box, other) for _, other in found):
                found.append((island, box))
                break
    return found


def overlap(one: Box, other: Box) -> bool:
    """Return True if two boxes have an area in common."""
    return one[0] < other[2] and other[0] < one[2] and one[1] < other[3] and other[1] < one[3]


def _peaks(density: NDArray[np.float64], smooth_px: float) -> NDArray[np.float64]:
    """Return the local maxima (p, 2) of a density as x and y in cells."""
    from scipy.ndimage import maximum_filter

    size = 2 * round(2 * smooth_px / BIN_PX) + 1
    highest = maximum_filter(density, size, mode="constant") == density
    rows, columns = np.nonzero(highest & (density >= _LEAST_DENSITY))
    return np.stack([columns + 0.5, rows + 0.5], axis=1).astype(np.float64)


def _name_of(inside: NDArray[np.bool_], kinds: Sequence[Coded]) -> str:
    for codes, names in kinds:
        known = codes[inside & (codes >= 0)]
        if not len(known):
            continue
        counts = np.bincount(known, minlength=len(names))
        code = int(counts.argmax())
        share, overall = counts[code] / inside.sum(), (codes == code).mean()
        if share >= _TELLING and share >= _LIFT * overall:
            return names[code]
    return ""


def _merged(islands: Sequence[Island], apart: float) -> list[Island]:
    """Return the islands without those that are near a larger one of the same name."""
    kept: list[Island] = []
    for island in islands:
        near = (
            other.name == island.name and np.hypot(other.x - island.x, other.y - island.y) < apart
            for other in kept
        )
        if not any(near):
            kept.append(island)
    return kept
