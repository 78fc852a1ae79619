"""Comparing known files with the catalog again, whatever their size and time say.

The way out where a file was changed and nothing of its version shows it: bytes that rotted on a
disk, a file system without inodes and times of its own, a copied disk whose tokens were accepted.
A picture with the same content keeps its id, vectors and all; no picture is decoded for it. The
request outlives the run: a file that could not be read is compared by the next one.
"""

from collections.abc import Collection

from imgrec.collection import Catalog
from imgrec.errors import ImgrecError


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
        ImgrecError: no picture fits.
    """
    ids = [i for root in roots for i in catalog.ids_under(root).tolist()]
    if not ids:
        raise ImgrecError(f"--reread {glob}: no picture")
    catalog.forget_times(ids)
    return len(ids)
