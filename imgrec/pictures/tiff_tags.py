"""TIFF tags: the sample layout of the first picture of a file, by name, and a corrected directory.

Pillow reads a layout only if its table lists it. Some of the others differ from a listed one by a
tag: gray of 16 and 32 bits where 0 is white, and unsigned integers of 32 bits. For these the file
gets a second directory with listed values at its end, and `color_modes` converts the pixels by the
original ones. A damaged tag that no pixel depends on is left out in the same way. All others are
refused by name, and so are a few layouts that Pillow reads wrong.

Sources: TIFF revision 6.0, sections 2 and 8; the BigTIFF layout of libtiff; TIFF/EP and DNG.
"""

import struct
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Literal, NamedTuple

BITS, COMPRESSION, PHOTOMETRIC, SAMPLES, PLANAR, EXTRA = 258, 259, 262, 277, 284, 338
SAMPLE_FORMAT = 339
UNSIGNED, SIGNED, FLOAT = 1, 2, 3
_NEW_SUBFILE, _SUBSAMPLING, _SUB_DIRECTORIES, _DNG_VERSION = 254, 530, 330, 50706
# The tags that say where pixels are and what they mean.
PIXEL_TAGS = frozenset({
    254, 255, 256, 257, BITS, COMPRESSION, PHOTOMETRIC, 263, 266, 273, SAMPLES, 278, 279, PLANAR,
    292, 293, 317, 320, 322, 323, 324, 325, 332, EXTRA, SAMPLE_FORMAT, 347, 512, 513, 514, 515,
    517, 518, 519, 520, 521, 529, 530, 531,
})  # fmt: skip
ORIENTATION, COLOR_MAP, PROFILE = 274, 320, 34675
_GEOMETRY = frozenset({256, 257})
_BYTES = {1: 1, 2: 1, 3: 2, 4: 4, 5: 8, 6: 1, 7: 1, 8: 2, 9: 4, 10: 8, 11: 4, 12: 8, 13: 4,
          16: 8, 17: 8, 18: 8}  # fmt: skip
_CODES = {1: "B", 3: "H", 4: "I", 13: "I", 16: "Q"}
_SPACES = {0: "gray", 1: "gray", 2: "RGB", 3: "palette", 4: "mask", 5: "CMYK", 6: "YCbCr",
           8: "Lab", 9: "Lab", 10: "Lab", 32844: "LogL", 32845: "LogLuv"}  # fmt: skip
_SENSOR = frozenset({32803, 34892})
# Entries that are read of a directory, and values of a tag.
_MOST_ENTRIES, _MOST_VALUES = 4096, 64


class Entry(NamedTuple):
    """An entry of a directory: tag, type, number of values, and the bytes of value or offset."""

    tag: int
    kind: int
    size: int
    field: bytes


@dataclass(frozen=True)
class Directory:
    """The first directory of a TIFF.

    Attributes:
        data: the file.
        order: the byte order.
        big: True for BigTIFF.
        entries: as stored.
        is_whole: False if the file ends before the directory does.
    """

    data: bytes
    order: Literal["little", "big"]
    big: bool
    entries: tuple[Entry, ...]
    is_whole: bool

    def numbers(self, tag: int) -> tuple[int, ...]:
        """Return the integers of a tag, () without the tag or with a damaged one."""
        return self.all_numbers(tag, _MOST_VALUES)

    def all_numbers(self, tag: int, most: int = 3 << 16) -> tuple[int, ...]:
        """Return at most so many integers of a tag, () without the tag or with a damaged one."""
        for entry in self.entries:
            if entry.tag == tag and entry.kind in _CODES:
                return self._numbers(entry, most)
        return ()

    def number(self, tag: int, default: int = 0) -> int:
        """Return the first integer of a tag, or the default."""
        return (self.numbers(tag) or (default,))[0]

    def has(self, tags: Iterable[int]) -> bool:
        """Return True if all these tags are there."""
        return set(tags) <= {entry.tag for entry in self.entries}

    def _numbers(self, entry: Entry, most: int) -> tuple[int, ...]:
        count = min(entry.size, most)
        values = entry.field
        if _BYTES[entry.kind] * entry.size > len(values):
            start = int.from_bytes(values, self.order)
            values = self.data[start : start + _BYTES[entry.kind] * count]
        size = _BYTES[entry.kind] * count
        if len(values) < size:
            return ()
        return struct.unpack(f"{_mark(self.order)}{count}{_CODES[entry.kind]}", values[:size])


def first_directory(data: bytes) -> Directory | None:
    """Return the first directory of a TIFF, as far as it can be read; None for another file."""
    if data[:2] not in (b"II", b"MM"):
        return None
    order: Literal["little", "big"] = "little" if data[:2] == b"II" else "big"
    version = int.from_bytes(data[2:4], order)
    if version not in (42, 43):
        return None
    big = version == 43
    head = slice(8, 16) if big else slice(4, 8)
    return directory_at(data, int.from_bytes(data[head], order), order, big=big)


