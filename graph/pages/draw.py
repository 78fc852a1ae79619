"""Sheets and pages drawn and written: what worker processes do."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from functools import lru_cache
from pathlib import Path
from typing import Any

from graph.addresses import Cell
from graph.pages.jobs import PageJob
from graph.pages.network import WIDE, Drawing, draw
from graph.pages.page import Link, PageText, Renderer
from graph.pages.sheet import build_sheet
from graph.picture_facts import clipped, describe, folder_of, name_of
from imgrec.collection import Catalog, Entry
from imgrec.store.paths import StorePaths
from imgrec.store.store import Store
from imgrec.store.thumbnails import ThumbStore

_CAPTION = 24.0  # below a community
_BESIDE_LIST = 4 / 3  # width over height of what the list of communities leaves


@dataclass(frozen=True)
class Workshop:
    """Where pages come from and go to.

    Attributes:
        store: the path of the store.
        folder: absolute, where files are written.
        site: absolute, the folder they will stand in.
        roots: the folders of pictures that are there; pages do not link into others.
        seed: of the layouts.
    """

    store: Path
    folder: Path
    site: Path
    roots: frozenset[str]
    seed: int


def write_sheet(workshop: Workshop, task: tuple[str, list[int]]) -> list[Cell]:
    """Write the sheet (a file, relative to the site) of some pictures; return their cells."""
    file, pictures = task
    thumbs = _thumbs(workshop)
    sheet = build_sheet([thumbs.get(i) for i in pictures])
    (workshop.folder / file).write_bytes(sheet.jpeg)
    return sheet.cells


def write_page(workshop: Workshop, job: PageJob) -> None:
    """Draw a page and write it."""
    if job.view.kind == "overview":
        view, drawing = overview_page(workshop, job)
    else:
        with Store.open(workshop.store) as store:
            view, drawing = pictures_page(workshop, job, store.catalog)
    (workshop.folder / job.file).write_text(_renderer().render(view, drawing), "utf-8")


def overview_page(workshop: Workshop, job: PageJob) -> tuple[PageText, Drawing]:
    """Return a page of communities."""
    of = job.nodes
    drawing = draw(of.ids, of.cells, of.sides, of.pairs, _CAPTION, _BESIDE_LIST, workshop.seed)
    for node in drawing.nodes:
        node["name"], node["captions"] = job.captions[node["id"]]
    return job.view, drawing


def pictures_page(workshop: Workshop, job: PageJob, catalog: Catalog) -> tuple[PageText, Drawing]:
    """Return a page of pictures."""
    of = job.nodes
    drawing = draw(of.ids, of.cells, of.sides, of.pairs, 0.0, WIDE, workshop.seed)
    shown = [i for members in job.members.values() for i in members]
    wanted = {*shown, *(near[0] for found in job.near.values() for near in found)}
    entries = {entry.id: entry for entry in catalog.entries(sorted(wanted))}
    labels = catalog.labels.of(shown)
    for node in drawing.nodes:
        node["name"] = name_of(entries[node["id"]])
        if len(job.members[node["id"]]) > 1:
            node["members"] = job.members[node["id"]]
    folder = (workshop.site / job.file).parent
    pictures = {i: _described(workshop, entries[i], labels[i], folder) for i in shown}
    for node_id, members in job.members.items():
        pictures[node_id]["near"] = _near(job, node_id, entries)
        for member in members[1:]:
            pictures[member]["name"] = name_of(entries[member])
    return replace(
        job.view,
        listing=_listing(job, entries),
        data={**job.view.data, "pictures": pictures},
    ), drawing


def _described(
    workshop: Workshop, entry: Entry, labels: Mapping[str, str], folder: Path
) -> dict[str, Any]:
    return describe(entry, labels, folder, entry.root in workshop.roots)


def _near(job: PageJob, node: int, entries: Mapping[int, Entry]) -> list[list[Any]]:
    """Neighbors as [id, similarity, name], and [page, cell] where they are on another page."""
    rows: list[list[Any]] = []
    for other, similarity, page, cell in job.near[node]:
        row: list[Any] = [other, round(similarity, 3), clipped(name_of(entries[other]))]
        rows.append(row if page is None else [*row, page, cell])
    return rows


def _listing(job: PageJob, entries: Mapping[int, Entry]) -> list[Link]:
    nodes = sorted((entries[i] for i in job.nodes.ids), key=lambda entry: (entry.path, entry.id))
    return [
        Link(clipped(name_of(e)), f"#{e.id}", _more(job.members[e.id]), folder_of(e)) for e in nodes
    ]


def _more(members: list[int]) -> str:
    return f"×{len(members)}" if len(members) > 1 else ""


@lru_cache(maxsize=1)
def _thumbs(workshop: Workshop) -> ThumbStore:
    return ThumbStore.open(StorePaths(workshop.store).thumbs)


@lru_cache(maxsize=1)
def _renderer() -> Renderer:
    return Renderer()
