"""Draw and write one thumbnail sheet or one page: the work of the worker processes.

A worker gets a small picklable job (`PageJob`), opens catalog and thumbnails itself, and writes one
file. Pages are independent of each other, so they can be drawn in any order by any number of
processes, with the same bytes as the result.
"""

from collections.abc import Callable, Mapping
from contextlib import closing
from dataclasses import dataclass, replace
from functools import lru_cache, partial
from pathlib import Path
from typing import Any

from graph.addresses import Cell
from graph.pages.catalog_facts import CatalogFacts
from graph.pages.contact_sheet import ContactJob, contact_data, contact_facts
from graph.pages.jobs import OverviewJob, PageJob
from graph.pages.network import WIDE, Drawing, draw
from graph.pages.overview import draw_overview
from graph.pages.page import Link, PageText, Renderer
from graph.pages.sheet import SIDES_PX, build_sheet, cells_of
from graph.picture_facts import UNSEEN, class_of, clipped, describe, folder_of, name_of
from graph.previews import has_previews
from imgrec.collection import Catalog, Entry
from imgrec.collection.kinds import CLASS
from imgrec.pictures.metadata_names import Datum
from imgrec.store.paths import StorePaths
from imgrec.store.thumbnails import ThumbStore
from imgrec.system.collecting import rarely_collected
from imgrec.system.known_outputs import Made, checksum_of, taken_over
from imgrec.system.made_of import fingerprint


@dataclass(frozen=True)
class Workshop:
    """Inputs and outputs that all jobs of a site share; picklable.

    Attributes:
        store: path of the store.
        folder: absolute path of the temporary folder in which files are written.
        site: absolute path that the folder is renamed to, where the old site is; relative links
            are computed from it.
        roots: roots that are reachable now; pages link only to pictures in these.
        seed: of the layouts.
        program: fingerprint of what draws.
        map: True if the site has a map, to which pages link.
    """

    store: Path
    folder: Path
    site: Path
    roots: frozenset[str]
    seed: int
    program: str
    map: bool = False


# Jobs of a page and of its contact sheet, and what those of the old site were made of.
PagesTask = tuple[PageJob | OverviewJob, ContactJob, Made | None, Made | None]


@dataclass(frozen=True)
class Written:
    """A file that was written into a new site.

    Attributes:
        file: its path relative to the site.
        made: what it was made of.
        kept: True if it was taken over from the old site.
    """

    file: str
    made: Made
    kept: bool


def write_sheet(
    workshop: Workshop, task: tuple[str, list[int], Made | None]
) -> tuple[list[Cell], Written]:
    """Write a sheet of thumbnails; return the cells of its pictures.

    Args:
        workshop: of the site.
        task: path of the sheet relative to the site, ids of its pictures, and what the sheet of
            the old site was made of, None if that is unknown.
    """
    file, pictures, known = task
    thumbs = [_thumbs(workshop).get(i) for i in pictures]
    made_of = fingerprint("sheet", workshop.program, thumbs)
    for side_px in SIDES_PX:
        # The side tells the cells, so it is part of the key.
        key = fingerprint(made_of, side_px)
        data = taken_over(workshop.site / file, known, key)
        if data is not None:
            _write(workshop, file, data)
            return cells_of(thumbs, side_px), Written(file, Made(key, checksum_of(data)), True)
    sheet = build_sheet(thumbs)
    _write(workshop, file, sheet.jpeg)
    key = fingerprint(made_of, sheet.side_px)
    return sheet.cells, Written(file, Made(key, checksum_of(sheet.jpeg)), False)


@rarely_collected()
def write_pages(workshop: Workshop, task: PagesTask) -> tuple[Written, Written]:
    """Write the page of a community and its contact sheet."""
    page, contact, known_page, known_contact = task
    # Not the store, which would be looked through for what does not belong there: once is enough.
    with closing(Catalog.open(StorePaths(workshop.store).catalog)) as catalog:
        known = CatalogFacts.of(catalog, [*_pictures_of(page), *contact.ids])
    return (
        _write_page(workshop, page, known_page, known),
        _write_contact(workshop, contact, known_contact, known),
    )


