"""Check the tensor file of an embedding: its size, its format, its values, and the time to open it.

The plugin reads text or raw little-endian float32 of `tensor_shape`. A tensor that it cannot parse
makes it list no runs at all; one with NaN or infinity makes the page draw no points. Memory: raw
values are read in blocks of 64 MiB.
"""

from dataclasses import dataclass
from pathlib import Path

import numpy as np

from imgrec.checks.findings import Check, Finding, Place, unreadable
from imgrec.checks.logdir.configs import Embedding, asset, resolved
from imgrec.checks.logdir.tensor_text import (
    PIECES,
    SHOWN_ROWS,
    Pieces,
    Rows,
    fails_with_tensorflow,
    read_rows,
)
from imgrec.system.text import counted

_READ_BYTES = 1 << 26
# Size of a text file that TensorBoard parses in about 2 s, and cost per value (measured at
# 10,000 x 2,048 values: 7 s and 1 GB).
_SLOW_CELLS = 5_000_000
_TEXT_S_PER_CELL, _TEXT_BYTES_PER_CELL = 3.4e-7, 49
# Time until the page shows points: a constant, and seconds for 1,000 rows by number of columns.
_SLOW_S = 10.0
_START_S = 2.3
_COLUMNS = (3, 50, 100, 200, 256, 2048)
_S_PER_1000_ROWS = (0.03, 0.04, 0.07, 0.13, 0.33, 1.3)
_FAILS = "the projector is missing among the tabs, for all runs, and its own URL shows an error"
_REFUSED = "the page shows an error and no points"
_NOT_LISTED = "the page does not list this tensor"


@dataclass(frozen=True)
class Tensor:
    """The size of a tensor.

    Attributes:
        rows: number of points in the file.
        columns: number of dimensions.
    """

    rows: int
    columns: int

    @property
    def shown(self) -> int:
        """Number of rows that the page loads: at most the first 100,000."""
        return min(self.rows, SHOWN_ROWS)


def check_tensor(
    place: Place, embedding: Embedding, pieces: Pieces = PIECES
) -> Check[Tensor | None]:
    """Check the tensor of an embedding; return its size, or None if the page cannot load it.

    Args:
        place: where findings are reported.
        embedding: the embedding.
        pieces: how many characters of a text file are decoded at a time.
    """
    path = yield from _tensor_file(place, embedding)
    if path is None:
        return None
    try:
        if _begins(path, b"\x93NUMPY"):
            yield place.error(f"the tensor file {embedding.tensor} is a NumPy .npy file", _FAILS)
            return None
        text = read_rows(path, pieces)
        if text is None:
            tensor = yield from _binary(place, embedding, path, pieces)
        else:
            tensor = yield from _text(place, embedding, text)
    except ValueError as error:
        yield place.error(f"{embedding.tensor} is read as text, and {error}", _FAILS)
        return None
    except OSError as error:
        yield place.error(unreadable(f"the tensor file {embedding.tensor}", error), _FAILS)
        return None
    if tensor is not None:
        yield from _size(place, tensor)
    return tensor


def _begins(path: Path, magic: bytes) -> bool:
    with path.open("rb") as file:
        return file.read(len(magic)) == magic


def _tensor_file(place: Place, embedding: Embedding) -> Check[Path | None]:
    if not embedding.tensor:
        yield place.warning(
            "there is no tensor_path: the values would be in a checkpoint, which is not checked",
            "without TensorFlow the page shows an error and no points",
        )
        return None
    outside = resolved(embedding.tensor, embedding.folder) is None
    return (
        yield from asset(
            place, "the tensor file", embedding.tensor, embedding.folder,
            _REFUSED if outside else _FAILS,
        )
    )  # fmt: skip


