"""Blobs: contents in object storage, each under its digest.

    blobs/<first two digits>/<digest>

A blob is never changed, so writing one that is there already is no work, and whoever reads one
compares its digest. Invariant: no byte of a blob leaves this module unless the whole blob has the
digest it was asked by; ranges (`Blobs.read_range`) are the exception, and say so.
"""

import hashlib
import threading
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import BinaryIO

from imgrec.errors import StoreError
from imgrec.objects.errors import MissingObjectError
from imgrec.objects.objects import Objects
from imgrec.remote.manifest import Entry
from imgrec.store.elsewhere import blob_key
from imgrec.store.parts import content_digest
from imgrec.system.regular_files import open_regular, read_regular

# Larger files are read and written in pieces, so that memory stays bounded.
PIECE_BYTES = 1 << 24
_CHUNK_BYTES = 1 << 20


class Blobs:
    """The blobs of a store in object storage; may be used by several threads."""

    def __init__(self, objects: Objects) -> None:
        self._objects = objects
        self._there: set[str] = set()
        # Written here; some may be deleted since.
        self._written: set[str] = set()
        self._lock = threading.Lock()

    def known(self, digests: Iterable[str]) -> None:
        """Remember blobs that are there, as a manifest says, so that none is written again."""
        with self._lock:
            self._there.update(digests)

    def forget(self, known: Iterable[str]) -> None:
        """Forget which blobs are there, but for some that are known to be."""
        with self._lock:
            self._written |= self._there
            self._there = set(known)

    def holds(self, digest: str) -> bool:
        """Return True if a blob is known to be there; sends no request."""
        with self._lock:
            return digest in self._there

    def put(self, data: bytes) -> Entry:
        """Write a blob unless it is there; return its entry.

        Raises:
            ObjectError: it cannot be written.
        """
        entry = Entry(content_digest(data), len(data))
        if not self.holds(entry.digest):
            # What was sent once is not sent again if it is there.
            if not (entry.digest in self._written and self.is_there(entry)):
                self._create(entry, data)
            self.known([entry.digest])
        return entry

    def _create(self, entry: Entry, data: bytes) -> None:
        key = blob_key(entry.digest)
        # A folder may hold a file that lost its content in a power failure.
        if not self._objects.create(key, data) and not self.is_there(entry):
            self._objects.put(key, data)

    def put_file(self, path: Path, wanted: Entry | None = None) -> Entry:
        """Write the content of a file unless it is there; return its entry.

        Args:
            path: of a regular file.
            wanted: what it is said to hold; None to take what it holds.

        Raises:
            ObjectError: it cannot be written.
            OSError: the file cannot be read.
            StoreError: it does not hold what it is said to.
        """
        if wanted is not None and self.holds(wanted.digest):
            return wanted
        small = path.stat().st_size <= PIECE_BYTES
        data = read_regular(path, PIECE_BYTES) if small else b""
        entry = Entry(content_digest(data), len(data)) if small else file_entry(path)
        if wanted is not None and entry != wanted:
            raise StoreError(
                f"{path} is not what was written, by its digest: run imgrec doctor on the store, "
                "and imgrec index, which makes it anew"
            )
        key = blob_key(entry.digest)
        if small:
            self.put(data)
        elif not self.is_there(entry):
            self._objects.put_file(key, path)
        self.known([entry.digest])
        return entry

    def get(self, entry: Entry, name: str = "") -> bytes:
        """Return the content of a blob, verified.

        Args:
            entry: of the blob.
            name: of the file, for messages.

        Raises:
            MissingObjectError: it is not there.
            StoreError: it is not the content that was asked for.
        """
        key = blob_key(entry.digest)
        with self._lost(key, name):
            data, _ = self._objects.get(key, most_bytes=entry.size)
        return _checked(data, entry, self._told(key, name))

    def write_to(self, file: BinaryIO, entry: Entry, name: str = "") -> None:
        """Write the content of a blob to an empty file, verified; raises as `get`.

        Args:
            file: can be read too.
            entry: of the blob.
            name: of the file, for messages.
        """
        if entry.size <= PIECE_BYTES:
            file.write(self.get(entry, name))
            return
        key = blob_key(entry.digest)
        with self._lost(key, name):
            self._objects.get_to(key, file, entry.size)
        file.seek(0)
        if _entry_of(file) != entry:
            raise _wrong(self._told(key, name))

    def read_range(self, entry: Entry, start: int, length: int) -> bytes:
        """Return so many bytes of a blob from an offset; its digest is not verified.

        Raises:
            MissingObjectError: it is not there.
            StoreError: it is shorter than its entry says, or the range is not within it.
        """
        if start < 0 or length < 0 or start + length > entry.size:
            raise StoreError(f"bytes {start} to {start + length} are not among {entry.size}")
        if not length:
            return b""
        key = blob_key(entry.digest)
        data = self._objects.get_range(key, start, length)
        if len(data) != length:
            raise _wrong(self._told(key, ""))
        return data

    def is_there(self, entry: Entry) -> bool:
        """Return True if a blob of this size is there; sends a request.

        Raises:
            ObjectError: it cannot be known.
        """
        there = self._objects.head(blob_key(entry.digest))
        return there is not None and there.size == entry.size

    @contextmanager
    def _lost(self, key: str, name: str) -> Iterator[None]:
        try:
            yield
        except MissingObjectError as error:
            raise MissingObjectError(
                f"there is no {self._told(key, name)}, which the manifest names: run imgrec push "
                "--force from a store that has it"
            ) from error

    def _told(self, key: str, name: str) -> str:
        where = self._objects.location(key)
        return f"{name} ({where})" if name else where


def file_entry(path: Path) -> Entry:
    """Return the entry of a regular file.

    Raises:
        OSError: it is absent, a link, or cannot be read.
        ValueError: it is no regular file.
    """
    with open_regular(path) as file:
        return _entry_of(file)


def _entry_of(file: BinaryIO) -> Entry:
    found, size = hashlib.blake2b(digest_size=16), 0
    while chunk := file.read(_CHUNK_BYTES):
        found.update(chunk)
        size += len(chunk)
    return Entry(found.hexdigest(), size)


def _checked(data: bytes, entry: Entry, told: str) -> bytes:
    if Entry(content_digest(data), len(data)) != entry:
        raise _wrong(told)
    return data


def _wrong(told: str) -> StoreError:
    return StoreError(
        f"{told} is not the content that the manifest names, by its digest: it is damaged and not "
        "used; delete this object, and run imgrec push --force from a store that has it"
    )
