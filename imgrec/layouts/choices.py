"""The layout methods and the size of the overview; no heavy imports, so that `--help` is quick."""

from collections.abc import Iterable, Sequence

from imgrec.errors import WrongValueError
from imgrec.system.argument_types import TEXTS, check_type

METHODS = ("umap", "tsne")
# A layout without overlap, which is made of that by UMAP; and all that a projector offers.
GRID = "grid"
VIEWS = (*METHODS, GRID)

# Principal components, in which layouts start and pages are divided.
COLUMNS = 50
# Pictures in the overview; so many are laid out in half a minute.
OVERVIEW_SIZE = 10_000


def check_methods(methods: Iterable[str], known: Sequence[str] = METHODS) -> None:
    """Check that layout methods are among those that are known.

    Raises:
        WrongTypeError: a text is given, not a list of names.
        WrongValueError: one is unknown; the message lists the known ones.
    """
    check_type("methods", methods, TEXTS)
    unknown = [name for name in methods if name not in known]
    if unknown:
        raise WrongValueError(f"unknown layout {unknown[0]!r}; known: {', '.join(known)}")
