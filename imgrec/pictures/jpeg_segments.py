"""JPEG segments: the variant of a file, what of it is no pixel, and whether its scans are complete.

A JPEG is a sequence of segments, each with a marker (0xFF and a code) and mostly a length; compressed
data follows each start-of-scan segment.

Sources: ITU-T T.81, annex B; T.87 for JPEG-LS.
"""

import re
from collections.abc import Iterator
from typing import NamedTuple

SOI, EOI = b"\xff\xd8", b"\xff\xd9"
_START_OF_SCAN = 0xDA
# Markers that stand alone, without a length.
_ALONE = frozenset({0x01, *range(0xD0, 0xD9)})
# The end of compressed data: a marker that is neither a stuffed byte, a restart, nor a fill byte.
_NEXT_MARKER = re.compile(rb"\xff[^\x00\xd0-\xd7\xff]")
_FRAMES = frozenset({*range(0xC0, 0xD0), 0xF7} - {0xC4, 0xC8, 0xCC})
_PROGRESSIVE = frozenset({0xC2, 0xCA})
_VARIANTS = {
    0xC3: "lossless JPEG", 0xC5: "hierarchical JPEG", 0xC6: "hierarchical JPEG",
    0xC7: "hierarchical lossless JPEG", 0xCB: "lossless JPEG", 0xCD: "hierarchical JPEG",
    0xCE: "hierarchical JPEG", 0xCF: "hierarchical lossless JPEG", 0xF7: "JPEG-LS",
}  # fmt: skip


class Segment(NamedTuple):
    """A segment: its marker, the position of the marker, and that of the next segment.

    `body` begins behind the length; compressed data of a scan is between `end` of its header and
    the next segment's `start`.
    """

    marker: int
    start: int
    body: int
    end: int


def segments(data: bytes) -> Iterator[Segment]:
    """Yield the segments behind SOI, as far as the file is a sequence of whole segments."""
    place = len(SOI)
    while found := _NEXT_MARKER.search(data, place):
        marker, body = data[found.start() + 1], found.end() + 2
        if marker in _ALONE or marker == EOI[1]:
            yield Segment(marker, found.start(), found.end(), found.end())
            place = found.end()
            continue
        length = int.from_bytes(data[found.end() : body], "big")
        place = found.end() + length
        if length < 2 or place > len(data):
            return
        yield Segment(marker, found.start(), body, place)


def variant(data: bytes) -> str:
    """Return the variant of a JPEG that Pillow may not read, "" for a common one."""
    for segment in segments(data):
        if segment.marker in _FRAMES:
            named = _VARIANTS.get(segment.marker, "")
            bits = data[segment.body]
            # Lossless variants have up to 16 bits.
            return f"{bits}-bit JPEG" if not named and bits != 8 else named
        if segment.marker == _START_OF_SCAN:
            return ""
    return ""


def without_metadata(data: bytes, kept: tuple[bytes, ...]) -> bytes:
    """Return a JPEG without application segments and comments, except those with a known start.

    Args:
        data: the file.
        kept: the first bytes of application segments that stay.
    """
    parts, place = [data[: len(SOI)]], len(SOI)
    for segment in segments(data):
        if segment.marker == _START_OF_SCAN:
            break
        is_metadata = 0xE0 <= segment.marker <= 0xEF or segment.marker == 0xFE
        if not is_metadata or data.startswith(kept, segment.body, segment.end):
            parts.append(data[segment.start : segment.end])
        place = segment.end
    return b"".join([*parts, data[place:]])


def has_all_scans(data: bytes) -> bool:
    """Return True if scans of every coefficient of every component begin in a JPEG.

    A sequential JPEG has one scan for each component, or one for all. A progressive one has many,
    each for a band of coefficients and one bit of them; its picture is final when every
    coefficient of every component was given to its last bit.
    """
    components, progressive = frozenset[int](), False
    missing: dict[int, set[int]] = {}
    for segment in segments(data):
        body = data[segment.body : segment.end]
        if segment.marker == EOI[1]:
            break
        if segment.marker in _FRAMES:
            components = frozenset(body[6::3])
            progressive = segment.marker in _PROGRESSIVE
            missing = {one: set(range(64)) for one in components}
        elif segment.marker == _START_OF_SCAN and len(body) >= 4:
            first, last, bits = body[-3:]
            # The lower four bits are the bit position down to which this scan is exact.
            done = range(64) if not progressive else range(first, last + 1) if not bits & 15 else ()
            for one in body[1:-3:2]:
                missing.get(one, set()).difference_update(done)
    return bool(components) and not any(missing.values())
