"""Fingerprints of what an output is made of: equal fingerprints mean equal outputs.

An output (a site, a report, a logdir, one of their files) is a pure function of its inputs: what
the store holds, the options, the program itself and the libraries that it calls. `fingerprint`
digests such values. Invariant: two values with the same fingerprint are equal, type by type and in
the same order, so an output is never taken over that would differ; values that are equal in a
wider sense (1 and 1.0, a dictionary in another order) may differ here, which costs only that
something is written again.

Source: the idea is that of build systems that compare digests of inputs instead of times, such as
Bazel's action cache (bazel.build/remote/caching).
"""

import hashlib
import marshal
import platform
import sys
from collections.abc import Callable, Iterable, Mapping
from dataclasses import fields, is_dataclass
from functools import cache
from importlib.util import find_spec
from itertools import chain
from operator import attrgetter
from pathlib import Path
from types import FunctionType
from typing import Any

# Values whose `repr`, and whose bytes by `marshal`, tell them apart from others of any type.
_PLAIN = frozenset({type(None), bool, int, float, str})
# Sequences of which the same is true.
_ROWS = frozenset({list, tuple})
# Endings of the folders by which installed distributions are known; the names have the version.
_INSTALLED = (".dist-info", ".egg-info")

_Update = Callable[[bytes], object]


def fingerprint(*values: object) -> str:
    """Return the SHA-256 of some values, 64 hexadecimal digits.

    Args:
        values: None, booleans, numbers, texts, bytes, paths, numpy arrays, sequences, sets,
            mappings and dataclasses of these, functions of a module (by name), and objects with a
            method `made_of` that returns such a value in their stead.

    Raises:
        TypeError: a value is of another type, whose content cannot be told.
    """
    found = hashlib.sha256()
    _feed(found.update, values)
    return found.hexdigest()


@cache
def program_fingerprint(*packages: str) -> str:
    """Return a fingerprint of the code, templates and data of packages, and of all libraries.

    Every file of the packages is read, so that a change of the code counts though the version is
    the same. Of Python and of the installed distributions the versions count.
    """
    return fingerprint(
        sys.version,
        platform.machine(),
        _distributions(),
        [(package, _files(Path(folder))) for package in packages for folder in _folders(package)],
    )


def _feed(update: _Update, value: Any) -> None:
    """Update a digest with a value; no value is the beginning of another one."""
    kind: Any = type(value)
    if kind in _PLAIN:
        update(f"{value!r};".encode())
    elif isinstance(value, bytes):
        update(b"b%d:" % len(value))
        update(value)
    elif hasattr(value, "made_of"):
        _begin(update, kind.__qualname__, 1)
        _feed(update, value.made_of())
    elif isinstance(value, list | tuple):
        _feed_sequence(update, value)
    elif isinstance(value, Mapping):
        _begin(update, "map", len(value))
        _feed_sequence(update, [*value])
        _feed_sequence(update, [*value.values()])
    elif isinstance(value, set | frozenset):
        _begin(update, "set", len(value))
        _feed_sequence(update, sorted(value))
    elif is_dataclass(value) and not isinstance(value, type):
        names = _field_names(kind)
        _begin(update, kind.__qualname__, len(names))
        _feed_sequence(update, [getattr(value, name) for name in names])
    elif isinstance(value, Path):
        _feed(update, ("path", str(value)))
    elif isinstance(value, FunctionType) and "<" not in value.__qualname__:
        # One of a module, which has no values of its own; its code is that of the program.
        _feed(update, ("function", value.__module__, value.__qualname__))
    elif kind.__module__ == "numpy" and hasattr(value, "dtype") and not value.dtype.hasobject:
        _feed(update, ("array", value.dtype.str, list(value.shape), value.tobytes()))
    else:
        raise TypeError(f"a {kind.__qualname__} has no fingerprint")


@cache
def _field_names(kind: Any) -> tuple[str, ...]:
    return tuple(field.name for field in fields(kind))


def _feed_sequence(update: _Update, values: list[Any] | tuple[Any, ...]) -> None:
    if _is_plain(values):
        # Most of what is digested are tables of numbers and texts: one call in C for each.
        update(_bytes_of(values))
        return
    name, rows = _as_table(values)
    if rows is not None:
        update(f"<table {name}>".encode())
        update(_bytes_of(rows))
        return
    _begin(update, "seq", len(values))
    for value in values:
        _feed(update, value)


def _bytes_of(values: list[Any] | tuple[Any, ...]) -> bytes:
    """Return plain values as bytes, which tell where they end; they are never read again."""
    # Version 2 writes values alone; later ones also which of them are one object.
    return marshal.dumps([*values], 2)


def _as_table(values: list[Any] | tuple[Any, ...]) -> tuple[str, list[Any] | None]:
    """Return the type of values that are all dictionaries, or objects of one dataclass.

    And their contents as rows, None unless these are plain.
    """
    kind, *others = set(map(type, values))
    if others or hasattr(kind, "made_of"):
        return "", None
    rows: list[Any]
    if kind is dict:
        rows = [[*value.items()] for value in values]
        return "map", rows if _is_plain(rows) else None
    names = _field_names(kind) if is_dataclass(kind) else ()
    if len(names) < 2:
        return "", None
    rows = [*map(attrgetter(*names), values)]
    return kind.__qualname__, rows if _is_plain(rows) else None


def _is_plain(values: Iterable[Any]) -> bool:
    """Return whether values are plain, or lists and tuples, at any depth, of such values."""
    while True:
        kinds = set(map(type, values))
        if kinds <= _PLAIN:
            return True
        if not kinds <= _PLAIN | _ROWS:
            return False
        values = [*chain.from_iterable(value for value in values if type(value) in _ROWS)]


def _begin(update: _Update, what: str, count: int) -> None:
    update(f"<{what} {count}>".encode())


def _folders(package: str) -> list[str]:
    spec = find_spec(package)
    return list(spec.submodule_search_locations or ()) if spec else []


def _files(folder: Path) -> list[tuple[str, str]]:
    """Return (relative path, SHA-256) of the files of a package, without compiled ones."""
    paths = sorted(folder.rglob("*"))
    return [
        (path.relative_to(folder).as_posix(), hashlib.sha256(path.read_bytes()).hexdigest())
        for path in paths
        if path.is_file() and "__pycache__" not in path.parts
    ]


def _distributions() -> list[str]:
    """Return the names and versions of what is installed, each as the name of its folder."""
    found: set[str] = set()
    for place in map(Path, sys.path):
        if place.is_dir():
            found.update(path.name for path in place.iterdir() if path.name.endswith(_INSTALLED))
    return sorted(found)
