"""Tar files as folders of pictures, on a disk or in a bucket, as WebDataset keeps them.

`tar:///data/000.tar` is one file and `tar:///data` all below a folder; `tar+s3://BUCKET/PREFIX` are
those of a bucket. The path of a picture begins with that of its tar file within the source. Members
are read by ranges; nothing is unpacked. The version of a member is that of its tar file with offset
and size: where the file is written anew all its pictures are read again, and known by content.
"""

from collections.abc import Hashable, Iterator
from dataclasses import dataclass
from pathlib import Path

from imgrec.errors import ImgrecError, PictureError
from imgrec.objects.addresses import is_address
from imgrec.objects.errors import PassingObjectError
from imgrec.pictures.limits import MAX_MEMORY
from imgrec.sources.described import DescribedSource
from imgrec.sources.key_walk import key_walk
from imgrec.sources.links import RealPlaces
from imgrec.sources.passed_over import skipped_lines
from imgrec.sources.rules import Rules
from imgrec.sources.shards import Shard, Version, shard_at, shards_below
from imgrec.sources.source import WEAK, Listed, Listing
from imgrec.sources.tar_headers import Member
from imgrec.sources.tar_indexes import TarIndex, index_of
from imgrec.sources.tar_places import LOCAL, REMOTE, split_at_tar
from imgrec.sources.versions import LEAST_NS, MOST_NS

# Versions of remote tar files as they were last, by place: a read with one needs no other request.
_known: dict[str, Version] = {}


@dataclass(frozen=True)
class TarShards(DescribedSource):
    """Pictures in tar files; implements `imgrec.sources.source.PictureSource`.

    Attributes:
        description: `tar://` and an absolute path, or `tar+` and the address of a bucket: of a tar
            file, a folder in one, or a place that holds tar files.
    """

    @property
    def is_remote(self) -> bool:
        """True for a bucket."""
        return is_address(self._place)

    def identity(self) -> Hashable | None:
        """Return the description and the device; None where nothing is there."""
        if self.is_remote:
            return None if self.why_offline() else self.description
        try:
            state = Path(self._local).stat()
        except (OSError, ValueError):
            return None
        return self.description, state.st_dev, state.st_ino

    def why_offline(self) -> str | None:
        """Return why nothing can be listed now; None where there is a tar file."""
        found = split_at_tar(self._place)
        try:
            there = shard_at(found[0]).version() if found else next(self._shards(), None)
        except ImgrecError as error:
            return str(error)
        if there is None:
            return f"{self._place} is no tar file" if found else f"{self._place} holds no tar file"
        return None

    def check(self, links: RealPlaces | None = None, rules: Rules | None = None) -> None:
        """List the tar files up to the first picture, one that the rules take.

        Raises:
            ImgrecError: there is none, or a tar file before it is damaged.
        """
        if why := self.why_offline():
            raise ImgrecError(f"{why}: name a .tar file, or the folder or prefix of some")
        found = Listing(rules or Rules())
        try:
            if next(key_walk(self._keys(found, strict=True), found), None) is not None:
                return
        except PictureError as error:
            raise ImgrecError(str(error)) from error
        skipped = "".join(f"; {line}" for line in skipped_lines([found]))
        raise ImgrecError(
            f"no pictures in {self.description}: files of other kinds there: {found.others}"
            f"{skipped}"
        )

    def pictures(self, found: Listing, links: RealPlaces | None = None) -> Iterator[Listed]:
        """Yield the pictures in the tar files, each once, by tar file and name.

        Args:
            found: its rules say what is taken; updated with what is listed and skipped, a damaged
                tar file as unreadable.
            links: ignored: links in a tar file are counted.
        """
        try:
            yield from key_walk(self._keys(found), found)
        except PassingObjectError:
            found.unreadable.append(".")

    def find(self, path: str) -> Listed | None:
        """Return the version of a member; None for nothing.

        Raises:
            PictureError: `unreadable`: it cannot be known.
        """
        place, name = self._full(path)
        index = self._index(place)
        member = index.members.get(name) if index else None
        return _listed(path, index.version, member) if index and member else None

    def read(self, path: str, head: int | None = None) -> bytes:
        """Return the bytes of a member, or the first `head` of them.

        Raises:
            PictureError: `unreadable`, `empty` or `too-large` (above `MAX_MEMORY`).
        """
        place, name = self._full(path)
        shard, version = shard_at(place), _known.get(place) if self.is_remote else None
        if version:
            try:
                return _read(shard, index_of(place, version), name, head)
            except PictureError as error:
                # It may have been written anew.
                if error.reason != "unreadable":
                    raise
        index = self._index(place)
        if index is None:
            raise PictureError("unreadable", f"there is no {place}")
        return _read(shard, index, name, head)

    @property
    def _place(self) -> str:
        local = self.description.startswith(LOCAL)
        return self.description.removeprefix(LOCAL if local else REMOTE)

    @property
    def _local(self) -> str:
        found = split_at_tar(self._place)
        return found[0] if found else self._place

    def _full(self, path: str) -> tuple[str, str]:
        """Return the tar file of a path and the name within.

        Raises:
            PictureError: `unreadable`: it lies in none.
        """
        found = split_at_tar(f"{self._place}/{path}")
        # A path may come from the catalog of a stranger.
        if found is None or ".." in path.split("/"):
            raise PictureError("unreadable", f"{self.location(path)} is in no tar file")
        return found

    def _index(self, place: str) -> TarIndex | None:
        version = shard_at(place).version()
        if version is None:
            return None
        _known[place] = version
        return index_of(place, version)

    def _shards(self) -> Iterator[str]:
        """Yield the paths of the tar files below the place; "" where it is, or lies in, one."""
        if split_at_tar(self._place):
            yield ""
        else:
            yield from shards_below(self._place)

    def _keys(self, found: Listing, strict: bool = False) -> Iterator[Listed]:
        for shard in self._shards():
            if found.rules.follow(shard).is_closed:
                # Its names are not needed: that it is left out is counted by one of them.
                yield Listed(f"{shard}/_.jpg", 0, 0)
                continue
            try:
                yield from self._members(shard, found)
            except PictureError:
                if strict:
                    raise
                found.unreadable.append(shard or ".")

    def _members(self, shard: str, found: Listing) -> Iterator[Listed]:
        place, inner = self._full(shard)
        index = self._index(place)
        if index is None:
            raise PictureError("unreadable", f"there is no {place}")
        found.links += index.links
        found.others += index.others
        prefix = f"{inner.rstrip('/')}/" if inner.strip("/") else ""
        outer = f"{shard}/" if shard else ""
        for name, member in index.members.items():
            if name.startswith(prefix):
                yield _listed(outer + name.removeprefix(prefix), index.version, member)


def _listed(path: str, version: Version, member: Member) -> Listed:
    mtime_ns = min(max(member.mtime_s * 10**9, LEAST_NS), MOST_NS)
    weak = f"{WEAK}{version.weak}" if version.weak else ""
    token = f"{version.token}.{member.offset:x}{weak}"
    return Listed(path, member.size, mtime_ns, token)


def _read(shard: Shard, index: TarIndex, name: str, head: int | None) -> bytes:
    member = index.members.get(name)
    if member is None:
        raise PictureError("unreadable", f"there is no {name} in {shard.place}")
    length = member.size if head is None else min(head, member.size)
    if length > MAX_MEMORY:
        raise PictureError("too-large", f"it has {member.size:,} bytes")
    if not length:
        raise PictureError("empty", "0 bytes")
    return shard.read(member.offset, length, index.version)
