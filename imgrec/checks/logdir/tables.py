"""What the page would make of a metadata file.

Source: `_serve_metadata` of tensorboard/plugins/projector/projector_plugin.py; `parseMetadata`,
`streamParse` and `analyzeMetadata` of its vz_projector/data-provider.ts, `mergeMetadata` of
data.ts.
"""

import re
from collections import Counter
from dataclasses import dataclass, field
from pathlib import Path

from imgrec.checks.findings import Check, Place, shortened, unreadable
from imgrec.checks.logdir.configs import Embedding, asset
from imgrec.checks.logdir.tensor_text import SHOWN_ROWS
from imgrec.checks.logdir.tensors import Tensor
from imgrec.system.text import counted

MAX_COLORS = 50
_MAX_LINE = 1 << 24  # characters
_CHUNK = 1_000_000  # bytes the page parses at once
_BLOCK = 1 << 24  # characters the server decodes at once
_NUMBER = re.compile(  # what `isNaN` of JavaScript takes for a number
    r"\s*([+-]?(Infinity|(\d+\.?\d*|\.\d+)([eE][+-]?\d+)?)|0[xX][\da-fA-F]+|0[oO][0-7]+|0[bB][01]+)?\s*",
    re.ASCII,
)
_REFUSED = "the page shows an error and no points"


@dataclass
class Column:
    """What is known of a column."""

    name: str
    values: set[str] = field(default_factory=set)  # the first 51 that differ
    numeric: bool = True
    empty: int = 0

    @property
    def colorable(self) -> bool:
        """Whether the page offers to color by it."""
        return self.numeric or len(self.values) <= MAX_COLORS

    def add(self, value: str) -> None:
        """Take one more cell."""
        if not value:
            self.empty += 1
            return
        if len(self.values) <= MAX_COLORS:
            self.values.add(value)
        if self.numeric and not _NUMBER.fullmatch(value):
            self.numeric = False


@dataclass
class Table:
    """What the page would get of a metadata file.

    Attributes:
        columns: one named "label" where there is no header.
        header: whether the first line is one.
        rows: lines that are not blank, below the header.
        blank: lines that are, which the page leaves out.
        short: rows with fewer cells than columns.
        long: rows with more.
    """

    columns: list[Column]
    header: bool
    rows: int = 0
    blank: int = 0
    short: int = 0
    long: int = 0


def check_table(place: Place, embedding: Embedding, tensor: Tensor | None) -> Check[Table | None]:
    """Return the metadata of an embedding, or None where it has none that can be read."""
    if not embedding.metadata:
        return None
    name = embedding.metadata
    path = yield from asset(place, "the metadata file", name, embedding.folder, _REFUSED)
    if path is None:
        return None
    try:
        table = _read(path)
        hangs = _hangs(path)
    except UnicodeDecodeError:
        yield place.error(f"{name} is no UTF-8", _REFUSED)
        return None
    except ValueError as error:
        yield place.error(f"{name}: {error}", "the page takes very long to open or does not")
        return None
    except OSError as error:
        yield place.error(unreadable(f"the metadata file {name}", error), _REFUSED)
        return None
    if hangs:
        yield place.error(f"{name} {hangs}", 'the page stands at "Parsing metadata…" for ever')
    elif tensor is not None:
        yield from _count(place, name, table, tensor)
    yield from _cells(place, name, table)
    return table


def _read(path: Path) -> Table:
    with path.open(encoding="utf-8") as file:  # \r is a line break, as for the server
        first = file.readline(_MAX_LINE)
        header = "\t" in first
        names = first.rstrip("\n").split("\t") if header else ["label"]
        table = Table([Column(name) for name in names], header)
        count = 0 if header else 1
        if not header:
            _add(table, first)
        characters = len(first)
        while count < SHOWN_ROWS and (line := file.readline(_MAX_LINE)):
            if len(line) == _MAX_LINE:
                raise ValueError(f"a line is longer than {_MAX_LINE:,} characters")
            _add(table, line)
            characters += len(line)
            count += 1
        file.read(-characters % _BLOCK)  # decoded at once, invalid bytes are found there too
    return table


def _add(table: Table, line: str) -> None:
    if not line.strip():
        table.blank += bool(line)
        return
    cells = line.rstrip("\n").split("\t")
    table.rows += 1
    table.short += len(cells) < len(table.columns)
    table.long += len(cells) > len(table.columns)
    for column, value in zip(table.columns, cells, strict=False):
        column.add(value)


def _hangs(path: Path) -> str:
    """Return why the page would never come to an end: no line break in its last chunk."""
    size = path.stat().st_size
    with path.open("rb") as file:
        if size == 0:
            return "is empty"
        file.seek((max(0, size - 2)) // _CHUNK * _CHUNK)
        tail = file.read(_CHUNK + 2)
    return "" if b"\n" in tail or b"\r" in tail else "has no line break at its end"


def _count(place: Place, name: str, table: Table, tensor: Tensor) -> Check[None]:
    if table.rows == tensor.shown:
        return
    problem = f"{name} has {counted(table.rows, 'row')}, the tensor {tensor.shown:,}"
    if table.blank:
        problem += f" ({counted(table.blank, 'blank line')} left out)"
    if table.header and table.rows == tensor.shown - 1:
        yield place.error(f"{problem}: with several columns the first line is a header", _REFUSED)
    elif not table.header and table.rows == tensor.shown + 1:
        yield place.error(f"{problem}: with one column there must be no header", _REFUSED)
    elif table.rows < tensor.shown:
        yield place.error(
            problem, "points have labels of others or none, the search box finds nothing"
        )
    else:
        yield place.error(problem, "points have labels of others")


def _cells(place: Place, name: str, table: Table) -> Check[None]:
    if table.long:
        yield place.warning(
            f"{name}: more cells than columns in {counted(table.long, 'row')}",
            "the page leaves out the rest of the row (a tab inside a cell moves the next ones)",
        )
    if table.short:
        yield place.warning(
            f"{name}: fewer cells than columns in {counted(table.short, 'row')}",
            "the search box finds nothing in the columns at the end",
        )
    if empty := [column for column in table.columns if column.empty]:
        cells = counted(sum(column.empty for column in empty), "empty cell")
        yield place.warning(
            f"{name}: {cells} in {shortened(column.name for column in empty)}",
            "the search box finds nothing in these columns (write -)",
        )
    counts = Counter(column.name for column in table.columns)
    if twice := [column for column, count in counts.items() if count > 1]:
        yield place.warning(
            f"{name}: several columns are named {shortened(twice)}",
            "the page shows the last of them",
        )
    if table.rows and not any(column.colorable for column in table.columns):
        yield place.warning(
            f"{name}: each column has more than {MAX_COLORS} texts",
            "there is nothing to color by",
        )
