"""Links from the report to the network site and the projector's logdir of the same store."""

import os
from collections import Counter
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import quote

from imgrec.collection.kinds import COMMUNITY
from imgrec.labels.community_names import names_of
from imgrec.store.site_link import page_file, page_in, site_of
from imgrec.store.store import Store
from imgrec.store.written_from import is_written_from
from imgrec.system.advice import quoted
from imgrec.system.output_folder import LOGDIR, SITE, OutputFolder
from imgrec.system.text import counted

_MOST = 24


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
        communities: the largest communities of its first page.
        logdir: the projector's logdir as an argument in a shell; None if there is none.
        live: address of the live page of the store; None where it does not run.
    """

    site: Link | None
    communities: tuple[Link, ...]
    logdir: str | None
    live: str | None = None


def links_from(
    store: Store, out: Path, site: Path | None, logdir: Path | None, live: str | None = None
) -> Links:
    """Return the links of a report that is written to `out`.

    Args:
        store: open.
        out: folder of the report.
        site: folder of the network site of this store, None for none.
        logdir: folder of the projector, of this store, None for none.
        live: address of the live page of the store, None where it does not run.
    """
    told = told_logdir(logdir)
    if site is None:
        return Links(None, (), told, live)
    start = Link("The network of communities", address(out, site / page_file("")))
    return Links(start, tuple(_communities(store, out, site)), told, live)


def told_logdir(logdir: Path | None) -> str | None:
    """Return a logdir as the argument of a command in the folder one works in, None for none."""
    return None if logdir is None else quoted(_relative(Path.cwd(), logdir))


def own_site(store_path: Path, named: Path | None) -> tuple[Path | None, list[str]]:
    """Return the site of a store as an absolute path, None for none, and warnings.

    Args:
        store_path: of the store.
        named: the one to link to; None for the one that was written last.
    """
    site = named or site_of(store_path)
    if site is None or not (site / page_file("")).is_file():
        return None, []
    if not is_written_from(store_path, SITE, site):
        return None, _of_another(SITE, named, store_path)
    return site.resolve(), []


def own_logdir(store_path: Path, out: Path, named: Path | None) -> tuple[Path | None, list[str]]:
    """Return the projector's logdir of a store, None for none, and warnings.

    Args:
        store_path: of the store.
        out: folder of the report.
        named: the one to link to; None to look beside the store and beside the report.
    """
    if named is None:
        return logdir_beside(store_path, out), []
    if is_written_from(store_path, LOGDIR, named):
        return named, []
    return None, _of_another(LOGDIR, named, store_path)


def logdir_beside(store_path: Path, out: Path) -> Path | None:
    """Return the first logdir of a store that lies beside it or the report; None if none does."""
    for folder in dict.fromkeys((store_path.resolve().parent, out.resolve().parent)):
        for marker in sorted(folder.glob(f"*/{LOGDIR.marker}")):
            if is_written_from(store_path, LOGDIR, marker.parent):
                return marker.parent
    return None


def address(out: Path, file: Path) -> str:
    """Return the URL of a file relative to a page in `out`; a `file:` URL on another drive."""
    relative = _relative(out, file)
    return Path(relative).as_uri() if Path(relative).is_absolute() else quote(relative)


def _of_another(kind: OutputFolder, folder: Path | None, store_path: Path) -> list[str]:
    """Return a warning that a folder the user named is not linked to."""
    if folder is None:
        return []
    return [
        f"{folder} holds no {kind.what} that was written from {store_path}: the report does not "
        "link to it"
    ]


def _relative(start: Path, path: Path) -> str:
    try:
        return Path(os.path.relpath(path.resolve(), start.resolve())).as_posix()
    # On Windows, no relative path leads to another drive.
    except ValueError:
        return path.resolve().as_posix()


def _communities(store: Store, out: Path, site: Path) -> list[Link]:
    ok, names = set(store.catalog.ids("ok").tolist()), names_of(store)
    labels = store.catalog.labels.of_kind(COMMUNITY)
    leaves = Counter(path for i, path in labels.items() if i in ok)
    pages: dict[str, Path] = {}
    pictures: Counter[str] = Counter()
    for leaf, count in leaves.items():
        path, page = _first_page(site, leaf)
        if page:
            pages[path] = page
            pictures[path] += count
    largest = sorted(pictures.items(), key=lambda pair: (-pair[1], pair[0]))[:_MOST]
    return [
        Link(names.of(path), address(out, pages[path]), counted(count, "picture"))
        for path, count in largest
    ]


def _first_page(site: Path, leaf: str) -> tuple[str, Path | None]:
    """Return the largest community with a page that a community is in, and the page.

    One that would only lead on to two others has no page: these stand in its place.
    """
    parts = leaf.split(".")
    for end in range(1, len(parts) + 1):
        path = ".".join(parts[:end])
        page = page_in(site, path)
        if page:
            return path, page
    return leaf, None
