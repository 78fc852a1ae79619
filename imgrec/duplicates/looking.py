"""Look at the files of groups when they are decided on: are they there, and which are one file.

The catalog is as old as the last scan. A file that was deleted since then is nothing to keep, so
nothing may go for its sake.
"""

from collections.abc import Hashable, Iterable, Mapping
from dataclasses import dataclass, field

from imgrec.collection import Entry
from imgrec.errors import PictureError
from imgrec.pictures.decoding import digest
from imgrec.sources.opening import source_of
from imgrec.sources.source import WEAK


@dataclass(frozen=True)
class Looked:
    """What files were found to be.

    Attributes:
        absent: ids of the files that are not there, or not as the catalog knows them.
        identities: by id, what all names of a file have in common; a file without one is its own.
    """

    absent: frozenset[int] = frozenset()
    identities: Mapping[int, Hashable] = field(default_factory=dict)


def look(entries: Iterable[Entry]) -> Looked:
    """Look at files."""
    absent, identities = set(), {}
    for entry in entries:
        identity = source_of(entry.root).file_identity(entry.path)
        if not _is_there(entry):
            absent.add(entry.id)
        elif identity is not None:
            identities[entry.id] = identity
    return Looked(frozenset(absent), identities)


def look_at_tokens(entries: Iterable[Entry]) -> Looked:
    """Return what the catalog says of files: those of one inode and ctime are one file."""
    identities = {
        entry.id: entry.token
        for entry in entries
        # No system gives an inode 0: it is unknown.
        if WEAK in entry.token and not entry.token.endswith(".0")
    }
    return Looked(identities=identities)


def _is_there(entry: Entry) -> bool:
    try:
        now = source_of(entry.root).find(entry.path)
    except PictureError:
        return False
    if now is None or (now.size, now.mtime_ns) != (entry.size, entry.mtime_ns):
        return False
    # Another name for a file changes its token, and so does an editor that sets the time back.
    return entry.token in ("", now.token) or _has_content(entry)


def _has_content(entry: Entry) -> bool:
    try:
        return digest(source_of(entry.root).read(entry.path)) == entry.digest
    except PictureError:
        return False
