"""How long something took, as commands write it, on however slow a machine the tests run."""

import re

DURATION = r"(?:\d+(?:\.\d)? s|[\d,]+:\d\d min)"


def ends_after_some_time(line: str, end: str) -> bool:
    """Say whether a line ends with a duration, a colon and this text."""
    return re.search(rf" {DURATION}: {re.escape(end)}$", line) is not None
