"""Labels as terms of the search index: "color:red", "taken:2019-07", and the words of values.

A label has two kinds of term. Its key, `:kind:value`, answers a query that names the kind, such as
`color:red`, or a chip of the panel; no word begins with a colon, so that keys and words never mix.
Its words answer a query like any word of a folder does. Numbers of clusters and communities have
keys alone, since a bare number means file names.
"""

from collections.abc import Iterable, Iterator

from graph.words import fold, terms
from imgrec.collection.kinds import CLUSTER, COMMUNITY, NESTED
from imgrec.pictures.metadata_names import TAKEN

# Kind and value, as shown.
Label = tuple[str, str]

# Length of a key's value in code points; the rest is cut off.
MAX_VALUE = 60
_NUMBERED = (CLUSTER, COMMUNITY)
_MONTHS = (
    *("january", "february", "march", "april", "may", "june"),
    *("july", "august", "september", "october", "november", "december"),
)


def label_terms(labels: Iterable[Label]) -> Iterator[str]:
    """Yield the keys and words of some labels; a term may come more than once."""
    for kind, value in labels:
        for each in (value, *_wider(kind, value)):
            yield f":{fold(kind)}:{fold(each)[:MAX_VALUE]}"
        if kind == TAKEN:
            yield from _date_words(value)
        elif kind not in _NUMBERED:
            yield from terms(value)


def _wider(kind: str, value: str) -> Iterator[str]:
    """Yield the wider values that a value lies in: 2019 and 2019-07, or 3 of the path 3.1."""
    separator = "-" if kind == TAKEN else "." if kind in NESTED else None
    parts = value.split(separator) if separator else []
    for i in range(1, len(parts)):
        yield separator.join(parts[:i]) if separator else ""


def _date_words(date: str) -> Iterator[str]:
    """Yield the name of the month of a date such as 2019-07-14; its numbers have keys alone."""
    _, *rest = date.split("-")
    if rest and rest[0].isdecimal() and 1 <= int(rest[0]) <= len(_MONTHS):
        yield _MONTHS[int(rest[0]) - 1]
