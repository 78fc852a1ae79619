"""Draw and write one thumbnail sheet or one page: the work of the worker processes.

A worker gets a small picklable job (`PageJob`), opens the store itself, and writes one file. Pages
are independent of each other, so they can be drawn in any order by any number of processes, with
the same bytes as the result.
"""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from functools import lru_cache
from pathlib import Path
from typing import Any

from graph.addresses import Cell
from graph.pages.contact_sheet import ContactJob, contact_data
from graph.pages.jobs import OverviewJob, PageJob
from graph.pages.network import WIDE, Drawing, draw
from graph.pages.overview import draw_overview
from graph.pages.page import Link, PageText, Renderer
from graph.pages.sheet import build_sheet
from graph.picture_facts import class_of, clipped, describe, folder_of, name_of
from graph.previews import has_previews
from imgrec.collection import Catalog, Entry
from imgrec.collection.kinds import CLASS
from imgrec.store.paths import StorePaths
from imgrec.store.store import Store
from imgrec.store.thumbnails import ThumbStore


@dataclass(frozen=True)
class Workshop:
    """Inputs and outputs that all jobs of a site share; picklable.

    Attributes:
        store: path of the store.
        folder: absolute path of the temporary folder in which files are written.
        site: absolute path that the folder is renamed to; relative links are computed from it.
        roots: roots that are reachable now; pages link only to pictures in these.
        seed: of the layouts.
    """

    store: Path
    folder: Path
    site: Path
    roots: frozenset[str]
    seed: int


def write_sheet(workshop: Workshop, task: tuple[str, list[int]]) -> list[Cell]:
    """Write a sheet of thumbnails; return the cells of its pictures.

    Args:
        workshop: of the site.
        task: path of the sheet relative to the site, and ids of its pictures.
    """
    file, pictures = task
    thumbs = _thumbs(workshop)
    sheet = build_sheet([thumbs.get(i) for i in pictures])
    (workshop.folder / file).write_bytes(sheet.jpeg)
    return sheet.cells


def write_page(workshop: Workshop, job: PageJob | OverviewJob) -> None:
    """Draw a page and write its HTML."""
    if isinstance(job, OverviewJob):
        view = job.view
        drawing = draw_overview(job.ids, job.names, job.sizes, job.cells, job.pairs, workshop.seed)
    else:
        with Store.open(workshop.store) as store:
            view, drawing = pictures_page(workshop, job, store.catalog)
    (workshop.folder / job.file).write_text(_renderer().render(view, drawing), "utf-8")


def write_pages(workshop: Workshop, jobs: tuple[PageJob | OverviewJob, ContactJob]) -> None:
    """Write the page of a community and its contact sheet."""
    page, contact = jobs
    write_page(workshop, page)
    with Store.open(workshop.store) as store:
        data = contact_data(contact, store.catalog)
    text = _renderer().contact_sheet(contact.view, data)
    (workshop.folder / contact.file).write_text(text, "utf-8")


def pictures_page(workshop: Workshop, job: PageJob, catalog: Catalog) -> tuple[PageText, Drawing]:
    """Return text and drawing of a page of pictures, with the data of its panel."""
    of = job.nodes
    drawing = draw(of.ids, of.cells, of.sides, of.pairs, 0.0, WIDE, workshop.seed)
    shown = [i for members in job.members.values() for i in members]
    wanted = {*shown, *(near[0] for found in job.near.values() for near in found)}
    entries = {entry.id: entry for entry in catalog.entries(sorted(wanted))}
    labels, said = catalog.labels.of(sorted(wanted)), catalog.metadata.of(sorted(wanted))
    for node in drawing.nodes:
        node["name"] = name_of(entries[node["id"]])
        if told := class_of(labels[node["id"]]):
            node[CLASS] = told
        if len(job.members[node["id"]]) > 1:
            node["members"] = job.members[node["id"]]
    folder = (workshop.site / job.file).parent
    described = {
        i: describe(entry, labels[i], folder, entry.root in workshop.roots, said[i])
        for i, entry in sorted(entries.items())
    }
    pictures = {i: described[i] for i in shown}
    for node_id, members in job.members.items():
        pictures[node_id]["near"] = _near(job, node_id, entries)
        for member in members[1:]:
            pictures[member]["name"] = name_of(entries[member])
    return replace(
        job.view,
        listing=_listing(job, entries),
        data={
            **job.view.data,
            "pictures": pictures,
            "others": _others(described, pictures),
            "previews": has_previews(workshop.folder, wanted),
        },
    ), drawing


def _others(described: Mapping[int, Any], pictures: Mapping[int, Any]) -> dict[int, Any]:
    """Return the facts about the neighbors that are on other pages, for the large view."""
    return {i: facts for i, facts in described.items() if i not in pictures}


def _near(job: PageJob, node: int, entries: Mapping[int, Entry]) -> list[list[Any]]:
    """Return rows [id, similarity, name], with page and cell appended for other pages."""
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
