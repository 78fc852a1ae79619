"""Walks of the HNSW graph that lose their way, with and without the cells beside it.

Asked are pictures of the store, of which the graph has the node, and new vectors of the same
clusters. Both ways take turns in one process.
"""

import time
from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

import collection
from collection import FIRST_ID, Place
from imgrec import Store
from imgrec.derived.kept import open_searchable
from imgrec.distances.blockwise import load_kernels
from imgrec.distances.metrics import metric_named
from imgrec.encoders.spec import Vectors
from imgrec.search.candidates import HnswIndex, Question
from imgrec.search.space import Part, Space
from imgrec.search.ways import search
from machine import rows
from measuring import K, tell
from reference import Reference

HEADS = ("questions", "way", "p50 ms", "p95 ms", "recall@5", "without any of the 5", "compared all")
_NEW = 1000
_SEED = 23

Rows = NDArray[np.int64]


def measured(place: Place) -> str:
    """Return a table of both ways, or a line where the graph is too small for cells."""
    tell(f"{place.count}: lost walks")
    load_kernels()
    with Store.open(place.store) as store:
        opened = open_searchable(store)
        if opened.hnsw is None or opened.cells is None:
            return "no cells beside the graph\n"
        part = Part(opened.feature, hnsw=opened.hnsw, cells=opened.cells)
        ways = {"with cells": part, "graph alone": replace(part, cells=None)}
        reference = Reference.load(place)
        asked = reference.rows, reference.nearest["cosine"]
        stored = opened.feature.take(reference.rows + FIRST_ID)
        lines = _lines("of the store", ways, stored, asked[0], asked[1])
        new = _new(place)
        lines += _lines("new vectors", ways, new, None, _nearest(place, new))
    return rows(HEADS, lines)


def _lines(
    name: str, ways: dict[str, Part], queries: Vectors, own: Rows | None, truth: Rows
) -> list[list[str]]:
    indexes = {way: HnswIndex(Space(metric_named("cosine"), (part,))) for way, part in ways.items()}
    spent_ms: dict[str, list[float]] = {way: [] for way in ways}
    hits: dict[str, list[int]] = {way: [] for way in ways}
    exact = dict.fromkeys(ways, 0)
    for number, query in enumerate(queries):
        left_out = np.zeros(0, np.intp) if own is None else own[[number]].astype(np.intp)
        none = np.zeros((0, len(query)), np.float32)
        question = Question([query[None]], [none], np.zeros((1, 0), "f4"), "mean", left_out)
        order = list(indexes) if number % 2 else list(indexes)[::-1]
        # Reads what both will compare.
        search(indexes[order[0]], question, K)
        for way in order:
            started = time.perf_counter()
            found = search(indexes[way], question, K)
            spent_ms[way].append(1000 * (time.perf_counter() - started))
            hits[way].append(int(np.isin(truth[number], found.rows).sum()))
            exact[way] += found.exact
    return [
        [
            f"{len(queries):,} {name}",
            way,
            *(f"{value:.2f}" for value in np.percentile(spent_ms[way], [50, 95])),
            f"{np.mean(hits[way]) / K:.4f}",
            str(hits[way].count(0)),
            str(exact[way]),
        ]
        for way in indexes
    ]


def _new(place: Place) -> Vectors:
    """Return vectors (q, d) of the clusters of the collection that are not in it."""
    shape = collection.shape_of(place.count, place.dimensions)
    rng = np.random.default_rng(_SEED)
    return collection.vectors_of(shape, rng.choice(len(shape.share), _NEW, p=shape.share), rng)


def _nearest(place: Place, queries: Vectors) -> Rows:
    """Return the K nearest rows (q, K) of unit vectors (q, d), by products with all rows."""
    best = np.full((len(queries), K), -np.inf, np.float32)
    found = np.full((len(queries), K), -1)
    matrix = collection.opened(place)
    for first in range(0, len(matrix), 1 << 13):
        vectors = matrix[first : first + (1 << 13)]
        alike = queries @ (vectors / np.linalg.norm(vectors, axis=1, keepdims=True)).T  # (q, m)
        pool = np.hstack([best, alike])
        numbers = np.hstack([found, np.tile(np.arange(len(vectors)) + first, (len(queries), 1))])
        kept = np.argpartition(-pool, K - 1, axis=1)[:, :K]
        best = np.take_along_axis(pool, kept, axis=1)
        found = np.take_along_axis(numbers, kept, axis=1)
    return found
