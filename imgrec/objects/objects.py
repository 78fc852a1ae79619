"""Objects under one address: whole reads, ranges, listings, and writes that create or overwrite.

The one place that speaks to object storage, by obstore (developmentseed/obstore). It does what a
protocol of many writers needs: `create` writes a key only if there is none, which S3, GCS, Azure
and a local file system do atomically (`imgrec.objects.preflight` finds storage that does not).
Requests are tried again with growing delays (`opening.py`); what is left is an `ObjectError`.

    user's text ── opening.objects_at ──▶ Objects ── get, ranges, listing, create, put, delete

Invariants: keys are relative to the address, with forward slashes; listings are sorted by key;
every request is counted in `traffic`; an instance may be used by several threads.
"""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any, NamedTuple

from imgrec.objects.addresses import Address
from imgrec.objects.errors import ChangedObjectError, MissingObjectError, ObjectError
from imgrec.objects.traffic import Traffic

if TYPE_CHECKING:
    from obstore.store import ObjectStore

# Objects a page of a listing holds, as S3 answers.
_PAGE = 1000


class ObjectInfo(NamedTuple):
    """An object as a listing names it.

    Attributes:
        key: relative to the address.
        size: in bytes.
        mtime_ns: time of the last modification, in nanoseconds since 1970.
        etag: changes with the content; "" where the storage gives none.
    """

    key: str
    size: int
    mtime_ns: int
    etag: str


class Objects:
    """The objects of one address.

    Attributes:
        address: the prefix that all keys are below.
        traffic: requests and bytes so far.
    """

    def __init__(self, address: Address, store: "ObjectStore") -> None:
        self.address = address
        self.traffic = Traffic()
        self._store = store

    def location(self, key: str = "") -> str:
        """Return the address of a key as a user reads it."""
        return f"{self.address.url}/{key}" if key else self.address.url

    def get(self, key: str, etag: str | None = None) -> tuple[bytes, ObjectInfo]:
        """Return the content of an object and its version.

        Args:
            key: of the object.
            etag: the version that is wanted; None for any.

        Raises:
            MissingObjectError: there is none.
            ChangedObjectError: it has another version.
            ObjectError: it cannot be read.
        """
        import obstore

        options: dict[str, Any] = {"if_match": etag} if etag else {}
        with self._told(key):
            result = obstore.get(self._store, key, options=options)  # type: ignore[arg-type]
            data = bytes(result.bytes())
        self.traffic.read(len(data))
        return data, _info(result.meta)

    def get_range(self, key: str, start: int, length: int) -> bytes:
        """Return so many bytes of an object from an offset; fewer at its end.

        Raises:
            MissingObjectError: there is none.
            ObjectError: it cannot be read, or the range begins behind its end.
        """
        import obstore

        with self._told(key):
            data = bytes(obstore.get_range(self._store, key, start=start, length=length))
        self.traffic.read(len(data))
        return data

    def get_ranges(self, key: str, starts: Sequence[int], lengths: Sequence[int]) -> list[bytes]:
        """Return several ranges of an object; near ones share a request.

        Raises:
            MissingObjectError: there is none.
            ObjectError: it cannot be read.
        """
        import obstore

        with self._told(key):
            found = obstore.get_ranges(self._store, key, starts=starts, lengths=lengths)
        data = [bytes(one) for one in found]
        self.traffic.read(sum(map(len, data)))
        return data

    def head(self, key: str) -> ObjectInfo | None:
        """Return the version of an object; None if there is none."""
        import obstore

        try:
            with self._told(key):
                found = obstore.head(self._store, key)
        except MissingObjectError:
            return None
        finally:
            self.traffic.read(0)
        return _info(found)

    def list(self, prefix: str = "", after: str = "") -> Iterator[ObjectInfo]:
        """Yield the objects below a prefix, sorted by key.

        Args:
            prefix: a folder of keys, such as `blobs/`; "" for all.
            after: begin behind this key.
        """
        import obstore

        with self._told(prefix):
            offset = after or None
            pages = obstore.list(self._store, prefix or None, offset=offset, chunk_size=_PAGE)
            for page in pages:
                self.traffic.read(0)
                yield from sorted(map(_info, page))

    def create(self, key: str, data: bytes) -> bool:
        """Write an object only if there is none; return False if there is one.

        Raises:
            ObjectError: it cannot be written.
        """
        import obstore
        from obstore.exceptions import AlreadyExistsError, PreconditionError

        try:
            with self._told(key):
                obstore.put(self._store, key, data, mode="create", use_multipart=False)
        except (AlreadyExistsError, PreconditionError):
            self.traffic.wrote(0)
            return False
        self.traffic.wrote(len(data))
        return True

    def put(self, key: str, data: bytes) -> None:
        """Write an object, over one that is there.

        Raises:
            ObjectError: it cannot be written.
        """
        import obstore

        with self._told(key):
            obstore.put(self._store, key, data)
        self.traffic.wrote(len(data))

    def delete(self, key: str) -> None:
        """Delete an object; nothing happens if there is none."""
        import obstore

        try:
            with self._told(key):
                obstore.delete(self._store, key)
        except MissingObjectError:
            pass
        self.traffic.wrote(0)

    @contextmanager
    def _told(self, key: str) -> Iterator[None]:
        """Translate what obstore raises, but for the answers of conditional writes."""
        from obstore.exceptions import (
            AlreadyExistsError,
            BaseError,
            NotFoundError,
            PermissionDeniedError,
            PreconditionError,
            UnauthenticatedError,
        )

        where = self.location(key)
        try:
            yield
        except AlreadyExistsError:
            raise
        except PreconditionError as error:
            raise ChangedObjectError(f"{where} changed while it was read") from error
        except (NotFoundError, FileNotFoundError) as error:
            raise MissingObjectError(f"there is no {where}") from error
        except (PermissionDeniedError, UnauthenticatedError, PermissionError) as error:
            raise ObjectError(
                f"{where} is refused: credentials come from the environment, such as "
                "AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY"
            ) from error
        except (BaseError, OSError) as error:
            raise ObjectError(f"{where} cannot be reached ({_first_line(error)})") from error


def _info(meta: Any) -> ObjectInfo:
    seconds = meta["last_modified"].timestamp()
    return ObjectInfo(meta["path"], meta["size"], round(seconds * 1e6) * 1000, meta["e_tag"] or "")


def _first_line(error: Exception) -> str:
    return (str(error).strip().splitlines() or [type(error).__name__])[0][:300]
