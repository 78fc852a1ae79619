"""Where the fonts lie that come with the libraries, for pictures with text."""

from importlib.util import find_spec
from pathlib import Path

_DEJAVU = "mpl-data/fonts/ttf/DejaVuSans.ttf"


def dejavu_sans() -> Path | None:
    """Return the file of DejaVu Sans that comes with matplotlib; None if it is not there."""
    # Found without importing matplotlib, which takes longer than drawing.
    found = find_spec("matplotlib")
    folders = found.submodule_search_locations if found else None
    files = (Path(folder) / _DEJAVU for folder in folders or ())
    return next((file for file in files if file.is_file()), None)
