"""Pictures of a store as HTML for a notebook: thumbnails as data URLs, with a caption each.

What a notebook shows is kept in its file and may be given away, so it is bounded in pictures and
bytes. Names and labels come from files of anyone: each text is escaped, and a thumbnail is embedded
only if it is a JPEG as imgrec writes them. No script, no link, nothing is loaded.
"""

import base64
import sqlite3
from collections.abc import Sequence
from html import escape
from pathlib import Path
from typing import NamedTuple, Protocol

import numpy as np

from imgrec.collection import Catalog
from imgrec.errors import ImgrecError, StoreError
from imgrec.pictures.thumbnail_file import open_thumbnail
from imgrec.store.paths import StorePaths
from imgrec.store.thumbnails import DAMAGED, ThumbStore
from imgrec.system.file_names import printable
from imgrec.system.text import counted

MOST_SHOWN = 60
# A thumbnail has about 4 kB; more of one is no thumbnail that is worth keeping in a notebook.
_MOST_BYTES = 1 << 16
_SIDE_PX = 128

_ROW = "display:flex;flex-wrap:wrap;gap:12px;align-items:flex-end"
_FIGURE = f"margin:0;width:{_SIDE_PX}px;font:12px/1.35 system-ui,sans-serif"
_IMAGE = f"display:block;max-width:{_SIDE_PX}px;max-height:{_SIDE_PX}px;margin:0 auto"
_LINE = "overflow:hidden;text-overflow:ellipsis;white-space:nowrap"
# Pictures of a store that are shown for all of it.
_SAMPLE = 12


class _Store(Protocol):
    """What is shown of a store."""

    path: Path
    catalog: Catalog

    @property
    def default_feature(self) -> str | None: ...


class Cell(NamedTuple):
    """A picture to show: its id, its path, and the lines of its caption."""

    id: int
    path: str
    facts: Sequence[str] = ()


def pictures_html(store: Path | str, heading: str, cells: Sequence[Cell], more: int = 0) -> str:
    """Return pictures below a heading as HTML; those beyond `MOST_SHOWN` are counted.

    Args:
        store: the folder whose thumbnails are shown; "" for none.
        heading: one line.
        cells: the pictures, in order.
        more: number of pictures beyond these.
    """
    thumbs = _thumbs(store)
    figures = "".join(_figure(thumbs, cell) for cell in cells[:MOST_SHOWN])
    more += len(cells[MOST_SHOWN:])
    rest = f"<div>and {more:,} more</div>" if more else ""
    return f'<div><div>{_escaped(heading)}</div><div style="{_ROW}">{figures}</div>{rest}</div>'


def store_heading(store: _Store) -> str:
    """Return a line on a store: its place, how many pictures it has, and what is compared."""
    try:
        pictures = counted(store.catalog.totals.counts().get("ok", 0), "picture")
        return (
            f"Store {store.path}: {pictures}, compared by {store.default_feature or 'nothing yet'}"
        )
    except (sqlite3.Error, ImgrecError, OSError) as error:
        # Also where it is closed: what is shown at a prompt must not fail.
        why = "closed" if isinstance(error, sqlite3.ProgrammingError) else str(error)
        return f"Store {store.path}: {why}"


def store_html(store: _Store) -> str:
    """Return a store as HTML: its heading, and some pictures spread evenly over its ids."""
    try:
        ids = store.catalog.ids("ok")
        places = np.linspace(0, len(ids) - 1, min(_SAMPLE, len(ids))).astype(int)
        entries = store.catalog.entries(ids[places])
    except (sqlite3.Error, ImgrecError):
        return pictures_html("", store_heading(store), [])
    cells = [Cell(entry.id, entry.path) for entry in entries]
    return pictures_html(store.path, store_heading(store), cells)


def _figure(thumbs: ThumbStore | None, cell: Cell) -> str:
    name = _escaped(cell.path)
    source = _data_url(thumbs, cell.id)
    picture = f'<img src="{source}" alt="{name}" style="{_IMAGE}">' if source else "no thumbnail"
    lines = "".join(
        f'<div style="{_LINE}">{line}</div>'
        for line in (_escaped(cell.path.rpartition("/")[2]), *map(_escaped, cell.facts))
    )
    caption = f"<figcaption>{lines}</figcaption>"
    return f'<figure style="{_FIGURE}" title="{name}">{picture}{caption}</figure>'


def _data_url(thumbs: ThumbStore | None, image_id: int) -> str:
    """Return the thumbnail of a picture as a URL that holds it; "" where there is no sound one."""
    try:
        jpeg = thumbs.get(image_id) if thumbs else b""
        if not 0 < len(jpeg) <= _MOST_BYTES:
            return ""
        open_thumbnail(jpeg)
    except (StoreError, *DAMAGED):
        return ""
    return f"data:image/jpeg;base64,{base64.b64encode(jpeg).decode()}"


def _thumbs(store: Path | str) -> ThumbStore | None:
    """Return the thumbnails of a store; None where it is gone or they are damaged."""
    try:
        return ThumbStore.open(StorePaths(Path(store)).thumbs) if store else None
    except (StoreError, OSError):
        return None


def _escaped(text: str) -> str:
    return escape(printable(text))
