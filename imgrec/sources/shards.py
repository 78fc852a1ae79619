"""Tar files on a disk or in a bucket: their version, and bytes of them by ranges."""

import os
import stat
from collections.abc import Iterator
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import NamedTuple, Protocol

from imgrec.errors import ImgrecError, PictureError, cause_of
from imgrec.objects.addresses import is_address
from imgrec.objects.errors import ObjectError
from imgrec.objects.info import ObjectInfo
from imgrec.objects.objects import Objects
from imgrec.objects.opening import shared_objects
from imgrec.sources.source import WEAK
from imgrec.sources.tar_places import SUFFIX
from imgrec.sources.versions import listed_at


class Version(NamedTuple):
    """The version of a tar file.

    Attributes:
        size: in bytes.
        token: changes with the content.
        weak: the weak part of the token, which may change without it.
        etag: of an object, as the service gives it.
    """

    size: int
    token: str
    weak: str = ""
    etag: str = ""


class Shard(Protocol):
    """A tar file."""

    @property
    def place(self) -> str:
        """Its absolute path or address."""

    @property
    def is_remote(self) -> bool:
        """True if each read is a request."""

    def version(self) -> Version | None:
        """Return its version; None if there is no such file.

        Raises:
            PictureError: `unreadable`: it cannot be known.
        """

    def read(self, start: int, length: int, version: Version) -> bytes:
        """Return so many bytes of a version of it.

        Raises:
            PictureError: `unreadable`: it cannot be read, or has another version.
        """


def shard_at(place: str) -> Shard:
    """Return the tar file at a path or an address; reaches nothing."""
    return ObjectShard(place) if is_address(place) else LocalShard(place)


def shards_below(place: str) -> Iterator[str]:
    """Yield the paths of the tar files below a folder or a prefix, sorted.

    Raises:
        ImgrecError: it cannot be listed.
    """
    if is_address(place):
        keys = (info.key for info in shared_objects(place).list())
        yield from (key for key in keys if key.lower().endswith(SUFFIX))
        return
    found = []
    for folder, folders, names in os.walk(place, onerror=partial(_refused, place)):
        # A folder of this name is no tar file, and what is in it none in a folder.
        folders[:] = [name for name in folders if not name.lower().endswith(SUFFIX)]
        inner = Path(folder).relative_to(place).as_posix()
        prefix = "" if inner == "." else f"{inner}/"
        found += [prefix + name for name in names if name.lower().endswith(SUFFIX)]
    yield from sorted(found)


def _refused(place: str, error: OSError) -> None:
    raise ImgrecError(f"{place} cannot be listed ({cause_of(error)})")


@dataclass(frozen=True)
class LocalShard:
    """A tar file on a disk."""

    place: str

    @property
    def is_remote(self) -> bool:
        """False: the system reads ahead."""
        return False

    def version(self) -> Version | None:
        """Return size and time, and the weak token of the file."""
        try:
            state = Path(self.place).stat()
        except (FileNotFoundError, NotADirectoryError):
            return None
        except (OSError, ValueError) as error:
            raise PictureError("unreadable", str(error)) from error
        return _local_version(state) if stat.S_ISREG(state.st_mode) else None

    def read(self, start: int, length: int, version: Version) -> bytes:
        """Return so many bytes of the file."""
        try:
            with Path(self.place).open("rb") as file:
                if _local_version(os.fstat(file.fileno()))[:2] != version[:2]:
                    raise PictureError("unreadable", f"{self.place} has changed")
                file.seek(start)
                return file.read(length)
        except OSError as error:
            raise PictureError("unreadable", cause_of(error)) from error


def _local_version(state: os.stat_result) -> Version:
    listed = listed_at("", state)
    strong, _, weak = listed.token.partition(WEAK)
    return Version(state.st_size, f"{listed.size:x}.{listed.mtime_ns:x}.{strong}", weak)


@dataclass(frozen=True)
class ObjectShard:
    """A tar file in a bucket."""

    place: str

    @property
    def is_remote(self) -> bool:
        """True: each read is a request."""
        return True

    def version(self) -> Version | None:
        """Return size and etag."""
        try:
            objects, key = self._objects()
            info = objects.head(key)
        except ImgrecError as error:
            raise PictureError("unreadable", str(error)) from error
        return _version(info) if info else None

    def read(self, start: int, length: int, version: Version) -> bytes:
        """Return so many bytes of the object, if it has the version."""
        try:
            objects, key = self._objects()
            return objects.get_range(key, start, length, etag=version.etag or None)
        except ObjectError as error:
            raise PictureError("unreadable", str(error)) from error

    def _objects(self) -> tuple[Objects, str]:
        parent, _, key = self.place.rpartition("/")
        return shared_objects(parent), key


def _version(info: ObjectInfo) -> Version:
    token = info.etag.strip('"').replace(WEAK, "-") or f"{info.size:x}.{info.mtime_ns:x}"
    return Version(info.size, token, etag=info.etag)
