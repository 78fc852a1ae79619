"""The table of contents of a tar file, made once for each version of it.

A tar file has none: the headers lie between the contents. From a disk they are read by themselves,
from a bucket together with small contents in between, because a request takes longer than a
megabyte. So that each worker process and each later run need not do it again, the table of a remote
file is kept in the user's cache folder, named by place and version.
"""

import hashlib
import json
from collections.abc import Iterator
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Any

import platformdirs

from imgrec.errors import PictureError
from imgrec.sources.shards import Shard, Version, shard_at
from imgrec.sources.tar_headers import Member, Passed, TarError, members
from imgrec.system.atomic_files import write_text
from imgrec.system.json_files import json_or_none

# Bytes fetched at a time for headers, and bytes of the largest table that is read back.
_CHUNK, _MOST_BYTES = 1 << 20, 1 << 30
_SHAPE = {"links": int, "others": int, "members": [list]}
_FORMAT = 1


@dataclass(frozen=True)
class TarIndex:
    """The regular files of one version of a tar file.

    Attributes:
        version: of the tar file.
        members: by their name.
        links: number of links in it.
        others: number of devices, pipes, sparse files, and names that lead out of a folder.
    """

    version: Version
    members: dict[str, Member]
    links: int
    others: int


def index_of(place: str, version: Version) -> TarIndex:
    """Return the table of contents of a tar file.

    Args:
        place: absolute path or address of the file.
        version: of it, as it is there now.

    Raises:
        PictureError: `unreadable`: it cannot be read, has changed, or is damaged.
    """
    return _kept(place, version)


@lru_cache(maxsize=16)
def _kept(place: str, version: Version) -> TarIndex:
    shard = shard_at(place)
    if not shard.is_remote:
        return _made(shard, version)
    file = _cache_folder() / f"{_name(place, version)}.json"
    found = _read(file, version)
    if found is None:
        found = _made(shard, version)
        _write(file, found)
    return found


def _made(shard: Shard, version: Version) -> TarIndex:
    passed = Passed()
    found: dict[str, Member] = {}
    reader = _Reader(shard, version)
    try:
        for member in members(version.size, reader.read, passed):
            name = _plain(member.name)
            if name is None:
                passed.others += 1
            else:
                # Of two members of one name the later one counts, as when they are extracted.
                found[name] = member
    except TarError as error:
        raise PictureError(
            "unreadable", f"{shard.place} is no sound tar file: {error}: make it again"
        ) from error
    return TarIndex(version, dict(sorted(found.items())), passed.links, passed.others)


def _plain(name: str) -> str | None:
    """Return the name of a member below its tar file; None if it leads out of it, or is none."""
    while name.startswith("./"):
        name = name[2:]
    parts = name.split("/")
    if any(part in ("", ".", "..") for part in parts) or "\0" in name or len(name) > 4096:
        return None
    return name


class _Reader:
    """Reads a tar file from its beginning, in chunks where it is remote."""

    def __init__(self, shard: Shard, version: Version) -> None:
        self._shard, self._version = shard, version
        self._chunk = _CHUNK if shard.is_remote else 0
        self._start, self._data = 0, b""

    def read(self, start: int, length: int) -> bytes:
        if not self._start <= start <= start + length <= self._start + len(self._data):
            least = max(length, self._chunk)
            whole = min(least, self._version.size - start)
            self._start, self._data = start, self._shard.read(start, whole, self._version)
        return self._data[start - self._start : start - self._start + length]


def _cache_folder() -> Path:
    return platformdirs.user_cache_path("imgrec") / "tar-indexes"


def _name(place: str, version: Version) -> str:
    text = f"{_FORMAT} {place} {version.size} {version.token}"
    return hashlib.blake2b(text.encode("utf-8", "surrogateescape"), digest_size=16).hexdigest()


def _write(file: Path, index: TarIndex) -> None:
    rows = [[name, *member[1:]] for name, member in index.members.items()]
    value = {"links": index.links, "others": index.others, "members": rows}
    try:
        file.parent.mkdir(parents=True, exist_ok=True)
        write_text(file, json.dumps(value, separators=(",", ":")))
    except OSError:
        # Without the cache it is made again.
        return


def _read(file: Path, version: Version) -> TarIndex | None:
    found = json_or_none(file, _SHAPE, most_bytes=_MOST_BYTES)
    if not found:
        return None
    rows = dict(_members(found["members"], version))
    if len(rows) != len(found["members"]):
        return None
    return TarIndex(version, rows, found["links"], found["others"])


def _members(rows: list[Any], version: Version) -> Iterator[tuple[str, Member]]:
    for row in rows:
        if [*map(type, row)] != [str, int, int, int] or _plain(row[0]) != row[0]:
            return
        name, offset, size, mtime_s = row
        if offset < 0 or size < 0 or offset + size > version.size:
            return
        yield name, Member(name, offset, size, mtime_s)
