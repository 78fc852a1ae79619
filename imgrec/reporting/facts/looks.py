"""What is wrong with pictures as pictures: blurred, dark, clipped, empty, tiny, of a screen.

Each flaw is a measure with a limit. The measures are those that `imgrec index` keeps of each
picture (`imgrec.pictures.measures`); how small it is, the catalog knows. A limit is where a
reviewer would look, not where a picture is bad: a night is dark, and a product on white is clipped.

Where the limits come from: photos in focus have a sharpness from 36 on, the same blurred by a
Gaussian of 2 px 18 to 27; photos of medium exposure have a brightness of about 50, three stops
darker 16 to 23; two stops brighter, most have clipped more than a quarter. What is drawn or shows a
screen has a likeness to a screen from 44 on, photos have up to 37.
"""

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from imgrec.collection import Ids
from imgrec.pictures.metadata_names import BRIGHTNESS, CLIPPED, FLAT, SCREENSHOT, SHARPNESS
from imgrec.reporting.facts.catalog import Files
from imgrec.store.measures import measures_in
from imgrec.store.store import Store

# The shorter side of a picture in pixels, which is no measure that is kept.
SIDE = "shorter side"
Values = tuple[Ids, NDArray[np.float64]]


@dataclass(frozen=True)
class Flaw:
    """A flaw that a picture may have.

    Attributes:
        name: in one word, as tables have it.
        title: in the words of a heading.
        measure: one of `imgrec.pictures.metadata_names.MEASURES`, or `SIDE`.
        limit: a picture with this value has the flaw.
        low: True if it has the flaw up to the limit, False if from the limit on.
    """

    name: str
    title: str
    measure: str
    limit: float
    low: bool

    def has(self, values: NDArray[np.float64]) -> NDArray[np.bool_]:
        """Return a mask (m,) of the values (m,) that have the flaw."""
        return values <= self.limit if self.low else values >= self.limit

    def shown(self, value: float) -> str:
        """Return a value of the measure as text, with its unit."""
        return f"{value:,.0f} px" if self.measure == SIDE else f"{value:g}"

    @property
    def bound(self) -> str:
        """The limit in words: "sharpness up to 30"."""
        limit = self.shown(self.limit)
        return f"{self.measure} up to {limit}" if self.low else f"{self.measure} from {limit} on"


FLAWS = (
    Flaw("blurred", "Blurred", SHARPNESS, 30, True),
    Flaw("dark", "Dark", BRIGHTNESS, 20, True),
    Flaw("clipped", "Pure black or white", CLIPPED, 25, False),
    Flaw("empty", "Nearly nothing in it", FLAT, 80, False),
    Flaw("screenshot", "Screenshots and drawings", SCREENSHOT, 45, False),
    Flaw("tiny", "Tiny", SIDE, 128, True),
)


@dataclass(frozen=True)
class Found:
    """The pictures that have a flaw.

    Attributes:
        flaw: the flaw.
        ids: (m,) the worst first, ties by id.
        values: (m,) of its measure.
    """

    flaw: Flaw
    ids: Ids
    values: NDArray[np.float64]


@dataclass(frozen=True)
class Looks:
    """What is wrong with the pictures of a store.

    Attributes:
        pictures: number of readable pictures.
        measured: number of those that have measures.
        found: the pictures of each flaw, in the order of `FLAWS`.
        values: ids and values of each measure that any picture has, by name.
    """

    pictures: int
    measured: int
    found: tuple[Found, ...]
    values: Mapping[str, Values]

    @classmethod
    def of(cls, store: Store, files: Files) -> "Looks":
        """Return what is wrong with the pictures of a store.

        Args:
            store: open.
            files: its readable pictures.
        """
        known = files.known
        sides = np.minimum(files.widths[known], files.heights[known]).astype(np.float64)
        values = {**measures_in(store), SIDE: (files.ids[known], sides)}
        # Every picture that was measured has a brightness; one without structure, no sharpness.
        measured = len(values[BRIGHTNESS][0]) if BRIGHTNESS in values else 0
        return cls(len(files.ids), measured, tuple(_found(f, values) for f in FLAWS), values)

    @property
    def flawed(self) -> int:
        """Number of pictures that have any flaw."""
        return len({i for one in self.found for i in one.ids.tolist()})


def _found(flaw: Flaw, values: Mapping[str, Values]) -> Found:
    ids, of_all = values.get(flaw.measure, (np.zeros(0, np.int64), np.zeros(0)))
    inside = flaw.has(of_all)
    ids, of_flawed = ids[inside], of_all[inside]
    order = np.lexsort((ids, of_flawed if flaw.low else -of_flawed))
    return Found(flaw, ids[order], of_flawed[order])
