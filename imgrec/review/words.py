"""What differs between two files of a group, in words for a person.

Flags say which kind of difference was found; the rows of the catalog say how large it is: pixels,
formats, bytes. A kept file needs no words.
"""

from imgrec.collection import Entry
from imgrec.duplicates.comparison import Comparison, Difference
from imgrec.duplicates.groups import COPY, KEPT, LINK, SIMILAR

# Sides may differ by so much, as a share, and still count as equal.
_EQUAL = 0.005
_WORDS = {
    Difference.CROPPED: "cropped",
    Difference.BORDERED: "a border",
    Difference.BRIGHTNESS: "brighter or darker",
    Difference.GRAY: "gray in one, color in the other",
    Difference.PART: "a part differs",
    Difference.FRAMES: "other frames",
    Difference.TRANSPARENCY: "other transparency",
    Difference.DEPTH: "other color profile or depth",
    Difference.DETAIL: "fine detail differs or may be lost",
    Difference.RAW: "one is the preview of a raw file",
    Difference.METADATA: "has metadata that the other lacks",
    Difference.UNREAD: "not compared: gone, changed or unreadable",
}
_TURNS = {1: "turned left", 2: "upside down", 3: "turned right"}


def difference_words(kind: str, comparison: Comparison, kept: Entry, entry: Entry) -> str:
    """Return what differs in a file from the one it is compared with, separated by commas.

    Args:
        kind: of the file in its group: `kept`, `copy`, `same`, `link` or `similar`.
        comparison: of `kept` with `entry`.
        kept: the file it is compared with.
        entry: the file.
    """
    if kind == KEPT:
        return ""
    if kind == LINK:
        return "another name of the same file"
    if kind == COPY:
        return "the same bytes"
    if entry.id == kept.id:
        return "the one the others of its group are compared with"
    differences = comparison.differences
    words = [_turned(comparison)] if differences & (Difference.MIRRORED | Difference.TURNED) else []
    words += [word for flag, word in _WORDS.items() if differences & flag]
    # A crop and a border have other sides by themselves.
    framed = differences & (Difference.CROPPED | Difference.BORDERED)
    if differences & Difference.RESIZED and not framed:
        words.insert(0, resized(kept, entry, bool(comparison.turn % 2)))
    if differences & Difference.REENCODED:
        words.append(_encoded(kept, entry))
    unnamed = "little differs" if kind == SIMILAR else "saved again"
    return ", ".join(filter(None, words)) or unnamed


def resized(kept: Entry, entry: Entry, swapped: bool = False) -> str:
    """Return how much smaller or larger a picture is: "half the size"; "" for equal sides.

    Args:
        kept: the picture it is compared with.
        entry: the picture.
        swapped: True if width and height have changed places, by a quarter turn.
    """
    if not (kept.width and kept.height and entry.width and entry.height):
        return ""
    width = entry.height if swapped else entry.width
    share = width / kept.width
    if abs(share - 1) < _EQUAL:
        return ""
    for part, word in ((1 / 2, "half the size"), (1 / 4, "a quarter of the size"),
        (2, "twice the size")):  # fmt: skip
        if abs(share / part - 1) < _EQUAL:
            return word
    return f"{share:.0%} of the size" if share < 10 else f"{share:.0f} times the size"


def _turned(comparison: Comparison) -> str:
    mirrored = "mirrored" if comparison.turn >= 4 else ""
    turned = _TURNS.get(comparison.turn % 4, "")
    if not (mirrored or turned):
        mirrored = "mirrored" if comparison.differences & Difference.MIRRORED else "turned"
    return " and ".join(filter(None, (mirrored, turned)))


def _encoded(kept: Entry, entry: Entry) -> str:
    """Return how a file was encoded otherwise: another format, or fewer bytes for a pixel."""
    if kept.format and entry.format and kept.format != entry.format:
        return f"{entry.format} instead of {kept.format}"
    name = entry.format or "file"
    shares = [one.size / max(1, (one.width or 1) * (one.height or 1)) for one in (kept, entry)]
    if shares[1] < 0.9 * shares[0]:
        return f"{name} compressed more"
    return f"{name} compressed less" if shares[1] > 1.1 * shares[0] else f"{name} saved again"
