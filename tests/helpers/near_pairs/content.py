"""What a picture says: numbered choices, any of which can be made to come out differently.

Every choice has its own random generator, seeded by its number, so that changing one leaves all
others as they are. A drawing function must therefore make its choices in an order and a number that
do not depend on what was chosen.
"""

import random
from collections.abc import Sequence
from typing import TypeVar

_T = TypeVar("_T")
_PRIME = 1_000_003


class Content:
    """The choices of one picture.

    Attributes:
        count: how many choices were made so far.
    """

    def __init__(self, seed: int, changed: frozenset[int] = frozenset()) -> None:
        self.count = 0
        self._seed, self._changed = seed, changed

    def below(self, end: int) -> int:
        """Return a number 0 to end - 1; another one if this choice is changed."""
        number = self.count
        self.count += 1
        rng = random.Random(self._seed * _PRIME + number)
        chosen = rng.randrange(end)
        if number in self._changed and end > 1:
            chosen = (chosen + 1 + rng.randrange(end - 1)) % end
        return chosen

    def one_of(self, options: Sequence[_T]) -> _T:
        """Return one of several options, which must all look different."""
        return options[self.below(len(options))]

    def within(self, least: int, most: int) -> int:
        """Return a whole number `least` to `most`, both included."""
        return least + self.below(most - least + 1)

    def digits(self, count: int) -> str:
        """Return a number of `count` digits as text; each digit is a choice of its own."""
        return "".join(str(self.below(10)) for _ in range(count))

    def letters(self, count: int, alphabet: str = "ABCDEFGHJKLMNPQRSTUVWXYZ") -> str:
        """Return `count` letters; each is a choice of its own."""
        return "".join(self.one_of(alphabet) for _ in range(count))

    def amount(self) -> str:
        """Return an amount of money such as 203.50, of which each digit is a choice."""
        return f"{self.within(1, 9)}{self.digits(2)}.{self.digits(2)}"

    def date(self) -> str:
        """Return a date such as 2021-07-03; year, month and day are choices."""
        return f"20{self.within(10, 26)}-{self.within(1, 12):02d}-{self.within(1, 28):02d}"

    def time(self) -> str:
        """Return a time such as 18:05; hour and minute are choices."""
        return f"{self.within(0, 23):02d}:{self.within(0, 59):02d}"
