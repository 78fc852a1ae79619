"""Which page of the network shows a picture: known from its community and where the site lies."""

import json
import os
import sqlite3
from contextlib import suppress
from pathlib import Path

from imgrec.errors import StoreError
from imgrec.store.paths import StorePaths
from imgrec.store.store import Store
from imgrec.system.atomic_files import write_text


def page_file(path: str) -> str:
    """Return the page of a community, relative to the site; of the whole collection for ""."""
    return f"pages/community-{path}.html" if path else "index.html"


def keep_site(store_path: Path, site: Path) -> None:
    """Let a store remember where its site lies, relative to itself; not where it is read-only."""
    with suppress(OSError, ValueError, StoreError, sqlite3.Error):  # ValueError: another drive
        relative = Path(os.path.relpath(site.resolve(), store_path.resolve())).as_posix()
        text = json.dumps({"site": relative}, indent=2) + "\n"
        if _read(store_path) != relative:
            with Store.create(store_path) as store, store.writing():
                write_text(store.paths.site_link, text)


def site_of(store_path: Path) -> Path | None:
    """Return the folder of the site of a store, None where there is none (any more).

    It is relative where the path of the store is.
    """
    kept = _read(store_path)
    site = Path(os.path.normpath(store_path / kept)) if kept else None
    return site if site and (site / page_file("")).is_file() else None


def page_of(site: Path | None, community: str | None, image_id: int) -> str | None:
    """Return the address of a picture on its page, None where there is no such page."""
    if site is None or not community:
        return None
    page = site / page_file(community)
    return f"{page}#{image_id}" if page.is_file() else None


def _read(store_path: Path) -> str | None:
    try:
        return str(json.loads(StorePaths(store_path).site_link.read_text("utf-8"))["site"])
    except (OSError, ValueError, KeyError, TypeError):
        return None
