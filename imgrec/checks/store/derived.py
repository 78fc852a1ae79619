"""What is kept beside the features of a store and can be made again: graphs and indexes."""

import json
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from imgrec.checks.findings import Check, Place
from imgrec.collection import Ids
from imgrec.errors import StoreError
from imgrec.store.parts import load_array

_REMADE = "it is passed over, and made again where it is wanted"
_SIDECARS = {"knn": "knn.json", "indexes": "derived.json"}


def check_derived(store: Path, known: Ids | None) -> Check[int]:
    """Check what is kept beside the features; return how many there are."""
    folders = [("knn", folder) for folder in sorted((store / "knn").glob("*"))]
    folders += [("indexes", folder) for folder in sorted((store / "indexes").glob("*/*"))]
    kept = [(kind, folder) for kind, folder in folders if folder.is_dir() and folder.name[0] != "."]
    for kind, folder in kept:
        problem = _problem(kind, folder, known)
        if problem:
            yield Place(folder.relative_to(store).as_posix()).error(problem, _REMADE)
    return len(kept)


def _problem(kind: str, folder: Path, known: Ids | None) -> str | None:
    try:
        described = json.loads((folder / _SIDECARS[kind]).read_text("utf-8"))
        arrays = {path.stem: load_array(path) for path in sorted(folder.glob("*.npy"))}
        sources = len(described["sources"])
        return _key_problem(arrays, sources, known) or _rows_problem(kind, arrays)
    except (OSError, ValueError, LookupError, TypeError, StoreError) as error:
        return f"it cannot be read ({(isinstance(error, StoreError) and error.__cause__) or error})"


def _key_problem(arrays: dict[str, NDArray[Any]], sources: int, known: Ids | None) -> str | None:
    ids, owners = arrays["ids"], arrays["owners"]
    if ids.ndim != 1 or ids.shape != owners.shape or (np.diff(ids) <= 0).any():
        return "its ids do not ascend"
    if len(owners) and not 0 <= owners.min() <= owners.max() < max(sources, 1):
        return "its rows name parts that it does not list"
    if known is not None and not np.isin(ids, known).all():
        return "it has rows of pictures that the catalog does not know"
    return None


def _rows_problem(kind: str, arrays: dict[str, NDArray[Any]]) -> str | None:
    count = len(arrays["ids"])
    parallel = {
        name: values for name, values in arrays.items() if name.startswith("rows-") or kind == "knn"
    }
    for name, values in parallel.items():
        if len(values) != count:
            return f"{name}.npy has {len(values):,} rows, ids.npy {count:,}"
    for name, values in arrays.items():
        if values.dtype.kind == "f" and not all(map(_is_finite, np.array_split(values, 64))):
            return f"{name}.npy holds values that are no numbers"
    if kind == "knn" and not np.isin(arrays["neighbors"], arrays["ids"]).all():
        return "its neighbors are pictures that it has no row of"
    if kind == "knn" and (np.diff(arrays["distances"], axis=1) < 0).any():
        return "its distances do not ascend"
    return None


def _is_finite(values: NDArray[Any]) -> bool:
    return bool(np.isfinite(values).all())
