"""What a page needs to be drawn and written, gathered where all is known."""

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

Near = tuple[int, float, str | None, Cell | None]  # id, similarity; page and cell where not here
_LEAST_SIDE, _MOST_SIDE = 44.0, 150.0  # of a community, in units of the canvas
_SIDE = 100.0  # of a picture


@dataclass(frozen=True)
class Nodes:
    """The nodes of a page, and what joins them.

    Attributes:
        ids: of the pictures; on an overview the numbers of its communities.
        cells: on the sheet.
        sides: of the squares as large as the pictures are to be.
        pairs: (id, id) to similarity.
    """

    ids: list[int]
    cells: Sequence[Cell]
    sides: list[float]
    pairs: Mapping[tuple[int, int], float]


@dataclass(frozen=True)
class PageJob:
    """A page to be written.

    Attributes:
        file: relative to the site.
        view: what stands around the network.
        nodes: of the network.
        captions: of communities, each the name and what may stand below it.
        members: node to all its pictures, the one that stands for it first.
        near: node to the pictures most like it.
    """

    file: str
    view: PageText
    nodes: Nodes
    captions: dict[int, tuple[str, list[str]]]
    members: dict[int, list[int]]
    near: dict[int, list[Near]]


def sheet_pictures(guide: Guide, path: str) -> list[int]:
    """Return the pictures on a page's sheet: its nodes, then the faces of similar communities."""
    children = guide.children(path)
    if children:
        own = guide.faces_of(children)
    else:
        own = [guide.bundles.picture(node) for node in guide.groups[path].rows.tolist()]
    return [*own, *guide.faces_of(guide.similar(path))]


def overview_job(guide: Guide, path: str, cells: Sequence[Cell]) -> PageJob:
    """Return the page of a community's communities, each as large as its members are many."""
    children = guide.children(path)
    numbers = [int(child.rpartition(".")[2]) for child in children]
    sides = community_sides([guide.pictures(child) for child in children])
    pairs = guide.comparison.siblings.get(path, {})
    told = {
        number: (caption(guide, child), captions(guide, child))
        for number, child in zip(numbers, children, strict=True)
    }
    view = view_of(guide, path, cells)
    nodes = Nodes(numbers, cells[: len(numbers)], sides, pairs)
    return PageJob(Page(path).file, view, nodes, told, {}, {})


def pictures_job(
    guide: Guide,
    path: str,
    cells: Sequence[Cell],
    inner: Graph,
    neighbors: Neighbors,
    places: Places,
) -> PageJob:
    """Return a page of pictures.

    Args:
        guide: to all pages.
        path: of the community.
        cells: on its sheet.
        inner: the graph within the community.
        neighbors: of every picture.
        places: of every picture.
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
    """Return the pictures most like those of a node, with their similarity, at most `NEAR`.

    Its own are left out; of another node only the nearest is taken.
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
    """Return the sides of squares: by the square root of members, the largest the most."""
    largest = max(sizes)
    return [max(_LEAST_SIDE, _MOST_SIDE * float(np.sqrt(size / largest))) for size in sizes]


def _near(path: str, rows: Rows, neighbors: Neighbors, places: Places) -> list[Near]:
    found: list[Near] = []
    for other, similarity in nearest(neighbors, rows, places):
        page, cell = places.of(places.node(other))
        here = page.path == path
        found.append((other, similarity, None if here else page.name, None if here else cell))
    return found
