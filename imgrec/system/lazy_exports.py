"""Exported names of a package that import their modules at first use (PEP 562).

A package that re-exports names from modules with heavy imports (numpy, torch, matplotlib) would
make `import package`, and so the `--help` of every command, pay for all of them. It declares the
names in a table instead, and the module of a name is imported when the name is first looked up.
Type checkers do not follow the table: the package imports the same names below `TYPE_CHECKING`.
"""

from collections.abc import Callable, Mapping
from importlib import import_module
from typing import Any


def lazy_exports(
    package: str, homes: Mapping[str, str]
) -> tuple[Callable[[str], Any], Callable[[], list[str]]]:
    """Return the `__getattr__` and the `__dir__` of a package.

    Args:
        package: its `__name__`.
        homes: `module:attribute` of each exported name.
    """

    def look_up(name: str) -> Any:
        if name not in homes:
            raise AttributeError(f"module {package!r} has no attribute {name!r}")
        module, _, attribute = homes[name].partition(":")
        return getattr(import_module(module), attribute)

    def names() -> list[str]:
        # Not what the package imports for itself.
        module = vars(import_module(package))
        special = (name for name in module if name.startswith("__"))
        return sorted({*special, *module.get("__all__", ()), *homes})

    return look_up, names
