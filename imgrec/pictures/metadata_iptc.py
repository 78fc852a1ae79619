"""IPTC: datasets of the Information Interchange Model, as agencies have written them since 1991.

A dataset is a marker, a record and a dataset number, a length of two bytes, and a text. Texts are
UTF-8 where the block declares it; others are mostly UTF-8 or Windows-1252 all the same.

Source: IPTC-NAA Information Interchange Model 4.2, chapters 1 and 6.
"""

from imgrec.pictures.metadata_exif import text_of

TITLE, KEYWORD, CAPTION = 5, 25, 120
DATE_CREATED, TIME_CREATED, DATE_DIGITIZED, TIME_DIGITIZED = 55, 60, 62, 63
_WANTED = frozenset(
    {TITLE, KEYWORD, CAPTION, DATE_CREATED, TIME_CREATED, DATE_DIGITIZED, TIME_DIGITIZED}
)
_MARKER, _APPLICATION = 0x1C, 2
# A length with this bit is the number of bytes of a longer length, which no text of ours needs.
_EXTENDED = 0x8000
_MOST_DATASETS = 2048

Datasets = dict[int, list[str]]


def read_iptc(data: bytes) -> Datasets:
    """Return the texts of the wanted datasets of the application record, by number."""
    found: Datasets = {}
    place = 0
    for _ in range(_MOST_DATASETS):
        if place + 5 > len(data) or data[place] != _MARKER:
            break
        record, number = data[place + 1], data[place + 2]
        size = int.from_bytes(data[place + 3 : place + 5], "big")
        if size & _EXTENDED:
            break
        body = data[place + 5 : place + 5 + size]
        if record == _APPLICATION and number in _WANTED and len(body) == size:
            found.setdefault(number, []).append(text_of(body))
        place += 5 + size
    return found
