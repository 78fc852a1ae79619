"""The compiled loops of this folder: whether they are imported, and when it pays to import them.

Each of them has the same result as what is done without, bit by bit. Importing them imports numba
(a third of a second) and, at the first use on a machine, compiles them (two seconds); the result is
cached. So a process imports them when it has many pictures, and between two of them: within the
time and memory limits of a picture they would be charged to it.
"""

import sys
from types import ModuleType

# Pictures of one process for which importing the loops pays, and compiling them soon will have.
_WORTH = 500

_expected = 0


def expect(pictures: int, share: int = 0) -> None:
    """Import the compiled loops when so many pictures were expected in this process that it pays.

    Args:
        pictures: that will be read now, beside those of earlier calls.
        share: about how many this process will read in all; 0 if that is not known.
    """
    global _expected
    _expected += pictures
    if max(_expected, share) > _WORTH:
        import_loops()


def import_loops() -> None:
    """Import the compiled loops: a no-op if they are imported."""
    from imgrec.pictures import measure_loops, resampling_loops  # noqa: F401


def resampling() -> ModuleType | None:
    """Return `imgrec.pictures.resampling_loops`; None if it is not imported."""
    return sys.modules.get("imgrec.pictures.resampling_loops")


def measuring() -> ModuleType | None:
    """Return `imgrec.pictures.measure_loops`; None if it is not imported."""
    return sys.modules.get("imgrec.pictures.measure_loops")
