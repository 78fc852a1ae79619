"""A file of a run, and what it is made from."""

import hashlib
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True)
class Piece:
    """A file that is written only where the old logdir has none made from the same.

    Attributes:
        name: of the file.
        key: a digest of all it is made from.
        write: writes it at a path.
        slow: it takes seconds, and may be written in a thread of its own.
    """

    name: str
    key: str
    write: Callable[[Path], object]
    slow: bool = False


def piece_of(name: str, content: str | bytes) -> Piece:
    """Return the piece of a file whose content is at hand; a text is written as UTF-8."""
    data = content if isinstance(content, bytes) else content.encode("utf-8")
    return Piece(name, digest(data), lambda path: path.write_bytes(data))


def digest(*parts: bytes) -> str:
    """Return a digest of some parts, another one where they are divided otherwise."""
    found = hashlib.sha256()
    for part in parts:
        found.update(len(part).to_bytes(8, "little"))
        found.update(part)
    return found.hexdigest()[:32]
