"""Read tensor files as the plugin does: as tab-separated text, or as raw float32 if not UTF-8.

The plugin has no flag for the format: it decodes the file as text and falls back to binary at a
UnicodeDecodeError. Without TensorFlow it decodes blocks of 16 Mi characters and parses the lines of
a block before it decodes the next. A line that is not a row of numbers is therefore an error only
if it ends in an earlier block than the first invalid byte. With TensorFlow it decodes line by line.

Source: `_read_tensor_tsv_file` of tensorboard/plugins/projector/projector_plugin.py and `GFile`
of tensorboard/compat/tensorflow_stub/io/gfile.py, in tensorflow/tensorboard.
"""

from codecs import getincrementaldecoder
from collections.abc import Iterator
from dataclasses import dataclass
from io import IncrementalNewlineDecoder
from pathlib import Path
from typing import TextIO

import numpy as np

SHOWN_ROWS = 100_000
# State of a decoder that holds back no byte and no carriage return.
_BETWEEN = (b"", 0)
# If the sum of absolute values is smaller, each of them is finite in float32.
_SMALL = 1e38


@dataclass(frozen=True)
class Pieces:
    """How many characters of a file are decoded at a time.

    Attributes:
        block: characters that the plugin decodes at a time.
        step: characters that this check decodes at a time; divides `block`.
    """

    block: int = 1 << 24
    step: int = 1 << 20


PIECES = Pieces()


@dataclass(frozen=True)
class Rows:
    """The size of a tensor in a text file.

    Attributes:
        rows: number of lines that are not empty.
        columns: number of values in each row; 0 if there are no rows.
        not_finite: number of rows, of those shown, with NaN or infinity in float32.
    """

    rows: int
    columns: int
    not_finite: int


def read_rows(path: Path, pieces: Pieces = PIECES) -> Rows | None:
    """Return the size of a text file; None if the plugin reads the file as binary.

    Raises:
        ValueError: the plugin fails to parse it; the text names the line.
        OSError: it cannot be read.
    """
    end = _decodable(path, pieces)
    if end == 0:
        return None
    with path.open(encoding="utf-8") as file:
        try:
            rows = _rows(_lines(file, end, pieces.block))
        # In a line that continues beyond `end`.
        except UnicodeDecodeError:
            return None
    return rows if end is None else None


def fails_with_tensorflow(path: Path, pieces: Pieces = PIECES) -> bool:
    """Return True if the plugin would fail on a binary file where TensorFlow is installed.

    It does if a line before the first that is not UTF-8 is not a row of numbers. At most one block
    is examined.
    """
    with path.open("rb") as file:
        for line in iter(lambda: file.readline(pieces.block), b""):
            try:
                text = line.decode("utf-8").rstrip("\n")
            except UnicodeDecodeError:
                return False
            try:
                list(map(float, text.split("\t") if text else []))
            except ValueError:
                return line.endswith(b"\n")
            if file.tell() > pieces.block:
                return False
    return False


def _decodable(path: Path, pieces: Pieces) -> int | None:
    """Return the number of characters before the block of the first bad byte; None if none is.

    Bytes of ASCII without carriage returns are as many characters, and need not be decoded: most
    of the time that a large file takes.
    """
    count = 0
    utf8 = getincrementaldecoder("utf-8")()
    decoder = IncrementalNewlineDecoder(utf8, translate=True)
    with path.open("rb") as file:
        try:
            while data := file.read(pieces.step):
                is_plain = data.isascii() and b"\r" not in data and decoder.getstate() == _BETWEEN
                count += len(data if is_plain else decoder.decode(data))
            decoder.decode(b"", final=True)
        except UnicodeDecodeError as error:
            valid = error.object[: error.start].decode("utf-8")
            count += len(valid.replace("\r\n", "\n"))
            return count // pieces.block * pieces.block
    return None


def _lines(file: TextIO, end: int | None, block: int) -> Iterator[str]:
    """Yield the lines that end within the first `end` characters; all lines if it is None."""
    count = 0
    while line := file.readline(block):
        count += len(line)
        if end is not None and count > end:
            return
        if not line.endswith("\n") and len(line) == block:
            raise ValueError(f"a line is longer than {block:,} characters")
        yield line


def _rows(lines: Iterator[str]) -> Rows:
    count, columns, not_finite = 0, 0, 0
    for number, line in enumerate(lines, 1):
        cells = line.rstrip("\n").split("\t")
        if cells == [""]:
            continue
        columns = columns or len(cells)
        values = _numbers(number, cells, columns)
        if count < SHOWN_ROWS and not sum(map(abs, values)) < _SMALL:
            with np.errstate(over="ignore"):
                not_finite += not np.isfinite(np.array(values).astype(np.float32)).all()
        count += 1
    return Rows(count, columns, not_finite)


def _numbers(line: int, cells: list[str], columns: int) -> list[float]:
    try:
        values = list(map(float, cells))
    except ValueError as error:
        problem = f"line {line:,} has {_first_text(cells)!r}, which is not a number"
        raise ValueError(problem) from error
    if len(values) != columns:
        raise ValueError(f"line {line:,} has {len(values):,} numbers, not {columns:,} as before")
    return values


def _first_text(cells: list[str]) -> str:
    """Return the first 12 characters of the first cell that is not a number."""
    for cell in cells:
        try:
            float(cell)
        except ValueError:
            return cell[:12]
    return ""
