"""Open the arrays of a store: `.npy` files whose headers are checked before anything is mapped.

A header states dtype, order and shape, and may lie: objects that would be unpickled, negative or
huge dimensions, more rows than the file has bytes. Compiled loops trust the shape and dtype of the
arrays they are given. So a header is compared with the size of its file, and the array with a
*form*: its dtype and one letter a dimension. Invariant: an array that is opened here is a plain
C-ordered block of numbers, and lies wholly within its file.

    "int64 m"                  one dimension
    "float32|float16 m d"      two dimensions, either dtype

Arrays that belong together share letters: the same letter stands for the same number.
"""

import io
import mmap
import os
import threading
from collections.abc import Mapping
from functools import lru_cache
from math import prod
from pathlib import Path
from tokenize import TokenError
from typing import Any

import numpy as np
from numpy.typing import NDArray

from imgrec.collection.rows import MOST_ID
from imgrec.errors import StoreError, cause_of
from imgrec.system.regular_files import open_descriptor

_NUMBERS = frozenset(
    f"{kind}{bits}" for kind in ("int", "uint", "float") for bits in (8, 16, 32, 64)
) - {"float8"}
_MOST_DIMENSIONS = 4
# The bytes read first: numpy refuses longer headers.
_MOST_HEADER = 1 << 14
# With fewer gaps between ids a table is faster than a binary search.
_DENSE = 16
_HEADERS = {
    (1, 0): np.lib.format.read_array_header_1_0,
    (2, 0): np.lib.format.read_array_header_2_0,
}
# A header is parsed as a Python literal, and before Python 3.12 the parser counts its depth for all
# threads: two headers at once may end in a SystemError (python/cpython#106905).
_PARSING = threading.Lock()
# What numpy raises on a damaged header.
_DAMAGED = (
    OSError,
    ValueError,
    EOFError,
    SyntaxError,
    TypeError,
    OverflowError,
    TokenError,
    MemoryError,
    RecursionError,
)


def load_array(path: Path, form: str = "", **sizes: int) -> NDArray[Any]:
    """Open a `.npy` file memory-mapped, or read it if it is small; never unpickling.

    Args:
        path: of the file.
        form: of the array; "" for numbers of any dtype and shape.
        sizes: of the letters of the form that are known.

    Raises:
        StoreError: it is absent or damaged, or of another form.
    """
    try:
        number, size = open_descriptor(path)
        try:
            array = _mapped(number, size)
        finally:
            os.close(number)
        if wrong := form_problem(array, form, sizes):
            raise ValueError(f"it {wrong}")
    except _DAMAGED as error:
        raise StoreError(
            f"{path} is damaged ({cause_of(error)}): run imgrec index again, which sets its "
            "folder aside and makes it anew"
        ) from error
    return array


def load_ids(part: Path) -> NDArray[np.int64]:
    """Return the ascending ids (m,) int64 of a part.

    Raises:
        StoreError: the file is absent or damaged, or its ids are no ids or do not ascend.
    """
    ids = np.asarray(load_array(part / "ids.npy"))
    if not are_ids(ids):
        raise StoreError(
            f"{part / 'ids.npy'} is damaged, its ids are not ascending whole numbers: "
            "run imgrec index again, which sets it aside and makes it anew"
        )
    return ids


def is_storable(values: NDArray[Any]) -> bool:
    """Return True if `load_array` opens what is saved of an array."""
    return (
        values.dtype.name in _NUMBERS and values.dtype.isnative and values.ndim <= _MOST_DIMENSIONS
    )


def are_ids(values: NDArray[Any]) -> bool:
    """Return True if numbers (m,) are ids of pictures in ascending order."""
    if values.ndim != 1 or values.dtype != np.int64:
        return False
    if not len(values):
        return True
    return bool(values[0] >= 0 and values[-1] <= MOST_ID and (values[1:] > values[:-1]).all())


def are_among(values: NDArray[np.int64], ids: NDArray[np.int64]) -> bool:
    """Return True if each of some values (m,) is one of ascending ids (n,)."""
    if not len(values) or not len(ids):
        return not len(values)
    first, last = int(ids[0]), int(ids[-1])
    if values.min() < first or values.max() > last:
        return False
    if last - first < _DENSE * (len(ids) + len(values)):
        there = np.zeros(last - first + 1, bool)
        there[ids - first] = True
        return bool(there[values - first].all())
    return bool((ids[np.searchsorted(ids, values)] == values).all())


