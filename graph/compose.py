"""What a page shows: the network of its nodes, and the view around it."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import networkx as nx
import numpy as np

from graph.atlas import Cell
from graph.guide import Guide
from graph.knn_graph import weighted_edges
from graph.network import Drawing, draw
from graph.page import Link, View
from graph.paging import Page
from graph.pictures import NEAR, Places, describe, folder_of, name_of, near
from graph.views import caption, captions, overview_view, pictures_view
from imgrec.catalog import Catalog
from imgrec.neighbors import Neighbors

_SIDE = 100.0  # of a picture, in units of the canvas
_LEAST_SIDE, _MOST_SIDE = 44.0, 150.0  # of a community
_CAPTION = 24.0  # below a community
_BESIDE_LIST = 4 / 3  # width over height of what the list of communities leaves


@dataclass(frozen=True)
class Collection:
    """What the pages are composed from.

    Attributes:
        roots: the folders of pictures that are there; pages do not link into others.
    """

    catalog: Catalog
    neighbors: Neighbors
    graph: "nx.Graph[int]"
    guide: Guide
    roots: frozenset[str]
    seed: int


def sheet_pictures(guide: Guide, page: Page) -> list[int]:
    """Return the pictures on a page's sheet: its nodes, then the faces of similar communities."""
    if page.community is None:
        return guide.faces_of(page.ids)
    return [*page.ids, *guide.faces_of(guide.similar.get(page.community, []))]


def compose_overview(
    collection: Collection, page: Page, cells: Sequence[Cell]
) -> tuple[View, Drawing]:
    """Return an overview page: a node for each of its communities, as large as its members.

    Args:
        collection: of all pages.
        page: of the overview.
        cells: of `sheet_pictures`.
    """
    guide, shown = collection.guide, set(page.ids)
    pairs = {pair: weight for pair, weight in guide.pairs.items() if shown.issuperset(pair)}
    sides = community_sides([guide.size(number) for number in page.ids])
    drawing = draw(page.ids, cells, sides, pairs, _CAPTION, _BESIDE_LIST, collection.seed)
    for node in drawing.nodes:
        node["name"] = caption(guide, node["id"])
        node["captions"] = captions(guide, node["id"])
    return overview_view(guide, page, cells), drawing


def compose_pictures(
    collection: Collection, page: Page, cells: Sequence[Cell], places: Places, site: Path
) -> tuple[View, Drawing]:
    """Return a page of pictures.

    Args:
        collection: of all pages.
        page: of a community.
        cells: of `sheet_pictures`.
        places: of every picture of the collection.
        site: absolute, the folder the site will stand in.
    """
    count, inner = len(page.ids), collection.graph.subgraph(page.ids)
    pairs = {(a, b): weight for a, b, weight in sorted(weighted_edges(inner))}
    drawing = draw(page.ids, cells[:count], [_SIDE] * count, pairs, seed=collection.seed)
    found = nearest(collection.neighbors, page.ids)
    wanted = {*page.ids, *(other for others in found.values() for other, _ in others)}
    entries = {entry.id: entry for entry in collection.catalog.entries(sorted(wanted))}
    names = {picture: name_of(entry) for picture, entry in entries.items()}
    labels = collection.catalog.labels(page.ids)
    for node in drawing.nodes:
        node["name"] = names[node["id"]]
    folder = (site / page.file).parent
    pictures = {
        i: {
            **describe(entries[i], labels[i], folder, entries[i].root in collection.roots),
            "near": near(page, found[i], places, names),
        }
        for i in page.ids
    }
    view = pictures_view(collection.guide, page, page.community or 0, cells[count:])
    listed = sorted((entries[i] for i in page.ids), key=lambda entry: (entry.path, entry.id))
    listing = [Link(names[e.id], f"#{e.id}", about=folder_of(e)) for e in listed]
    return replace(view, listing=listing, data={**view.data, "pictures": pictures}), drawing


def nearest(neighbors: Neighbors, ids: Sequence[int]) -> dict[int, list[tuple[int, float]]]:
    """Return for some pictures the nearest others with their similarity, at most `NEAR`."""
    rows = np.searchsorted(neighbors.ids, ids)
    others = neighbors.neighbors[rows, :NEAR].tolist()
    similarities = (1 - neighbors.distances[rows, :NEAR]).tolist()
    return {
        picture: list(zip(*of_one, strict=True))
        for picture, *of_one in zip(ids, others, similarities, strict=True)
    }


def community_sides(sizes: Sequence[int]) -> list[float]:
    """Return the sides of squares: by the square root of members, the largest the most."""
    largest = max(sizes)
    return [max(_LEAST_SIDE, _MOST_SIDE * float(np.sqrt(size / largest))) for size in sizes]
