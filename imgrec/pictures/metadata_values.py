"""Values of metadata in one form, whatever wrote them: dates, fractions, places, names.

Each function takes what a file says and returns the value to keep, or None where that is no such
value: a date that no calendar has, a fraction by zero, a place that is no place. Invariant: every
number returned is finite and within the range that its name has, every text is one line of
printable characters, in NFC, of bounded length.

Sources: CIPA DC-008 of the form of dates and of APEX values; ISO 8601; XMP part 1, 8.2.1 (dates),
part 2, 2.3 (GPS coordinates).
"""

import math
import re
import unicodedata
from collections.abc import Sequence
from datetime import UTC, datetime

# A value as it is kept: text, and the number by which it is compared.
Valued = tuple[str, float]

YEARS = range(1826, 2101)
_DATE = re.compile(
    r"\s*(\d{4})(?:[:\-./](\d{1,2})(?:[:\-./](\d{1,2})"
    r"(?:[T ]\s*(\d{1,2}):(\d{1,2})(?::(\d{1,2})(?:[.,](\d+))?)?\s*(Z|[+-]\d{2}:?\d{2})?)?)?)?"
    r"[\s\0]*",
    re.ASCII,
)
_OFFSET = re.compile(r"\s*([+-])(\d{2}):?(\d{2})\s*", re.ASCII)
# What clocks begin with that were never set: epochs, to the second.
_UNSET = frozenset({"1904-01-01T00:00:00", "1970-01-01T00:00:00"})
_MOST_OFFSET_MINUTES = 14 * 60
MOST_TEXT = 200
# Words of companies that say nothing of a camera.
_COMPANY = re.compile(
    r"[\s,]+(?:corporation|corp\.?|company|co\.?,?|ltd\.?|inc\.?|gmbh|ag|optical|imaging|electric"
    r"|electronics|digital|computer|technologies|camera|mobile communications)$",
    re.IGNORECASE,
)
_NO_TEXT = re.compile(r"[-\s.?_0]*|unknown.*|none|n/?a|manual lens.*", re.IGNORECASE)


def text(value: str) -> str | None:
    """Return a text as one line of printable characters, None if nothing is left of it."""
    shown = unicodedata.normalize("NFC", value[: 8 * MOST_TEXT])
    line = " ".join("".join(c if c.isprintable() else " " for c in shown).split())
    return (line if len(line) <= MOST_TEXT else f"{line[: MOST_TEXT - 1]}…") or None


def date(value: str, fraction: str = "", offset: str = "") -> Valued | None:
    """Return a date as ISO 8601 in local time, and the seconds since 1970 of the local clock.

    A date may end early: "2019" and "2019-07" stay what they are.

    Args:
        value: in the form of EXIF (`2019:07:14 15:32:10`), XMP or ISO.
        fraction: digits of the fraction of the second, from a tag of its own.
        offset: from UTC, such as "+02:00", from a tag of its own.
    """
    match = _DATE.fullmatch(value[:64])
    if match is None:
        return None
    year, month, day, hour, minute, second, digits, zone = match.groups()
    # Cameras fill what they do not know with zeros or spaces.
    numbers = [int(part) for part in (year, month or 1, day or 1, hour or 0, minute or 0)]
    seconds = int(second or 0)
    try:
        # The leap second, and nothing else, is 60.
        moment = datetime(*numbers, min(seconds, 59), tzinfo=UTC)  # type: ignore[arg-type,misc]
    except ValueError:
        return None
    if moment.year not in YEARS or seconds > 60:
        return None
    if day is None:
        return (year if month is None else f"{year}-{numbers[1]:02}"), moment.timestamp()
    if hour is None:
        return f"{moment:%Y-%m-%d}", moment.timestamp()
    local = f"{moment:%Y-%m-%dT%H:%M:%S}"
    if local in _UNSET:
        return None
    digits = (digits or fraction.strip()).rstrip("0")[:3]
    digits = digits if digits.isascii() and digits.isdigit() else ""
    at = moment.timestamp() + (int(digits) / 10 ** len(digits) if digits else 0)
    return f"{local}{'.' if digits else ''}{digits}{_zone(zone or offset)}", at


def _zone(offset: str) -> str:
    if offset.strip() == "Z":
        return "+00:00"
    match = _OFFSET.fullmatch(offset[:16])
    if match is None or 60 * int(match[2]) + int(match[3]) > _MOST_OFFSET_MINUTES:
        return ""
    return f"{match[1]}{match[2]}:{match[3]}" if int(match[3]) < 60 else ""


