"""The same queries by imgrec's public interface, in a warm process."""

import statistics
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import numpy as np

from collection import Place
from former import read_once
from imgrec import Recommender, Store
from machine import seconds
from measuring import K, Row, apart, asked, size_mb, tell
from reference import Reference

LIBRARIES = ("imgrec", "numba", "usearch.index")
_READS = 7
# Pictures of a query by several.
_TOGETHER = 5


@dataclass(frozen=True)
class Way:
    """A query and the options of its search.

    Attributes:
        name: name in the table, after "imgrec".
        options: arguments of `Recommender.query`.
        truth: metric of the exact neighbors that the answers are compared with; None for none.
        pictures: number of pictures of one query.
    """

    name: str
    options: dict[str, Any] = field(default_factory=dict)
    truth: str | None = None
    pictures: int = 1


@dataclass(frozen=True)
class Built:
    """The cost of an index."""

    build_s: float
    memory_mb: float
    disk_mb: float
    lines: list[str]


def _ways(index: str, *metrics: str) -> tuple[Way, ...]:
    return tuple(
        Way(f"{metric}, {index}", {"metric": metric, "index": index}, metric) for metric in metrics
    )


def _together(index: str) -> Way:
    options = {"metric": "cosine", "index": index}
    return Way(f"cosine, {index}, {_TOGETHER} pictures", options, pictures=_TOGETHER)


_FEATURES = "resnet50=1,rgb=0.5"
_WEIGHTED = Way(f"cosine of {_FEATURES}, auto", {"metric": "cosine", "features": _FEATURES})
# Each group has a process of its own, whose memory is that of all its methods.
_GROUPS: tuple[tuple[str | None, tuple[Way, ...]], ...] = (
    (None, (*_ways("exact", "cosine", "euclidean", "manhattan"), _together("exact"))),
    ("sketch", (*_ways("sketch", "cosine", "euclidean", "manhattan"), _together("sketch"))),
    ("hnsw", _ways("hnsw", "cosine", "euclidean")),
    (
        None,
        (
            Way("chi2, exact", {"metric": "chi2", "encoder": "rgb", "index": "exact"}, "chi2"),
            Way("chi2, auto", {"metric": "chi2", "encoder": "rgb"}, "chi2"),
            Way("pca-cosine, auto", {"metric": "pca-cosine", "encoder": "rgb"}),
        ),
    ),
    (None, (Way("combined, auto", {"metric": "combined"}), _WEIGHTED)),
)


def measured(place: Place, built: dict[str, Built]) -> tuple[list[Row], list[str]]:
    """Return the measurements of imgrec, and lines of further results.

    Args:
        place: the collection, with its indexes built.
        built: the cost of each index, by its name.
    """
    tell(f"{place.count}: reading everything once")
    floor_ms, _ = apart(_floors, place)
    rows: list[Row] = []
    for index, ways in _GROUPS:
        tell(f"{place.count}: imgrec " + "; ".join(way.name for way in ways))
        of_ways, peak_mb = apart(_asked, place, ways, libraries=LIBRARIES)
        cost = built[index] if index else None
        rows += [
            replace(
                row,
                memory_mb=peak_mb,
                build_s=cost.build_s if cost else None,
                disk_mb=cost.disk_mb if cost else None,
            )
            for row in of_ways
        ]
    compared = _compared({row.way: row.p50_ms for row in rows}, floor_ms)
    return rows, [*compared, *costs(built)]


def build(place: Place, *, hnsw: bool = True) -> dict[str, Built]:
    """Build the indexes of the store; return the cost of each.

    The first step builds all indexes of all features except the HNSW graph.
    """
    built = {}
    for name, graph in (("sketch", False), ("hnsw", True))[: 2 if hnsw else 1]:
        tell(f"{place.folder.name}: imgrec builds its indexes" + (" with HNSW" if graph else ""))
        (build_s, folder, lines), peak_mb = apart(_build, place, graph, libraries=LIBRARIES)
        built[name] = Built(build_s, peak_mb, size_mb(folder / name), lines)
    return built


def _build(place: Place, hnsw: bool) -> tuple[float, Path, list[str]]:
    from imgrec.derived.kept import update_indexes

    lines: list[str] = []
    with Store.create(place.store) as store, store.writing():
        build_s = seconds(lambda: lines.extend(update_indexes(store, hnsw=hnsw, sketch_values=0)))
        return build_s, store.paths.indexes(str(store.encoder)), lines


def _asked(place: Place, ways: Sequence[Way]) -> list[Row]:
    reference = Reference.load(place)
    with Recommender.open(place.store) as recommender:
        # This maps all rows.
        recommender.query(reference.ids[:1], k=K, metric="cosine", index="exact")
        return [_row(recommender, reference, way) for way in ways]


def _row(recommender: Recommender, reference: Reference, way: Way) -> Row:
    went: set[str] = set()

    def ask(ids: list[int]) -> list[int]:
        answer = recommender.query(ids, k=K, **way.options)
        went.add(answer.index)
        return [result.id for result in answer.results]

    ids = reference.ids
    queries = [ids[i : i + way.pictures] for i in range(len(ids) - way.pictures + 1)]
    truth = None if way.truth is None else reference.nearest_ids(way.truth)
    row = asked(f"imgrec {way.name}", ask, queries, truth)
    taken = " / ".join(sorted(went))
    return replace(row, way=row.way.replace("auto", f"auto ({taken})"))


def _compared(p50_ms: dict[str, float], floor_ms: dict[str, float]) -> list[str]:
    def of(way: str) -> float:
        return p50_ms[f"imgrec {way}"]

    exact = [
        f"{way} {of(f'{way}, exact') / floor_ms[feature]:.2f}"
        for way, feature in (
            ("cosine", "resnet50"),
            ("euclidean", "resnet50"),
            ("manhattan", "resnet50"),
            ("chi2", "rgb"),
        )
    ]
    together = [
        f"{index} {of(_together(index).name) / of(f'cosine, {index}'):.2f}"
        for index in ("exact", "sketch")
    ]
    floors = [f"{feature} {ms:.1f} ms" for feature, ms in floor_ms.items()]
    return [
        f"reading all vectors once, with all cores: {', '.join(floors)}",
        f"imgrec exact as a multiple of that: {', '.join(exact)}",
        f"a query by {_TOGETHER} pictures as a multiple of one by one: {', '.join(together)}",
    ]


def costs(built: dict[str, Built]) -> list[str]:
    """Return the cost of the indexes and the messages of their building, each line once."""
    lines = [
        f"{name}: built in {cost.build_s:.1f} s with {cost.memory_mb:.0f} MB without mapped files"
        for name, cost in built.items()
    ]
    said = [line for cost in built.values() for line in cost.lines]
    return lines + list(dict.fromkeys(said))


def _floors(place: Place) -> dict[str, float]:
    """Return the milliseconds to read each feature's mapped parts once, as fast as possible."""
    with Store.open(place.store) as store:
        return {name: _floor_ms(store, name) for name in store.feature_names()}


def _floor_ms(store: Store, name: str) -> float:
    """Return the milliseconds to sum up each feature's mapped parts once, in a compiled loop.

    NumPy's own reductions take a quarter longer.
    """
    blocks = [np.asarray(block.vectors) for block in store.feature(name).blocks]
    read_once(blocks)
    return 1000 * statistics.median(seconds(lambda: read_once(blocks)) for _ in range(_READS))