def _text(place: Place, embedding: Embedding, text: Rows) -> Check[Tensor | None]:
    shape = embedding.shape or (text.rows, text.columns)
    if not text.rows:
        effect = "the page shows no points" if embedding.shape else _FAILS
        yield place.error(f"{embedding.tensor} is empty", effect)
        return None
    if len(shape) != 2:
        yield _not_two(place, shape, _NOT_LISTED)
        return None
    if shape[1] != text.columns:
        yield place.error(
            f"tensor_shape says {shape[1]:,} columns, {embedding.tensor} has {text.columns:,}",
            "the page cuts the rows at the wrong places",
        )
        return None
    if shape[0] != text.rows:
        yield place.warning(
            f"tensor_shape says {shape[0]:,} rows, {embedding.tensor} has {text.rows:,}",
            "the page shows a wrong number of points",
        )
    cells = text.rows * text.columns
    if cells > _SLOW_CELLS:
        yield place.warning(
            f"{embedding.tensor} is text of {text.rows:,} x {text.columns:,} numbers",
            f"TensorBoard takes about {cells * _TEXT_S_PER_CELL:.0f} s and "
            f"{cells * _TEXT_BYTES_PER_CELL / 1e9:.1f} GB to read it (raw float32: almost nothing)",
        )
    if text.not_finite:
        yield _not_finite(place, text.not_finite)
    return Tensor(text.rows, text.columns)


def _binary(place: Place, embedding: Embedding, path: Path, pieces: Pieces) -> Check[Tensor | None]:
    size = path.stat().st_size
    shape = embedding.shape
    if len(shape) != 2:
        yield _not_two(place, shape, _FAILS)
        return None
    rows, columns = shape
    if size // 4 != rows * columns:
        yield place.error(
            f"{embedding.tensor} has {size:,} bytes, tensor_shape {rows:,} x {columns:,} "
            f"needs {4 * rows * columns:,}",
            _FAILS,
        )
        return None
    if size % 4:
        yield place.warning(
            f"{embedding.tensor} has {counted(size % 4, 'byte')} too many", "the page ignores them"
        )
    if fails_with_tensorflow(path, pieces):
        yield place.warning(
            f"{embedding.tensor} has a line break before its first byte that is not UTF-8",
            "where TensorFlow is installed, the file is read as text and nothing is shown",
        )
    not_finite = _not_finite_rows(path, min(rows, SHOWN_ROWS), columns)
    if not_finite:
        yield _not_finite(place, not_finite)
    return Tensor(rows, columns)


def _size(place: Place, tensor: Tensor) -> Check[None]:
    if tensor.rows < 2:
        yield place.error(
            f"the tensor has {counted(tensor.rows, 'row')}, the page needs 2", _NOT_LISTED
        )
    if tensor.columns < 2:
        yield place.error(
            f"the tensor has {counted(tensor.columns, 'column')}, the page needs 3", _NOT_LISTED
        )
    elif tensor.columns == 2:
        yield place.error("the tensor has 2 columns, the page needs 3", "no points are shown")
    if tensor.rows > SHOWN_ROWS:
        yield place.warning(
            f"the tensor has {tensor.rows:,} rows", f"the page shows only the first {SHOWN_ROWS:,}"
        )
    seconds = opening_s(tensor.shown, tensor.columns)
    if seconds >= _SLOW_S:
        yield place.warning(
            f"{tensor.shown:,} rows of {tensor.columns:,} columns are many",
            f"the page takes about {seconds:.0f} s to open; with 50 columns, "
            f"{opening_s(tensor.shown, 50):.0f} s",
        )


def opening_s(rows: int, columns: int) -> float:
    """Return an estimate of the seconds until the page shows points.

    Interpolated between measurements on two shared cores without a graphics card.
    """
    beyond = max(1.0, columns / _COLUMNS[-1])
    per_row = float(np.interp(columns, _COLUMNS, _S_PER_1000_ROWS)) * beyond / 1000
    return _START_S + rows * per_row


def _not_finite_rows(path: Path, rows: int, columns: int) -> int:
    # Not by rows: one alone may be larger than the memory.
    count, last, cells, step = 0, -1, rows * columns, _READ_BYTES // 4
    with path.open("rb") as file:
        for start in range(0, cells, step):
            values = np.frombuffer(file.read(4 * min(step, cells - start)), "<f4")
            found = np.unique((np.flatnonzero(~np.isfinite(values)) + start) // columns)
            if len(found):
                count += len(found) - int(found[0] == last)
                last = int(found[-1])
    return count


def _not_finite(place: Place, rows: int) -> Finding:
    return place.error(f"NaN or infinity in {counted(rows, 'row')}", "the page shows no points")


def _not_two(place: Place, shape: tuple[int, ...], effect: str) -> Finding:
    given = " x ".join(f"{size:,}" for size in shape) or "absent"
    return place.error(f"tensor_shape is {given}, not rows x columns", effect)
