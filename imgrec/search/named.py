"""The pictures of a catalog that a person names: by file, by path in the catalog, or by id."""

from collections.abc import Iterable

from imgrec.collection import Catalog, Entry
from imgrec.errors import PictureError, StoreError, WrongValueError
from imgrec.pictures.digests import digest
from imgrec.sources.opening import picture_at, source_of
from imgrec.sources.source import Listed
from imgrec.system.file_names import printable

# Digits of an id.
_MOST_DIGITS = 18


def ids_named(catalog: Catalog, names: Iterable[str]) -> list[int]:
    """Return the ids of ok pictures by their names, in this order.

    A name is a file of the collection or a copy of one, else a path as the catalog has it, else the
    digits of an id.

    Raises:
        WrongValueError: a name is that of no ok picture of the catalog.
    """
    return [_named(catalog, name).id for name in names]


def entry_at(catalog: Catalog, location: str, listed: Listed) -> Entry | None:
    """Return the row of a location if it has the version that is listed there now."""
    for root in catalog.roots():
        path = source_of(root).path_of(location)
        if path is not None:
            entry = catalog.find_listed(root, listed._replace(path=path))
            if entry is not None:
                return entry
    return None


def _named(catalog: Catalog, name: str) -> Entry:
    found = _at(catalog, name) or (catalog.find_path(name) if name else None)
    if found is None and name.isascii() and name.isdigit() and len(name) <= _MOST_DIGITS:
        found = _with_id(catalog, int(name))
    if found is None:
        raise WrongValueError(
            f"no picture of the store is {printable(name)!r}: name a file of it, a path as "
            "the catalog has it, or an id"
        )
    return found


def _with_id(catalog: Catalog, image_id: int) -> Entry | None:
    try:
        (found,) = catalog.entries([image_id])
    except StoreError:
        return None
    return found if found.status == "ok" else None


def _at(catalog: Catalog, name: str) -> Entry | None:
    """Return the picture whose file is at a place, or that has the content of the file there."""
    try:
        source, path = picture_at(name)
        listed = source.find(path) if path else None
        if listed is None:
            return None
        there = entry_at(catalog, source.location(path), listed)
        return there or catalog.find_digest(digest(source.read(path)))
    except PictureError:
        return None
