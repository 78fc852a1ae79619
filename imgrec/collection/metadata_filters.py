"""What `--where` means for metadata: dates, ranges of numbers, words, and places.

    taken=2019-07                     a year, month, day, hour, minute or second
    taken=2019-07-01..2019-08         from the first to the whole of the last
    iso=400.., exposure=1/500..1/60   numbers from, to, both ends too; fractions
    camera=canon, lens=24-70          values that hold these words, in any case
    keyword="golden gate"
    near=48.2,16.4,5km                within a distance of latitude and longitude
    sharpness=..20, clipped=30..      measures of the pixels, 0 to 100

Dates are compared as texts of ISO 8601, which sort by time, so that a prefix is a span of time. A
number stands for all within half a percent: cameras round 1/60 in several ways.
"""

import math
import re
import unicodedata

import numpy as np

from imgrec.collection import Catalog, Ids
from imgrec.errors import WrongValueError
from imgrec.pictures.metadata_names import LATITUDE, LONGITUDE, MEASURES, NAMES, TAKEN
from imgrec.system.text import counted

NEAR = "near"
WHERE_NAMES = (*NAMES, NEAR, *MEASURES)

_WORDED = frozenset({"camera", "lens", "title", "keyword"})
_EXACT = frozenset({LATITUDE, LONGITUDE})
_DATE = re.compile(
    r"(\d{4})(?:-(\d{1,2})(?:-(\d{1,2})(?:[T ](\d{1,2})(?::(\d{2})(?::(\d{2}))?)?)?)?)?", re.ASCII
)
_LEAST_PARTS = (0, 1, 1, 0, 0, 0)
_MOST_PARTS = (9999, 12, 31, 23, 59, 60)
# What users write beside a number: f/2.8, 1/500s, 50 mm, 30%.
_UNITS = re.compile(r"(?:^f/?(?=[\d.]))|\s*(?:sec|mm|s|%)$", re.IGNORECASE)
_DISTANCE = re.compile(r"\s*([\d.]+)\s*(km|m|mi)?\s*", re.ASCII)
_METERS = {"km": 1000.0, "m": 1.0, "mi": 1609.344, None: 1000.0}
_TOLERANCE = 0.005
# Mean radius of the Earth in meters (IUGG).
_EARTH_M = 6_371_008.8
# Sorts behind every character of a date.
_BEHIND = "~"


def ids_where(catalog: Catalog, name: str, value: str) -> Ids:
    """Return the ascending ids of the pictures that fit, of any status.

    Args:
        catalog: open.
        name: one of `WHERE_NAMES`.
        value: as asked.

    Raises:
        WrongValueError: the value is of no form that the name has.
    """
    if name == NEAR:
        return _near(catalog, value)
    if name in _WORDED:
        wanted = words_of(value)
        if not wanted:
            raise WrongValueError(f"where {name}={value}: name a word")
        fitting = [one for one in catalog.metadata.tally(name) if wanted <= words_of(one)]
        return catalog.metadata.ids_of_values(name, fitting)
    least, most = _ends(value)
    if name == TAKEN:
        first = _date(name, value, least) if least else ""
        last = _date(name, value, most) + _BEHIND if most else _BEHIND
        if least and most and last < first:
            raise WrongValueError(f"where {name}={value}: the range ends before it begins")
        return catalog.metadata.ids_between(name, first, last)
    low = _number(name, value, least) if least else -math.inf
    high = _number(name, value, most) if most else math.inf
    if low > high:
        raise WrongValueError(
            f"where {name}={value}: the range ends before it begins, write {most}..{least}"
        )
    if name not in _EXACT:
        low, high = low - _TOLERANCE * abs(low), high + _TOLERANCE * abs(high)
    return catalog.metadata.ids_in_range(name, low, high)


def there_is(catalog: Catalog, name: str) -> str:
    """Return what an error says of the values that ok pictures have: their range, or a few."""
    if name in MEASURES and not catalog.metadata.counts(MEASURES).get(name):
        return (
            "no picture was measured: delete the folder thumbs of the store, and imgrec index "
            "reads its pictures again"
        )
    counts = catalog.metadata.counts() | catalog.metadata.counts(MEASURES)
    if name == NEAR:
        places = counts.get(LATITUDE, 0)
        found = f"no picture lies there; {counted(places, 'picture')} with a place"
        return found if places else "no picture has a place"
    if name not in counts:
        return f"no picture has one; there are: {', '.join(counts) or 'none'}"
    values = list(catalog.metadata.tally(name))
    if name in _WORDED:
        shown = ", ".join(values[:5]) + (", …" if values[5:] else "")
        return f"no picture has these words; the most frequent of {len(values):,}: {shown}"
    if name == TAKEN:
        first, last = min(values), max(values)
        when = f"from {first} to {last}" if first < last else f"at {first}"
        return f"no picture was taken then; they were taken {when}"
    _, numbers = catalog.metadata.numbers(name)
    span = f"they have {numbers.min():g} to {numbers.max():g}" if len(numbers) else "none is known"
    return f"no picture has such a value; {span}"


