"""The manifest of a store in object storage, and the sheets it names: their form as JSON.

    manifests/0000000017.json     a state of the store: the sheets, by content
    blobs/<xx>/<digest>           a sheet {path: [digest, bytes]}, or the content of a file

A manifest is small and names sheets, and a commit writes again only those that changed. Manifests
are a chain: each has the number after the one before, whose digest it holds, and is written by
`create` only. So of two that commit at once one is told that it lost, without an exchange of
versions (etags), which not every storage offers. Invariant: what is decoded here has the types,
ranges and paths that its readers rely on.
"""

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import NamedTuple

from imgrec.errors import StoreError
from imgrec.remote.places import OTHERS, is_mirrored, sheet_of
from imgrec.store.parts import content_digest
from imgrec.system.json_files import a_number, a_text, decoded, one_of, problem
from imgrec.version import __version__

FORMAT = 1
MANIFESTS = "manifests/"
# The number of the state that a new store begins with.
EMPTY = 1
ANY, ONE = "any", "one"
MOST_BYTES = 1 << 26
MOST_FILE_BYTES = 1 << 45
_MOST_NUMBER = 10**10 - 1
_MOST_SHEETS = 1 << 20


class Entry(NamedTuple):
    """A file of the store.

    Attributes:
        digest: of its content, BLAKE2b with 128 bits, as hex.
        size: in bytes.
    """

    digest: str
    size: int


@dataclass(frozen=True)
class Manifest:
    """A state of the store.

    Attributes:
        number: of the manifest, from 1.
        previous: digest of the manifest before; "" for the first one.
        sheets: {name: entry}, see `imgrec.remote.places`.
        committers: `ANY`; or `ONE` where the storage cannot refuse to overwrite.
        cost: what it took to make the store so far, by name (`imgrec.cluster.cost`).
        written_by: the version of imgrec that wrote it.
    """

    number: int
    previous: str = ""
    sheets: Mapping[str, Entry] = field(default_factory=dict)
    committers: str = ANY
    cost: Mapping[str, float] = field(default_factory=dict)
    written_by: str = f"imgrec {__version__}"

    @property
    def key(self) -> str:
        """The key of its object."""
        return manifest_key(self.number)

    def encoded(self) -> bytes:
        """Return its JSON; equal manifests give equal bytes."""
        return _json({"format": FORMAT, **self.__dict__})

    def digest(self) -> str:
        """Return the digest of its JSON."""
        return content_digest(self.encoded())


def _is_digest(value: object) -> bool:
    return type(value) is str and len(value) == 32 and set(value) <= set("0123456789abcdef")


def is_entry(value: object) -> bool:
    """Return True if a value of JSON is an entry: a list of a digest and a size."""
    return (
        type(value) is list
        and len(value) == 2
        and _is_digest(value[0])
        and type(value[1]) is int
        and 0 <= value[1] <= MOST_FILE_BYTES
    )


_VERSIONED = {"format": int, "written_by": a_text(200)}
_SHAPE = {
    **_VERSIONED,
    "number": a_number(1, _MOST_NUMBER),
    "previous": lambda value: value == "" or _is_digest(value),
    "sheets": {str: is_entry},
    "committers": one_of(ANY, ONE),
    "cost": {str: float},
}


def manifest_key(number: int) -> str:
    """Return the key of the manifest of a number."""
    return f"{MANIFESTS}{number:010d}.json"


def number_in(key: str) -> int | None:
    """Return the number of a manifest from its key; None for another key."""
    digits = key.removeprefix(MANIFESTS).removesuffix(".json")
    plain = digits.isascii() and digits.isdigit() and len(digits) == 10
    return int(digits) if plain and key == manifest_key(int(digits)) and int(digits) else None


def decode_manifest(data: bytes, where: str) -> Manifest:
    """Return the manifest of a JSON text.

    Args:
        data: the text.
        where: its address, for messages.

    Raises:
        StoreError: it is none, or of another format version.
    """
    try:
        found = decoded(data)
        wrong = problem(found, _VERSIONED)
        if not wrong and found["format"] != FORMAT:
            raise StoreError(
                f"{where} has format {found['format']}, this imgrec {__version__} knows {FORMAT}: "
                f"use the version that made it ({found['written_by']})"
            )
        if wrong := wrong or problem(found, _SHAPE):
            raise ValueError(wrong)
        if unknown := set(found) - set(_SHAPE):
            raise ValueError(f"it has {min(unknown)[:40]!r}")
        if len(found["sheets"]) > _MOST_SHEETS:
            raise ValueError(f"it names {len(found['sheets']):,} sheets")
    except ValueError as error:
        raise StoreError(
            f"{where} is no manifest of a store ({error}): it is not used; push the store again "
            "to another address"
        ) from error
    sheets = {name: Entry(*entry) for name, entry in found["sheets"].items()}
    del found["format"]
    manifest = Manifest(**{**found, "sheets": sheets})
    if manifest.encoded() != data:
        raise StoreError(f"{where} is not as imgrec writes it: it is not used")
    return manifest


def encode_sheet(entries: Mapping[str, Entry]) -> bytes:
    """Return the JSON of a sheet; equal sheets give equal bytes."""
    return _json({path: list(entry) for path, entry in entries.items()})


def decode_sheet(data: bytes, name: str, where: str) -> dict[str, Entry]:
    """Return the entries of a sheet.

    Args:
        data: its JSON.
        name: of the sheet.
        where: its address, for messages.

    Raises:
        StoreError: it is no sheet, or names a file that is none of a store or of this sheet.
    """
    try:
        found = decoded(data)
        if wrong := problem(found, {str: is_entry}):
            raise ValueError(wrong)
        for path in found:
            if not is_mirrored(path) or sheet_of(path) != name:
                raise ValueError(f"{path[:80]!r} is no file of {_told(name)}")
    except ValueError as error:
        raise StoreError(
            f"{where} is no list of files of a store ({error}): nothing of it is used"
        ) from error
    return {path: Entry(*entry) for path, entry in found.items()}


def _told(name: str) -> str:
    return "a store" if name == OTHERS else f"the sheet {name[:80]!r}"


def _json(value: object) -> bytes:
    return (json.dumps(value, sort_keys=True, separators=(",", ":")) + "\n").encode()
