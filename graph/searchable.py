"""What of a site can be found by its names: every picture, every community."""

from collections.abc import Iterator

from graph.guide import Guide
from graph.pictures import Places, folder_of, name_of
from graph.search_documents import Group, Picture
from imgrec.catalog import Catalog
from imgrec.commands import counted

_BATCH = 10_000


def found_pictures(catalog: Catalog, places: Places) -> Iterator[Picture]:
    """Yield every picture that has a place on a page."""
    ids = sorted(places)
    for start in range(0, len(ids), _BATCH):
        for entry in catalog.entries(ids[start : start + _BATCH]):
            page, cell = places[entry.id]
            yield Picture(entry.id, name_of(entry), folder_of(entry), page.name, cell)


def found_groups(guide: Guide) -> list[Group]:
    """Return the communities, the largest first."""
    return [
        Group(
            f"Community {number}",
            _about(guide, number),
            tuple(page.name for page in guide.plan.of_community[number]),
            guide.faces[number],
        )
        for number in guide.communities
    ]


def _about(guide: Guide, number: int) -> str:
    counts = counted(guide.size(number), "picture")
    return " · ".join(filter(None, (guide.about[number], counts)))
