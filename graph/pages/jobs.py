"""Gather what is needed to draw one page into a small picklable job.

Only the main process has the k-NN graph, the communities and the cells of all sheets. A job takes
from these what one page shows, so that a worker process needs nothing but the job and the store.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from graph.addresses import Cell, Page
from graph.communities.comparison import pairs_of
from graph.communities.guide import Guide
from graph.communities.weights import Graph, Rows
from graph.pages.overview import samples_each
from graph.pages.page import PageText
from graph.pages.places import Places
from graph.pages.text import caption, node_ids, view_of
from graph.picture_facts import NEAR
from imgrec.neighbors.neighbors import Neighbors

# Id and similarity of a neighbor; its page and cell if it is on another page.
Near = tuple[int, float, str | None, Cell | None]
# Side of a picture, in canvas units.
_SIDE = 100.0


@dataclass(frozen=True)
class Nodes:
    """The nodes of a page and the edges between them.

    Attributes:
        ids: of the pictures.
        cells: the thumbnail of each node on the sheet.
        sides: for each node, side of the square with the area of its picture, in canvas units.
        pairs: similarity of each edge, by its two ids.
    """

    ids: list[int]
    cells: Sequence[Cell]
    sides: list[float]
    pairs: Mapping[tuple[int, int], float]


@dataclass(frozen=True)
class OverviewJob:
    """Everything needed to draw an overview; picklable.

    Attributes:
        file: path relative to the site.
        view: text and links around the communities.
        ids: of the nodes, one a community.
        names: of the communities, with counts and what is in them.
        sizes: their numbers of pictures.
        cells: for each, the cells of its pictures on the sheet.
        pairs: similarity of each edge, by its two ids.
    """

    file: str
    view: PageText
    ids: list[int]
    names: list[str]
    sizes: list[int]
    cells: list[Sequence[Cell]]
    pairs: Mapping[tuple[int, int], float]


@dataclass(frozen=True)
class PageJob:
    """Everything needed to draw one page of pictures; picklable.

    Attributes:
        file: path relative to the site.
        view: text and links around the network.
        nodes: of the network.
        members: for each node, the ids of all its pictures, the representative first.
        near: for each node, the most similar pictures.
    """

    file: str
    view: PageText
    nodes: Nodes
    members: dict[int, list[int]]
    near: dict[int, list[Near]]


def sheet_pictures(guide: Guide, path: str) -> list[int]:
    """Return the pictures on the sheet of a page: its own, then faces of similar communities."""
    if guide.groups[path].children:
        own = [node for nodes in _samples(guide, path) for node in nodes]
    else:
        own = guide.groups[path].rows.tolist()
    return [*map(guide.bundles.picture, own), *guide.faces_of(guide.similar(path))]


def overview_job(guide: Guide, path: str, cells: Sequence[Cell], graph: Graph) -> OverviewJob:
    """Return the job of an overview: the communities that it shows, sized by their pictures.

    Args:
        guide: to all communities.
        path: of the community.
        cells: of the sheet of the page.
        graph: similarity graph of all nodes.
    """
    shown = guide.shown(path)
    counts = [len(nodes) for nodes in _samples(guide, path)]
    stops = np.cumsum(counts).tolist()
    of_each = [cells[stop - count : stop] for stop, count in zip(stops, counts, strict=True)]
    numbers = node_ids(guide, path)
    if shown == guide.children(path):
        pairs = guide.comparison.siblings.get(path, {})
    else:
        found = pairs_of(graph, [guide.groups[child].rows for child in shown])
        pairs = {(numbers[a], numbers[b]): weight for (a, b), weight in found.items()}
    return OverviewJob(
        Page(path).file,
        view_of(guide, path, [of_one[0] for of_one in of_each], cells[sum(counts) :]),
        numbers,
        [caption(guide, child) for child in shown],
        [guide.pictures(child) for child in shown],
        of_each,
        pairs,
    )


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
    members = [bundles.rows(node) for node in rows.tolist()]
    view = view_of(guide, path, (), cells[len(ids) :])
    return PageJob(
        Page(path).file,
        view,
        Nodes(ids, cells[: len(ids)], [_SIDE] * len(ids), pairs),
        {i: bundles.ids[of_node].tolist() for i, of_node in zip(ids, members, strict=True)},
        dict(zip(ids, _near(path, members, neighbors, places), strict=True)),
    )


def nearest(
    neighbors: Neighbors, nodes: Sequence[Rows], places: Places
) -> list[list[tuple[int, int, float]]]:
    """Return the at most `NEAR` pictures most similar to those of each of some nodes.

    Pictures of the node itself are left out. Of every other node, only the nearest picture counts.

    Args:
        neighbors: k-NN graph of all pictures.
        nodes: the rows of the pictures of each.
        places: page and cell of all pictures.

    Returns:
        for each node rows of id, node, similarity.
    """
    rows = np.concatenate(nodes)  # (r,)
    others, distances = neighbors.neighbors[rows], neighbors.distances[rows]  # (r, k)
    own = places.nodes(neighbors.ids[rows]).tolist()
    tables = others, places.nodes(others), distances  # 3 of (r, k)
    lists = [table.tolist() for table in tables]
    found, stop = [], 0
    for of_node in nodes:
        start, stop = stop, stop + len(of_node)
        part = [one[start] for one in lists]
        if len(of_node) > 1:
            flat = [table[start:stop].ravel() for table in tables]
            order = np.lexsort((flat[0], flat[2]))
            part = [one[order].tolist() for one in flat]
        found.append(_nearest(own[start], *part))
    return found


def _nearest(
    own: int, others: list[int], nodes: list[int], distances: list[float]
) -> list[tuple[int, int, float]]:
    """Return rows of id, node, similarity: the first picture of each of the first `NEAR` nodes."""
    found: dict[int, tuple[int, int, float]] = {}
    for other, node, distance in zip(others, nodes, distances, strict=True):
        if node != own and node not in found:
            found[node] = other, node, 1 - distance
            if len(found) == NEAR:
                break
    return list(found.values())


def _samples(guide: Guide, path: str) -> list[Sequence[int]]:
    """Return the nodes whose pictures each community of an overview shows."""
    shown = guide.shown(path)
    return [guide.samples[child][: samples_each(len(shown))] for child in shown]


def _near(
    path: str, nodes: Sequence[Rows], neighbors: Neighbors, places: Places
) -> list[list[Near]]:
    """Return the most similar pictures of each node of a page; a node is rows of its pictures."""
    found = nearest(neighbors, nodes, places)
    where = iter(places.of_all(np.array([node for of in found for _, node, _ in of], np.int64)))
    return [
        [
            (other, similarity, None, None)
            if page.path == path
            else (other, similarity, page.name, cell)
            for (other, _, similarity), (page, cell) in zip(of_node, where, strict=False)
        ]
        for of_node in found
    ]
