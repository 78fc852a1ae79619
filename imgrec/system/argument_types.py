"""Check the types of arguments of Python calls, so that a wrong one is named where it was given.

Without a check a wrong type fails somewhere below, with a message about a name that the caller has
never written. A `Kind` says which types an argument may have and how an error asks for one.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from numbers import Integral, Real
from os import PathLike
from reprlib import repr as shortened

from imgrec.errors import WrongTypeError


@dataclass(frozen=True)
class Kind:
    """What an argument may be.

    Attributes:
        types: the classes, of which a value must be an instance; bool is no number.
        words: what an error asks for, such as "a whole number".
        or_none: True if it may be None.
        items: the kind of each item of a sequence; None where there are none to check.
    """

    types: tuple[type, ...]
    words: str
    or_none: bool = False
    items: "Kind | None" = None

    def holds(self, value: object) -> bool:
        """Return True if a value is of this kind."""
        if value is None:
            return self.or_none
        if not isinstance(value, self.types) or (
            isinstance(value, bool) and bool not in self.types
        ):
            return False
        items = self.items
        return items is None or all(map(items.holds, value))  # type: ignore[call-overload]


TEXT = Kind((str,), "a text")
TEXT_OR_NONE = Kind((str,), "a text, or None", or_none=True)
TEXTS = Kind((tuple, list), "a list of names", items=TEXT)
WHOLE = Kind((Integral,), "a whole number")
WHOLE_OR_NONE = Kind((Integral,), "a whole number, or None", or_none=True)
NUMBER = Kind((Real,), "a number")
SWITCH = Kind((bool,), "True or False")
SWITCH_OR_NONE = Kind((bool,), "True, False or None", or_none=True)
PATH = Kind((str, PathLike), "a path")
PATH_OR_NONE = Kind((str, PathLike), "a path, or None", or_none=True)
PATH_OBJECT_OR_NONE = Kind((PathLike,), "a Path, or None", or_none=True)


def check_type(name: str, value: object, kind: Kind) -> None:
    """Check the type of an argument.

    Args:
        name: as the caller writes it.
        value: what was given.
        kind: what it may be.

    Raises:
        WrongTypeError: it is of another type.
    """
    if not kind.holds(value):
        raise WrongTypeError(f"{name} is {described(value)}: give {kind.words}")


def check_types(owner: object, kinds: Mapping[str, Kind]) -> None:
    """Check the types of some attributes of an object, as the options of a call.

    Raises:
        WrongTypeError: one is of another type.
    """
    for name, kind in kinds.items():
        check_type(name, getattr(owner, name), kind)


def described(value: object) -> str:
    """Return a value with its type as an error shows it, such as `'5' (str)`; a short line."""
    kind = type(value).__name__
    simple = value is None or isinstance(
        value, str | bytes | int | float | tuple | list | dict | set
    )
    return f"{' '.join(shortened(value).split())} ({kind})" if simple else f"of type {kind}"
