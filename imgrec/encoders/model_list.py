"""The names of torchvision's classification models, read from its sources.

To import torchvision takes seconds, as it imports torch; a misspelled name is refused before that.
The modules that define models are parsed, not run: each model is a function with the decorator
`register_model`, whose argument `name`, if given, is the name, else that of the function.
"""

import ast
import threading
from functools import cache
from importlib.util import find_spec
from pathlib import Path

_DECORATOR = "register_model"
# CPython 3.11 counts how deep a syntax tree is for all threads together, and fails where two parse.
_parsing = threading.Lock()


def torchvision_names() -> tuple[str, ...]:
    """Return the names of torchvision's classification models, sorted; nothing is imported.

    Returns:
        Empty where torchvision is not installed, or has no sources beside it.
    """
    with _parsing:
        return _parsed()


@cache
def _parsed() -> tuple[str, ...]:
    found = find_spec("torchvision")
    folders = (found.submodule_search_locations if found else None) or ()
    names = (
        name
        for folder in folders
        for file in Path(folder, "models").glob("*.py")
        for name in _registered(file.read_text("utf-8"))
    )
    return tuple(sorted(names))


def _registered(source: str) -> list[str]:
    """Return the names of the models that a module registers."""
    if _DECORATOR not in source:
        return []
    return [
        _name_given(decorator) or function.name
        for function in ast.parse(source).body
        if isinstance(function, ast.FunctionDef)
        for decorator in function.decorator_list
        if isinstance(decorator, ast.Call)
        and isinstance(decorator.func, ast.Name)
        and decorator.func.id == _DECORATOR
    ]


def _name_given(decorator: ast.Call) -> str:
    given = [*decorator.args, *(one.value for one in decorator.keywords if one.arg == "name")]
    first = next(iter(given), None)
    return str(first.value) if isinstance(first, ast.Constant) else ""
