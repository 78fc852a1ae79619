"""Objects under one address: whole reads, ranges, listings, and writes that create or overwrite.

The one place that speaks to object storage, by obstore (developmentseed/obstore). It does what a
protocol of many writers needs: `create` writes a key only if there is none, which S3, GCS, Azure
and a local file system do atomically (`imgrec.objects.preflight` finds storage that does not).
Requests are tried again with growing delays (`retries.py`); what is left is an `ObjectError`.

    user's text ── opening.objects_at ──▶ Objects ── get, ranges, listing, create, put, delete

Invariants: keys are relative to the address, with forward slashes; listings are sorted by key;
every request is counted in `traffic`; an instance may be used by several threads.
"""

import stat
from collections.abc import Callable, Iterator, Sequence
from contextlib import AbstractContextManager
from pathlib import Path
from typing import TYPE_CHECKING, Any, BinaryIO

from imgrec.objects.addresses import FOLDER, Address
from imgrec.objects.any_keys import any_page, is_pageable, is_plain, loses_slashes
from imgrec.objects.errors import (
    ChangedObjectError,
    LargeObjectError,
    MissingObjectError,
    ObjectError,
    PassingObjectError,
    UnnamedObjectError,
)
from imgrec.objects.info import ObjectInfo
from imgrec.objects.retries import TRIES, pause, tried_again
from imgrec.objects.traffic import Traffic
from imgrec.objects.translation import translated

if TYPE_CHECKING:
    from obstore.store import ObjectStore

# Objects a page of a listing holds, as S3 answers.
_PAGE = 1000
# A piece of a large object.
_CHUNK_BYTES = 1 << 22


