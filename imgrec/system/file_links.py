"""Links from a page to local files, with any name."""

import os
import urllib.parse
from pathlib import Path


def link_to(file: Path, folder: Path) -> str:
    """Return the URL of a file relative to a folder; absolute if it is on another drive."""
    try:
        relative = os.path.relpath(file, folder)
    except ValueError:
        return file.as_uri()
    return urllib.parse.quote(os.fsencode(relative.replace(os.sep, "/")))
