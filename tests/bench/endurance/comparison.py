"""Comparing two results of index, graph, projector and report, down to the bytes of each file."""

import hashlib
from pathlib import Path

import numpy as np

import endurance
from imgrec import Store, neighbors_of

# Folders that are compared file by file; the store is compared by what it says.
_WRITTEN = ("site", "logdir", "report")


def differences(whole: Path, killed: Path) -> list[str]:
    """Return a line for each difference of two results, and for each file left behind.

    Args:
        whole: folder of a store and what was made from it, without a kill.
        killed: the same after kills and an undisturbed run.
    """
    found = [f"left behind: {path.relative_to(killed)}" for path in _remnants(killed)]
    found += _of_stores(whole / "store", killed / "store")
    for name in _WRITTEN:
        found += _of_folders(whole / name, killed / name)
    return found


def _remnants(folder: Path) -> list[Path]:
    return [path for path in sorted(folder.rglob("*")) if path.name.startswith(".tmp-")]


def _of_stores(whole: Path, killed: Path) -> list[str]:
    first, second = endurance.fingerprints(whole), endurance.fingerprints(killed)
    found = [
        f"picture {i}: another row, label, vector or thumbnail"
        for i in sorted(first.keys() | second.keys())
        if first.get(i) != second.get(i)
    ]
    with Store.open(whole) as one, Store.open(killed) as other:
        expected, seen = neighbors_of(one), neighbors_of(other)
        return found + [
            f"k-NN graph: other {name}"
            for name in ("ids", "neighbors", "distances")
            if not np.array_equal(getattr(expected, name), getattr(seen, name))
        ]


def _of_folders(whole: Path, killed: Path) -> list[str]:
    first, second = _digests(whole), _digests(killed)
    both = first.keys() & second.keys()
    return [
        f"{whole.name}/{name}: {'other bytes' if name in both else 'in one only'}"
        for name in sorted(first.keys() | second.keys())
        if first.get(name) != second.get(name)
    ]


def _digests(folder: Path) -> dict[str, str]:
    return {
        str(path.relative_to(folder)): hashlib.blake2b(path.read_bytes()).hexdigest()
        for path in sorted(folder.rglob("*"))
        if path.is_file()
    }