class Objects:
    """The objects of one address.

    Attributes:
        address: the prefix that all keys are below.
        traffic: requests and bytes so far.
    """

    def __init__(self, address: Address, store: "ObjectStore") -> None:
        """Take the client of one address, which sends each request once."""
        self.address = address
        self.traffic = Traffic()
        self._store = store

    @property
    def _is_folder(self) -> bool:
        return self.address.scheme == FOLDER

    def location(self, key: str = "") -> str:
        """Return the address of a key as a user reads it."""
        return f"{self.address.url}/{key}" if key else self.address.url

    def get(
        self,
        key: str,
        etag: str | None = None,
        head: int | None = None,
        most_bytes: int | None = None,
        tries: int = TRIES,
    ) -> tuple[bytes, ObjectInfo]:
        """Return the content of an object and its version.

        Args:
            key: of the object.
            etag: the version that is wanted; None for any.
            head: return no more than so many bytes from its beginning.
            most_bytes: the size above which it is refused, before it is read.
            tries: of the request.

        Raises:
            MissingObjectError: there is none.
            ChangedObjectError: it has another version.
            LargeObjectError: it has more than `most_bytes`; its content was not read.
            ObjectError: it cannot be read, or it is empty and `head` was asked for.
        """
        import obstore

        self._check_regular(key)

        options: Any = {"if_match": etag} if etag else {}
        if head is not None:
            options["range"] = (0, head)

        def got(before: int) -> tuple[bytes, ObjectInfo]:
            with self._translated(key):
                result = obstore.get(self._store, key, options=options)
                self._check_size(key, result.meta["size"], most_bytes)
                return bytes(result.bytes()), _info(result.meta, self._is_folder)

        data, info = tried_again(got, tries)
        self.traffic.read(len(data))
        return data, info

    def get_to(self, key: str, file: BinaryIO, most_bytes: int) -> None:
        """Write the content of an object to an empty file, in pieces.

        Args:
            key: of the object.
            file: can be written from its beginning again, where a connection was lost.
            most_bytes: the size above which it is refused.

        Raises:
            MissingObjectError: there is none.
            ObjectError: it cannot be read, or is larger.
        """
        import obstore

        self._check_regular(key)

        def got(before: int) -> int:
            size = file.seek(0)
            file.truncate()
            with self._translated(key):
                for chunk in obstore.get(self._store, key).stream(min_chunk_size=_CHUNK_BYTES):
                    size += len(chunk)
                    self._check_size(key, size, most_bytes)
                    file.write(chunk)
            return size

        self.traffic.read(tried_again(got))

    def get_range(self, key: str, start: int, length: int, etag: str | None = None) -> bytes:
        """Return so many bytes of an object from an offset; fewer at its end.

        Args:
            key: of the object.
            start: offset of the first byte.
            length: number of bytes, at least 1.
            etag: the version that is wanted; None for any.

        Raises:
            MissingObjectError: there is none.
            ChangedObjectError: it has another version.
            ObjectError: it cannot be read, or the range begins behind its end.
        """
        import obstore

        self._check_regular(key)
        options: Any = {"range": (start, start + length)}
        if etag:
            options["if_match"] = etag

        def got(before: int) -> bytes:
            with self._translated(key):
                return bytes(obstore.get(self._store, key, options=options).bytes())

        data = tried_again(got)
        self.traffic.read(len(data))
        return data

    def get_ranges(self, key: str, starts: Sequence[int], lengths: Sequence[int]) -> list[bytes]:
        """Return several ranges of an object; near ones share a request.

        Raises:
            MissingObjectError: there is none.
            ObjectError: it cannot be read.
        """
        import obstore

        self._check_regular(key)

        def got(before: int) -> list[bytes]:
            with self._translated(key):
                found = obstore.get_ranges(self._store, key, starts=starts, lengths=lengths)
                return [bytes(one) for one in found]

        data = tried_again(got)
        self.traffic.read(sum(map(len, data)))
        return data

    def head(self, key: str) -> ObjectInfo | None:
        """Return the version of an object; None if there is none.

        Raises:
            ObjectError: it cannot be known.
        """
        import obstore

        self._check_regular(key)

        def found(before: int) -> ObjectInfo | None:
            try:
                with self._translated(key):
                    return _info(obstore.head(self._store, key), self._is_folder)
            except MissingObjectError:
                return None

        info = tried_again(found)
        self.traffic.read(0)
        return info

    def list(
        self,
        prefix: str = "",
        after: str = "",
        tries: int = TRIES,
        unnamed: Callable[[str], object] = lambda key: None,
    ) -> Iterator[ObjectInfo]:
        """Yield the objects below a prefix, sorted by key.

        The marker that some programs make for a folder, an empty object whose key ends in a slash,
        comes without the slash and at the place of the key with it, or not at all. Keys that cannot
        be asked for (`imgrec.objects.any_keys.is_plain`) are passed over.

        Args:
            prefix: a folder of keys, such as `blobs/`; "" for all.
            after: begin behind this key.
            tries: of the request of a page.
            unnamed: called with each key that is passed over.

        Raises:
            UnnamedObjectError: there is such a key, in Azure, or in a bucket of Google for which
                the credentials cannot sign.
            ObjectError: it cannot be listed, or its storage gives keys in no order.
        """
        if self._is_folder:
            # The file system gives them in no order.
            yield from sorted(self._listed(prefix, after))
            return
        failures = 0
        any_key = slashes = not prefix and loses_slashes(self.address, self.traffic)
        while True:
            try:
                if any_key:
                    page = any_page(self.address, prefix, after, self.traffic)
                    for key in page.unnamed:
                        unnamed(key)
                    yield from page.objects
                    if page.is_last:
                        return
                    after, failures = page.last, 0
                    any_key = slashes or not is_plain(after)
                    continue
                for info in self._listed(prefix, after):
                    if info.size and info.key <= after:
                        raise ObjectError(f"{self.location(prefix)} lists its objects in no order")
                    yield info
                    after, failures = max(after, info.key), 0
                return
            except UnnamedObjectError:
                if not is_pageable(self.address):
                    raise
                any_key = True
            except PassingObjectError:
                failures += 1
                if failures == tries:
                    raise
                # Goes on behind the last key.
                pause(failures - 1)

    def _listed(self, prefix: str, after: str) -> Iterator[ObjectInfo]:
        import obstore

        with self._translated(prefix):
            offset = after or None
            pages = obstore.list(self._store, prefix or None, offset=offset, chunk_size=_PAGE)
            for page in pages:
                self.traffic.read(0)
                yield from sorted(_info(meta, self._is_folder) for meta in page)

    def create(self, key: str, data: bytes) -> bool:
        """Write an object only if there is none; return False if there is one.

        Where the answer to the write is lost, it is sent again and may then meet the object of its
        own first try. So an object of the same content counts as the own one after a lost answer.
        Two writers of equal content may both get True then; those of other content never.

        Raises:
            ObjectError: it cannot be written, or it is not known whether it was.
        """
        import obstore
        from obstore.exceptions import AlreadyExistsError

        def written(before: int) -> bool:
            try:
                with self._translated(key):
                    obstore.put(self._store, key, data, mode="create", use_multipart=False)
            except (AlreadyExistsError, ChangedObjectError):
                self.traffic.wrote(0)
                return before > 0 and self._holds(key, data)
            self.traffic.wrote(len(data))
            return True

        return tried_again(written)

    def _holds(self, key: str, data: bytes) -> bool:
        found = self.head(key)
        return found is not None and found.size == len(data) and self.get(key)[0] == data

    def put(self, key: str, data: bytes) -> None:
        """Write an object, over one that is there.

        Raises:
            ObjectError: it cannot be written.
        """
        import obstore

        def written(before: int) -> None:
            with self._translated(key):
                obstore.put(self._store, key, data)

        tried_again(written)
        self.traffic.wrote(len(data))

    def put_file(self, key: str, path: Path) -> None:
        """Write a file as an object, over one that is there, in pieces.

        Raises:
            ObjectError: it cannot be written, or the file cannot be read.
        """
        import obstore

        def written(before: int) -> None:
            with self._translated(key):
                obstore.put(self._store, key, path)

        tried_again(written)
        self.traffic.wrote(path.stat().st_size)

    def delete(self, key: str) -> None:
        """Delete an object; nothing happens if there is none."""
        import obstore

        def deleted(before: int) -> None:
            try:
                with self._translated(key):
                    obstore.delete(self._store, key)
            except MissingObjectError:
                pass
            self.traffic.wrote(0)

        tried_again(deleted)

    def _check_regular(self, key: str) -> None:
        """Refuse what is no file in a folder: a named pipe would block whoever opens it.

        A folder of this name is no object, as elsewhere.

        Raises:
            ObjectError: it is something else.
        """
        if not self._is_folder:
            return
        try:
            # Asked once: it may be deleted at any time.
            mode = Path(self.address.prefix, key).stat().st_mode
        except OSError:
            # Opening it tells why.
            return
        if not (stat.S_ISREG(mode) or stat.S_ISDIR(mode)):
            raise ObjectError(f"{self.location(key)} is no file: it is not read")

    def _check_size(self, key: str, size: int, most_bytes: int | None) -> None:
        if most_bytes is not None and size > most_bytes:
            raise LargeObjectError(
                f"{self.location(key)} has {size:,} bytes or more, and may have {most_bytes:,}: "
                "it is not read"
            )

    def _translated(self, key: str) -> AbstractContextManager[None]:
        return translated(self.location(key))


def _info(meta: Any, is_folder: bool) -> ObjectInfo:
    time = meta["last_modified"].timestamp()
    # HTTP states whole seconds, and a listing of some servers more than their other answers.
    mtime_ns = round(time * 1e6) * 1000 if is_folder else int(time) * 10**9
    # Some servers quote it in a listing and others do not.
    etag = (meta["e_tag"] or "").removeprefix("W/").strip('"')
    return ObjectInfo(meta["path"], meta["size"], mtime_ns, f'"{etag}"' if etag else "")
