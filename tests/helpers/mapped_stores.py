"""A copy of a store with its network site, which has a map."""

import shutil
from pathlib import Path

from graph.pages.site import write_site
from imgrec.store.store import Store


def write_mapped(store: Path, folder: Path) -> tuple[Path, Path]:
    """Copy a store into a folder and write its site beside it; return the paths of both."""
    copy, site = folder / "store", folder / "site"
    shutil.copytree(store, copy)
    rewrite(copy, site)
    return copy, site


def rewrite(store: Path, site: Path) -> None:
    """Write the site of a store anew."""
    with Store.open(store) as opened:
        write_site(opened, site)
