"""Partition a collection into pages: every picture on exactly one, neighbors on the same.

The collection is bisected recursively along the principal axis of its group centers, preferably
between two groups, until each part fits on a page. The result is stable: when the collection grows,
new pictures join the page of their nearest neighbor, and only a page that has become too large is
split, so that all other pages keep their numbers and layouts.
"""

import math

import numpy as np
from numpy.typing import NDArray

from imgrec.encoders.spec import Vectors

# Initial fill factor of a page, leaving room for cuts between groups and for new pictures.
FILL = 0.9
# A page is split when it exceeds its size by this factor.
GROWTH = 1.25
# Rounds of moving pictures; later ones change hardly anything.
_SWEEPS = 8
# Most distances computed at a time.
_BLOCK_VALUES = 16_000_000
Pages = NDArray[np.int32]


def split_pages(columns: Vectors, groups: NDArray[np.integer], size: int) -> Pages:
    """Return the page (n,) of each picture, from 0; consecutive pages are similar.

    A cut goes through a group only if no boundary between groups is near enough to the middle to
    keep both sides within the page size.

    Args:
        columns: finite coordinates of the pictures (n, c).
        groups: group of each picture (n,).
        size: most pictures per page.

    Raises:
        ValueError: `size` is less than 1.
    """
    if size < 1:
        raise ValueError(f"page size {size}: give 1 or more")
    pages = np.empty(len(columns), np.int32)
    for number, rows in enumerate(_leaves(np.arange(len(columns)), columns, groups, size)):
        pages[rows] = number
    return pages


def grown_pages(columns: Vectors, groups: NDArray[np.integer], before: Pages, size: int) -> Pages:
    """Return the page (n,) of each picture of a collection that has grown.

    Args:
        columns: finite coordinates of the pictures (n, c).
        groups: group of each picture (n,).
        before: previous page of each picture, -1 for a new one (n,).
        size: page size; a page of more than `GROWTH` times as many pictures is split.

    Returns:
        The previous pages, with new pictures added and large pages split. If more than half of the
        pictures are new, or the pages have become too many, a new partition by `split_pages`.
    """
    new = before < 0
    count = int(before.max(initial=-1)) + 1
    needed = math.ceil(len(columns) / (FILL * size))
    if 2 * new.sum() > len(columns) or count > 2 * needed + 1:
        return split_pages(columns, groups, size)
    pages = before.copy()
    old = np.flatnonzero(~new)
    pages[new] = before[old[_nearest(columns[new], columns[old])]]
    for page in np.flatnonzero(np.bincount(pages) > GROWTH * size):
        rows = np.flatnonzero(pages == page)
        parts = split_pages(columns[rows], groups[rows], size)
        pages[rows[parts > 0]] = parts[parts > 0] - 1 + pages.max() + 1
    return pages


def settled_pages(pages: Pages, neighbors: NDArray[np.intp], size: int) -> Pages:
    """Return pages (n,) after moving pictures to the page that has most of their neighbors.

    This is a local search (label propagation with capacities): the pictures that gain most move
    first, and never to a full page.

    Args:
        pages: from `split_pages` (n,).
        neighbors: rows of the k nearest neighbors of each picture (n, k).
        size: most pictures per page.
    """
    # Imported late: this takes half a second.
    from scipy.sparse import csr_array

    n, k = neighbors.shape
    starts = np.arange(0, n * k + 1, k)
    directed = csr_array((np.ones(n * k, np.float32), neighbors.ravel(), starts), shape=(n, n))
    joined = directed + directed.T
    pages, every = pages.copy(), np.arange(n)
    counts = np.bincount(pages)
    for sweep in range(_SWEEPS):
        on_page = csr_array((np.ones(n, np.float32), pages, np.arange(n + 1)), (n, len(counts)))
        found = (joined @ on_page).toarray()  # (n, p) neighbors on each page
        best = found.argmax(axis=1)
        gain = found[every, best] - found[every, pages]
        moving = np.flatnonzero(gain > 0)
        moving = moving[np.argsort(-gain[moving], kind="stable")]
        # Alternate between even and odd rows, or two neighbors could swap pages.
        for row in moving[(moving + sweep) % 2 == 0].tolist():
            if counts[best[row]] < size and counts[pages[row]] > 1:
                counts[best[row]] += 1
                counts[pages[row]] -= 1
                pages[row] = best[row]
    return pages


