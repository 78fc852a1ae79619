"""The names of metadata, their values as JSON has them, and as a reader reads them.

What a file says of itself is a few values by name. The names are a contract between who reads files
(`imgrec.pictures.metadata`), who keeps and searches values (`imgrec.collection`), and who shows
them; this is the one place that spells them.
"""

from collections.abc import Iterable, Mapping
from typing import Any, NamedTuple

from imgrec.pictures.metadata_values import MOST_TEXT, exposure

TAKEN, CAMERA, LENS, TITLE, KEYWORD = "taken", "camera", "lens", "title", "keyword"
EXPOSURE, APERTURE, ISO, FOCAL, RATING = "exposure", "aperture", "iso", "focal", "rating"
LATITUDE, LONGITUDE = "latitude", "longitude"
# In the order in which they are shown.
NAMES = (
    TAKEN, CAMERA, LENS, EXPOSURE, APERTURE, ISO, FOCAL, LATITUDE, LONGITUDE, RATING, TITLE,
    KEYWORD,
)  # fmt: skip
# Measures of the pixels (`imgrec.pictures.measures`), 0 to 100. They are kept and searched as
# metadata is, and are none of what a file says of itself.
SHARPNESS, BRIGHTNESS, CONTRAST = "sharpness", "brightness", "contrast"
CLIPPED, FLAT, SCREENSHOT = "clipped", "flat", "screenshot"
MEASURES = (SHARPNESS, BRIGHTNESS, CONTRAST, CLIPPED, FLAT, SCREENSHOT)
MOST_MEASURE = 100.0
# Above every number: seconds since 1970 of a year below 2101.
MOST_NUMBER = 1e10


class Datum(NamedTuple):
    """One thing that a file says, or one measure of its pixels.

    Attributes:
        name: one of `NAMES` or `MEASURES`.
        value: as text.
        number: by which values are compared, in the unit of the name: seconds since 1970 of the
            local clock (taken), seconds (exposure), millimeters (focal), degrees, percent
            (measures); None for texts.
    """

    name: str
    value: str
    number: float | None = None


def statements(data: Iterable[Datum]) -> frozenset[tuple[str, str]]:
    """Return the names and values of metadata: what is lost with a file is not in another's."""
    return frozenset((datum.name, datum.value) for datum in data)


def by_name(data: Iterable[Datum]) -> dict[str, Any]:
    """Return metadata as {name: value}: texts and dates, numbers, and a list of keywords."""
    found: dict[str, Any] = {}
    for datum in data:
        if datum.name == KEYWORD:
            found.setdefault(KEYWORD, []).append(datum.value)
        else:
            is_text = datum.name == TAKEN or datum.number is None
            found[datum.name] = datum.value if is_text else datum.number
    return found


def in_words(found: Mapping[str, Any]) -> str:
    """Return metadata as one line for a reader, "" for none.

    2019-07-14 15:32:10, Canon EOS 5D, 1/500 s, f/2.8, ISO 400, 50 mm, 4 of 5, Summer, #cat #garden

    Args:
        found: as `by_name` returns it.
    """
    time = exposure(found.get(EXPOSURE))
    shown = {
        TAKEN: str(found.get(TAKEN, "")).replace("T", " "),
        CAMERA: found.get(CAMERA),
        LENS: found.get(LENS),
        EXPOSURE: f"{time[0]} s" if time else "",
        APERTURE: f"f/{found[APERTURE]:g}" if APERTURE in found else "",
        ISO: f"ISO {found[ISO]:g}" if ISO in found else "",
        FOCAL: f"{found[FOCAL]:g} mm" if FOCAL in found else "",
        LATITUDE: _place(found),
        RATING: _stars(found.get(RATING)),
        TITLE: found.get(TITLE),
        KEYWORD: " ".join(f"#{word}" for word in found.get(KEYWORD, ())),
    }
    return ", ".join(text for text in shown.values() if text)


def is_datum(value: object) -> bool:
    """Return True for a `Datum` as JSON has it: [name, value, number], each of its range."""
    if not isinstance(value, list) or len(value) != 3:
        return False
    name, shown, number = value
    is_number = number is None or (type(number) in (int, float) and abs(number) < MOST_NUMBER)
    is_text = type(shown) is str and 0 < len(shown) <= MOST_TEXT and shown.isprintable()
    if name in MEASURES:
        return is_text and is_number and number is not None and 0 <= number <= MOST_MEASURE
    return name in NAMES and is_text and is_number


def _place(found: Mapping[str, Any]) -> str:
    if LATITUDE not in found or LONGITUDE not in found:
        return ""
    return f"{found[LATITUDE]:.5f} {found[LONGITUDE]:.5f}"


def _stars(rating: float | None) -> str:
    if rating is None:
        return ""
    return "rejected" if rating < 0 else f"{rating:.0f} of 5"
