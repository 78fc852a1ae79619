"""Pages of a collection: every picture on exactly one, neighbors on the same one.

A collection is cut in two where its groups are spread most, each half again, until what is
left fits on a page. New pictures join the page of their nearest; only a page that has grown
too large is cut again, so that the others stay what they were.
"""

import math

import numpy as np
from numpy.typing import NDArray

from imgrec.encoders.spec import Vectors

FILL = 0.9  # of a page at first: room for a cut between groups, and for pictures to come
GROWTH = 1.25  # times its size: a larger page is cut in two
_SWEEPS = 8  # after that hardly any picture moves
_BLOCK_VALUES = 16_000_000
Pages = NDArray[np.int32]


def split_pages(columns: Vectors, groups: NDArray[np.integer], size: int) -> Pages:
    """Return the page (n,) of each picture, from 0; pages that follow each other are alike.

    A group is cut only where no edge of a group is near enough to the middle for pages that
    are full alike.

    Args:
        columns: (n, c) finite coordinates of the pictures.
        groups: (n,) of each of them.
        size: the most pictures of a page.

    Raises:
        ValueError: `size` is less than 1.
    """
    if size < 1:
        raise ValueError(f"pages of {size} pictures: give 1 or more")
    pages = np.empty(len(columns), np.int32)
    for number, rows in enumerate(_leaves(np.arange(len(columns)), columns, groups, size)):
        pages[rows] = number
    return pages


def grown_pages(columns: Vectors, groups: NDArray[np.integer], before: Pages, size: int) -> Pages:
    """Return the page (n,) of each picture where most have one already.

    Args:
        columns: (n, c) finite coordinates of the pictures.
        groups: (n,) of each of them.
        before: (n,) their pages, -1 for a new picture.
        size: of a page, which `GROWTH` times as many pictures outgrow.

    Returns:
        All pages anew, as `split_pages`, where more than half of the pictures are new or the
        pages have become too many.
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
    """Return pages in which pictures have moved to where most of their neighbors are.

    Those that gain most move first, and only to a page that is not full.

    Args:
        pages: (n,) as `split_pages` gives them.
        neighbors: (n, k) the rows of the nearest of each picture.
        size: the most pictures of a page.
    """
    from scipy.sparse import csr_array  # late: half a second

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
        for row in moving[(moving + sweep) % 2 == 0].tolist():  # not two towards each other
            if counts[best[row]] < size and counts[pages[row]] > 1:
                counts[best[row]] += 1
                counts[pages[row]] -= 1
                pages[row] = best[row]
    return pages


def without_lonely(columns: Vectors, pages: Pages) -> Pages:
    """Return pages in which none has a single picture, of which TensorBoard shows nothing.

    It joins the page of its nearest, were that full.

    Args:
        columns: (n, c) finite coordinates of the pictures.
        pages: (n,) of each of them.
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
    """Return the rows of each page; a stack, as a collection may need thousands of pages."""
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
    least, most = max(1, n - (count - left) * size), min(n - 1, left * size)
    middle = n * left // count
    edges = edges[(edges >= least) & (edges <= most)]
    cut = int(edges[np.abs(edges - middle).argmin()]) if len(edges) else middle
    return rows[order[:cut]], rows[order[cut:]]


def _main_axis(points: NDArray[np.floating], weights: NDArray[np.number]) -> NDArray[np.float64]:
    """Return the axis (c,) along which weighted points (m, c) spread most, one way round."""
    centered = points - np.average(points, axis=0, weights=weights)
    axis = np.linalg.eigh((centered * np.asarray(weights)[:, None]).T @ centered)[1][:, -1]
    return np.asarray(axis * np.sign(axis[np.abs(axis).argmax()]))


def _nearest(columns: Vectors, others: Vectors) -> NDArray[np.intp]:
    """Return for each of some rows (m, c) the nearest of others (n, c), by blocks."""
    squares = np.einsum("nc,nc->n", others, others)
    step = max(1, _BLOCK_VALUES // max(1, len(others)))
    blocks = [columns[start : start + step] for start in range(0, len(columns), step)]
    found = [(squares - 2 * (block @ others.T)).argmin(axis=1) for block in blocks]
    return np.concatenate([np.zeros(0, np.intp), *found])
