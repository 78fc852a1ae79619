r"""Tables as CSV for spreadsheets and scripts, with names that may come from anywhere.

A path is untrusted text and goes into a file that spreadsheets open. Two invariants hold for it:

- No cell is a formula (CSV injection): a value that starts with `=`, `+`, `-` or `@` is prefixed
  by an apostrophe, and so is one that starts with an apostrophe.
- The escaping is reversible: a backslash is doubled, an unprintable character becomes its Python
  escape such as `\n` or `\u2028`, and a byte that is not UTF-8 the surrogate escape `\udcfc`.
"""

import csv
import io
from collections.abc import Iterable, Sequence

_QUOTED = ("=", "+", "-", "@", "'")


def cell(name: str) -> str:
    """Return a name escaped for a cell: unprintable characters and formula prefixes."""
    escaped = "".join(map(_escaped, name))
    return f"'{escaped}" if escaped.startswith(_QUOTED) else escaped


def csv_text(columns: Sequence[str], rows: Iterable[Sequence[object]]) -> str:
    """Return the text of a CSV file: a header, then the rows, whose names passed `cell`."""
    buffer = io.StringIO(newline="")
    writer = csv.writer(buffer, lineterminator="\n")
    writer.writerow(columns)
    writer.writerows(rows)
    return buffer.getvalue()


def _escaped(letter: str) -> str:
    if letter.isprintable() and letter != "\\":
        return letter
    return letter.encode("unicode_escape").decode("ascii")
