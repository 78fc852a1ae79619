"""The map of the store's network site, as the live page shows it.

`imgrec graph` writes the map as scripts that a page on disk can load. Here they are parsed and
validated (`imgrec.maps.reader`), and what they hold is sent anew: nothing of a site's folder, which
may be somebody else's, runs in the page that has the cookie.

The site can be written anew while a page is open, and then another picture may be in each row. So a
map has a token, which every request names. Invariant: what is answered is of the map that the token
names, or the answer is `GoneError`, after which the page asks for the map again.
"""

import hashlib
import threading
from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import TypeVar

import numpy as np

from imgrec.collection import Ids
from imgrec.maps.format import FACTS, FOLDER, PER_POINTS, pieces
from imgrec.maps.reader import MapError, SiteMap
from imgrec.serving.answers import MapFacts
from imgrec.serving.errors import GoneError, NotFoundError
from imgrec.store.site_link import site_of
from imgrec.store.written_from import is_written_from
from imgrec.system.output_folder import SITE

_Read = TypeVar("_Read")
_TOKEN_BYTES = 12
_NONE = "there is no map of this collection: imgrec graph --out SITE writes one"
_GONE = "the map was written anew: ask for it again"


@dataclass(frozen=True)
class OpenedMap:
    """A map, and the token that names it."""

    token: str
    map: SiteMap

    @cached_property
    def names(self) -> frozenset[str]:
        """The names of the data files and tiles."""
        return frozenset(self.map.names_of_files())

    @cached_property
    def ids(self) -> Ids:
        """The catalog ids (n,) of the rows, ascending.

        Raises:
            MapError: a file of them is damaged.
        """
        files = range(len(pieces(self.map.pictures, PER_POINTS)))
        ids = np.concatenate([self.map.points(number).ids for number in files]).astype(np.int64)
        if (np.diff(ids) <= 0).any():
            raise MapError(
                "the ids of the map do not ascend: write the site again with imgrec graph"
            )
        return ids


class ServedMap:
    """Reads the map of a store's site; thread-safe."""

    def __init__(self, store_path: Path) -> None:
        """Make a reader, which opens the map when it is asked for.

        Args:
            store_path: of the store.
        """
        self._store_path = store_path
        self._opened: OpenedMap | None = None
        self._lock = threading.Lock()

    def is_there(self) -> bool:
        """Return whether the store has a map; it may still be damaged."""
        site = self._site()
        return site is not None and (site / FOLDER / FACTS).is_file()

    def facts(self) -> MapFacts:
        """Return the token of the present map, and its facts.

        Raises:
            NotFoundError: the store has no site, or that has no map.
            MapError: the map is damaged.
        """
        opened = self._present()
        return MapFacts(opened.token, dict(opened.map.facts))

    def read(self, token: str, read: Callable[[OpenedMap], _Read]) -> _Read:
        """Return what a function reads from the map of a token.

        Raises:
            GoneError: the token is not that of the present map, or was not when all was read.
            NotFoundError: as of `facts`.
            MapError: what is read is damaged.
        """
        opened = self._present()
        if opened.token != token:
            raise GoneError(_GONE)
        try:
            return read(opened)
        finally:
            # An error too may come from a folder that was replaced meanwhile.
            if self._token() != token:
                raise GoneError(_GONE)

    def _present(self) -> OpenedMap:
        with self._lock:
            token = self._token()
            if self._opened is None or self._opened.token != token:
                self._opened = OpenedMap(token, self._open())
                if self._token() != token:
                    raise GoneError(_GONE)
            return self._opened

    def _open(self) -> SiteMap:
        site = self._site()
        if site is None or not (site / FOLDER / FACTS).exists():
            raise NotFoundError(_NONE)
        return SiteMap.open(site)

    def _site(self) -> Path | None:
        """Return the folder of the site, None if there is none that was written from the store."""
        site = site_of(self._store_path)
        ours = site is not None and is_written_from(self._store_path, SITE, site)
        return site if ours else None

    def _token(self) -> str:
        """Return a token that changes when the site is written anew.

        Raises:
            NotFoundError: there is no site.
        """
        site = site_of(self._store_path)
        try:
            if site is None:
                raise NotFoundError(_NONE)
            # A site is renamed into its place whole, with a marker that was just written.
            state = (site / SITE.marker).stat()
        except OSError as error:
            raise NotFoundError(_NONE) from error
        known = f"{site} {state.st_dev} {state.st_ino} {state.st_mtime_ns} {state.st_size}"
        digest = hashlib.blake2b(known.encode("utf-8", "surrogateescape"), digest_size=_TOKEN_BYTES)
        return digest.hexdigest()
