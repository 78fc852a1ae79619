"""Loops that numba compiles to machine code, which it caches on disk.

Importing this module imports numba (half a second), and importing a module of loops loads their
machine code, or compiles it at the first use on a machine (some seconds). So a module of loops is
imported where the work is worth it, and the same result can be had without.
"""

from collections.abc import Callable
from contextlib import suppress
from typing import Any, ParamSpec, TypeVar

import numba
from numba import types
from numba.core.caching import FunctionCache

_P = ParamSpec("_P")
_R = TypeVar("_R")

_OPTIONS: dict[str, Any] = {"nogil": True, "fastmath": True, "error_model": "numpy"}


def compiled(
    *arguments: types.Type, returns: types.Type = types.void, as_written: bool = False
) -> Callable[[Callable[_P, _R]], Callable[_P, _R]]:
    """Return a decorator that compiles a function for these argument types, eagerly.

    The machine code is cached on disk if there is a writable place; damaged files there are
    written anew. The function releases the GIL, may reassociate sums (`fastmath`) unless it is to
    compute them as written, and does not check bounds.
    """

    def compile_(function: Callable[_P, _R]) -> Callable[_P, _R]:
        options = {**_OPTIONS, "fastmath": not as_written}

        def jitted(*, cache: bool) -> Callable[_P, _R]:
            made: Callable[_P, _R] = numba.njit([returns(*arguments)], cache=cache, **options)(
                function
            )
            return made

        try:
            return jitted(cache=True)
        # No writable cache folder: compiled anew in every process.
        except (RuntimeError, OSError):
            return jitted(cache=False)
        # The cache is damaged. It holds pickles, which may then raise anything.
        except Exception:
            with suppress(Exception):
                FunctionCache(function).flush()  # type: ignore[no-untyped-call]
                return jitted(cache=True)
            return jitted(cache=False)

    return compile_


def inlined(function: Callable[_P, _R]) -> Callable[_P, _R]:
    """Compile a function as a part of the loops of its own module that call it.

    A loop of another module would keep the old code in its cache when this one changes.
    """
    jitted: Callable[_P, _R] = numba.njit(**_OPTIONS)(function)
    return jitted
