"""Tensor files as the plugin reads them: as text first, as binary where that is no UTF-8.

Without TensorFlow the plugin decodes 16 Mi characters at a time and parses their lines before it
goes on, so a line that is no row of numbers is an error only where it ends in an earlier block
than the first invalid byte; with TensorFlow it decodes line by line.

Source: `_read_tensor_tsv_file` of tensorboard/plugins/projector/projector_plugin.py and `GFile`
of tensorboard/compat/tensorflow_stub/io/gfile.py.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import TextIO

import numpy as np

SHOWN_ROWS = 100_000
_BLOCK = 1 << 24  # characters the plugin reads at once
_STEP = 1 << 20  # characters read here at once; a part of `_BLOCK`
_SMALL = 1e38  # values whose sum is below it are finite in float32


@dataclass(frozen=True)
class Rows:
    """What a text holds.

    Attributes:
        rows: lines that are not empty.
        columns: of each of them; 0 where there is none.
        not_finite: rows with NaN or infinity in float32, among those that are shown.
    """

    rows: int
    columns: int
    not_finite: int


def read_rows(path: Path) -> Rows | None:
    """Return what a text file holds, or None where the plugin takes it for binary.

    Raises:
        ValueError: the plugin fails on it; says where.
        OSError: it cannot be read.
    """
    end = _decodable(path)
    if end == 0:
        return None
    with path.open(encoding="utf-8") as file:
        try:
            rows = _rows(_lines(file, end))
        except UnicodeDecodeError:  # in a line that goes on beyond `end`
            return None
    return rows if end is None else None


def fails_with_tensorflow(path: Path) -> bool:
    """Return whether a binary has, before its first invalid line, one that is no numbers.

    The plugin then fails where TensorFlow is installed. At most a block is looked at.
    """
    with path.open("rb") as file:
        for line in iter(lambda: file.readline(_BLOCK), b""):
            try:
                text = line.decode("utf-8").rstrip("\n")
            except UnicodeDecodeError:
                return False
            try:
                list(map(float, text.split("\t") if text else []))
            except ValueError:
                return line.endswith(b"\n")
            if file.tell() > _BLOCK:
                return False
    return False


def _decodable(path: Path) -> int | None:
    """Return how many characters are decoded before the block with invalid bytes; None: all."""
    count = 0
    with path.open(encoding="utf-8") as file:
        try:
            while text := file.read(_STEP):
                count += len(text)
        except UnicodeDecodeError:
            return count // _BLOCK * _BLOCK
    return None


def _lines(file: TextIO, end: int | None) -> Iterator[str]:
    """Yield the lines that end before a number of characters."""
    count = 0
    while line := file.readline(_BLOCK):
        count += len(line)
        if end is not None and count > end:
            return
        if not line.endswith("\n") and len(line) == _BLOCK:
            raise ValueError(f"a line is longer than {_BLOCK:,} characters")
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
        raise ValueError(f"line {line:,} has {_first_text(cells)!r}, no number") from error
    if len(values) != columns:
        raise ValueError(f"line {line:,} has {len(values):,} numbers, those before {columns:,}")
    return values


def _first_text(cells: list[str]) -> str:
    """Return the beginning of the first cell that is no number."""
    for cell in cells:
        try:
            float(cell)
        except ValueError:
            return cell[:12]
    return ""
