"""EXIF: the tags of a TIFF structure that say when, where and with what a picture was taken.

A TIFF is a list of directories, each a table of (tag, type, count, value or offset). The first
directory points to one of exposure data and one of GPS data; no other is followed, so directories
that point at each other end nothing. Only wanted tags are read, and of each a bounded number of
values, so that a count of four billion costs nothing. Invariant: no bytes make this module raise
anything, or read more than a few kilobytes.

Raw files of cameras are TIFFs too, some of another version number: `RO` and `RS` of ORF, 85 of RW2.
Those of the TIFF/EP family have exposure data in the first directory.

Sources: CIPA DC-008-2023 (Exif 3.0), 4.6; TIFF revision 6.0, section 2; the DNG specification 1.7.
"""

import math
import struct
from dataclasses import dataclass
from typing import Literal

from imgrec.pictures.tiff_tags import Directory, Entry, directory_at

# A text, numbers, or the bytes of tags whose type says nothing.
Value = str | tuple[float, ...] | bytes

DESCRIPTION, MAKE, MODEL, ORIENTATION, CHANGED = 270, 271, 272, 274, 306
RATING, RATING_PERCENT = 0x4746, 0x4749
EXPOSURE, APERTURE, ISO, RECOMMENDED_ISO, ISO_SPEED = 33434, 33437, 34855, 34866, 34867
TAKEN, DIGITIZED = 36867, 36868
OFFSET, OFFSET_TAKEN, OFFSET_DIGITIZED = 36880, 36881, 36882
SECONDS, SECONDS_TAKEN, SECONDS_DIGITIZED = 37520, 37521, 37522
SHUTTER_SPEED, APERTURE_VALUE, FOCAL = 37377, 37378, 37386
LENS_RANGE, LENS_MAKE, LENS, DNG_LENS_RANGE = 42034, 42035, 42036, 50736
XP_TITLE, XP_KEYWORDS = 0x9C9B, 0x9C9E
# Of the GPS directory.
LATITUDE_REF, LATITUDE, LONGITUDE_REF, LONGITUDE, GPS_TIME, GPS_DATE = 1, 2, 3, 4, 7, 29

_EXIF_DIRECTORY, _GPS_DIRECTORY = 34665, 34853
_MAIN = frozenset({
    DESCRIPTION, MAKE, MODEL, ORIENTATION, CHANGED, RATING, RATING_PERCENT, EXPOSURE, APERTURE,
    ISO, RECOMMENDED_ISO, ISO_SPEED, TAKEN, DIGITIZED, OFFSET, OFFSET_TAKEN, OFFSET_DIGITIZED,
    SECONDS, SECONDS_TAKEN, SECONDS_DIGITIZED, SHUTTER_SPEED, APERTURE_VALUE, FOCAL, LENS_RANGE,
    LENS_MAKE, LENS, DNG_LENS_RANGE, XP_TITLE, XP_KEYWORDS,
})  # fmt: skip
_GPS = frozenset({LATITUDE_REF, LATITUDE, LONGITUDE_REF, LONGITUDE, GPS_TIME, GPS_DATE})
_TIFF, _BIG_TIFF = 42, 43
# Version numbers: TIFF, BigTIFF, RW2, and ORF's letters RO and RS.
_VERSIONS = frozenset({_TIFF, _BIG_TIFF, 85, 0x4F52, 0x5352})
_ASCII, _UNDEFINED, _BYTE, _UTF_8 = 2, 7, 1, 129
# Type: its code for `struct`, and the numbers of a value (2 for a fraction).
_NUMBERS = {3: ("H", 1), 4: ("I", 1), 5: ("I", 2), 6: ("b", 1), 8: ("h", 1), 9: ("i", 1),
            10: ("i", 2), 11: ("f", 1), 12: ("d", 1), 13: ("I", 1), 16: ("Q", 1)}  # fmt: skip
_MOST_TEXT, _MOST_NUMBERS = 4096, 8


@dataclass(frozen=True)
class ExifTags:
    """The wanted tags of an EXIF block.

    Attributes:
        main: of the first directory and that of exposure data, whose tags count before the others.
        gps: of the directory of GPS data.
    """

    main: dict[int, Value]
    gps: dict[int, Value]

    def text(self, tag: int) -> str:
        """Return the text of a tag, "" without one or of another type."""
        found = self.main.get(tag)
        return found if isinstance(found, str) else ""

    def number(self, tag: int) -> float | None:
        """Return the first number of a tag that is finite; None without one."""
        return next(iter(self.numbers(tag)), None)

    def numbers(self, tag: int) -> tuple[float, ...]:
        """Return the numbers of a tag, () without any or with one that is not finite."""
        found = self.main.get(tag)
        return found if isinstance(found, tuple) and all(map(math.isfinite, found)) else ()

    def known_numbers(self, tag: int) -> tuple[float, ...]:
        """Return the numbers of a tag, those that are not known as 0, () without any."""
        found = self.main.get(tag)
        if not isinstance(found, tuple):
            return ()
        return tuple(number if math.isfinite(number) else 0.0 for number in found)

    def wide_text(self, tag: int) -> str:
        """Return the text of a tag of Windows, bytes of UTF-16; "" without one."""
        found = self.main.get(tag)
        return found.decode("utf-16-le", "replace") if isinstance(found, bytes) else ""


