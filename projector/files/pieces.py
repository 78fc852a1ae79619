"""A file of a run with a content key, so that unchanged files need not be written again.

The key is a digest of the inputs, not of the output: whether a file is up to date is known before
it is generated, like in a build system.
"""

import hashlib
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True)
class Piece:
    """A file of a run; it is written unless the existing logdir has one with the same key.

    Attributes:
        name: of the file.
        key: digest of everything that determines its content.
        write: writes it to a path.
        slow: True if writing takes seconds, so that it should run in a thread.
    """

    name: str
    key: str
    write: Callable[[Path], object]
    slow: bool = False


def piece_of(name: str, content: str | bytes) -> Piece:
    """Return the piece of a file with known content; text is written as UTF-8."""
    data = content if isinstance(content, bytes) else content.encode("utf-8")
    return Piece(name, digest(data), lambda path: path.write_bytes(data))


def digest(*parts: bytes) -> str:
    """Return a digest of a sequence of byte strings; lengths are hashed, so that splits matter."""
    found = hashlib.sha256()
    for part in parts:
        found.update(len(part).to_bytes(8, "little"))
        found.update(part)
    return found.hexdigest()[:32]
