"""Each step of a search alone, beside how it was done before and the least that it reads.

All ways of a step take turns in one process, so that other work on the machine slows all of them.
"""

import time
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

import former
from collection import Place
from imgrec import Store
from imgrec.derived.kept import open_searchable
from imgrec.derived.rows import load_derived
from imgrec.derived.sketch import Sketch, SketchRecipe
from imgrec.distances.axes import products
from imgrec.distances.blockwise import distances_to_all, distances_to_rows, load_kernels
from imgrec.distances.metrics import METRICS, scaled
from imgrec.distances.order import smallest
from imgrec.encoders.spec import Vectors
from imgrec.store.features import FeatureStore
from imgrec.system.threads import in_threads
from machine import rows
from measuring import tell
from reference import Reference

HEADS = ("step", "way", "p50 ms", "of the one before", "of reading once", "turns")
_BUDGET_S = 15.0
_LEAST_TURNS = 5
_CANDIDATES = 400
_TOGETHER = 5

Job = Callable[[int], object]


@dataclass(frozen=True)
class Step:
    """Ways to do one step; each is called with the number of the turn.

    Attributes:
        name: of the step.
        before: as it was done.
        now: as it is done.
        floor: reads what the step reads; None where that is not what it costs.
    """

    name: str
    before: Job
    now: Job
    floor: Job | None = None


def measured(place: Place) -> str:
    """Return a table of all steps."""
    tell(f"{place.count}: each step alone")
    load_kernels()
    lines: list[list[str]] = []
    with Store.open(place.store) as store:
        opened = open_searchable(store)
        assert opened.sketch is not None
        queries = opened.feature.take(np.array(Reference.load(place).ids))
        kept = load_derived(
            store.paths.indexes(opened.spec.name), SketchRecipe(), opened.spec, verify=False
        )
        assert kept is not None
        codes, lengths = kept.rows["codes"], kept.rows["lengths"]
        steps = [
            _scan(opened.sketch, codes, lengths, kept.model, queries, 1),
            _scan(opened.sketch, codes, lengths, kept.model, queries, _TOGETHER),
            *_candidates(opened.feature, opened.sketch, queries),
            *(
                _exact(opened.feature, queries, name)
                for name in ("cosine", "euclidean", "manhattan")
            ),
        ]
        for step in steps:
            lines += _lines(step)
    return rows(HEADS, lines)


def _lines(step: Step) -> list[list[str]]:
    ways = {"before": step.before, "now": step.now}
    if step.floor:
        ways["reading once"] = step.floor
    spent_ms = _in_turns(ways)
    p50_ms = {name: float(np.median(spent)) for name, spent in spent_ms.items()}
    floor_ms = p50_ms.get("reading once")
    return [
        [
            step.name,
            name,
            f"{p50_ms[name]:.2f}",
            f"{p50_ms[name] / p50_ms['before']:.2f}",
            f"{p50_ms[name] / floor_ms:.2f}" if floor_ms else "",
            str(len(spent_ms[name])),
        ]
        for name in ways
    ]


def _in_turns(ways: dict[str, Job]) -> dict[str, list[float]]:
    spent_ms: dict[str, list[float]] = {name: [] for name in ways}
    for way in ways.values():
        way(0)
    began, turn = time.perf_counter(), 0
    while turn < _LEAST_TURNS or time.perf_counter() - began < _BUDGET_S:
        for name, way in ways.items():
            started = time.perf_counter()
            way(turn)
            spent_ms[name].append(1000 * (time.perf_counter() - started))
        turn += 1
    return spent_ms


def _scan(
    sketch: Sketch,
    codes: NDArray[np.int8],
    lengths: Vectors,
    model: dict[str, NDArray[np.float32]],
    queries: Vectors,
    together: int,
) -> Step:
    inverse, found = 1 / lengths, np.empty((together, len(codes)), np.float32)

    def asked(turn: int) -> Vectors:
        first = turn % (len(queries) - together)
        return queries[first : first + together]

    def before(turn: int) -> None:
        units = scaled(asked(turn), 2)
        weights = products(units, model["components"]) * model["scales"]
        former.scan(codes, weights, products(units, model["mean"][None]), inverse, found)

    of = "one query" if together == 1 else f"{together} queries"
    return Step(
        f"scan of the sketch, {of}",
        before,
        lambda turn: sketch.estimates("cosine", asked(turn)),
        lambda _: former.read_once([codes]),
    )


def _candidates(feature: FeatureStore, sketch: Sketch, queries: Vectors) -> list[Step]:
    scores = [sketch.estimates("cosine", query[None])[0] for query in queries[:20]]
    chosen = [smallest(one, _CANDIDATES)[1] for one in scores]

    def gathered(turn: int) -> None:
        units = scaled(queries[turn % 20][None], 2)
        vectors = feature.take_rows(chosen[turn % 20])
        even = len(vectors) // 2 * 2
        former.cosine(units, vectors[:even], np.empty((1, even), np.float32))

    def in_place(turn: int) -> None:
        distances_to_rows(feature, METRICS["cosine"], queries[turn % 20][None], chosen[turn % 20])

    return [
        Step(
            f"the {_CANDIDATES} smallest estimates",
            lambda turn: former.by_partition(scores[turn % 20], _CANDIDATES),
            lambda turn: smallest(scores[turn % 20], _CANDIDATES),
        ),
        Step(f"{_CANDIDATES} candidates compared, cosine", gathered, in_place),
    ]


def _exact(feature: FeatureStore, queries: Vectors, name: str) -> Step:
    blocks = [np.asarray(block.vectors) for block in feature.blocks]
    blocks = [block[: len(block) // 2 * 2] for block in blocks]
    loop = getattr(former, name)

    def before(turn: int) -> None:
        units = scaled(queries[turn % len(queries)][None], 2)
        out = [np.empty((1, len(block)), np.float32) for block in blocks]

        def fill(start: int) -> None:
            for number in range(start, min(start + 8, len(blocks))):
                loop(units, blocks[number], out[number])

        in_threads(fill, range(0, len(blocks), 8))

    return Step(
        f"exact, {name}",
        before,
        lambda turn: distances_to_all(feature, METRICS[name], queries[turn % len(queries)][None]),
        lambda _: former.read_once(blocks),
    )