def named(make: str, model: str) -> str | None:
    """Return the name of a camera or a lens: maker and model, the maker not twice."""
    maker, kind = text(make), text(model)
    maker = None if maker is None or _NO_TEXT.fullmatch(maker) else maker
    kind = None if kind is None or _NO_TEXT.fullmatch(kind) else kind
    if maker is not None:
        while (shorter := _COMPANY.sub("", maker)) != maker:
            maker = shorter
        # Of ", Inc." nothing is left.
        maker = maker or None
    if maker is None or kind is None:
        return kind or maker
    first = maker.split()[0].casefold()
    begins = kind.casefold().startswith(first) or first in kind.casefold().split()
    return kind if begins else text(f"{maker} {kind}")


def exposure(seconds: float | None) -> Valued | None:
    """Return an exposure time as a fraction or seconds: 1/500, 0.5, 30."""
    if seconds is None or not 1e-6 <= seconds <= 1e6:
        return None
    shown = f"1/{1 / seconds:.0f}" if seconds < 0.3 else f"{seconds:.4g}"
    return shown, seconds


def exposure_of_apex(value: float | None) -> float | None:
    """Return the seconds of an APEX time value: 2 to the power of minus it."""
    return 2.0**-value if value is not None and abs(value) <= 30 else None


def aperture_of_apex(value: float | None) -> float | None:
    """Return the f-number of an APEX aperture value: 2 to the power of half of it."""
    return 2.0 ** (value / 2) if value is not None and 0 <= value <= 20 else None


def number(value: float | None, least: float, most: float) -> Valued | None:
    """Return a number with at most four digits behind the point; None beyond a range."""
    if value is None or not least <= value <= most:
        return None
    rounded = round(value, 4)
    return f"{rounded:.10g}", value


def fraction(value: str) -> float | None:
    """Return the number of a text such as "1/500" or "2.8"; None if it is none or not finite."""
    above, _, below = value[:64].partition("/")
    try:
        found = float(above) / float(below or 1)
    except (ValueError, ZeroDivisionError, OverflowError):
        return None
    return found if math.isfinite(found) else None


def degrees(parts: Sequence[float], reference: str, most: int) -> float | None:
    """Return signed degrees of a GPS coordinate of EXIF.

    Args:
        parts: degrees, minutes and seconds, the last ones optional.
        reference: N, S, E or W.
        most: 90 for a latitude, 180 for a longitude.
    """
    letter = reference.strip().upper()[:1]
    letters = "NS" if most == 90 else "EW"
    if not 1 <= len(parts) <= 3 or not letter or letter not in letters:
        return None
    if not all(0 <= part < math.inf for part in parts):
        return None
    found = sum(part / 60**place for place, part in enumerate(parts))
    return None if found > most else -found if letter in "SW" else found


def degrees_of_text(value: str, most: int) -> float | None:
    """Return signed degrees of a GPS coordinate of XMP, such as `48,12.5N` or `48,12,30N`."""
    digits, letter = value.strip()[:64][:-1], value.strip()[:64][-1:]
    parts = [fraction(part) for part in digits.split(",")]
    sound = [part for part in parts if part is not None]
    return degrees(sound, letter, most) if len(sound) == len(parts) else None


def place(latitude: float | None, longitude: float | None) -> tuple[Valued, Valued] | None:
    """Return latitude and longitude in degrees, to a tenth of a meter; None for no place.

    A device without a fix writes 0 and 0, which is a point in the ocean.
    """
    if latitude is None or longitude is None or (latitude == 0 and longitude == 0):
        return None
    north, east = round(latitude, 6), round(longitude, 6)
    return (f"{north:.6f}", north), (f"{east:.6f}", east)


def lens_of_range(numbers: Sequence[float]) -> str | None:
    """Return the name of a lens by its range of focal lengths and f-numbers: 24-70mm f/2.8."""
    if len(numbers) < 2 or not all(0 < value <= 10_000 for value in numbers[:2]):
        return None
    shortest, longest, *stops = numbers
    focal = f"{shortest:g}" if shortest == longest else f"{shortest:g}-{longest:g}"
    wide = [f"{stop:.3g}" for stop in stops[:2] if 0 < stop < 100]
    return f"{focal}mm" + (f" f/{'-'.join(dict.fromkeys(wide))}" if wide else "")
