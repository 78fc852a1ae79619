"""JPEG segments: the variant of a file, what of it is no pixel, and whether its scans are complete.

A JPEG is a sequence of segments, each with a marker (0xFF and a code) and mostly a length;
compressed data follows each start-of-scan segment.

Sources: ITU-T T.81, annex B; T.87 for JPEG-LS.
"""

import re
from collections.abc import Iterator
from itertools import pairwise
from typing import NamedTuple

SOI, EOI = b"\xff\xd8", b"\xff\xd9"
_START_OF_SCAN, _RESTART_INTERVAL = 0xDA, 0xDD
_RESTART = re.compile(rb"\xff[\xd0-\xd7]")
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


def segments(data: bytes, start: int = 0) -> Iterator[Segment]:
    """Yield the segments behind SOI, as far as the file is a sequence of whole segments.

    Args:
        data: the file.
        start: where SOI is.
    """
    place = start + len(SOI)
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
    """Return True if scans of every coefficient of every component begin in a JPEG, up to its end.

    A sequential JPEG has one scan for each component, or one for all. A progressive one has many,
    each for a band of coefficients and one bit of them; its picture is final when every
    coefficient of every component was given to its last bit. A scan with restart markers has one
    after each interval but the last.
    """
    frame, interval, missing = None, 0, dict[int, set[int]]()
    end = Segment(EOI[1], len(data), len(data), len(data))
    for segment, following in pairwise([*segments(data), end]):
        body = data[segment.body : segment.end]
        if segment.marker == EOI[1]:
            break
        if segment.marker in _FRAMES and len(body) >= 6:
            frame = _Frame(body, segment.marker in _PROGRESSIVE)
            missing = {one: set(range(64)) for one in frame.sampling}
        elif segment.marker == _RESTART_INTERVAL:
            interval = int.from_bytes(body[:2], "big")
        elif segment.marker == _START_OF_SCAN and len(body) >= 4 and frame is not None:
            first, last, bits = body[-3:]
            components = body[1:-3:2]
            compressed = data[segment.end : following.start]
            units = frame.units(components)
            if interval and len(_RESTART.findall(compressed)) < -(-units // interval) - 1:
                return False
            # The lower four bits are the bit position down to which this scan is exact.
            is_partial = frame.is_progressive and bits & 15
            band = range(first, last + 1) if frame.is_progressive else range(64)
            for one in () if is_partial else components:
                missing.get(one, set()).difference_update(band)
    return bool(missing) and not any(missing.values())


class _Frame:
    """The size and components of a JPEG, from the body of its frame header."""

    def __init__(self, body: bytes, is_progressive: bool) -> None:
        self.height, self.width = (int.from_bytes(body[k : k + 2], "big") for k in (1, 3))
        self.is_progressive = is_progressive
        # By component: its horizontal and vertical sampling factor.
        self.sampling = {
            body[k]: (max(1, body[k + 1] >> 4), max(1, body[k + 1] & 15))
            for k in range(6, len(body) - 2, 3)
        }

    def units(self, components: bytes) -> int:
        """Return the number of minimum coded units of a scan of these components.

        Source: ITU-T T.81, A.2: of one component a unit is a block, of several all blocks of the
        largest sampling.
        """
        across, down = (max(pair[k] for pair in self.sampling.values()) for k in (0, 1))
        width, height = self.width, self.height
        if len(components) > 1:
            return -(-width // (8 * across)) * -(-height // (8 * down))
        own = self.sampling.get(components[0], (across, down))
        width, height = -(-width * own[0] // across), -(-height * own[1] // down)
        return -(-width // 8) * -(-height // 8)
