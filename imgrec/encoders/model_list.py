"""The names of torchvision's classification models, read from its sources.

To import torchvision takes seconds, as it imports torch; a misspelled name is refused before that.
The modules that define models are read, not run: each model is a function with the decorator
`register_model`, whose argument `name`, if given, is the name, else that of the function.
"""

import re
from functools import cache
from importlib.util import find_spec
from pathlib import Path

# A regular expression, not `ast`: CPython 3.11 counts how deep a syntax tree is for all threads
# together, and fails where two parse at once.
_REGISTERED = re.compile(
    r"""^@register_model\((?:name=)?(?:["'](\w+)["'])?\)$.*?^def (\w+)\(""", re.M | re.S
)


@cache
def torchvision_names() -> tuple[str, ...]:
    """Return the names of torchvision's classification models, sorted; nothing is imported.

    Returns:
        Empty where torchvision is not installed, or has no sources beside it.
    """
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
    return [given or function for given, function in _REGISTERED.findall(source)]
