"""Make the search index of a site, of every picture and every community."""

from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

from graph.addresses import Page
from graph.communities.guide import Guide
from graph.name_search.documents import CommunityDocument, PictureDocument
from graph.name_search.index import write_search
from graph.name_search.labels import Label
from graph.pages.places import Places
from graph.picture_facts import chips_of, folder_of, name_of
from imgrec.collection import Catalog
from imgrec.collection.kinds import FOLDER
from imgrec.store.paths import StorePaths
from imgrec.system.collecting import rarely_collected
from imgrec.system.text import counted

_BATCH = 10_000


@rarely_collected()
def write_search_of(store: Path, folder: Path, guide: Guide, places: Places) -> None:
    """Write the search index of a site: the work of a process beside those that draw pages.

    Args:
        store: path of the store.
        folder: in which the site is written.
        guide: to all communities.
        places: page and cell of all pictures.
    """
    with closing(Catalog.open(StorePaths(store).catalog)) as catalog:
        write_search(folder, found_pictures(catalog, guide, places), found_groups(guide))


def found_pictures(catalog: Catalog, guide: Guide, places: Places) -> Iterator[PictureDocument]:
    """Yield a document for every picture; those in a bundle share its cell, not its name."""
    ids = guide.bundles.ids
    # One tuple for all pictures with the same label.
    known: dict[Label, Label] = {}
    for start in range(0, len(ids), _BATCH):
        batch = ids[start : start + _BATCH]
        labels, said = catalog.labels.of(batch.tolist()), catalog.metadata.of(batch.tolist())
        nodes = places.nodes(batch).tolist()
        for entry, node in zip(catalog.entries(batch), nodes, strict=True):
            page, cell = places.of(node)
            chips = [chip[:2] for chip in chips_of(labels[entry.id], said[entry.id])]
            yield PictureDocument(
                entry.id,
                name_of(entry),
                folder_of(entry),
                page.name,
                cell,
                tuple(known.setdefault(chip, chip) for chip in chips if chip[0] != FOLDER),
                next((value for kind, value in chips if kind == FOLDER), ""),
                page.path,
            )


def found_groups(guide: Guide) -> list[CommunityDocument]:
    """Return the documents of the communities that have a page, the largest first."""
    paths = sorted((path for path in guide.pages if path), key=lambda path: -guide.pictures(path))
    return [
        CommunityDocument(
            guide.names[path],
            _about(guide, path),
            (Page(path).name,),
            guide.faces_of([path])[0],
            path,
        )
        for path in paths
    ]


def _about(guide: Guide, path: str) -> str:
    counts = counted(guide.pictures(path), "picture")
    return " · ".join(filter(None, (counts, guide.about[path])))
