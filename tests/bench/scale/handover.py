"""Hand a synthetic store over, and ask the same questions there: time, size, memory, recall."""

import argparse
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).parents[1]))
sys.path.insert(0, str(Path(__file__).parents[1] / "search"))

import numpy as np
from numpy.typing import NDArray

import collection
from imgrec import Recommender, Store, export_vectors
from machine import described, rows, seconds, work_folder, write
from measuring import apart, recall_of, size_mb, tell

_PACKAGES = ("pylance", "pyarrow", "qdrant-client")
K, QUERIES = 5, 100
_LISTS_ROWS = 1000
_Answers = list[NDArray[np.int64]]


def main() -> int:
    """Run all measurements and print them as Markdown."""
    parser = argparse.ArgumentParser(description=__doc__)
    add = parser.add_argument
    add("--count", type=int, default=50_000, help="vectors (default 50000)")
    add("--dimensions", type=int, default=1280, help="of a vector (default 1280)")
    add("--qdrant", type=int, default=2_000, help="points of Qdrant's local mode (default 2000)")
    a = parser.parse_args()
    write(f"# Handing over\n\n{described(_PACKAGES)}\n")
    with work_folder(None) as work:
        place = collection.Place(work / "made", a.count, a.dimensions)
        tell("writing the collection")
        apart(collection.written, place)
        lines = [_exported(place, work, target) for target in ("parquet", "lance")]
        lines.append(_points(place, work, a.qdrant))
        write(rows(("export", "pictures", "s", "pictures/s", "MB", "memory MB"), lines) + "\n")
        truth, spent_ms = _ours(place, "exact")
        asked = [("imgrec `exact`", spent_ms, 1.0)]
        for name, index in (("Lance, no index", False), ("Lance, IVF_PQ", True)):
            tell(name)
            asked.append((name, *_lance(place, work / "lance", truth, index)))
        lines = [(n, *(f"{ms:.1f}" for ms in _percentiles(t)), f"{r:.3f}") for n, t, r in asked]
        write(rows(("search", "p50 ms", "p95 ms", "recall@5"), lines))
    return 0


def _exported(place: collection.Place, work: Path, target: str) -> tuple[str, ...]:
    tell(f"export to {target}")
    spent_s, memory_mb = apart(_export, place, {target: work / target})
    size = size_mb(work / target)
    return _line(target, place.count, spent_s, size, memory_mb)


def _points(place: collection.Place, work: Path, count: int) -> tuple[str, ...]:
    tell("export to Qdrant")
    folders = _folders_of(place, count)
    options = {"qdrant": str(work / "qdrant"), "under": folders}
    with Store.open(place.store) as store:
        from imgrec.collection.filters import Filter

        few = len(Filter((), tuple(folders)).ids(store.catalog))
    spent_s, memory_mb = apart(_export, place, options)
    return _line("qdrant, local mode", few, spent_s, size_mb(work / "qdrant"), memory_mb)


def _folders_of(place: collection.Place, count: int) -> list[str]:
    """Return folders that hold about so many pictures."""
    with Store.open(place.store) as store:
        top = store.catalog.top_folders(1 << 20)
    return top[: max(1, count * len(top) // place.count)]


def _export(place: collection.Place, options: dict[str, Any]) -> float:
    with Store.open(place.store) as store:
        return seconds(lambda: export_vectors(store, **options))


def _line(name: str, count: int, spent_s: float, size: float, memory_mb: float) -> tuple[str, ...]:
    speed = f"{count / spent_s:,.0f}"
    return name, f"{count:,}", f"{spent_s:.1f}", speed, f"{size:,.0f}", f"{memory_mb:,.0f}"


def _ours(place: collection.Place, index: str) -> tuple[_Answers, list[float]]:
    with Recommender.open(place.store) as recommender:
        return _timed(
            lambda i: np.array([r.id for r in recommender.query([i], k=K, index=index)]),
            _asked(place),
        )


def _lance(
    place: collection.Place, folder: Path, truth: _Answers, index: bool
) -> tuple[list[float], float]:
    import lance

    dataset = lance.dataset(str(folder))
    if index:
        dataset.create_index(
            "vector", "IVF_PQ", metric="cosine", num_partitions=max(1, place.count // _LISTS_ROWS),
            num_sub_vectors=place.dimensions // 16,
        )  # fmt: skip
    with Store.open(place.store) as store:
        vectors = store.feature().take(np.array(_asked(place)))
    by_id = dict(zip(_asked(place), vectors, strict=True))

    def ask(i: int) -> NDArray[np.int64]:
        nearest = {"column": "vector", "q": by_id[i], "k": K + 1, "metric": "cosine"}
        more = {"nprobes": 20, "refine_factor": 20} if index else {"use_index": False}
        found = dataset.to_table(columns=["id", "_distance"], nearest={**nearest, **more})
        ids = found["id"].to_numpy()
        return ids[ids != i][:K]

    answers, spent_ms = _timed(ask, _asked(place))
    return spent_ms, recall_of(answers, np.stack(truth))


def _timed(ask: Callable[[int], NDArray[np.int64]], ids: list[int]) -> tuple[_Answers, list[float]]:
    ask(ids[0])
    answers, spent_ms = [], []
    for i in ids:
        started = time.perf_counter()
        answers.append(ask(i))
        spent_ms.append(1000 * (time.perf_counter() - started))
    return answers, spent_ms


def _asked(place: collection.Place) -> list[int]:
    chosen = np.random.default_rng(3).choice(place.count, QUERIES, replace=False)
    return (chosen + collection.FIRST_ID).tolist()


def _percentiles(spent_ms: list[float]) -> NDArray[np.float64]:
    return np.percentile(spent_ms, [50, 95])


if __name__ == "__main__":
    sys.exit(main())