def without_lonely(columns: Vectors, pages: Pages) -> Pages:
    """Return pages (n,) without pages of a single picture, which TensorBoard cannot show.

    Such a picture joins the page of its nearest neighbor, even if that is full.

    Args:
        columns: finite coordinates of the pictures (n, c).
        pages: page of each picture (n,).
    """
    counts = np.bincount(pages)
    lonely, others = np.flatnonzero(counts[pages] == 1), np.flatnonzero(counts[pages] > 1)
    joined = pages.copy()
    if len(lonely) and len(others):
        joined[lonely] = pages[others[_nearest(columns[lonely], columns[others])]]
    elif len(lonely):
        joined[:] = 0
    return joined


def _leaves(
    rows: NDArray[np.intp], columns: Vectors, groups: NDArray[np.integer], size: int
) -> list[NDArray[np.intp]]:
    """Return the rows of each page, by bisection with an explicit stack (no recursion limit)."""
    room = 1 if len(rows) <= size else math.ceil(len(rows) / max(1.0, FILL * size))
    stack, leaves = [(rows, room)], []
    while stack:
        rows, count = stack.pop()
        if count == 1:
            leaves.append(rows)
            continue
        left, right = _halves(rows, columns[rows], groups[rows], count, size)
        stack += [(right, count - count // 2), (left, count // 2)]
    return leaves


def _halves(
    rows: NDArray[np.intp],
    columns: Vectors,
    groups: NDArray[np.integer],
    count: int,
    size: int,
) -> tuple[NDArray[np.intp], NDArray[np.intp]]:
    n, left = len(rows), count // 2
    _, of_row, sizes = np.unique(groups, return_inverse=True, return_counts=True)
    centers = np.zeros((len(sizes), columns.shape[1]))
    np.add.at(centers, of_row, columns)
    centers /= sizes[:, None]
    axis = _main_axis(centers, sizes) if len(sizes) > 1 else _main_axis(columns, np.ones(n))
    order = np.lexsort((columns @ axis, of_row, (centers @ axis)[of_row]))
    edges = np.flatnonzero(np.diff(of_row[order])) + 1
    # On either side no more pictures than its pages hold, and at least one for each of them.
    right = count - left
    least, most = max(left, n - right * size), min(n - right, left * size)
    middle = n * left // count
    edges = edges[(edges >= least) & (edges <= most)]
    cut = int(edges[np.abs(edges - middle).argmin()]) if len(edges) else middle
    return rows[order[:cut]], rows[order[cut:]]


def _main_axis(points: NDArray[np.floating], weights: NDArray[np.number]) -> NDArray[np.float64]:
    """Return the first principal axis (c,) of weighted points (m, c), with a fixed sign."""
    centered = points - np.average(points, axis=0, weights=weights)
    axis = np.linalg.eigh((centered * np.asarray(weights)[:, None]).T @ centered)[1][:, -1]
    return np.asarray(axis * np.sign(axis[np.abs(axis).argmax()]))


def _nearest(columns: Vectors, others: Vectors) -> NDArray[np.intp]:
    """Return for each of m rows (m, c) the index of the nearest of n others (n, c), in blocks."""
    squares = np.einsum("nc,nc->n", others, others)
    step = max(1, _BLOCK_VALUES // max(1, len(others)))
    blocks = [columns[start : start + step] for start in range(0, len(columns), step)]
    found = [(squares - 2 * (block @ others.T)).argmin(axis=1) for block in blocks]
    return np.concatenate([np.zeros(0, np.intp), *found])
