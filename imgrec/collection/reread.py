"""Comparing known files with the catalog again, whatever their size and time say.

The way out where a file was changed and nothing of its version shows it: bytes that rotted on a
disk, a file system without inodes and times of its own, a copied disk whose tokens were accepted.
A picture with the same content keeps its id, vectors and all; no picture is decoded for it. The
request outlives the run: a file that could not be read is compared by the next one.
"""

from collections.abc import Callable, Collection
from functools import cache

from imgrec.collection import Catalog
from imgrec.collection.outcomes import forget_times
from imgrec.errors import ImgrecError
from imgrec.sources.opening import has_scheme, locations_of, source_of
from imgrec.sources.root_paths import is_windows_path
from imgrec.sources.rules import TAKEN_KINDS, Rules
from imgrec.system.file_names import composed, printable


def forget_versions(catalog: Catalog, glob: str, roots: Collection[str]) -> int:
    """Forget the version of the pictures that a glob names, so that a rescan reads their files.

    Args:
        catalog: open for writing.
        glob: of paths below a root (`imgrec.sources.globs`), or the location of a file or a folder;
            "" for all pictures.
        roots: the roots whose pictures are meant.

    Returns:
        The number of pictures.

    Raises:
        ImgrecError: the glob is wrong, or no picture fits it.
    """
    ids: list[int] = []
    for root in roots:
        named = _named(glob, root)
        ids += [number for number, path in catalog.paths_of(root) if named(path)]
    if glob and not ids:
        raise ImgrecError(
            f"--reread {printable(glob)}: no picture of the store lies there or fits: write a path "
            "below a picture folder, or a pattern such as 'scans/*' or '*.tif'"
        )
    forget_times(catalog, ids)
    return len(ids)


def _named(glob: str, root: str) -> Callable[[str], bool]:
    """Return a function that is True for the paths below a root that a glob names."""
    if not glob:
        return lambda path: True
    if glob.startswith("/") or is_windows_path(glob) or has_scheme(glob):
        return _located(glob, root)
    try:
        rules = Rules(take=frozenset(TAKEN_KINDS), exclude=(glob,))
    except ValueError as error:
        raise ImgrecError(f"--reread {printable(glob)}: {error}") from error
    follow = cache(rules.follow)

    def fits(path: str) -> bool:
        folder, _, name = path.rpartition("/")
        below = follow(folder)
        return below.excluded or rules.reason(below, name) is not None

    return fits


def _located(location: str, root: str) -> Callable[[str], bool]:
    """Return a function that is True for the paths below a root that lie at a location."""
    places = [composed(place) for place in locations_of(location)]
    if any(source_of(place).path_of(root) is not None for place in places):
        return lambda path: True
    inside = {source_of(root).path_of(place) for place in places} - {None}
    folders = tuple(f"{composed(place)}/" for place in inside if place)
    return lambda path: f"{composed(path)}/".startswith(folders)
