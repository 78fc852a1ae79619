"""Copies of the working tree in which mutants are run, so that the tree itself is never changed."""

import itertools
import os
import shutil
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

# Times of change that no file had: machine code and bytecode are cached by them, and two mutants of
# the same second and size would otherwise be the same to Python and numba.
_TIMES = itertools.count(1_000_000_000)


def make_copies(root: Path, folder: Path, count: int) -> list[Path]:
    """Return `count` copies of the files that git does not ignore, made anew in `folder`."""
    shutil.rmtree(folder, ignore_errors=True)
    first = folder / "0"
    listing = ["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard"]
    names = subprocess.run(listing, cwd=root, check=True, capture_output=True).stdout
    for name in filter(None, names.decode().split("\0")):
        if (root / name).is_file():
            (first / name).parent.mkdir(parents=True, exist_ok=True)
            shutil.copy2(root / name, first / name)
    # Bytecode and the machine code of numba, which takes minutes to compile; both are valid for
    # files of the same size and time.
    for top in ("imgrec", "graph", "projector", "tests"):
        for compiled in (root / top).rglob("__pycache__/*"):
            there = first / compiled.relative_to(root)
            there.parent.mkdir(parents=True, exist_ok=True)
            shutil.copy2(compiled, there)
    copies = [first, *(folder / str(number) for number in range(1, count))]
    for copy in copies[1:]:
        shutil.copytree(first, copy)
    return copies


@contextmanager
def mutated(copy: Path, module: str, source: str) -> Iterator[None]:
    """Put the source of a mutant into a copy for the duration of a `with` block."""
    path = copy / module
    original, times = path.read_text("utf-8"), path.stat()
    path.write_text(source, "utf-8")
    os.utime(path, (moment := next(_TIMES), moment))
    try:
        yield
    finally:
        path.write_text(original, "utf-8")
        os.utime(path, ns=(times.st_atime_ns, times.st_mtime_ns))
