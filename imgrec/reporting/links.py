"""Links from the report to the network site and the projector's logdir, if they exist."""

import os
import re
from collections import Counter
from dataclasses import dataclass
from html import unescape
from pathlib import Path
from urllib.parse import quote

from imgrec.collection.kinds import COMMUNITY
from imgrec.store.site_link import page_file
from imgrec.store.store import Store
from imgrec.system.output_folder import LOGDIR

_MOST = 24
_TITLE = re.compile(r"<h1>(.*?)(?: <small>.*?)?</h1>", re.DOTALL)


@dataclass(frozen=True)
class Link:
    """A link, in plain text.

    Attributes:
        text: of the link.
        href: URL relative to the report.
        about: text beside it.
    """

    text: str
    href: str
    about: str = ""


@dataclass(frozen=True)
class Links:
    """The links of a report.

    Attributes:
        site: first page of the network site; None if there is no site.
        communities: the largest communities of its first level.
        logdir: the projector's logdir as a command-line argument; None if there is none.
    """

    site: Link | None
    communities: tuple[Link, ...]
    logdir: str | None


def links_from(store: Store, out: Path, site: Path | None, logdir: Path | None) -> Links:
    """Return the links of a report that is written to `out`.

    Args:
        store: open.
        out: folder of the report.
        site: folder of the network site.
        logdir: folder of the projector.
    """
    told = None if logdir is None else _relative(Path.cwd(), logdir)
    if site is None or not (site / page_file("")).is_file():
        return Links(None, (), told)
    start = Link("The network of communities", address(out, site / page_file("")))
    return Links(start, tuple(_communities(store, out, site)), told)


def logdir_beside(store_path: Path, out: Path) -> Path | None:
    """Return the first projector logdir beside the store or the report; None if there is none."""
    for folder in dict.fromkeys((store_path.resolve().parent, out.resolve().parent)):
        found = sorted(folder.glob(f"*/{LOGDIR.marker}"))
        if found:
            return found[0].parent
    return None


def address(out: Path, file: Path) -> str:
    """Return the URL of a file relative to a page in `out`; a `file:` URL on another drive."""
    relative = _relative(out, file)
    return Path(relative).as_uri() if Path(relative).is_absolute() else quote(relative)


def _relative(start: Path, path: Path) -> str:
    try:
        return Path(os.path.relpath(path.resolve(), start.resolve())).as_posix()
    # On Windows, no relative path leads to another drive.
    except ValueError:
        return path.resolve().as_posix()


def _communities(store: Store, out: Path, site: Path) -> list[Link]:
    ok = set(store.catalog.ids("ok").tolist())
    labels = store.catalog.labels.of_kind(COMMUNITY)
    tops = Counter(path.partition(".")[0] for i, path in labels.items() if i in ok)
    found: list[Link] = []
    for path, count in sorted(tops.items(), key=lambda pair: (-pair[1], pair[0])):
        page = site / page_file(path)
        if page.is_file() and len(found) < _MOST:
            found.append(Link(_name_on(page) or f"Community {path}", address(out, page),
                f"{count:,}"))  # fmt: skip
    return found


def _name_on(page: Path) -> str:
    """Return the heading of a page of the network site, "" if it has none."""
    with page.open("rb") as file:
        head = file.read(20_000).decode("utf-8", "replace")
    found = _TITLE.search(head)
    return unescape(re.sub(r"<[^>]*>", "", found[1])).strip() if found else ""
