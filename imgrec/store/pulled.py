"""`pulled.json`: which store in object storage a local one mirrors, and what it lacks of it.

    from      its address, which never holds a secret
    states    {number of a manifest: its digest}: the states of which files are here; one, but where
              a pull was interrupted
    lacks     `NOTHING`, `VECTORS`, or `CONTENTS` where parts have only their ids
    files     {path: [digest, bytes, modified in ns]} of loose files, to tell those that changed

It belongs to this copy and is mirrored nowhere. A store may come from somebody else, and must not
make a query send requests to an address of theirs: so the address is kept in the user's cache
folder too, and vectors are read from it only if both say the same.
"""

import hashlib
import json
import os
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path

from imgrec.errors import StoreError, cause_of
from imgrec.store.elsewhere import Elsewhere
from imgrec.store.paths import StorePaths
from imgrec.system.advice import quoted
from imgrec.system.atomic_files import write_text
from imgrec.system.json_files import a_text, one_of, read_json
from imgrec.system.regular_files import read_regular

FORMAT = 1
# From the least to the most.
LACKS = NOTHING, VECTORS, CONTENTS = "nothing", "vectors", "contents"
_MOST_BYTES = 1 << 26
_MOST_RECORD_BYTES = 1 << 13
_SHAPE = {
    "format": lambda value: value == FORMAT,
    "from": a_text(2000),
    "states": {str: str},
    "lacks": one_of(*LACKS),
    "files": {str: lambda value: type(value) is list and list(map(type, value)) == [str, int, int]},
}
# Digest, bytes, and time of modification in nanoseconds.
Stamp = tuple[str, int, int]


@dataclass(frozen=True)
class Pulled:
    """What `pulled.json` says; see the module."""

    url: str
    states: dict[int, str]
    lacks: str = NOTHING
    files: dict[str, Stamp] = field(default_factory=dict)


def read_pulled(store: Path) -> Pulled | None:
    """Return what a store was pulled from or pushed to; None for one that never was.

    Raises:
        StoreError: the file is damaged.
    """
    path = StorePaths(store).pulled
    try:
        found = read_json(path, _SHAPE, most_bytes=_MOST_BYTES)
        states = {int(number): digest for number, digest in found["states"].items()}
    except (FileNotFoundError, NotADirectoryError):
        return None
    except (OSError, ValueError) as error:
        raise StoreError(
            f"{path} is damaged ({cause_of(error)}): delete it, and run imgrec pull --force again"
        ) from error
    files = {name: (one[0], one[1], one[2]) for name, one in found["files"].items()}
    return Pulled(found["from"], states, found["lacks"], files)


def write_pulled(store: Path, pulled: Pulled) -> None:
    """Write `pulled.json`, atomically."""
    made = {
        "format": FORMAT,
        "from": pulled.url,
        "states": pulled.states,
        "lacks": pulled.lacks,
        "files": pulled.files,
    }
    write_text(StorePaths(store).pulled, json.dumps(made) + "\n")
    # Without it only the vectors that are not here cannot be read.
    with suppress(OSError):
        record = _record(store)
        record.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        write_text(record, pulled.url)


def _record(store: Path) -> Path:
    """Return the file in the user's cache folder that says where a store was pulled from."""
    # Imported here: few runs need it.
    import platformdirs

    name = hashlib.sha256(os.fsencode(store.resolve())).hexdigest()
    return platformdirs.user_cache_path("imgrec") / "pulled" / name


def elsewhere_of(store: Path) -> Elsewhere | None:
    """Return where the vectors are that a store was pulled without; None if it lacks none.

    Raises:
        StoreError: `pulled.json` is damaged.
    """
    pulled = read_pulled(store)
    if pulled is None or pulled.lacks == NOTHING:
        return None
    if _remembered(store) != pulled.url:
        raise StoreError(
            f"{store} says that its vectors lie at {pulled.url}, from where this user has not "
            f"pulled it: run imgrec pull {pulled.url} {quoted(store)}, with --no-vectors or without"
        )
    return Elsewhere(pulled.url, store)


def _remembered(store: Path) -> str | None:
    try:
        return read_regular(_record(store), _MOST_RECORD_BYTES).decode()
    except (OSError, ValueError):
        return None


def check_whole(store: Path, what: str) -> None:
    """Check that a store lacks nothing of what it was pulled from.

    Args:
        store: its folder.
        what: needs all of it, the beginning of the message.

    Raises:
        StoreError: it was pulled without vectors, or with the ids of its parts alone.
    """
    pulled = read_pulled(store)
    if pulled is not None and pulled.lacks != NOTHING:
        raise StoreError(
            f"{what} needs the {pulled.lacks} that {store} was pulled without: "
            f"run imgrec pull {pulled.url} {quoted(store)}"
        )
