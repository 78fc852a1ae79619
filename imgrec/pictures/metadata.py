"""What a picture's file says about itself: when, where and with what it was taken, and its words.

EXIF, XMP and IPTC say the same things in different ways, and sometimes different things. A table of
`Datum` comes out: one value a name, but for keywords. Which tag counts is the order below; the
first that holds a valid value wins.

    taken     EXIF DateTimeOriginal; XMP exif:DateTimeOriginal, photoshop:DateCreated; IPTC date
              created; EXIF DateTimeDigitized; XMP exif:DateTimeDigitized, xmp:CreateDate; IPTC date
              digitized; EXIF DateTime, of a file that names a camera; the GPS clock, in UTC
    others    EXIF, then XMP, then IPTC; but rating, title and keywords, which programs write to XMP
              first: XMP, then IPTC, then EXIF. Keywords of all three are joined.

DateTime alone is when a file was changed; phones and old cameras write nothing else. A GPS clock is
last, because receivers write a date of long ago before they have a fix.

Invariant: nothing is raised, whatever the bytes are; a file that says nothing sound has no
metadata.

Sources: Metadata Working Group, guidelines 2.0, chapter 5; how immich-app/immich, photoprism and
digiKam rank dates; SmilyOrg/photofield issue 99 of GPS clocks.
"""

from collections.abc import Iterator

from imgrec.pictures import metadata_exif as exif
from imgrec.pictures import metadata_iptc as iptc
from imgrec.pictures import metadata_values as values
from imgrec.pictures.metadata_blocks import Blocks, blocks_of
from imgrec.pictures.metadata_exif import ExifTags, joined, read_exif
from imgrec.pictures.metadata_names import (
    APERTURE,
    CAMERA,
    EXPOSURE,
    FOCAL,
    ISO,
    KEYWORD,
    LATITUDE,
    LENS,
    LONGITUDE,
    RATING,
    TAKEN,
    TITLE,
    Datum,
)  # fmt: skip
from imgrec.pictures.metadata_values import Valued
from imgrec.pictures.metadata_xmp import Properties, read_xmp

# Keywords of a picture, and characters of all its texts together.
MOST_KEYWORDS, MOST_CHARACTERS = 64, 2000
# What cameras write as a description by default.
_NO_TITLES = frozenset({
    "olympus digital camera", "minolta digital camera", "konica minolta digital camera", "sony dsc",
    "digital camera", "dcf 1.0", "screenshot", "default", "exif_jpeg_picture", "exif_jpeg_t422",
    "samsung camera pictures", "kodak digital still camera", "dcim", "jpeg",
})  # fmt: skip


def metadata_of(data: bytes) -> tuple[Datum, ...]:
    """Return the metadata of a file by name, in the order of `NAMES`; () if it has none."""
    # Damaged or hostile blocks must not cost the picture.
    try:
        return _metadata(blocks_of(data))
    except (ValueError, LookupError, ArithmeticError, TypeError):
        return ()


def _metadata(blocks: Blocks) -> tuple[Datum, ...]:
    if not (blocks.exif or blocks.xmp or blocks.iptc or blocks.gps):
        return ()
    tags = _exif(blocks)
    properties: Properties = {}
    for packet in blocks.xmp:
        properties = read_xmp(packet) | properties
    datasets: iptc.Datasets = {}
    for block in blocks.iptc:
        datasets = iptc.read_iptc(block) | datasets
    said = _Said(tags, properties, datasets)
    return tuple(_bounded(said.all()))


def _exif(blocks: Blocks) -> ExifTags:
    several = [found for block in blocks.exif if (found := read_exif(block)) is not None]
    for block in blocks.gps:
        directory = exif.exif_directory(block)
        if directory is not None:
            several.append(exif.gps_only(directory))
    return joined(several)


def _bounded(found: Iterator[Datum]) -> Iterator[Datum]:
    left = MOST_CHARACTERS
    for datum in found:
        left -= len(datum.value)
        if left < 0:
            return
        yield datum


