"""Read JSON files that somebody else may have written: of a store, a logdir, a site, a report.

Such a file can be a link out of its folder, a named pipe that never ends, gigabytes long, nested a
hundred thousand deep, or hold numbers that no code expects (`NaN`, `1e999`, ten thousand digits)
and values of other types than it should. `read_json` refuses the former; `problem` compares the
content with a *shape*, a description of the types that the reader relies on. Invariant: code that
reads JSON of a store sees only values of the types and ranges it names.

A shape is

    int, float, str, bool, None    a value of just this type; ints are floats too, True is no int
    [shape]                        a list of any length
    {"key": shape, "key?": shape}  an object with these keys, the latter optional, and maybe others
    {str: shape}                   an object with any keys
    (shape, shape)                 one of several
    function                       called with a value, returns True if it is valid

Python's parser is used, not a faster library: checksums of `part.json` and `kept.json` are those of
its output, and file names that are no UTF-8 are stored as lone surrogates, which others refuse.
"""

import json
import math
from collections.abc import Callable, Mapping
from itertools import chain
from pathlib import Path
from typing import Any, NoReturn

from imgrec.system.regular_files import read_regular

MOST_BYTES = 1 << 20
_MOST_DEEP = 32
# Of the parser.
_CONTAINERS = frozenset({dict, list})
_INT_RANGE = range(-(1 << 63), 1 << 63)
_INT_DIGITS = 20
Shape = Any


def read_json(path: Path, shape: Shape = None, *, most_bytes: int = MOST_BYTES) -> Any:
    """Return the content of a JSON file.

    Args:
        path: of the file.
        shape: of the content; None accepts any.
        most_bytes: the size above which a file is refused.

    Raises:
        OSError: the file is absent or cannot be read.
        ValueError: it is no regular file, too large, no valid JSON, or of another shape.
    """
    found = decoded(read_regular(path, most_bytes))
    if shape is not None and (wrong := problem(found, shape)):
        raise ValueError(wrong)
    return found


def json_or_none(path: Path, shape: Shape = None, *, most_bytes: int = MOST_BYTES) -> Any:
    """Return the content of a JSON file; None where `read_json` would raise."""
    try:
        return read_json(path, shape, most_bytes=most_bytes)
    except (OSError, ValueError):
        return None


def decoded(data: bytes | str) -> Any:
    """Return the value of a JSON text.

    Raises:
        ValueError: it is no JSON in UTF-8, nested too deeply, or a number is not finite or has
            more than 64 bits.
    """
    try:
        text = data if isinstance(data, str) else data.decode("utf-8")
        found = json.loads(text, parse_int=_int, parse_float=_float, parse_constant=_constant)
    except RecursionError as error:
        raise ValueError("it is nested too deeply") from error
    _check_depth(found)
    return found


def problem(value: object, shape: Shape, place: str = "") -> str | None:
    """Return what is wrong with a value, None if it has the shape.

    Args:
        value: as `decoded` returns it.
        shape: see the module.
        place: name of the value in the message.
    """
    if isinstance(shape, tuple):
        first = problem(value, shape[0], place)
        return first if first and all(problem(value, one, place) for one in shape[1:]) else None
    if isinstance(shape, list):
        return _list_problem(value, shape[0], place)
    if isinstance(shape, Mapping):
        return _object_problem(value, shape, place)
    if shape is None:
        right = value is None
    elif shape is float:
        right = type(value) in (int, float)
    elif isinstance(shape, type):
        right = type(value) is shape
    else:
        right = shape(value)
    return None if right else f"{place or 'it'} is {_shown(value)}"


def a_number(least: int, most: int) -> Callable[[object], bool]:
    """Return the shape of a whole number in a range, both ends included."""
    return lambda value: type(value) is int and least <= value <= most


def one_of(*values: str) -> Callable[[object], bool]:
    """Return the shape of one of some texts."""
    return lambda value: type(value) is str and value in values


def a_text(most: int) -> Callable[[object], bool]:
    """Return the shape of a printable text of at most so many characters."""
    return lambda value: type(value) is str and len(value) <= most and value.isprintable()


def _list_problem(value: object, shape: Shape, place: str) -> str | None:
    if type(value) is not list:
        return f"{place or 'it'} is {_shown(value)}, not a list"
    if _all_fit(value, shape):
        return None
    problems = (problem(one, shape, f"{place}[{number}]") for number, one in enumerate(value))
    return next(filter(None, problems), None)


def _all_fit(values: list[Any], shape: Shape) -> bool:
    """Return True if all values have a shape, where that is seen without looking into them."""
    kinds = shape if isinstance(shape, tuple) else (shape,)
    if all(kind is None or isinstance(kind, type) for kind in kinds):
        return {*map(type, values)} <= {type(None) if kind is None else kind for kind in kinds}
    return callable(shape) and all(map(shape, values))


def _object_problem(value: object, shape: Mapping[Any, Shape], place: str) -> str | None:
    if type(value) is not dict:
        return f"{place or 'it'} is {_shown(value)}, not an object"
    if str in shape:
        named = dict.fromkeys(value, shape[str])
    else:
        named = {key.removesuffix("?"): kind for key, kind in shape.items()}
        absent = [key for key in shape if not key.endswith("?") and key not in value]
        if absent:
            return f"{place}{'.' if place else ''}{absent[0]} is absent"
    prefix = f"{place}." if place else ""
    problems = (problem(value[k], s, prefix + k) for k, s in named.items() if k in value)
    return next(filter(None, problems), None)


def _shown(value: object) -> str:
    """Return a value for a message, shortened, without control characters."""
    text = repr(value) if not isinstance(value, dict | list) else type(value).__name__
    return text if len(text) <= 60 else text[:57] + "..."


def _check_depth(value: object) -> None:
    level: list[Any] = [value] if type(value) in _CONTAINERS else []
    for _ in range(_MOST_DEEP):
        parts = (one.values() if type(one) is dict else one for one in level)
        level = [part for part in chain.from_iterable(parts) if type(part) in _CONTAINERS]
        if not level:
            return
    raise ValueError(f"it is nested more than {_MOST_DEEP} deep")


def _int(digits: str) -> int:
    if len(digits) > _INT_DIGITS or int(digits) not in _INT_RANGE:
        raise ValueError(f"the number {digits[:20]}… has more than 64 bits")
    return int(digits)


def _float(digits: str) -> float:
    number = float(digits)
    if not math.isfinite(number):
        raise ValueError(f"the number {digits[:20]} is not finite")
    return number


def _constant(name: str) -> NoReturn:
    raise ValueError(f"{name} is not a number")
