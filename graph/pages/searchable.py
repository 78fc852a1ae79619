"""Collect the documents of the search index: every picture and every community of a site."""

from collections.abc import Iterator

from graph.addresses import Page
from graph.communities.guide import Guide
from graph.name_search.documents import CommunityDocument, PictureDocument
from graph.pages.places import Places
from graph.picture_facts import folder_of, name_of
from imgrec.collection import Catalog
from imgrec.collection.kinds import CLASS
from imgrec.system.file_names import printable
from imgrec.system.text import counted

_BATCH = 10_000


def found_pictures(catalog: Catalog, guide: Guide, places: Places) -> Iterator[PictureDocument]:
    """Yield a document for every picture; those in a bundle share its cell, not its name."""
    ids, classes = guide.bundles.ids, catalog.labels.of_kind(CLASS)
    for start in range(0, len(ids), _BATCH):
        for entry in catalog.entries(ids[start : start + _BATCH]):
            page, cell = places.of(places.node(entry.id))
            found = printable(classes.get(entry.id, ""))
            name, folder = name_of(entry), folder_of(entry)
            yield PictureDocument(entry.id, name, folder, page.name, cell, found)


def found_groups(guide: Guide) -> list[CommunityDocument]:
    """Return the documents of the communities that have a page, the largest first."""
    paths = sorted((path for path in guide.pages if path), key=lambda path: -guide.pictures(path))
    return [
        CommunityDocument(
            guide.names[path], _about(guide, path), (Page(path).name,), guide.faces_of([path])[0]
        )
        for path in paths
    ]


def _about(guide: Guide, path: str) -> str:
    counts = counted(guide.pictures(path), "picture")
    return " · ".join(filter(None, (guide.about[path], counts)))
