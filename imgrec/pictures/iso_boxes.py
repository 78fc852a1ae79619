"""The boxes of ISO base media files, of which HEIC, AVIF, CR3 and JPEG 2000 consist.

A box is a size, a type of four letters, and a body, which may hold boxes. Sizes come from the file,
so a box that extends beyond its parent ends the search, and the number of boxes is bounded.

Sources: ISO/IEC 14496-12, 4.2 (boxes), 8.11.3 (iloc), 8.11.6 (iinf); ISO/IEC 23008-12, A.2 (Exif
items); lclevy/canon_cr3 of CR3.
"""

from collections.abc import Iterator
from typing import NamedTuple

_MOST_BOXES, _MOST_ITEMS, _MOST_EXTENTS = 4096, 4096, 64
# Bytes of a full box before its body: version and flags.
_FULL = 4
# Bytes of an item entry with the shortest number and no name.
_LEAST_ENTRY = 12


class Box(NamedTuple):
    """A box: its type, and where its body begins and ends in the file."""

    kind: bytes
    start: int
    end: int


class Item(NamedTuple):
    """An item of a picture file that is no picture: its type, and for `mime` the content type."""

    kind: bytes
    content: bytes
    data: bytes


def boxes(data: bytes, start: int = 0, end: int | None = None) -> Iterator[Box]:
    """Yield the boxes between two offsets, as far as they are whole."""
    stop = len(data) if end is None else min(end, len(data))
    for _ in range(_MOST_BOXES):
        if start + 8 > stop:
            return
        size, body = int.from_bytes(data[start : start + 4], "big"), start + 8
        if size == 1:
            size, body = int.from_bytes(data[start + 8 : start + 16], "big"), start + 16
        # The last box of a file may have no size.
        following = stop if size == 0 else start + size
        if following > stop or following < body:
            return
        yield Box(data[start + 4 : start + 8], body, following)
        start = following


def inner(data: bytes, *path: bytes) -> Box | None:
    """Return the first box at a path of types, such as `meta`, `iinf`; None without one."""
    start, end = 0, len(data)
    found = None
    for kind in path:
        found = next((box for box in boxes(data, start, end) if box.kind == kind), None)
        if found is None:
            return None
        start, end = found.start + (_FULL if kind == b"meta" else 0), found.end
    return found


def items(data: bytes, kinds: frozenset[bytes], most_bytes: int) -> Iterator[Item]:
    """Yield the items of some types of a HEIC or AVIF.

    Args:
        data: the file.
        kinds: the types wanted.
        most_bytes: bytes above which an item is left out.
    """
    wanted = dict(_listed(data, kinds))
    if not wanted:
        return
    for number, extents in _places(data):
        if number in wanted and sum(size for _, size in extents) <= most_bytes:
            kind, content = wanted[number]
            yield Item(kind, content, b"".join(data[at : at + size] for at, size in extents))


def _listed(data: bytes, kinds: frozenset[bytes]) -> Iterator[tuple[int, tuple[bytes, bytes]]]:
    """Yield (number, (type, content type)) of the items of some types."""
    found = inner(data, b"meta", b"iinf")
    if found is None:
        return
    wide = data[found.start : found.start + 1] != b"\0"
    for box in boxes(data, found.start + _FULL + (4 if wide else 2), found.end):
        if box.kind != b"infe" or box.end - box.start < _LEAST_ENTRY:
            continue
        version = data[box.start]
        if version not in (2, 3):
            continue
        place = box.start + _FULL + (2 if version == 2 else 4)
        number = int.from_bytes(data[box.start + _FULL : place], "big")
        kind = data[place + 2 : place + 6]
        if kind in kinds:
            content = data[place + 6 : box.end].split(b"\0")
            yield number, (kind, content[1] if len(content) > 1 else b"")


def _places(data: bytes) -> Iterator[tuple[int, list[tuple[int, int]]]]:
    """Yield (number, [(offset, bytes)]) of the items that lie in the file or in `idat`."""
    found = inner(data, b"meta", b"iloc")
    if found is None or found.end - found.start < 8:
        return
    version = data[found.start]
    sizes = data[found.start + _FULL], data[found.start + _FULL + 1]
    offset_size, length_size = sizes[0] >> 4, sizes[0] & 15
    base_size, index_size = sizes[1] >> 4, sizes[1] & 15 if version in (1, 2) else 0
    read = _Reader(data, found.start + _FULL + 2, found.end)
    number_size = 4 if version == 2 else 2
    idat = inner(data, b"meta", b"idat")
    for _ in range(min(read.number(number_size), _MOST_ITEMS)):
        number = read.number(number_size)
        method = read.number(2) & 15 if version in (1, 2) else 0
        read.number(2)
        base = read.number(base_size)
        extents = []
        count = read.number(2)
        if read.is_at_end or count > _MOST_EXTENTS:
            return
        for _ in range(count):
            read.number(index_size)
            at = base + read.number(offset_size)
            extents.append((at, read.number(length_size)))
        if method == 1 and idat is not None:
            extents = [(idat.start + at, size) for at, size in extents]
        if method == 0 or (method == 1 and idat is not None):
            yield number, extents


class _Reader:
    """Reads big-endian numbers one after the other; zeros beyond the end."""

    def __init__(self, data: bytes, start: int, end: int) -> None:
        self._data, self._place, self._end = data, start, end

    @property
    def is_at_end(self) -> bool:
        return self._place >= self._end

    def number(self, size: int) -> int:
        stop = min(self._place + size, self._end)
        found = int.from_bytes(self._data[self._place : stop], "big")
        self._place += size
        return found
