"""An attack: a way to spoil a good store."""

from dataclasses import dataclass

from ground import Spoil


@dataclass(frozen=True)
class Attack:
    """A hostile store.

    Attributes:
        name: of the attack, in the tests' names.
        spoil: makes a copy of the good store hostile.
        found: True if the doctor must find it; False for what is only text to be escaped.
        treasures: files within the store, relative to it, that are the owner's: kept by all.
    """

    name: str
    spoil: Spoil
    found: bool = True
    treasures: tuple[str, ...] = ()
