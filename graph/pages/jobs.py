"""Gather what is needed to draw one page into a small picklable job.

Only the main process has the k-NN graph, the communities and the cells of all sheets. A job takes
from these what one page shows, so that a worker process needs nothing but the job and the store.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from graph.addresses import Cell, Page
from graph.communities.guide import Guide
from graph.communities.weights import Graph, Rows
from graph.pages.page import PageText
from graph.pages.places import Places
from graph.pages.text import caption, captions, view_of
from graph.picture_facts import NEAR
from imgrec.neighbors.neighbors import Neighbors

# Id and similarity of a neighbor; its page and cell if it is on another page.
Near = tuple[int, float, str | None, Cell | None]
# Side of a community, in canvas units.
_LEAST_SIDE, _MOST_SIDE = 44.0, 150.0
# Side of a picture, in canvas units.
_SIDE = 100.0


@dataclass(frozen=True)
class Nodes:
    """The nodes of a page and the edges between them.

    Attributes:
        ids: of the pictures; on an overview, the numbers of its communities.
        cells: the thumbnail of each node on the sheet.
        sides: for each node, side of the square with the area of its picture, in canvas units.
        pairs: similarity of each edge, by its two ids.
    """

    ids: list[int]
    cells: Sequence[Cell]
    sides: list[float]
    pairs: Mapping[tuple[int, int], float]


@dataclass(frozen=True)
class PageJob:
    """Everything needed to draw one page; picklable.

    Attributes:
        file: path relative to the site.
        view: text and links around the network.
        nodes: of the network.
        captions: for each community, its tooltip and its captions, the longest first.
        members: for each node, the ids of all its pictures, the representative first.
        near: for each node, the most similar pictures.
    """

    file: str
    view: PageText
    nodes: Nodes
    captions: dict[int, tuple[str, list[str]]]
    members: dict[int, list[int]]
    near: dict[int, list[Near]]


def sheet_pictures(guide: Guide, path: str) -> list[int]:
    """Return the pictures on the sheet of a page: its nodes, then faces of similar communities."""
    children = guide.children(path)
    if children:
        own = guide.faces_of(children)
    else:
        own = [guide.bundles.picture(node) for node in guide.groups[path].rows.tolist()]
    return [*own, *guide.faces_of(guide.similar(path))]


def overview_job(guide: Guide, path: str, cells: Sequence[Cell]) -> PageJob:
    """Return the job of an overview: the children of a community, sized by their pictures."""
    children = guide.children(path)
    numbers = [int(child.rpartition(".")[2]) for child in children]
    sides = community_sides([guide.pictures(child) for child in children])
    pairs = guide.comparison.siblings.get(path, {})
    texts = {
        number: (caption(guide, child), captions(guide, child))
        for number, child in zip(numbers, children, strict=True)
    }
    view = view_of(guide, path, cells)
    nodes = Nodes(numbers, cells[: len(numbers)], sides, pairs)
    return PageJob(Page(path).file, view, nodes, texts, {}, {})


def pictures_job(
    guide: Guide,
    path: str,
    cells: Sequence[Cell],
    inner: Graph,
    neighbors: Neighbors,
    places: Places,
) -> PageJob:
    """Return the job of a page of pictures.

    Args:
        guide: to all communities.
        path: of the community.
        cells: of the sheet of the page.
        inner: the subgraph of the community.
        neighbors: k-NN graph of all pictures.
        places: page and cell of all pictures.
    """
    bundles, rows = guide.bundles, guide.groups[path].rows
    ids = [bundles.picture(node) for node in rows.tolist()]
    pairs = {
        (ids[a], ids[b]): weight
        for a, b, weight in zip(
            inner.low.tolist(), inner.high.tolist(), inner.weights.tolist(), strict=True
        )
    }
    of_node = {i: bundles.rows(node) for i, node in zip(ids, rows.tolist(), strict=True)}
    view = view_of(guide, path, cells)
    return PageJob(
        Page(path).file,
        view,
        Nodes(ids, cells[: len(ids)], [_SIDE] * len(ids), pairs),
        {},
        {i: bundles.ids[members].tolist() for i, members in of_node.items()},
        {i: _near(path, members, neighbors, places) for i, members in of_node.items()},
    )


def nearest(neighbors: Neighbors, rows: Rows, places: Places) -> list[tuple[int, float]]:
    """Return the at most `NEAR` pictures most similar to those of a node, with similarities.

    Pictures of the node itself are left out. Of every other node, only the nearest picture counts.
    """
    others = neighbors.neighbors[rows].ravel()
    distances = neighbors.distances[rows].ravel()
    order = np.lexsort((others, distances)) if len(rows) > 1 else range(len(others))
    own = places.node(int(neighbors.ids[rows[0]]))
    found: dict[int, tuple[int, float]] = {}
    for i in order:
        node = places.node(int(others[i]))
        if node != own and node not in found:
            found[node] = int(others[i]), 1 - float(distances[i])
        if len(found) == NEAR:
            break
    return list(found.values())


def community_sides(sizes: Sequence[int]) -> list[float]:
    """Return sides whose squares are proportional to the sizes, within a least and a most side."""
    largest = max(sizes)
    return [max(_LEAST_SIDE, _MOST_SIDE * float(np.sqrt(size / largest))) for size in sizes]


def _near(path: str, rows: Rows, neighbors: Neighbors, places: Places) -> list[Near]:
    found: list[Near] = []
    for other, similarity in nearest(neighbors, rows, places):
        page, cell = places.of(places.node(other))
        here = page.path == path
        found.append((other, similarity, None if here else page.name, None if here else cell))
    return found
