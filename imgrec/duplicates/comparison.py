"""The result of comparing two pictures: a verdict, and what differs.

Two answers are kept apart, because people act on them differently. `SAME`: the whole picture of
one file is in the other, so that deleting the smaller loses nothing but compression. `SIMILAR`:
related, to be looked at first; nothing may be deleted by it.

Geometry is that of the first picture of a pair, upright (after EXIF): a box is (left, top, right,
bottom) as shares of its width and height, and a turn leads from the first to the second.
"""

from dataclasses import dataclass
from enum import IntEnum, IntFlag

Box = tuple[float, float, float, float]


class Verdict(IntEnum):
    """What a pair of pictures is. The numbers are kept in stores."""

    DIFFERENT = 0
    SIMILAR = 1
    SAME = 2


class Difference(IntFlag):
    """What differs in a pair of pictures, as flags. The numbers are kept in stores."""

    NONE = 0
    REENCODED = 1
    RESIZED = 2
    CROPPED = 4
    BORDERED = 8
    BRIGHTNESS = 16
    GRAY = 32
    # A part of the picture differs, in a box: a stamp, a watermark, other words, an edit.
    PART = 64
    MIRRORED = 128
    TURNED = 256
    # Number, duration or content of the frames.
    FRAMES = 512
    TRANSPARENCY = 1024
    # Color profile, CMYK, or more than 8 bits per channel: not the same without looking.
    DEPTH = 2048
    # Fine detail differs, or may: so much smaller that print which is legible in one may be
    # illegible in the other.
    DETAIL = 4096
    # One is the preview within a raw file.
    RAW = 8192
    # A file could not be read: nothing but the thumbnails was compared.
    UNREAD = 16384
    # The second file holds metadata that the first one lacks.
    METADATA = 32768


@dataclass(frozen=True, slots=True)
class Comparison:
    """How two pictures differ.

    Attributes:
        verdict: whether they are the same, similar or different.
        score: 0 to 1, for sorting: of `SAME` and `SIMILAR`, the share explained of the worst part.
        differences: what differs.
        box: the part that differs, None where it is the whole picture or nothing.
        turn: 0 to 7: quarter turns counterclockwise, plus 4 if mirrored left to right before.
    """

    verdict: Verdict
    score: float = 0.0
    differences: Difference = Difference.NONE
    box: Box | None = None
    turn: int = 0
