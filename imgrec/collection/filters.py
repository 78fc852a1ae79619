"""Filters: the pictures with certain labels or metadata, under certain folders.

What `--where KIND=VALUE` and `--under FOLDER` mean. A kind is that of a label, or a name of
metadata (`imgrec.collection.metadata_filters`). A filter becomes a boolean mask over image
ids; masks of one kind are joined by OR, kinds by AND. Where nothing passes, the error names
what there is instead.
"""

import posixpath
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from imgrec.collection import Catalog, Ids
from imgrec.collection.kinds import NESTED
from imgrec.collection.metadata_filters import WHERE_NAMES, ids_where, there_is
from imgrec.errors import WrongValueError
from imgrec.sources.opening import locations_of, source_of
from imgrec.system.file_names import printable
from imgrec.system.suggestions import did_you_mean

# Indexed by image id, (last id + 1,).
Mask = NDArray[np.bool_]

_MOST_NAMED = 10
_MOST_CLOSE = 5


@dataclass(frozen=True)
class Filter:
    """A selection of pictures; an empty filter selects all.

    Attributes:
        where: (kind, value) of labels or metadata: any of the values of a kind, and that for every
            kind named. A community includes those below it.
        under: folders, any of them: relative to a root, else a path on the disk.
    """

    where: tuple[tuple[str, str], ...] = ()
    under: tuple[str, ...] = ()

    @classmethod
    def parse(cls, where: Sequence[str] = (), under: Sequence[str] = ()) -> "Filter":
        """Return the filter of the arguments of `--where` and `--under`.

        Raises:
            WrongValueError: a kind, a value or a folder is empty.
        """
        pairs = []
        for argument in where:
            kind, _, value = argument.partition("=")
            if not kind or not value:
                raise WrongValueError(
                    f"where {printable(argument)!r} is not KIND=VALUE: write folder=name"
                )
            pairs.append((kind, value))
        if not all(under):
            raise WrongValueError("under '' names no folder: name one, or leave it out")
        return cls(tuple(pairs), tuple(under))

    def __bool__(self) -> bool:
        return bool(self.where or self.under)

    def __str__(self) -> str:
        labels = [f"where {kind}={value}" for kind, value in self.where]
        return printable(" and ".join([*labels, *(f"under {folder}" for folder in self.under)]))

    def ids(self, catalog: Catalog) -> Ids:
        """Return the ascending ids of the ok pictures that pass.

        Raises:
            WrongValueError: no ok picture has a label or value that was named, or lies under a
                folder that was named, or none fits the whole filter; or a value of metadata has
                no form that its name has.
        """
        found = self.passing(catalog)
        if self and not len(found):
            raise WrongValueError(
                f"no picture fits all of {self}: each alone fits some, leave one out"
            )
        return found

    def passing(self, catalog: Catalog) -> Ids:
        """Return what `ids` returns; empty where no picture fits the whole filter.

        Raises:
            WrongValueError: no ok picture fits a part of it, see `ids`.
        """
        if not self:
            return catalog.ids("ok")
        ok = _ok(catalog)
        # By kind of label; None for the folders.
        groups: dict[str | None, Mask] = {}
        for kind, value in self.where:
            groups[kind] = groups.get(kind, False) | _labeled(catalog, kind, value, ok)
        for folder in self.under:
            groups[None] = groups.get(None, False) | _under(catalog, folder, ok)
        return np.flatnonzero(np.logical_and.reduce(list(groups.values())))


def _ok(catalog: Catalog) -> Mask:
    not_ok = catalog.ids_not_ok()
    ok = np.ones(catalog.last_id() + 1, np.bool_)
    ok[not_ok] = False
    return ok


def _among(ids: Ids, ok: Mask) -> Mask:
    found = np.zeros_like(ok)
    # Larger ids were added after the mask was made.
    found[ids[ids < len(ok)]] = True
    return found & ok


def _labeled(catalog: Catalog, kind: str, value: str, ok: Mask) -> Mask:
    if kind in WHERE_NAMES:
        return _described(catalog, kind, value, ok)
    found = _among(catalog.labels.ids(kind, value, kind in NESTED), ok)
    if not found.any():
        raise WrongValueError(
            f"where {printable(f'{kind}={value}')}: {_no_such_label(catalog, kind, value)}"
        )
    return found


def _described(catalog: Catalog, name: str, value: str, ok: Mask) -> Mask:
    found = _among(ids_where(catalog, name, value), ok)
    if not found.any():
        raise WrongValueError(printable(f"where {name}={value}: {there_is(catalog, name)}"))
    return found


def _no_such_label(catalog: Catalog, kind: str, value: str) -> str:
    values = catalog.labels.values(kind)
    if not values:
        there = [*catalog.labels.kinds(), *catalog.metadata.counts()]
        meant = " ".join(filter(None, [did_you_mean(kind, there), "there are"]))
        return f"no picture has a label of this kind; {meant}: {_listed(there)}"
    instead = offered(value, values) or f"there are {len(values):,}: {_listed(values)}"
    return f"no picture has this value; {instead}"


def offered(value: str, values: Sequence[str]) -> str:
    """Return what a message says instead of an unknown value: those like it, and all of a few.

    Returns:
        Empty where there are many and none is like it.
    """
    if len(values) > _MOST_NAMED:
        return did_you_mean(value, values, _MOST_CLOSE)
    meant = did_you_mean(value, values)
    if meant and len(values) == 1:
        return meant
    return " ".join(filter(None, [meant, f"there are: {_listed(values)}"]))


def check_folder(catalog: Catalog, folder: str, what: str) -> None:
    """Check that ok pictures lie in a folder, named as `--under` takes it.

    Args:
        catalog: open.
        folder: relative to a root, or a path on the disk.
        what: begins the message, such as "under holidays".

    Raises:
        WrongValueError: none does.
    """
    _under(catalog, folder, _ok(catalog), what)


def _under(catalog: Catalog, folder: str, ok: Mask, what: str = "") -> Mask:
    for places in _places(folder, list(catalog.roots())):
        found = np.zeros_like(ok)
        for root, inside in places:
            found |= _among(catalog.ids_under(root, inside), ok)
        if found.any():
            return found
    top = catalog.top_folders(_MOST_NAMED + 1)
    there = f"at the top there are: {_listed(top)}" if top else "the pictures lie in no folders"
    what = what or f"under {printable(folder)}"
    raise WrongValueError(f"{what}: no picture lies under such a folder; {there}")


def _places(folder: str, roots: Sequence[str]) -> Iterator[list[tuple[str, str]]]:
    """Yield the meanings of a folder name as lists of (root, folder inside it), the best first.

    A folder inside is "" for the whole root. First the name is taken as relative to each root,
    then as a path on the disk.
    """
    # "." and "/x" match no folder inside a root.
    name = posixpath.normpath(folder)
    yield [(root, name) for root in roots]
    for location in locations_of(folder):
        named = source_of(location)
        holding = [(root, "") for root in roots if named.path_of(root) is not None]
        inside = [(root, source_of(root).path_of(location)) for root in roots]
        yield holding + [(root, path) for root, path in inside if path is not None]


def _listed(names: Sequence[str]) -> str:
    more = ", …" if names[_MOST_NAMED:] else ""
    return (", ".join(printable(name) for name in names[:_MOST_NAMED]) or "none") + more
