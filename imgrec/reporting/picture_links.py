"""Where the report leads from a picture: to its page in the network, else to its file.

A figure marks each picture that it draws with its id alone (`PICTURE`, `NAME`). What the id stands
for is put in when the figure is written, for the place of the file that holds it, so that one
drawing serves the page and the files beside it.
"""

from collections.abc import Collection, Iterable
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from string import hexdigits

from imgrec.collection import Entry
from imgrec.collection.kinds import COMMUNITY
from imgrec.sources.opening import source_of
from imgrec.store.site_link import page_in
from imgrec.store.store import Store
from imgrec.system.file_links import link_to
from imgrec.system.file_names import printable

# The URLs in a drawing, before the id: of a picture, and of its name beneath.
PICTURE, NAME = "picture:", "name:"
# As many hexadecimal digits as a name of a file has by chance only.
_DIGEST_DIGITS = 16


@dataclass(frozen=True)
class Target:
    """Where a picture is to be seen.

    Attributes:
        path: of the picture, relative to its root, in one line of valid Unicode.
        file: absolute path of the page or file to link to; None if there is none.
        fragment: of the URL, with its `#`; "" for none.
    """

    path: str
    file: Path | None = None
    fragment: str = ""

    def href(self, folder: Path) -> str:
        """Return the URL relative to a page in a folder, "" if there is nothing to link to."""
        return link_to(self.file, folder) + self.fragment if self.file else ""


class PictureLinks:
    """Finds where pictures are to be seen."""

    def __init__(self, store: Store, site: Path | None, roots: Collection[str]) -> None:
        """Prepare for the pictures of a store.

        Args:
            store: open.
            site: absolute path of its network site, None if it has none.
            roots: the folders of pictures that are there; others are not linked to.
        """
        self._store, self._site, self._roots = store, site, roots
        self._pages: dict[str, Path | None] = {}

    def of(self, ids: Iterable[int]) -> dict[int, Target]:
        """Return where each of some pictures is to be seen, by id."""
        wanted = sorted({*ids})
        labels = self._store.catalog.labels.of(wanted) if self._site else {}
        entries = self._store.catalog.entries(wanted)
        return {e.id: self._target(e, labels.get(e.id, {}).get(COMMUNITY, "")) for e in entries}

    def _target(self, entry: Entry, community: str) -> Target:
        name, page = printable(entry.path), self._page(community)
        return Target(name, page, f"#{entry.id}") if page else Target(name, self._file(entry))

    def _page(self, community: str) -> Path | None:
        """Return the page of a community, None if it has none."""
        if community not in self._pages:
            page = page_in(self._site, community)
            self._pages[community] = page
        return self._pages[community]

    def _file(self, entry: Entry) -> Path | None:
        """Return the file of a picture; None if its folder is not there."""
        return source_of(entry.root).file(entry.path) if entry.root in self._roots else None


def name_of(entry: Entry) -> str:
    """Return what is written below a picture, in one line of valid Unicode.

    The name of its file; that of its folder where the file is named by a digest or a UUID, of which
    the few characters that fit below a thumbnail tell nothing.
    """
    path = PurePosixPath(entry.path)
    folder = path.parent.name
    return printable(folder if folder and _is_digest(path.stem) else path.name)


def _is_digest(stem: str) -> bool:
    """Return True for hexadecimal digits, as of a digest or a UUID; not for a number or a word."""
    digits = stem.replace("-", "").lower()
    return (
        len(digits) >= _DIGEST_DIGITS
        and not set(digits) - set(hexdigits)
        and not digits.isdecimal()
        and not digits.isalpha()
    )
