"""The members of a tar file by its header blocks alone; the content between them is not read.

A tar file is a sequence of 512-byte headers, each followed by the content of its member in whole
blocks. Long names precede their member as a block of their own: GNU types `L` and `K`, or a pax
header `x` of `length key=value` lines. A tar file may come from a stranger: all numbers are checked
against the size of the file, offsets only grow, and what is read into memory is bound.

Source: IEEE Std 1003.1-2017, pax, "ustar Interchange Format"; GNU tar manual, "Basic Tar Format".
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import NamedTuple

BLOCK = 512
# Bytes of a name or a pax header, and members of a file.
_MOST_EXTENDED, MOST_MEMBERS = 1 << 20, 10_000_000
_REGULAR, _LINKS, _FOLDER = b"0\0007", b"12", b"5"
_LONG_NAME, _LONG_LINK, _PAX, _PAX_GLOBAL, _SPARSE = b"L", b"K", b"xX", b"g", b"S"

ReadAt = Callable[[int, int], bytes]


class TarError(Exception):
    """A tar file is damaged, cut off, or claims what cannot be."""


class Member(NamedTuple):
    """A regular file in a tar file.

    Attributes:
        name: with forward slashes, as it stands there.
        offset: of its first byte in the tar file.
        size: in bytes.
        mtime_s: time of the last modification, in seconds since 1970.
    """

    name: str
    offset: int
    size: int
    mtime_s: int


@dataclass
class Passed:
    """What is no regular file.

    Attributes:
        links: number of hard and symbolic links.
        others: number of devices, pipes and sparse files.
    """

    links: int = 0
    others: int = 0


@dataclass
class _Said:
    """What the headers before a member say about it."""

    name: str | None = None
    size: int | None = None
    mtime_s: int | None = None
    sparse: bool = False


@dataclass
class _Walk:
    size: int
    read: ReadAt
    offset: int = 0
    said: _Said = field(default_factory=_Said)


def members(size: int, read: ReadAt, passed: Passed) -> Iterator[Member]:
    """Yield the regular files of a tar file, in its order; names are not judged.

    Args:
        size: of the tar file in bytes.
        read: returns so many bytes from an offset.
        passed: updated with what is no regular file.

    Raises:
        TarError: the file is damaged, cut off, or claims what cannot be.
    """
    walk = _Walk(size, read)
    for _ in range(MOST_MEMBERS):
        # The two empty blocks at the end are left out by some programs.
        if walk.offset == size and walk.said == _Said():
            return
        header = _bytes(walk, walk.offset, BLOCK)
        if not any(header):
            return
        _check_sum(header, walk.offset)
        found = _member(walk, header, passed)
        if found:
            yield found
    raise TarError(f"it has more than {MOST_MEMBERS:,} members")


def _member(walk: _Walk, header: bytes, passed: Passed) -> Member | None:
    """Return the member of a header, None if it is no regular file; step behind it."""
    kind, start = header[156:157], walk.offset + BLOCK
    size = _number(header[124:136], walk.offset)
    if kind in (_LONG_NAME, _LONG_LINK, _PAX_GLOBAL) or kind in _PAX:
        _extend(walk, kind, start, size)
        return None
    said, walk.said = walk.said, _Said()
    size = size if said.size is None else said.size
    if kind == _SPARSE:
        start = _behind_map(walk, header, start)
    # Links, devices, folders and pipes have none, whatever their size says.
    if kind not in b"123456":
        _step(walk, start, size)
    else:
        walk.offset = start
    name = _name(header) if said.name is None else said.name
    if kind not in _REGULAR or said.sparse:
        passed.links += kind in _LINKS
        passed.others += kind not in _LINKS + _FOLDER
        return None
    # Before ustar a folder was a file whose name ends in a slash.
    if name.endswith("/"):
        return None
    mtime_s = _number(header[136:148], walk.offset) if said.mtime_s is None else said.mtime_s
    return Member(name, start, size, mtime_s)


def _behind_map(walk: _Walk, header: bytes, start: int) -> int:
    """Return the offset of the content of a sparse file, behind the blocks that go on its map."""
    goes_on = header[482]
    while goes_on:
        goes_on = _bytes(walk, start, BLOCK)[504]
        start += BLOCK
    return start


def _extend(walk: _Walk, kind: bytes, start: int, size: int) -> None:
    """Take what a header says about the next member."""
    if not 0 <= size <= _MOST_EXTENDED:
        raise TarError(f"the header at byte {walk.offset:,} claims {size:,} bytes")
    data = _bytes(walk, start, size)
    _step(walk, start, size)
    if kind == _LONG_NAME:
        walk.said.name = _text(data.partition(b"\0")[0])
    elif kind in _PAX:
        _take_pax(walk.said, data, start)


def _take_pax(said: _Said, data: bytes, start: int) -> None:
    while data.strip(b"\0"):
        length, space, _ = data.partition(b" ")
        end = int(length) if space and length.isdigit() and len(length) < 8 else 0
        key, equals, value = data[len(length) + 1 : max(end - 1, 0)].partition(b"=")
        if not equals or end > len(data):
            raise TarError(f"the pax header at byte {start:,} is damaged")
        _take_pax_value(said, key, value, start)
        data = data[end:]


def _take_pax_value(said: _Said, key: bytes, value: bytes, start: int) -> None:
    if key == b"path":
        said.name = _text(value)
    elif key.startswith(b"GNU.sparse."):
        said.sparse = True
    elif key == b"size":
        if not value.isdigit() or len(value) > 19:
            raise TarError(f"the pax header at byte {start:,} has no number as size")
        said.size = int(value)
    elif key == b"mtime":
        said.mtime_s = _seconds(value, start)


def _seconds(value: bytes, start: int) -> int:
    """Return a time of a pax header, which may have a fraction, in whole seconds."""
    try:
        return int(float(value))
    except (ValueError, OverflowError) as error:
        raise TarError(f"the pax header at byte {start:,} has no number as mtime") from error


def _step(walk: _Walk, start: int, size: int) -> None:
    """Step behind some content, which must lie within the file."""
    if size < 0 or start + size > walk.size:
        raise TarError(f"it ends at byte {walk.size:,}, within the member at {walk.offset:,}")
    # The last member may lack its padding.
    walk.offset = min(start + -(-size // BLOCK) * BLOCK, walk.size)


def _bytes(walk: _Walk, start: int, length: int) -> bytes:
    data = walk.read(start, length) if start + length <= walk.size else b""
    if len(data) != length:
        raise TarError(f"it ends at byte {walk.size:,}, within a header")
    return data


def _check_sum(header: bytes, offset: int) -> None:
    field_ = header[148:156]
    digits = field_.strip(b" \0")
    blank = header[:148] + b" " * 8 + header[156:]
    # Some old programs added signed bytes.
    sums = {sum(blank), sum(blank) - 256 * sum(byte > 127 for byte in blank)}
    if not digits or digits.strip(b"01234567") or int(digits, 8) not in sums:
        raise TarError(f"there is no header at byte {offset:,}")


def _number(digits: bytes, offset: int) -> int:
    """Return an octal number, or one of GNU in base 256."""
    if digits[0] in (0x80, 0xFF):
        return int.from_bytes(digits[1:], "big") - (1 << 88 if digits[0] == 0xFF else 0)
    text = digits.partition(b"\0")[0].strip(b" ")
    if text.strip(b"01234567"):
        raise TarError(f"the header at byte {offset:,} has no number where one belongs")
    return int(text or b"0", 8)


def _name(header: bytes) -> str:
    name = header[:100].partition(b"\0")[0]
    # In the format of GNU other fields stand in the place of the prefix.
    prefix = header[345:500].partition(b"\0")[0] if header[257:263] == b"ustar\0" else b""
    return _text(prefix + b"/" + name if prefix else name)


def _text(name: bytes) -> str:
    return name.decode("utf-8", "surrogateescape")
