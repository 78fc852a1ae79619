"""A picture source in memory, with the semantics of an object store: names mapped to bytes."""

import hashlib
from collections.abc import Hashable, Iterator
from dataclasses import dataclass, field
from pathlib import Path

from imgrec.errors import ImgrecError, PictureError
from imgrec.sources.links import RealPlaces
from imgrec.sources.rules import Rules
from imgrec.sources.source import Listed, Listing

SCHEME = "mem"


@dataclass
class Bucket:
    """The objects of a bucket, and the time each was last written."""

    objects: dict[str, bytes] = field(default_factory=dict)
    mtimes_ns: dict[str, int] = field(default_factory=dict)

    def put(self, name: str, data: bytes, mtime_ns: int = 1) -> None:
        self.objects[name], self.mtimes_ns[name] = data, mtime_ns

    def move(self, old: str, new: str) -> None:
        self.put(new, self.objects.pop(old), self.mtimes_ns.pop(old))


BUCKETS: dict[str, Bucket] = {}


@dataclass(frozen=True)
class MemorySource:
    """The source `mem://BUCKET/PREFIX`; the version token of an object is its digest."""

    description: str

    @property
    def name(self) -> str:
        return self.description.rpartition("/")[2]

    @property
    def is_remote(self) -> bool:
        return False

    def location(self, path: str = "") -> str:
        return f"{self.description}/{path}" if path else self.description

    def path_of(self, location: str) -> str | None:
        if location == self.description:
            return ""
        inside = location.startswith(self.description + "/")
        return location.removeprefix(self.description + "/") if inside else None

    def file(self, path: str) -> Path | None:
        return None

    def identity(self) -> Hashable | None:
        return self._bucket if self._bucket in BUCKETS else None

    def why_offline(self) -> str | None:
        return None if self._names() else f"{self.description} holds nothing"

    def check(self, links: RealPlaces | None = None, rules: Rules | None = None) -> None:
        if next(self.pictures(Listing(rules or Rules()), links), None) is None:
            raise ImgrecError(f"no pictures in {self.description}: name another")

    def pictures(self, found: Listing, links: RealPlaces | None = None) -> Iterator[Listed]:
        for name in self._names():
            if reason := found.rules.reason_of(name):
                found.skipped_files[reason] += 1
            elif name.endswith(".jpg"):
                found.files += 1
                yield self._listed(name)
            else:
                found.others += 1

    def find(self, path: str) -> Listed | None:
        return self._listed(path) if path in self._names() else None

    def file_identity(self, path: str) -> Hashable | None:
        return None

    def read(self, path: str, head: int | None = None) -> bytes:
        if path not in self._names():
            raise PictureError("unreadable", "no such object")
        data = self._data(path)[:head]
        if not data:
            raise PictureError("empty", "0 bytes")
        return data

    @property
    def _bucket(self) -> str:
        return self.description.split("/")[2]

    @property
    def _prefix(self) -> str:
        return "".join(f"{part}/" for part in self.description.split("/")[3:])

    def _names(self) -> list[str]:
        there = BUCKETS.get(self._bucket, Bucket()).objects
        prefix = self._prefix
        return sorted(n.removeprefix(prefix) for n in there if n.startswith(prefix))

    def _data(self, path: str) -> bytes:
        return BUCKETS[self._bucket].objects[self._prefix + path]

    def _listed(self, path: str) -> Listed:
        data, mtime_ns = self._data(path), BUCKETS[self._bucket].mtimes_ns[self._prefix + path]
        return Listed(path, len(data), mtime_ns, hashlib.md5(data).hexdigest())
