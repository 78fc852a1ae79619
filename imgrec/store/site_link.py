"""The link from a store to its network site: which page shows a picture.

The store keeps the path of the site, relative to itself, so that both can move together. A
picture's page follows from its label `community` alone; no index of pages is needed.
"""

import json
import os
import re
import sqlite3
from collections.abc import Mapping
from contextlib import suppress
from functools import lru_cache
from pathlib import Path

from imgrec.errors import StoreError
from imgrec.store.paths import StorePaths
from imgrec.store.store import Store
from imgrec.system.atomic_files import write_text
from imgrec.system.json_files import a_text, json_or_none

_COMMUNITY = re.compile(r"[0-9]+(\.[0-9]+)*")


def page_file(path: str) -> str:
    """Return the path of a community's page, relative to the site; "" is the whole collection."""
    return f"pages/community-{path}.html" if path else "index.html"


def keep_site(store: Store, site: Path) -> None:
    """Write the path of a store's site to the store; silently not if it is read-only or locked."""
    # ValueError: on Windows the site may be on another drive, which has no relative path.
    with suppress(OSError, ValueError, StoreError, sqlite3.Error):
        relative = Path(os.path.relpath(site.resolve(), store.path.resolve())).as_posix()
        text = json.dumps({"site": relative}, indent=2) + "\n"
        if _read(store.path) != relative:
            with store.writable():
                write_text(store.paths.site_link, text)


def site_of(store_path: Path) -> Path | None:
    """Return the folder of a store's site, None if it has none or it is gone.

    The result is relative if `store_path` is.
    """
    kept = _read(store_path)
    site = Path(os.path.normpath(store_path / kept)) if kept else None
    return site if site and (site / page_file("")).is_file() else None


def pages_of(site: Path | None, communities: Mapping[int, str | None]) -> dict[int, str | None]:
    """Return the path and fragment of pictures on their pages, None where there is no such page.

    Args:
        site: of the store, or None.
        communities: the label of each picture, by id.
    """
    # Pictures that are alike share a community.
    pages = {one: page_in(site, one) for one in {*communities.values()}}
    return {
        image_id: f"{page}#{image_id}" if (page := pages[community]) else None
        for image_id, community in communities.items()
    }


def page_url(page: str) -> str:
    """Return what `pages_of` returned as a file URL, which terminals and browsers open."""
    path, _, image_id = page.rpartition("#")
    return f"{Path(path).resolve().as_uri()}#{image_id}"


def page_in(site: Path | None, community: str | None) -> Path | None:
    """Return the page of a community in a site, None if there is no such page.

    A label that is no path of a community, as a store of somebody else may have, has none.
    """
    if site is None or not community or not _COMMUNITY.fullmatch(community):
        return None
    page = site / page_file(community)
    return page if page.is_file() else None


def _read(store_path: Path) -> str | None:
    link = _link_of(store_path)
    try:
        state = os.lstat(link)
    except OSError:
        return None
    return _content(link, state.st_ino, state.st_mtime_ns, state.st_size)


# Each answer asks for the link, which changes with a run of `imgrec graph`.
@lru_cache(maxsize=16)
def _link_of(store_path: Path) -> str:
    return str(StorePaths(store_path).site_link)


@lru_cache(maxsize=16)
def _content(link: str, *_: int) -> str | None:
    """Return what a link file of a certain inode, time and size says; None where it is damaged."""
    found = json_or_none(Path(link), {"site": a_text(4096)})
    return found["site"] if found else None