def read_exif(data: bytes) -> ExifTags | None:
    """Return the tags of an EXIF block; None if it does not begin with a TIFF header.

    Args:
        data: the block from its byte order on, or a whole TIFF or raw file.
    """
    first = exif_directory(data)
    if first is None:
        return None
    inner = _pointed(first, _EXIF_DIRECTORY)
    gps = _pointed(first, _GPS_DIRECTORY)
    main = _wanted(first, _MAIN)
    if inner is not None:
        main |= _wanted(inner, _MAIN)
    return ExifTags(main, {} if gps is None else _wanted(gps, _GPS))


def exif_directory(data: bytes) -> Directory | None:
    """Return the first directory of an EXIF block, TIFF or raw file; None for anything else."""
    orders: dict[bytes, Literal["little", "big"]] = {b"II": "little", b"MM": "big"}
    order = orders.get(data[:2])
    if order is None:
        return None
    version = int.from_bytes(data[2:4], order)
    if version not in _VERSIONS:
        return None
    big = version == _BIG_TIFF
    start = int.from_bytes(data[8:16] if big else data[4:8], order)
    return directory_at(data, start, order, big=big)


def gps_only(directory: Directory) -> ExifTags:
    """Return the tags of a directory that is one of GPS data, as CR3 stores it."""
    return ExifTags({}, _wanted(directory, _GPS))


def joined(several: list[ExifTags]) -> ExifTags:
    """Return the tags of several blocks of one file; where two have one, the first counts."""
    main: dict[int, Value] = {}
    gps: dict[int, Value] = {}
    for tags in reversed(several):
        main |= tags.main
        gps |= tags.gps
    return ExifTags(main, gps)


def _pointed(first: Directory, tag: int) -> Directory | None:
    start = first.number(tag)
    return directory_at(first.data, start, first.order, big=first.big) if start else None


def _wanted(directory: Directory, tags: frozenset[int]) -> dict[int, Value]:
    found: dict[int, Value] = {}
    for entry in directory.entries:
        if entry.tag in tags and entry.tag not in found:
            value = _value(directory, entry)
            if value is not None:
                found[entry.tag] = value
    return found


def _value(directory: Directory, entry: Entry) -> Value | None:
    """Return the value of an entry; None if it is empty, damaged, or of an unknown type."""
    if entry.kind in (_ASCII, _UTF_8):
        return text_of(_stored(directory, entry, min(entry.size, _MOST_TEXT), entry.size))
    if entry.kind in (_BYTE, _UNDEFINED):
        return _stored(directory, entry, min(entry.size, _MOST_TEXT), entry.size)
    if entry.kind not in _NUMBERS:
        return None
    code, each = _NUMBERS[entry.kind]
    count = min(entry.size, _MOST_NUMBERS)
    mark = "<" if directory.order == "little" else ">"
    form = f"{mark}{count * each}{code}"
    width = struct.calcsize(f"{mark}{each}{code}")
    data = _stored(directory, entry, width * count, width * entry.size)
    if not count or len(data) < width * count:
        return None
    numbers = struct.unpack(form, data)
    if each == 1:
        return numbers
    pairs = zip(numbers[::2], numbers[1::2], strict=True)
    return tuple(above / below if below else math.nan for above, below in pairs)


def _stored(directory: Directory, entry: Entry, wanted: int, total: int) -> bytes:
    """Return the first bytes of an entry's value, fewer if the file ends before.

    Args:
        directory: of the entry.
        entry: the entry.
        wanted: how many bytes.
        total: how many it has: few are stored in the entry itself.
    """
    if total <= len(entry.field):
        return entry.field[:wanted]
    start = int.from_bytes(entry.field, directory.order)
    return directory.data[start : start + wanted]


def text_of(data: bytes) -> str:
    """Return a text up to its first NUL: UTF-8, else Windows-1252, as programs write what is not.

    Bytes that have no letter in Windows-1252 become U+FFFD.
    """
    data = data.partition(b"\0")[0]
    try:
        return data.decode("utf-8")
    except UnicodeDecodeError:
        return data.decode("cp1252", "replace")