def _write_page(
    workshop: Workshop, job: PageJob | OverviewJob, before: Made | None, known: CatalogFacts
) -> Written:
    """Write the HTML of a page, drawn anew unless it is made of the same as the old one."""
    common = (
        *("page", workshop.program, str(workshop.site), workshop.roots, workshop.seed),
        workshop.map,
    )
    if isinstance(job, OverviewJob):
        key = fingerprint(common, job)
        return _write_text(workshop, job.file, before, key, partial(_overview, workshop, job))
    facts = page_facts(workshop, job, known)
    key = fingerprint(common, job, facts)
    return _write_text(workshop, job.file, before, key, partial(_pictures, workshop, job, facts))


def _write_contact(
    workshop: Workshop, job: ContactJob, before: Made | None, known: CatalogFacts
) -> Written:
    facts = contact_facts(job, known)
    return _write_text(
        workshop,
        job.file,
        before,
        fingerprint("contact sheet", workshop.program, job, facts),
        lambda: _renderer().contact_sheet(job.view, contact_data(job, facts)),
    )


def _write_text(
    workshop: Workshop, file: str, known: Made | None, key: str, make: Callable[[], str]
) -> Written:
    """Write a file: a copy of that of the old site if its key is the same, else made anew."""
    old = taken_over(workshop.site / file, known, key)
    data = make().encode("utf-8") if old is None else old
    _write(workshop, file, data)
    return Written(file, Made(key, checksum_of(data)), old is not None)


def _write(workshop: Workshop, file: str, data: bytes) -> None:
    (workshop.folder / file).write_bytes(data)


@dataclass(frozen=True)
class PageFacts:
    """What the store says of the pictures that a page shows or names, by id.

    Attributes:
        entries: their rows in the catalog, by ascending id.
        labels: their labels that are shown, by kind.
        said: metadata of their files.
        previews: True if the site has a preview of each.
    """

    entries: dict[int, Entry]
    labels: dict[int, dict[str, str]]
    said: dict[int, tuple[Datum, ...]]
    previews: bool


def page_facts(workshop: Workshop, job: PageJob, known: CatalogFacts) -> PageFacts:
    """Return what the store says of the pictures of a page and their neighbors."""
    wanted = sorted(_pictures_of(job))
    return PageFacts(
        {i: known.entries[i] for i in wanted},
        {
            i: {kind: value for kind, value in known.labels[i].items() if kind not in UNSEEN}
            for i in wanted
        },
        {i: known.said[i] for i in wanted},
        has_previews(workshop.folder, wanted),
    )


def _pictures_of(job: PageJob | OverviewJob) -> set[int]:
    """Return the pictures that a page shows or names."""
    if isinstance(job, OverviewJob):
        return set()
    shown = (i for members in job.members.values() for i in members)
    near = (one[0] for found in job.near.values() for one in found)
    return {*shown, *near}


def pictures_page(workshop: Workshop, job: PageJob, facts: PageFacts) -> tuple[PageText, Drawing]:
    """Return text and drawing of a page of pictures, with the data of its panel."""
    of, entries, labels = job.nodes, facts.entries, facts.labels
    drawing = draw(of.ids, of.cells, of.sides, of.pairs, 0.0, WIDE, workshop.seed)
    shown = [i for members in job.members.values() for i in members]
    for node in drawing.nodes:
        node["name"] = name_of(entries[node["id"]])
        if told := class_of(labels[node["id"]]):
            node[CLASS] = told
        if len(job.members[node["id"]]) > 1:
            node["members"] = job.members[node["id"]]
    folder = (workshop.site / job.file).parent
    described = {
        i: describe(entry, labels[i], folder, entry.root in workshop.roots, facts.said[i])
        for i, entry in entries.items()
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
            "previews": facts.previews,
        },
    ), drawing


def _overview(workshop: Workshop, job: OverviewJob) -> str:
    """Return the HTML of an overview."""
    drawing = draw_overview(job.ids, job.names, job.sizes, job.cells, job.pairs, workshop.seed)
    return _renderer().render(job.view, drawing, workshop.map)


def _pictures(workshop: Workshop, job: PageJob, facts: PageFacts) -> str:
    """Return the HTML of a page of pictures."""
    return _renderer().render(*pictures_page(workshop, job, facts), workshop.map)


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