class _Said:
    """What the blocks of one file say, by precedence."""

    def __init__(self, tags: ExifTags, xmp: Properties, datasets: iptc.Datasets) -> None:
        self._exif, self._xmp, self._iptc = tags, xmp, datasets

    def all(self) -> Iterator[Datum]:
        """Yield what is valid, in the order of `NAMES`."""
        place = self._place()
        single: tuple[tuple[str, Valued | None], ...] = (
            (TAKEN, next(self._dates(), None)),
            (CAMERA, _plain(self._camera())),
            (LENS, _plain(self._lens())),
            (EXPOSURE, self._exposure()),
            (APERTURE, self._aperture()),
            (ISO, self._iso()),
            (FOCAL, self._focal()),
            (LATITUDE, place[0] if place else None),
            (LONGITUDE, place[1] if place else None),
            (RATING, self._rating()),
            (TITLE, _plain(next(self._titles(), None))),
        )
        for name, value in single:
            if value is not None:
                shown, number = value
                is_text = name in (CAMERA, LENS, TITLE)
                yield Datum(name, shown, None if is_text else number)
        yield from (Datum(KEYWORD, word) for word in self._keywords())

    def _dates(self) -> Iterator[Valued]:
        for date in self._ranked_dates():
            if date is not None:
                yield date

    def _ranked_dates(self) -> Iterator[Valued | None]:
        tags = self._exif
        offset = tags.text(exif.OFFSET)
        yield values.date(
            tags.text(exif.TAKEN), tags.text(exif.SECONDS_TAKEN),
            tags.text(exif.OFFSET_TAKEN) or offset,
        )  # fmt: skip
        yield values.date(self._first("exif:DateTimeOriginal"))
        yield values.date(self._first("photoshop:DateCreated"))
        yield self._iptc_date(iptc.DATE_CREATED, iptc.TIME_CREATED)
        yield values.date(
            tags.text(exif.DIGITIZED), tags.text(exif.SECONDS_DIGITIZED),
            tags.text(exif.OFFSET_DIGITIZED) or offset,
        )  # fmt: skip
        yield values.date(self._first("exif:DateTimeDigitized"))
        yield values.date(self._first("xmp:CreateDate"))
        yield self._iptc_date(iptc.DATE_DIGITIZED, iptc.TIME_DIGITIZED)
        if tags.text(exif.MAKE) or tags.text(exif.MODEL):
            yield values.date(tags.text(exif.CHANGED), tags.text(exif.SECONDS), offset)
        yield self._gps_date()

    def _iptc_date(self, day: int, time: int) -> Valued | None:
        """Return a date of IPTC: `CCYYMMDD` and `HHMMSS±HHMM`; zeros are unknown parts."""
        digits = (self._iptc.get(day) or [""])[0].strip()
        if len(digits) != 8 or not digits.isascii() or not digits.isdigit():
            return None
        parts = [digits[:4], digits[4:6], digits[6:]]
        known = parts[: parts.index("00")] if "00" in parts else parts
        clock = (self._iptc.get(time) or [""])[0].strip()
        if len(known) < 3 or len(clock) < 6:
            return values.date("-".join(known))
        written = f"{'-'.join(parts)}T{clock[:2]}:{clock[2:4]}:{clock[4:6]}"
        return values.date(written + clock[6:]) or values.date("-".join(parts))

    def _gps_date(self) -> Valued | None:
        day, clock = self._exif.gps.get(exif.GPS_DATE), self._exif.gps.get(exif.GPS_TIME)
        if not isinstance(day, str) or not isinstance(clock, tuple) or len(clock) != 3:
            return None
        if not all(0 <= part < 61 for part in clock):
            return None
        hour, minute, second = map(int, clock)
        return values.date(f"{day.strip()} {hour:02}:{minute:02}:{second:02}Z")

    def _camera(self) -> str | None:
        tags = self._exif
        return values.named(tags.text(exif.MAKE), tags.text(exif.MODEL)) or values.named(
            self._first("tiff:Make"), self._first("tiff:Model")
        )

    def _lens(self) -> str | None:
        tags = self._exif
        written = values.named(tags.text(exif.LENS_MAKE), tags.text(exif.LENS))
        # A maker alone names no lens.
        if written is not None and tags.text(exif.LENS).strip():
            return written
        lens_range = tags.known_numbers(exif.LENS_RANGE) or tags.known_numbers(exif.DNG_LENS_RANGE)
        return (
            values.named("", self._first("exifEX:LensModel"))
            or values.named("", self._first("aux:Lens"))
            or values.lens_of_range(lens_range)
        )

    def _exposure(self) -> Valued | None:
        tags = self._exif
        return (
            values.exposure(tags.number(exif.EXPOSURE))
            or values.exposure(values.exposure_of_apex(tags.number(exif.SHUTTER_SPEED)))
            or values.exposure(values.fraction(self._first("exif:ExposureTime")))
        )

    def _aperture(self) -> Valued | None:
        tags = self._exif
        apex = values.aperture_of_apex(tags.number(exif.APERTURE_VALUE))
        candidates = (
            tags.number(exif.APERTURE),
            None if apex is None else round(apex, 1),
            values.fraction(self._first("exif:FNumber")),
        )
        return self._number(candidates, 0.1, 1000, digits=2)

    def _iso(self) -> Valued | None:
        tags = self._exif
        # 65535 says that the value does not fit: it is in one of the other tags.
        written = [tags.number(tag) for tag in (exif.ISO, exif.ISO_SPEED, exif.RECOMMENDED_ISO)]
        fitting = [iso for iso in written if iso is not None and iso != 65535]
        named = ("exifEX:PhotographicSensitivity", "exif:ISOSpeedRatings")
        candidates = [*fitting, *(values.fraction(self._first(name)) for name in named)]
        return self._number(candidates, 1, 1e8, digits=0)

    def _focal(self) -> Valued | None:
        candidates = (
            self._exif.number(exif.FOCAL), values.fraction(self._first("exif:FocalLength"))
        )  # fmt: skip
        return self._number(candidates, 0.1, 1e5, digits=2)

    def _number(
        self, candidates: "list[float | None] | tuple[float | None, ...]", least: float,
        most: float, *, digits: int,
    ) -> Valued | None:  # fmt: skip
        for candidate in candidates:
            rounded = candidate if candidate is None else round(candidate, digits)
            found = values.number(rounded, least, most)
            if found is not None:
                return found
        return None

    def _place(self) -> tuple[Valued, Valued] | None:
        gps = self._exif.gps
        north = _coordinate(gps.get(exif.LATITUDE), gps.get(exif.LATITUDE_REF), 90)
        east = _coordinate(gps.get(exif.LONGITUDE), gps.get(exif.LONGITUDE_REF), 180)
        return values.place(north, east) or values.place(
            values.degrees_of_text(self._first("exif:GPSLatitude"), 90),
            values.degrees_of_text(self._first("exif:GPSLongitude"), 180),
        )

    def _rating(self) -> Valued | None:
        """Return the stars, 1 to 5, or -1 of a rejected picture; 0 says that there is none."""
        tags = self._exif
        percents = (
            values.fraction(self._first("MicrosoftPhoto:Rating")), tags.number(exif.RATING_PERCENT)
        )  # fmt: skip
        stars = [values.fraction(self._first("xmp:Rating")), tags.number(exif.RATING)]
        # Windows writes 1, 25, 50, 75 and 99 percent.
        stars += [1 + round(p / 25) if p and 0 < p <= 100 else None for p in percents]
        for found in stars:
            if found is not None and (found == -1 or 1 <= found <= 5):
                return values.number(round(found), -1, 5)
        return None

    def _titles(self) -> Iterator[str]:
        written = (
            self._first("dc:title"), (self._iptc.get(iptc.TITLE) or [""])[0],
            self._exif.wide_text(exif.XP_TITLE), self._first("dc:description"),
            (self._iptc.get(iptc.CAPTION) or [""])[0], self._exif.text(exif.DESCRIPTION),
        )  # fmt: skip
        for title in map(values.text, written):
            if title and title.casefold() not in _NO_TITLES:
                yield title

    def _keywords(self) -> list[str]:
        found = [*self._xmp.get("dc:subject", ()), *self._iptc.get(iptc.KEYWORD, ())]
        found += self._exif.wide_text(exif.XP_KEYWORDS).partition("\0")[0].split(";")
        if not any(map(values.text, found)):
            # Leaves of the tree of keywords, which programs mostly write as plain ones too.
            paths = self._xmp.get("lr:hierarchicalSubject", ())
            found = [path.rpartition("|")[2] for path in paths]
        words: dict[str, str] = {}
        for word in filter(None, map(values.text, found)):
            words.setdefault(word.casefold(), word)
        return list(words.values())[:MOST_KEYWORDS]

    def _first(self, name: str) -> str:
        return (self._xmp.get(name) or [""])[0]


def _plain(shown: str | None) -> Valued | None:
    return None if shown is None else (shown, 0.0)


def _coordinate(parts: exif.Value | None, reference: exif.Value | None, most: int) -> float | None:
    if not isinstance(parts, tuple) or not isinstance(reference, str):
        return None
    return values.degrees(parts[:3], reference, most)