def form_problem(array: NDArray[Any], form: str, sizes: Mapping[str, int]) -> str | None:
    """Return what is wrong with an array, None if it has a form.

    Args:
        array: the array.
        form: see the module; "" for any.
        sizes: of the letters of the form that are known.
    """
    if not form:
        return None
    types, *letters = form.split()
    if _name(array.dtype) not in types.split("|"):
        return f"holds {array.dtype}, {types.replace('|', ' or ')} expected"
    wanted = [sizes.get(letter, letter) for letter in letters]
    lengths = [
        found if type(size) is str else size
        for found, size in zip(array.shape, wanted, strict=False)
    ]
    if array.ndim == len(wanted) and list(array.shape) == lengths:
        return None
    shape = ", ".join(map(str, wanted)) + "," * (len(wanted) == 1)
    return f"has shape {array.shape}, ({shape}) expected"


def match(
    arrays: Mapping[str, NDArray[Any]], forms: Mapping[str, str], **sizes: int
) -> dict[str, int] | None:
    """Return the sizes of all letters if arrays have their forms; None if one has not.

    Args:
        arrays: by name.
        forms: by name; a letter that occurs twice stands for one number.
        sizes: of the letters that are known.
    """
    for name, form in forms.items():
        if form_problem(arrays[name], form, sizes):
            return None
        sizes |= dict(zip(form.split()[1:], arrays[name].shape, strict=True))
    return sizes


def all_finite(*arrays: NDArray[Any]) -> bool:
    """Return True if no array holds a NaN or an infinity."""
    return all(bool(np.isfinite(values).all()) for values in arrays)


def _mapped(number: int, size: int) -> NDArray[Any]:
    """Return the array of an open file.

    Args:
        number: the descriptor of the file.
        size: of the file in bytes.

    Raises:
        ValueError: the header is damaged, or does not fit the file.
    """
    first = os.read(number, _MOST_HEADER)
    header = _header(first)
    shape, dtype, count = _parsed(header)
    start = len(header)
    if size != start + count * dtype.itemsize or start % dtype.itemsize:
        raise ValueError(f"it has {size:,} bytes, which is not what its header says")
    if not count:
        return np.zeros(shape, dtype)
    if len(first) == size:
        # All of it, as most often of ids: a map would cost more than they do.
        return np.frombuffer(first, dtype, count, start).reshape(shape)
    # Not by `np.memmap`, which takes three times as long: a store has a file for each 1,024 rows.
    mapped = mmap.mmap(number, size, access=mmap.ACCESS_READ)
    return np.frombuffer(mapped, dtype, count, start).reshape(shape)


def _header(start: bytes) -> bytes:
    """Return the header of an array from the bytes that its file begins with."""
    width = 2 if start[6:7] == b"\1" else 4
    return start[: 8 + width + int.from_bytes(start[8 : 8 + width], "little")]


# Most parts of a store have the same header.
@lru_cache(maxsize=64)
def _parsed(header: bytes) -> tuple[tuple[int, ...], np.dtype[Any], int]:
    """Return shape, dtype and number of values of the array that a header states.

    Raises:
        ValueError: it is damaged, or of an array that is not opened here.
    """
    file = io.BytesIO(header)
    version = np.lib.format.read_magic(file)
    if version not in _HEADERS:
        raise ValueError(f"its format {version} is unknown")
    with _PARSING:
        shape, fortran, dtype = _HEADERS[version](file)
    if dtype.name not in _NUMBERS or not dtype.isnative:
        held = "Python objects" if dtype.hasobject else str(dtype)[:40]
        raise ValueError(f"it holds {held}, not numbers as this machine has them")
    if fortran and len(shape) > 1:
        raise ValueError("it is stored by columns")
    if len(shape) > _MOST_DIMENSIONS or any(type(n) is not int or n < 0 for n in shape):
        raise ValueError(f"its shape is {str(shape)[:40]}")
    return shape, dtype, prod(shape)


# Making the name takes longer than a system call.
@lru_cache(maxsize=64)
def _name(dtype: np.dtype[Any]) -> str:
    return dtype.name