def words_of(value: str) -> set[str]:
    """Return the words of a text as they are compared: NFKC, without case, split at spaces.

    Punctuation at the ends of a word does not count.
    """
    plain = unicodedata.normalize("NFKC", value).casefold().replace("_", " ")
    return {word.strip(".,;:!?()[]\"'") for word in plain.split()} - {""}


def _ends(value: str) -> tuple[str, str]:
    """Return both ends of a range, "" for an open one; a single value is both."""
    least, between, most = (part.strip() for part in value.partition(".."))
    return (least, most) if between else (least, least)


def _date(name: str, value: str, part: str) -> str:
    """Return a date or its beginning as the catalog writes it.

    Raises:
        WrongValueError: it is none.
    """
    match = _DATE.fullmatch(part)
    numbers = [int(found) for found in match.groups() if found] if match else []
    limits = zip(numbers, _LEAST_PARTS, _MOST_PARTS, strict=False)
    if not numbers or not all(least <= number <= most for number, least, most in limits):
        raise WrongValueError(
            f"where {name}={value}: {part!r} is no date, write 2019, 2019-07, 2019-07-14, or a "
            "range such as 2019-07..2019-08"
        )
    separators = ("", "-", "-", "T", ":", ":")
    shown = [f"{numbers[0]:04}", *(f"{number:02}" for number in numbers[1:])]
    return "".join(mark + digits for mark, digits in zip(separators, shown, strict=False))


def _number(name: str, value: str, part: str) -> float:
    """Return a number that a user wrote, such as 1/500, f/2.8 or 50mm.

    Raises:
        WrongValueError: it is none.
    """
    above, _, below = _UNITS.sub("", part.strip()).partition("/")
    try:
        found = float(above) / float(below or 1)
        if math.isfinite(found):
            return found
    except (ValueError, ZeroDivisionError):
        pass
    raise WrongValueError(
        f"where {name}={value}: {part!r} is no number, write a number, a fraction such as 1/500, "
        "or a range such as 100..400 or 400.."
    )


def _near(catalog: Catalog, value: str) -> Ids:
    """Return the ids of the pictures within a distance of a place, by the haversine formula.

    Source: R. W. Sinnott, "Virtues of the Haversine", Sky and Telescope 68 (1984).
    """
    latitude, longitude, meters = _place(value)
    window = math.degrees(meters / _EARTH_M)
    ids = catalog.metadata.ids_in_range(LATITUDE, latitude - window, latitude + window)
    north_ids, north = catalog.metadata.numbers(LATITUDE)
    east_ids, east = catalog.metadata.numbers(LONGITUDE)
    both = np.intersect1d(np.intersect1d(north_ids, east_ids), ids)
    phi = np.radians(north[np.searchsorted(north_ids, both)])
    lam = np.radians(east[np.searchsorted(east_ids, both)])
    apart = (
        np.sin((phi - math.radians(latitude)) / 2) ** 2
        + np.cos(phi)
        * math.cos(math.radians(latitude))
        * np.sin((lam - math.radians(longitude)) / 2) ** 2
    )
    found: Ids = both[2 * _EARTH_M * np.arcsin(np.sqrt(np.clip(apart, 0, 1))) <= meters]
    return found


def _place(value: str) -> tuple[float, float, float]:
    """Return latitude and longitude in degrees, and a distance in meters.

    Raises:
        WrongValueError: the text is of another form, or a number beyond its range.
    """
    parts = value.split(",")
    distance = _DISTANCE.fullmatch(parts[2]) if len(parts) == 3 else None
    try:
        north, east = float(parts[0]), float(parts[1])
        meters = float(distance[1]) * _METERS[distance[2]] if distance else -1.0
    except (ValueError, IndexError):
        north = east = meters = math.nan
    if not (abs(north) <= 90 and abs(east) <= 180 and 0 < meters < math.inf):
        raise WrongValueError(
            f"where near={value}: write latitude, longitude and distance, such as "
            "near=48.2,16.4,5km (or 500m, 3mi)"
        )
    return north, east, meters
