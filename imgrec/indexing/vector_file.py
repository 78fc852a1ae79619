"""Files of vectors that were made elsewhere: read, and checked as far as the file alone allows.

    vectors.npy                    (n, d) float16, float32 or float64, opened memory-mapped
    vectors.txt                    n lines, the path of each row's picture; or
    vectors.json                   the same as a JSON list of texts

    vectors.parquet                a column of paths, and a column of lists or several of numbers

A path is absolute, or relative to a folder of the store. Nothing is unpickled. A file is right as a
whole or refused: as many paths as vectors, each path once, numbers only.
"""

import json
import posixpath
import sys
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from tokenize import TokenError
from typing import Any

import numpy as np
from numpy.typing import NDArray

from imgrec.encoders.spec import Vectors
from imgrec.errors import ImgrecError, cause_of
from imgrec.system.extras import require

_LISTS = ".txt", ".json"
_PATH_COLUMN = "path"
_BLOCK_ROWS = 4096
# What numpy raises on a damaged or pickled file.
_DAMAGED = (
    *(OSError, ValueError, EOFError, SyntaxError, TypeError, OverflowError),
    *(TokenError, RecursionError, MemoryError),
)

# Sums of squares of larger values, over all pictures as in PCA, may overflow in float32.
_LARGEST = 1e12


@dataclass(frozen=True)
class VectorFile:
    """Vectors and the pictures they are of.

    Attributes:
        name: of the feature.
        file: they came from.
        paths: n, different.
        vectors: (n, d) of floats.
    """

    name: str
    file: Path
    paths: tuple[str, ...]
    vectors: NDArray[Any]

    @property
    def dimensions(self) -> int:
        """The length d of a vector."""
        return int(self.vectors.shape[1])

    def take(self, rows: NDArray[np.intp]) -> Vectors:
        """Return the vectors (m, d) of some rows as float32."""
        # Overflow of float64 is what the check for finite values finds.
        with np.errstate(over="ignore"):
            return np.ascontiguousarray(self.vectors[rows], dtype=np.float32)


def read_vector_file(name: str, file: Path) -> VectorFile:
    """Read a file of vectors and check it.

    Args:
        name: of the feature.
        file: `.npy` with a list of paths beside it, or `.parquet`.

    Raises:
        ImgrecError: it is absent, damaged or of another form; a row is no vector of finite numbers
            within `_LARGEST`; there are more or fewer paths than vectors, or one twice; or it is
            Parquet and the extra is not installed.
    """
    try:
        if file.suffix == ".npy":
            vectors, paths = _npy(file), _listed_paths(file)
        elif file.suffix == ".parquet":
            vectors, paths = _parquet(file)
        else:
            raise ImgrecError(f"{file} is no file of vectors: name a .npy or .parquet")
        paths = tuple(map(normalized, paths))
        _check_shape(file, vectors, paths)
        found = VectorFile(name, file, paths, vectors)
        _check_finite(found)
    except ImgrecError as error:
        raise ImgrecError(f"--vectors {name}: {error}") from error
    return found


def normalized(path: str) -> str:
    """Return a path as the catalog spells it: forward slashes, no `./` and no `a/../`."""
    return posixpath.normpath(path.replace("\\", "/") if sys.platform == "win32" else path)


def _npy(file: Path) -> NDArray[Any]:
    try:
        vectors: NDArray[Any] = np.load(file, mmap_mode="r", allow_pickle=False)
    except FileNotFoundError as error:
        raise ImgrecError(f"there is no file {file}: name the file of vectors") from error
    except _DAMAGED as error:
        raise ImgrecError(
            f"{file} is no numpy array ({cause_of(error)}): save it by numpy.save"
        ) from error
    if not isinstance(vectors, np.ndarray):
        raise ImgrecError(f"{file} holds several arrays: save one by numpy.save")
    return vectors


def _listed_paths(file: Path) -> Sequence[str]:
    """Return the paths of the list beside a `.npy` file."""
    there = [path for path in map(file.with_suffix, _LISTS) if path.is_file()]
    if len(there) != 1:
        names = " and ".join(file.with_suffix(suffix).name for suffix in _LISTS)
        what = f"both {names} are" if there else f"neither of {names} is"
        raise ImgrecError(
            f"{what} beside {file}: write one, the path of each row's picture on a line of its "
            "own, or as a JSON list"
        )
    # A file name may be any bytes; the catalog spells them in the same way.
    text = there[0].read_bytes().decode("utf-8", "surrogateescape").removeprefix("\ufeff")
    if there[0].suffix == ".txt":
        return text.removesuffix("\n").replace("\r\n", "\n").split("\n")
    try:
        paths = json.loads(text)
    except (ValueError, RecursionError) as error:
        raise ImgrecError(f"{there[0]} is no JSON ({error}): write a list of paths") from error
    if not isinstance(paths, list) or not all(isinstance(path, str) for path in paths):
        raise ImgrecError(f"{there[0]} is no JSON list of texts: write a list of paths")
    return paths


