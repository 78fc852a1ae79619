"""A bucket as a picture source: the objects below `s3://BUCKET/PREFIX`, `gs://…` or `az://…`.

A listing gives size, time and etag of each object, so a rescan reads only what has another etag.
Requests are tried again by `imgrec.objects`; what is left is an offline source while the service
cannot be reached, and an unreadable picture otherwise. After one request that was tried in vain
the next ones are tried once, so that a service that is gone does not hold up a run for minutes.
"""

import time
from collections.abc import Hashable, Iterator
from dataclasses import dataclass
from functools import partial

from imgrec.errors import ImgrecError, PictureError
from imgrec.objects.errors import LargeObjectError, ObjectError, PassingObjectError
from imgrec.objects.info import ObjectInfo
from imgrec.objects.objects import Objects
from imgrec.objects.opening import shared_objects
from imgrec.objects.retries import TRIES
from imgrec.pictures.formats import SUFFIXES
from imgrec.pictures.limits import MAX_MEMORY
from imgrec.sources.described import DescribedSource
from imgrec.sources.file_kinds import PICTURE_SUFFIXES, suffix_of
from imgrec.sources.key_walk import key_walk
from imgrec.sources.links import RealPlaces
from imgrec.sources.passed_over import skipped_lines, unnamed_lines
from imgrec.sources.rules import Rules
from imgrec.sources.source import WEAK, Listed, Listing

# Time in seconds for which a service that did not answer is tried once.
_GONE_S = 60.0
_gone: dict[str, float] = {}


@dataclass(frozen=True)
class BucketSource(DescribedSource):
    """The objects below a prefix; implements `imgrec.sources.source.PictureSource`.

    Attributes:
        description: its address, without a slash at its end.
    """

    @property
    def is_remote(self) -> bool:
        """True: each read is a request."""
        return True

    def identity(self) -> Hashable | None:
        """Return the address; None where nothing is there or the service cannot be reached."""
        return None if self.why_offline() else self.description

    def why_offline(self) -> str | None:
        """Return why the prefix cannot be listed now; None where it can and is not empty."""
        try:
            first = next(self._objects().list(tries=self._tries()), None)
        except PassingObjectError as error:
            _gone[self.description] = time.monotonic()
            return str(error)
        except ImgrecError as error:
            return str(error)
        return None if first else f"{self.description} holds nothing"

    def check(self, links: RealPlaces | None = None, rules: Rules | None = None) -> None:
        """List the prefix up to its first picture, one that the rules take.

        Raises:
            ImgrecError: it is absent, refused or holds no picture.
        """
        found = Listing(rules or Rules())
        if next(self._walked(found), None) is not None:
            return
        if not found.seen:
            raise ImgrecError(f"{self.description} holds nothing: name a bucket and a prefix of it")
        told = [*skipped_lines([found]), *unnamed_lines(found, self.description)]
        if found.named["TAR"]:
            told.append(f"pictures in the .tar files there: name tar+{self.description}")
        skipped = "".join(f"; {line}" for line in told)
        raise ImgrecError(
            f"no pictures in {self.description}: pictures are known by their suffix "
            f"({' '.join(sorted(SUFFIXES))}, and those of RAW files), objects of other kinds "
            f"there: {found.others}{skipped}"
        )

    def pictures(self, found: Listing, links: RealPlaces | None = None) -> Iterator[Listed]:
        """Yield the pictures below the prefix, each once, folders before what follows them.

        Args:
            found: its rules say what is taken; updated with what is listed and skipped. "." is
                unreadable where the service went away in the middle.
            links: ignored: a bucket has none.

        Raises:
            ObjectError: it cannot be listed for another reason.
        """
        try:
            yield from self._walked(found)
        except PassingObjectError:
            found.unreadable.append(".")

    def find(self, path: str) -> Listed | None:
        """Return the version of an object; None where there is none.

        Raises:
            PictureError: `unreadable`: it cannot be known.
        """
        try:
            info = self._objects().head(path)
        except ImgrecError as error:
            raise PictureError("unreadable", str(error)) from error
        return _listed(info) if info else None

    def read(self, path: str, head: int | None = None) -> bytes:
        """Return the bytes of an object, or the first `head` of them.

        Raises:
            PictureError: `unreadable`, `empty` or `too-large` (above `MAX_MEMORY`).
        """
        return self._bytes(path, head, "")

    def read_version(self, path: str, token: str) -> bytes:
        """Return the bytes of an object, asked for by the etag that was listed.

        Raises:
            PictureError: as `read`; `unreadable`: it was overwritten meanwhile.
        """
        return self._bytes(path, None, token)

    def _bytes(self, path: str, head: int | None, version: str) -> bytes:
        try:
            data = self._read(path, head, version)
        except LargeObjectError as error:
            raise PictureError("too-large", str(error)) from error
        except ImgrecError as error:
            raise PictureError("unreadable", str(error)) from error
        if not data:
            raise PictureError("empty", "0 bytes")
        return data

    def _read(self, path: str, head: int | None, version: str) -> bytes:
        objects, tries = self._objects(), self._tries()
        most = MAX_MEMORY if head is None else None
        try:
            data = objects.get(path, _etag(version), head=head, most_bytes=most, tries=tries)[0]
        except PassingObjectError:
            _gone[self.description] = time.monotonic()
            raise
        except ObjectError:
            # No range of an empty object can be asked for.
            found = objects.head(path) if head is not None else None
            if found is None or found.size:
                raise
            data = b""
        _gone.pop(self.description, None)
        return data

    def _tries(self) -> int:
        gone = _gone.get(self.description)
        return 1 if gone is not None and time.monotonic() - gone < _GONE_S else TRIES

    def _walked(self, found: Listing) -> Iterator[Listed]:
        objects = self._objects()
        # The marker of a folder is an empty object whose key ends in a slash, which is not given.
        there = (
            info
            for info in objects.list(unnamed=partial(_pass_over, found))
            if info.size
            or suffix_of(info.key) not in PICTURE_SUFFIXES
            or objects.head(info.key) is not None
        )
        return key_walk(map(_listed, there), found)

    def _objects(self) -> Objects:
        return shared_objects(self.description)


def _pass_over(found: Listing, key: str) -> None:
    """Count an object whose key cannot be asked for."""
    parts = [part for part in key.split("/") if part not in ("", ".", "..")]
    if suffix_of(parts[-1] if parts else "") not in PICTURE_SUFFIXES:
        found.others += 1
    elif reason := found.rules.reason_of("/".join(parts)):
        found.skipped_files[reason] += 1
    else:
        found.unnamed += 1
        found.first_unnamed = found.first_unnamed or key


def _etag(version: str) -> str | None:
    # A weak validator is none to ask by.
    return f'"{version}"' if version and not version.startswith("W/") else None


def _listed(info: ObjectInfo) -> Listed:
    # An etag is a strong validator: the whole of it counts.
    token = info.etag.strip('"').replace(WEAK, "-")
    return Listed(info.key, info.size, info.mtime_ns, token)