def directory_at(
    data: bytes, start: int, order: Literal["little", "big"], *, big: bool = False
) -> Directory:
    """Return the directory that begins at an offset, as far as it can be read.

    Args:
        data: the file.
        start: the offset of the directory.
        order: the byte order.
        big: True for BigTIFF.
    """
    wide, step = (8, 20) if big else (4, 12)
    first = start + (8 if big else 2)
    count = int.from_bytes(data[start:first], order)
    entries = []
    for place in range(first, first + step * min(count, _MOST_ENTRIES), step):
        if place + step > len(data):
            break
        tag, kind = struct.unpack_from(f"{_mark(order)}HH", data, place)
        field = data[place + step - wide : place + step]
        entries.append(
            Entry(tag, kind, int.from_bytes(data[place + 4 : place + 4 + wide], order), field)
        )
    is_whole = start > 0 and first <= len(data) and len(entries) == min(count, _MOST_ENTRIES)
    return Directory(data, order, big, tuple(entries), is_whole)


def refused(directory: Directory) -> str:
    """Return the name of a layout that is not read although Pillow opens the file, else ""."""
    if directory.big and directory.order == "big":
        return "big-endian BigTIFF"
    if is_raw(directory):
        return "camera raw"
    samples, extra = directory.number(SAMPLES, 1), directory.numbers(EXTRA)
    bits = set(directory.numbers(BITS))
    compressed = directory.number(COMPRESSION, 1) != 1
    if directory.number(PLANAR, 1) == 2 and samples > 1:
        plain = bits == {8} and not {0, 1} & set(extra) and directory.number(PHOTOMETRIC) != 6
        if samples == 1 + len(extra) or not (compressed or plain):
            return described(directory)
    if directory.number(PHOTOMETRIC) == 6 and not compressed:
        subsampling = directory.numbers(_SUBSAMPLING)
        if samples == 3 and subsampling != (1, 1):
            return "uncompressed YCbCr TIFF with subsampled chroma"
    return ""


def described(directory: Directory) -> str:
    """Return the name of a sample layout, such as "32-bit float RGB TIFF"; "" without a picture."""
    if not directory.has(_GEOMETRY):
        return ""
    bits = "/".join(str(number) for number in sorted(set(directory.numbers(BITS) or (1,))))
    kind = {SIGNED: " signed", FLOAT: " float", 5: " complex", 6: " complex"}.get(
        directory.number(SAMPLE_FORMAT, UNSIGNED), ""
    )
    photometric = directory.number(PHOTOMETRIC)
    space = _SPACES.get(photometric, f"photometric {photometric}")
    extra = " with an extra sample" if directory.numbers(EXTRA) else ""
    planes = "planar " if directory.number(PLANAR, 1) == 2 else ""
    compression = directory.number(COMPRESSION, 1)
    packing = f", compression {compression}" if compression != 1 else ""
    return f"{planes}{bits}-bit{kind} {space} TIFF{extra}{packing}"


def listed_instead(directory: Directory) -> dict[int, int]:
    """Return {tag: value} by which Pillow's table has a layout it lacks; {} if nothing is needed.

    For one gray sample where 0 is white, or of unsigned 32 bits, values are the same under the
    listed tags: only their meaning differs, and `color_modes` knows it from the original tags.
    """
    bits, samples = directory.numbers(BITS), directory.number(SAMPLES, 1)
    photometric = directory.number(PHOTOMETRIC, 1)
    kind = directory.number(SAMPLE_FORMAT, UNSIGNED)
    if samples != 1 or photometric not in (0, 1) or kind == FLOAT:
        return {}
    changes = {}
    listed = ((12,), (16,), (32,)) if directory.order == "little" else ((16,), (32,))
    if bits in listed and photometric == 0:
        changes[PHOTOMETRIC] = 1
    if bits == (32,) and kind == UNSIGNED:
        changes[SAMPLE_FORMAT] = SIGNED
    return changes


def with_tags(
    directory: Directory, changes: dict[int, int], only: frozenset[int] | None = None
) -> bytes:
    """Return the file with a directory at its end that has other tags.

    Args:
        directory: its directory.
        changes: tags of one short integer that are added or replaced.
        only: the tags that stay; None for all.
    """
    mark, wide = _mark(directory.order), 8 if directory.big else 4
    entries = {
        entry.tag: entry
        for entry in directory.entries
        if only is None or (entry.tag in only and entry.kind in _BYTES)
    }
    for tag, value in changes.items():
        entries[tag] = Entry(tag, 3, 1, struct.pack(f"{mark}H", value).ljust(wide, b"\0"))
    data = directory.data + bytes(len(directory.data) % 2)
    count, number, offset = ("Q", "Q", "Q") if directory.big else ("H", "I", "I")
    table = b"".join(
        struct.pack(f"{mark}HH{number}", entry.tag, entry.kind, entry.size) + entry.field
        for _, entry in sorted(entries.items())
    )
    head, rest = (8, 16) if directory.big else (4, 8)
    pointer = struct.pack(mark + offset, len(data))
    size = struct.pack(mark + count, len(entries))
    return b"".join([data[:head], pointer, memoryview(data)[rest:], size, table, bytes(wide)])


def is_raw(directory: Directory) -> bool:
    """Return True for a camera's sensor data, whose first picture is at most a thumbnail."""
    if directory.number(PHOTOMETRIC) in _SENSOR or directory.data[8:10] == b"CR":
        return True
    is_reduced = bool(directory.number(_NEW_SUBFILE) & 1)
    return is_reduced and any(directory.has({tag}) for tag in (_SUB_DIRECTORIES, _DNG_VERSION))


def _mark(order: str) -> str:
    return "<" if order == "little" else ">"