def _parquet(file: Path) -> tuple[NDArray[Any], Sequence[str]]:
    require("pyarrow", extra="parquet", why=f"the Parquet file {file}")
    import pyarrow as pa
    import pyarrow.parquet

    try:
        table = pyarrow.parquet.read_table(file)
    except FileNotFoundError as error:
        raise ImgrecError(f"there is no file {file}: name the file of vectors") from error
    except (OSError, pa.ArrowException) as error:
        reason = " ".join(str(error).split())
        raise ImgrecError(f"{file} is no Parquet file ({reason}): write it anew") from error
    empty = [name for name in table.column_names if table[name].null_count]
    of_paths = _path_column(file, table)
    columns = _vector_columns(file, table, of_paths)
    for name in (of_paths, *columns):
        if name in empty:
            raise ImgrecError(f"{file}: the column {name!r} has empty places: fill or drop them")
    return _matrix(file, table, columns), table[of_paths].to_pylist()


def _path_column(file: Path, table: Any) -> str:
    import pyarrow as pa

    texts = [
        field.name
        for field in table.schema
        if pa.types.is_string(field.type) or pa.types.is_large_string(field.type)
    ]
    if _PATH_COLUMN in texts:
        return _PATH_COLUMN
    if len(texts) != 1:
        raise ImgrecError(
            f"{file} has {len(texts)} columns of texts ({', '.join(texts) or 'none'}): call the "
            f"one with the pictures' paths {_PATH_COLUMN!r}"
        )
    return str(texts[0])


def _vector_columns(file: Path, table: Any, of_paths: str) -> list[str]:
    """Return the one column of lists or, if there is none, all columns of floats."""
    import pyarrow as pa

    def is_list(kind: Any) -> bool:
        return bool(
            pa.types.is_list(kind)
            or pa.types.is_large_list(kind)
            or pa.types.is_fixed_size_list(kind)
        )

    lists = [
        f.name for f in table.schema if is_list(f.type) and pa.types.is_floating(f.type.value_type)
    ]
    numbers = [f.name for f in table.schema if pa.types.is_floating(f.type)]
    if len(lists) > 1 or not (lists or numbers):
        raise ImgrecError(
            f"{file} has {len(lists)} columns of lists of floats ({', '.join(lists) or 'none'}) "
            f"and {len(numbers)} of floats beside {of_paths!r}: give one of lists, or the others"
        )
    return lists or numbers


def _matrix(file: Path, table: Any, columns: Sequence[str]) -> NDArray[Any]:
    """Return the vectors (n, d) of one column of lists, or of d columns of floats."""
    import pyarrow.compute as pc

    if not hasattr(table[columns[0]].type, "value_type"):
        return np.column_stack([table[name].to_numpy().astype(np.float32) for name in columns])
    lists = table[columns[0]].combine_chunks()
    lengths = pc.unique(pc.list_value_length(lists)).to_pylist()
    values = pc.list_flatten(lists)
    if len(lengths) > 1 or values.null_count:
        wrong = (
            f"lists of {min(lengths)} to {max(lengths)} values" if lengths[1:] else "empty places"
        )
        raise ImgrecError(
            f"{file}: the column {columns[0]!r} has {wrong}: give each as many values"
        )
    matrix: NDArray[Any] = values.to_numpy(zero_copy_only=False).reshape(table.num_rows, -1)
    return matrix


def _check_shape(file: Path, vectors: NDArray[Any], paths: tuple[str, ...]) -> None:
    if vectors.ndim != 2 or not vectors.size:
        raise ImgrecError(
            f"{file} has the shape {vectors.shape}: save an array of rows and columns, a row a "
            "picture"
        )
    if vectors.dtype.kind != "f":
        raise ImgrecError(f"{file} holds {vectors.dtype}: save float16, float32 or float64")
    if len(vectors) != len(paths):
        raise ImgrecError(
            f"{file} holds {len(vectors):,} vectors, and {len(paths):,} paths are given: "
            "give one path for each"
        )
    twice = _first_twice(paths)
    if twice is not None:
        count = len(paths) - len(set(paths))
        raise ImgrecError(
            f"{count:,} of {len(paths):,} paths are given twice, such as {twice!r}: give each once"
        )


def _first_twice(paths: Sequence[str]) -> str | None:
    seen: set[str] = set()
    for path in paths:
        if path in seen:
            return path
        seen.add(path)
    return None


def _check_finite(found: VectorFile) -> None:
    wrong = [row for rows in _wrong_rows(found) for row in rows]
    if wrong:
        raise ImgrecError(
            f"{len(wrong):,} of {len(found.paths):,} vectors hold values that are no finite "
            f"float32, or beyond {_LARGEST:.0e}, such as that of {found.paths[wrong[0]]!r}: leave "
            "these pictures out, or make their vectors again"
        )


def _wrong_rows(found: VectorFile) -> Iterator[list[int]]:
    for start in range(0, len(found.paths), _BLOCK_ROWS):
        rows = np.arange(start, min(start + _BLOCK_ROWS, len(found.paths)))
        largest = np.abs(found.take(rows)).max(axis=1)
        # Not so of NaN.
        yield rows[~(largest <= _LARGEST)].tolist()
