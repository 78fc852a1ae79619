"""Check what a store can compute again: indexes, graphs, layouts, means of relations.

Checksums show whether a file is what was written (`imgrec.store.kept`). For indexes and k-NN graphs
the content is checked too: ids that are ascending and in the catalog, as many rows as ids, finite
values, neighbors that exist.
"""

from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from imgrec.checks.findings import Check, Place
from imgrec.collection import Ids
from imgrec.errors import StoreError
from imgrec.store.kept import Arrays, Kept, check
from imgrec.store.paths import StorePaths

# Built by imgrec index; all others are built by the command that needs them.
_INDEXED = ("cells", "hnsw", "pca", "sketch")
_BY_INDEX = "the next imgrec index rebuilds it; until then a query may be wrong"
_FITTED = "until the next imgrec index keeps it again, every command fits the mean anew"
_REMADE = "it is ignored, and rebuilt by the next command that needs it"


def check_derived(store: Path, known: Ids | None) -> Check[int]:
    """Check all kept folders of a store; return how many indexes and k-NN graphs there are.

    Args:
        store: the store's folder.
        known: ids of the catalog, ascending; None if it cannot be read.
    """
    paths = StorePaths(store)
    graphs, indexes = _folders(paths.all_knn, "*"), _folders(paths.all_indexes, "*/*")
    others = _folders(paths.all_layouts, "*/*")
    others += _folders(paths.all_projector, "*") + _folders(store, paths.duplicates.name)
    others += _folders(store, paths.verdicts.name)
    others += _folders(store, paths.communities.name)
    means = _folders(paths.all_relations, "*")
    for folder in graphs + indexes + others + means:
        rows_of = "knn" if folder in graphs else "index" if folder in indexes else ""
        problem = _problem(folder, rows_of, known)
        if problem:
            indexed = rows_of == "index" and folder.name in _INDEXED
            effect = _FITTED if folder in means else _BY_INDEX if indexed else _REMADE
            yield Place(folder.relative_to(store).as_posix()).error(problem, effect)
    return len(graphs) + len(indexes)


def _folders(parent: Path, pattern: str) -> list[Path]:
    """Return the folders that match a pattern, sorted, without those of an unfinished write."""
    found = sorted(path for path in parent.glob(pattern) if path.is_dir())
    return [path for path in found if not path.name.startswith(".")]


def _problem(folder: Path, rows_of: str, known: Ids | None) -> str | None:
    """Return what is wrong with a kept folder; None if it is sound.

    Args:
        folder: of the kept arrays.
        rows_of: "knn" or "index" if it has a row for each picture, whose content is then checked.
        known: ids of the catalog; None if it cannot be read.
    """
    try:
        kept = check(folder)
        if not rows_of:
            return None
        problem = _key_problem(kept, known) or _rows_problem(kept, every=rows_of == "knn")
        return problem or (_knn_problem(kept.arrays) if rows_of == "knn" else None)
    except StoreError as error:
        return str(error)
    except (LookupError, TypeError, ValueError) as error:
        return f"an expected array or key is absent or invalid ({error!r})"


def _key_problem(kept: Kept, known: Ids | None) -> str | None:
    ids, owners, sources = kept.arrays["ids"], kept.arrays["owners"], kept.state["sources"]
    if ids.ndim != 1 or ids.shape != owners.shape or (np.diff(ids) <= 0).any():
        return "its ids are not ascending"
    if len(owners) and not 0 <= owners.min() <= owners.max() < max(len(sources), 1):
        return "its rows refer to parts that it does not list"
    if known is not None and not np.isin(ids, known).all():
        return "it has rows of pictures that are not in the catalog"
    return None


def _rows_problem(kept: Kept, *, every: bool) -> str | None:
    count = len(kept.arrays["ids"])
    for name, values in kept.arrays.items():
        if (every or name.startswith("rows-")) and len(values) != count:
            return f"{name}.npy has {len(values):,} rows, ids.npy {count:,}"
        if values.dtype.kind == "f" and not all(map(_is_finite, np.array_split(values, 64))):
            return f"{name}.npy holds values that are not finite numbers"
    return None


def _knn_problem(arrays: Arrays) -> str | None:
    if not np.isin(arrays["neighbors"], arrays["ids"]).all():
        return "its neighbors include pictures that have no row in it"
    if (np.diff(arrays["distances"], axis=1) < 0).any():
        return "its distances are not ascending"
    return None


def _is_finite(values: NDArray[Any]) -> bool:
    return bool(np.isfinite(values).all())
