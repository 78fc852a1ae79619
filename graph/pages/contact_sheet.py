"""The contact sheet of a community: all its pictures in a grid, by likeness, color, date or size.

Each order is computed here, as groups under headings ("red", "July 2019"), so that the page only
puts its pictures where they belong. Within a group they are in the order of likeness. A sheet has
at most `MOST_PICTURES` pictures; of a larger community these are spread evenly over all its pages.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import PurePosixPath
from typing import Any

import numpy as np

from graph.addresses import Cell, Page
from graph.communities.date_words import date_words
from graph.communities.guide import Guide
from graph.communities.weights import Graph, Rows
from graph.pages.catalog_facts import CatalogFacts
from graph.pages.likeness import likeness_order
from graph.pages.page import Link
from graph.pages.places import Places
from graph.picture_facts import clipped, name_of
from imgrec.collection import Entry
from imgrec.collection.kinds import CLASS, COLOR, FOLDER
from imgrec.collection.path_words import name_words
from imgrec.pictures.metadata_names import TAKEN, by_name
from imgrec.system.file_names import printable
from imgrec.system.text import counted

MOST_PICTURES = 1_000
# Colors around the color wheel, then those without a hue from light to dark.
_COLORS = (
    *("red", "orange", "yellow", "green", "turquoise", "blue", "purple", "pink"),
    *("brown", "beige", "white", "gray", "black"),
)
# Least pixels of the groups by size, in millions, and their headings.
_SIZES = (
    (24, "24 megapixels or more"),
    (12, "12 to 24 megapixels"),
    (6, "6 to 12 megapixels"),
    (2, "2 to 6 megapixels"),
    (1, "1 to 2 megapixels"),
    (0, "less than 1 megapixel"),
)
# With more months than this the headings are years.
_MOST_MONTHS = 24
_NO_COLOR, _NO_DATE, _NO_SIZE = "without a color", "without a date", "of unknown size"

# A heading and the positions of its pictures.
Group = tuple[str, list[int]]


@dataclass(frozen=True)
class ContactText:
    """Text and links around a contact sheet; all texts are plain, the template escapes.

    Attributes:
        heading: name of the community.
        counts: number of pictures, as text.
        root: relative URL of the site's folder.
        crumbs: breadcrumb links from the overview to the community itself.
    """

    heading: str
    counts: str
    root: str
    crumbs: list[Link]


@dataclass(frozen=True)
class ContactJob:
    """Everything needed to write one contact sheet; picklable.

    Attributes:
        file: path relative to the site.
        view: text and links.
        ids: of the pictures.
        pages: names of the pages that the pictures are on.
        places: for each picture the number of its page, and its cell on the sheet of that page.
        members: for each picture, the number of near-duplicates that it stands for.
        pairs: similarity of each edge, by two positions in `ids`.
    """

    file: str
    view: ContactText
    ids: list[int]
    pages: list[str]
    places: list[tuple[int, Cell]]
    members: list[int]
    pairs: Mapping[tuple[int, int], float]


def contact_job(guide: Guide, path: str, inner: Graph, places: Places) -> ContactJob:
    """Return the job of the contact sheet of a community.

    Args:
        guide: to all communities.
        path: of the community.
        inner: the subgraph of the nodes that are `chosen`.
        places: page and cell of all pictures.
    """
    rows = chosen(guide, path)
    found = places.of_all(rows)
    pages = list(dict.fromkeys(page.name for page, _ in found))
    number = {name: i for i, name in enumerate(pages)}
    ends = zip(inner.low.tolist(), inner.high.tolist(), strict=True)
    return ContactJob(
        Page(path).contact,
        _view(guide, path, rows),
        [guide.bundles.picture(node) for node in rows.tolist()],
        pages,
        [(number[page.name], cell) for page, cell in found],
        guide.bundles.sizes[rows].tolist(),
        dict(zip(ends, inner.weights.tolist(), strict=True)),
    )


def chosen(guide: Guide, path: str, most: int = MOST_PICTURES) -> Rows:
    """Return ascending nodes of a community; of more than `most`, some of each of its pages."""
    rows = guide.groups[path].rows
    if len(rows) <= most:
        return rows
    start = f"{path}." if path else ""
    leaves = [leaf for leaf in guide.leaves if leaf.startswith(start)]
    every = np.concatenate([guide.groups[leaf].rows for leaf in leaves])
    return np.sort(every[np.arange(most) * len(every) // most])


@dataclass(frozen=True)
class ContactFacts:
    """What the catalog says of the pictures of a contact sheet, in their order.

    Attributes:
        entries: their rows.
        taken: the dates they were taken, "" for none.
        colors: their color words, "" for none.
        captions: what stands below them, "" for the name.
    """

    entries: list[Entry]
    taken: list[str]
    colors: list[str]
    captions: list[str]


def contact_facts(job: ContactJob, known: CatalogFacts) -> ContactFacts:
    """Return what the catalog says of the pictures of a contact sheet."""
    entries = [known.entries[i] for i in job.ids]
    return ContactFacts(
        entries,
        [str(by_name(known.said[i]).get(TAKEN, "")) for i in job.ids],
        [known.labels[i].get(COLOR, "") for i in job.ids],
        captions_of(entries, known.labels),
    )


def contact_data(job: ContactJob, facts: ContactFacts) -> dict[str, Any]:
    """Return the data of a contact sheet for its script, as a JSON object.

    Each row of `contact` is [id, name, number of the page, cell, near-duplicates, date, size,
    caption]; the caption is "" for the name.
    """
    of_each = zip(facts.entries, job.places, job.members, facts.taken, facts.captions, strict=True)
    rows = [
        [
            *(entry.id, clipped(name_of(entry)), *place, count),
            *(_time(date), _sides(entry), caption),
        ]
        for entry, place, count, date, caption in of_each
    ]
    order = likeness_order(len(job.ids), job.pairs)
    pixels = [(entry.width or 0) * (entry.height or 0) for entry in facts.entries]
    orders = orders_of(order, facts.colors, facts.taken, pixels)
    return {"contact": rows, "pages": job.pages, "orders": orders}


def captions_of(entries: Sequence[Entry], labels: Mapping[int, Mapping[str, str]]) -> list[str]:
    """Return what is written below the pictures of a sheet, "" where the name of a file is.

    A name that has a word stands for itself. Another picture has its folder; where that of all
    of them is the same one, or a folder without a word, the class tells more.

    Args:
        entries: the rows of the pictures in the catalog.
        labels: their labels, by id and kind.
    """
    told = [entry for entry in entries if not name_words(PurePosixPath(entry.path).stem)]
    folders = {entry.id: labels[entry.id].get(FOLDER, "") for entry in told}
    classes = {entry.id: labels[entry.id].get(CLASS, "").partition(",")[0] for entry in told}
    # The folder of all, or the same class of all, tells no picture from another.
    by_class = len(set(folders.values())) == 1 and len(set(classes.values())) > 1
    found = dict.fromkeys((entry.id for entry in entries), "")
    for one, folder in folders.items():
        worded = folder if name_words(folder) else ""
        text = (classes[one] or worded) if by_class else (worded or classes[one])
        found[one] = printable(text).strip()
    return [found[entry.id] for entry in entries]


def orders_of(
    likeness: Sequence[int], colors: Sequence[str], taken: Sequence[str], pixels: Sequence[int]
) -> dict[str, list[Group]]:
    """Return the groups of each order by its name; an order that tells nothing is left out.

    Args:
        likeness: the positions of the pictures, in the order of likeness.
        colors: for each picture its color word, "" for none.
        taken: the date it was taken, "" for none.
        pixels: width times height, 0 for unknown.
    """
    found: dict[str, list[Group]] = {"likeness": [("", list(likeness))]}
    if any(colors):
        ranks = {color: rank for rank, color in enumerate(_COLORS)}
        by_color = sorted(likeness, key=lambda i: (ranks.get(colors[i], len(ranks)), colors[i]))
        found[COLOR] = _grouped(by_color, [color or _NO_COLOR for color in colors])
    if any(taken):
        by_date = sorted(likeness, key=lambda i: (not taken[i], taken[i]))
        found["date"] = _grouped(by_date, _headings(taken))
    if len(set(pixels)) > 1:
        by_size = sorted(likeness, key=lambda i: -pixels[i])
        found["size"] = _grouped(by_size, [_size_words(count) for count in pixels])
    return found


def _headings(taken: Sequence[str]) -> list[str]:
    """Return the month of each date, or the year if there are many months."""
    words = [date_words(date)[-2:] for date in taken]
    months = {one[0] for one in words if one}
    by = 0 if len(months) <= _MOST_MONTHS else -1
    return [one[by] if one else _NO_DATE for one in words]


def _grouped(order: Sequence[int], headings: Sequence[str]) -> list[Group]:
    groups: dict[str, list[int]] = {}
    for i in order:
        groups.setdefault(headings[i], []).append(i)
    return list(groups.items())


def _size_words(pixels: int) -> str:
    if not pixels:
        return _NO_SIZE
    return next(words for least, words in _SIZES if pixels >= least * 1e6)


def _time(taken: str) -> str:
    """Return a date with hours and minutes, if it has them."""
    return taken.replace("T", " ")[: len("2019-07-04 12:03")]


def _sides(entry: Entry) -> str:
    return f"{entry.width:,} × {entry.height:,}" if entry.width and entry.height else ""


def _view(guide: Guide, path: str, rows: Rows) -> ContactText:
    count = counted(guide.pictures(path), "picture")
    shown = int(guide.bundles.sizes[rows].sum())
    root = "../"
    crumbs = [*guide.above(path), path]
    return ContactText(
        heading=guide.names[path],
        counts=count if shown == guide.pictures(path) else f"{shown:,} of {count}, spread evenly",
        root=root,
        crumbs=[Link(guide.names[above], root + Page(above).file) for above in crumbs],
    )
