"""Words for the day, month and year in which a picture was taken, as a person writes them."""

import re

_MONTHS = (
    *("January", "February", "March", "April", "May", "June", "July", "August", "September"),
    *("October", "November", "December"),
)
_DATE = re.compile(r"(\d{4})(?:-(\d{2})(?:-(\d{2}))?)?", re.ASCII)


def date_words(taken: str) -> list[str]:
    """Return the words of a date, the most exact first: 4 July 2019, July 2019, 2019.

    Args:
        taken: the metadatum `taken`, such as 2019-07-04T12:03:11, 2019-07 or 2019.
    """
    found = _DATE.match(taken)
    if found is None:
        return []
    year, month, day = found.groups()
    if month is None or not 1 <= int(month) <= len(_MONTHS):
        return [year]
    words = [f"{_MONTHS[int(month) - 1]} {year}", year]
    return words if day is None else [f"{int(day)} {words[0]}", *words]
