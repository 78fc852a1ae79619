"""The graph files that this user wrote: usearch trusts what it maps, so no other file is opened.

A graph is a file of nodes and lists of neighbors. usearch follows them without checking bounds,
so a crafted file may read or write anywhere in memory, and a checksum beside it in the store proves
nothing. So the user's cache folder remembers each graph that was written by this user:

    <cache folder of imgrec>/graphs/<SHA-256 of the file>      device, inode, size and times

A file is known if its device, inode, size and times are the remembered ones. One of another place
or time (a copied store) is hashed, and is known if its bytes are. Nothing of a graph is kept here,
and an empty cache folder costs only that graphs are made again.
"""

import hashlib
from contextlib import suppress
from pathlib import Path

from imgrec.store.kept import checksum_of
from imgrec.system.atomic_files import write_text
from imgrec.system.regular_files import open_regular, read_regular

# The least recently written are forgotten.
_MOST_KNOWN = 256
_MOST_BYTES = 1000


def remember(file: Path) -> None:
    """Remember a graph that was just written; do nothing where the cache cannot be written.

    Call it before the file gets its place in a store, so that no reader meets one unknown.
    """
    with suppress(OSError, ValueError):
        _write(_digest(file), _state(file))


def is_known(file: Path) -> bool:
    """Return True if this user wrote a graph, or one of the same bytes.

    Args:
        file: in its kept folder, whose sidecar has its checksum.
    """
    checksum = checksum_of(file)
    if checksum is None:
        return False
    try:
        remembered = read_regular(_folder() / checksum, _MOST_BYTES).decode()
        if remembered == _state(file):
            return True
        if _digest(file) != checksum:
            return False
    except (OSError, ValueError):
        return False
    with suppress(OSError):
        _write(checksum, _state(file))
    return True


def _digest(file: Path) -> str:
    with open_regular(file) as opened:
        return hashlib.file_digest(opened, "sha256").hexdigest()


def _state(file: Path) -> str:
    found = file.lstat()
    # The time of the last change of the inode cannot be set, as that of its content can.
    times = found.st_mtime_ns, found.st_ctime_ns
    return " ".join(map(str, (found.st_dev, found.st_ino, found.st_size, *times)))


def _write(checksum: str, state: str) -> None:
    folder = _folder()
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    write_text(folder / checksum, state)
    known = sorted(folder.iterdir(), key=lambda path: path.stat().st_mtime_ns)
    for forgotten in known[:-_MOST_KNOWN]:
        forgotten.unlink(missing_ok=True)


def _folder() -> Path:
    # Imported here: few stores have a graph.
    import platformdirs

    return platformdirs.user_cache_path("imgrec") / "graphs"
