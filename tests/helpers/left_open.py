"""What a process holds open and what a folder holds: for tests that nothing grows with each run."""

import gc
import os
import threading
from pathlib import Path

import pytest

_OPEN = Path("/proc/self/fd")
# For tests of open files, which only Linux lists.
needs_list = pytest.mark.skipif(not _OPEN.is_dir(), reason="no list of open files here")


def held() -> tuple[int, int]:
    """Return the number of open files, pipes and sockets, and that of running threads."""
    gc.collect()
    return len(os.listdir(_OPEN)), threading.active_count()


def sizes(folder: Path) -> dict[str, int]:
    """Return the bytes of each file below a folder, -1 for a folder; without SQLite's log."""
    return {
        path.relative_to(folder).as_posix(): path.stat().st_size if path.is_file() else -1
        for path in folder.rglob("*")
        if not path.name.startswith("catalog.sqlite-")
    }
