"""Vectors in parts without files, which count what is read of them."""

import random
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray

from imgrec.neighbors.neighbors import Neighbors
from imgrec.store.features import Block, FeatureStore
from imgrec.store.parts import part_name

Vectors = NDArray[np.float32]


@dataclass(frozen=True)
class InMemory:
    """Parts by name; `taken` lists the parts that were read."""

    parts: dict[str, Vectors]
    taken: list[str] = field(default_factory=list)

    def take(self, part: str, rows: NDArray[np.intp]) -> Vectors:
        self.taken.append(part)
        return self.parts[part][rows]

    def feature(self, ids: list[NDArray[np.int64]], alive: NDArray[np.bool_]) -> FeatureStore:
        """Return the parts as a feature, with the rows of all parts that are alive."""
        ends = np.cumsum([len(of_part) for of_part in ids]).tolist()
        blocks = [
            Block(of_part, self.parts[name], source=f"{name} 1 1").only(
                alive[end - len(of_part) : end]
            )
            for of_part, name, end in zip(ids, self.parts, ends, strict=True)
        ]
        return FeatureStore("x", next(iter(self.parts.values())).shape[1], blocks)


def in_parts(vectors: Vectors, edges: list[int]) -> tuple[FeatureStore, InMemory]:
    """Return vectors cut at some rows into parts; row i belongs to the picture 2 i + 5."""
    pieces = np.split(vectors, edges)
    source = InMemory({part_name(number): piece for number, piece in enumerate(pieces)})
    ids = np.split(2 * np.arange(len(vectors)) + 5, edges)
    return source.feature(ids, np.ones(len(vectors), bool)), source


def in_any_order(seed: int) -> Callable[[Callable[[Any], Any], Iterable[Any]], Iterator[Any]]:
    """Return a mapping that runs tasks in a random order, and some of them twice."""

    def mapping(function: Callable[[Any], Any], items: Iterable[Any]) -> Iterator[Any]:
        rng, tasks = random.Random(seed), list(items)
        tasks += rng.choices(tasks, k=len(tasks) // 2) if tasks else []
        rng.shuffle(tasks)
        return map(function, tasks)

    return mapping


def put_together(found: Iterable[Neighbors]) -> Neighbors:
    """Return the lists of several groups as one."""
    lists = list(found)
    ids = np.concatenate([one.ids for one in lists])
    order = np.argsort(ids)
    neighbors = np.concatenate([one.neighbors for one in lists])[order]
    return Neighbors(ids[order], neighbors, np.concatenate([o.distances for o in lists])[order])
