"""Check a metadata file (TSV): a line for each point, with a header if it has several columns.

The plugin reads the first 100,000 lines as UTF-8. The page parses them in chunks of 1 MB, compares
their number with the points, and takes a column for numeric if JavaScript's `isNaN` accepts each
value. A numeric column, or one with at most 50 different values, can be chosen to color by.

Source: `_serve_metadata` of tensorboard/plugins/projector/projector_plugin.py; `parseMetadata`,
`streamParse` and `analyzeMetadata` of its vz_projector/data-provider.ts, `mergeMetadata` of
data.ts, in tensorflow/tensorboard.
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
# Characters of a line that are read at most.
_MAX_LINE = 1 << 24
# Bytes that the page parses at a time.
_CHUNK = 1_000_000
# Characters that the plugin decodes at a time.
_BLOCK = 1 << 24
# What JavaScript's `isNaN` accepts as a number.
_NUMBER = re.compile(
    r"\s*([+-]?(Infinity|(\d+\.?\d*|\.\d+)([eE][+-]?\d+)?)|0[xX][\da-fA-F]+|0[oO][0-7]+|0[bB][01]+)?\s*",
    re.ASCII,
)
_REFUSED = "the page shows an error and no points"


@dataclass
class Column:
    """Statistics of a metadata column.

    Attributes:
        name: from the header.
        values: the first 51 different values.
        numeric: True if all values are numbers to JavaScript.
        empty: number of empty cells.
    """

    name: str
    values: set[str] = field(default_factory=set)
    numeric: bool = True
    empty: int = 0

    @property
    def colorable(self) -> bool:
        """True if the page offers to color by this column."""
        return self.numeric or len(self.values) <= MAX_COLORS

    def add(self, value: str) -> None:
        """Add a cell."""
        if not value:
            self.empty += 1
            return
        if len(self.values) <= MAX_COLORS:
            self.values.add(value)
        if self.numeric and not _NUMBER.fullmatch(value):
            self.numeric = False


@dataclass
class Table:
    """A metadata file as the page parses it.

    Attributes:
        columns: the columns; a single one named "label" if there is no header.
        header: True if the first line is a header.
        rows: number of lines below the header that are not blank.
        blank: number of blank lines, which the page skips.
        short: number of rows with fewer cells than columns.
        long: number of rows with more cells than columns.
    """

    columns: list[Column]
    header: bool
    rows: int = 0
    blank: int = 0
    short: int = 0
    long: int = 0


def check_table(place: Place, embedding: Embedding, tensor: Tensor | None) -> Check[Table | None]:
    """Check the metadata of an embedding; return it, or None if it has none that can be read."""
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
        yield place.error(f"{name} is not valid UTF-8", _REFUSED)
        return None
    except ValueError as error:
        yield place.error(f"{name}: {error}", "the page takes very long to open, or never opens")
        return None
    except OSError as error:
        yield place.error(unreadable(f"the metadata file {name}", error), _REFUSED)
        return None
    if hangs:
        yield place.error(f"{name} {hangs}", 'the page hangs at "Parsing metadata…"')
    elif tensor is not None:
        yield from _count(place, name, table, tensor)
    yield from _cells(place, name, table)
    return table


def _read(path: Path) -> Table:
    # With universal newlines, as the plugin opens it: a lone \r ends a line too.
    with path.open(encoding="utf-8") as file:
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
        # The plugin decodes whole blocks, so invalid bytes after the last row fail too.
        file.read(-characters % _BLOCK)
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
    """Return why the page's parser never ends: the last chunk has no line break; "" if it does."""
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
        problem += f" ({counted(table.blank, 'blank line')} skipped)"
    if table.header and table.rows == tensor.shown - 1:
        yield place.error(f"{problem}: with several columns the first line is a header", _REFUSED)
    elif not table.header and table.rows == tensor.shown + 1:
        yield place.error(f"{problem}: with one column there must be no header", _REFUSED)
    elif table.rows < tensor.shown:
        yield place.error(
            problem, "points have wrong labels or none, and the search box finds nothing"
        )
    else:
        yield place.error(problem, "points have wrong labels")


def _cells(place: Place, name: str, table: Table) -> Check[None]:
    if table.long:
        yield place.warning(
            f"{name}: more cells than columns in {counted(table.long, 'row')}",
            "the page ignores the rest of the row (a tab inside a cell shifts the cells after it)",
        )
    if table.short:
        yield place.warning(
            f"{name}: fewer cells than columns in {counted(table.short, 'row')}",
            "the search box finds nothing in the last columns",
        )
    if empty := [column for column in table.columns if column.empty]:
        cells = counted(sum(column.empty for column in empty), "empty cell")
        yield place.warning(
            f"{name}: {cells} in {shortened(column.name for column in empty)}",
            "the search box finds nothing in these columns (write - into empty cells)",
        )
    counts = Counter(column.name for column in table.columns)
    if twice := [column for column, count in counts.items() if count > 1]:
        yield place.warning(
            f"{name}: several columns are named {shortened(twice)}",
            "the page shows only the last of them",
        )
    if table.rows and not any(column.colorable for column in table.columns):
        yield place.warning(
            f"{name}: each text column has more than {MAX_COLORS} different values",
            "the page offers no column to color by",
        )
