"""Vectors made elsewhere: written as files, and given to a store."""

from collections.abc import Sequence
from pathlib import Path

import numpy as np

from imgrec import Options, index_folders

D = 6
Lines = Sequence[str]


def paths_of(photos: Path) -> list[str]:
    return sorted(p.relative_to(photos).as_posix() for p in photos.rglob("*.*"))


def vectors_of(count: int, seed: int = 0) -> np.ndarray:
    """Return random float32 vectors (count, D)."""
    return np.random.default_rng(seed).normal(size=(count, D)).astype(np.float32)


def write_npy(file: Path, paths: Lines, vectors: np.ndarray) -> Path:
    """Write vectors, and beside them the list of their paths."""
    np.save(file, vectors)
    file.with_suffix(".txt").write_text("".join(f"{path}\n" for path in paths))
    return file


def give(store_path: Path, file: Path, name: str = "made") -> list[str]:
    """Add a file of vectors; return the lines about vectors and the warnings."""
    summary = index_folders([], store_path, Options(vectors={name: file}, workers=0))
    assert summary.done == 0
    return [*summary.vectors, *summary.warnings]
