"""The cost of the default relation beside that of its first feature alone, on synthetic vectors."""

import shutil
import statistics
import time
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from imgrec import Recommender, Store
from imgrec.derived.kept import update_indexes
from imgrec.encoders.mini import Mini
from imgrec.encoders.spec import EncoderSpec, Vectors
from imgrec.neighbors.by_products import exact_lists
from imgrec.pictures.preprocessing import Preprocessing
from imgrec.store.parts import write_part
from imgrec.store.relations import Relation
from machine import rows

RELATION = Relation("lite0")
_LITE0 = EncoderSpec("lite0", 1280, Preprocessing(224, 256), weights="synthetic")
_PART_ROWS = 1024
_LATENT, _CLUSTERS = 64, 400
_QUERIES, _ROUNDS = 100, 3
_K = 15


def measured(work: Path, count: int = 100_000, graph: int = 20_000) -> str:
    """Return a table: p50 of a query in `count` pictures, and the k-NN graph of `graph` pictures.

    Both are measured in turns, so that whatever else the machine does slows both.
    """
    names = RELATION.centered, RELATION.name
    lines = []
    for pictures, sketch in ((graph // 2, False), (count, True)):
        path = written(work / f"relation-{pictures}", pictures)
        with Store.create(path) as store, store.writing():
            update_indexes(store, sketch_values=0 if sketch else 10**12)
        lines.append(
            _line(f"query, {pictures:,} pictures, p50 ms", _queries(path, names, pictures))
        )
        shutil.rmtree(path)
    path = written(work / f"relation-{graph}", graph)
    with Store.open(path) as store:
        spent = [[_graph_s(store, name) for name in names] for _ in range(2)]
    best = [min(each) for each in zip(*spent, strict=True)]
    lines.append(_line(f"k-NN graph, {graph:,} pictures, s of CPU time", best))
    shutil.rmtree(path)
    return rows(["what", *names, "ratio"], lines)


def written(path: Path, count: int) -> Path:
    """Write a store of `lite0` and `mini`, clustered and not negative, as after ReLU."""
    rng = np.random.default_rng(0)
    centers = rng.standard_normal((_CLUSTERS, _LATENT), np.float32)
    specs = (_LITE0, Mini().spec)
    layers = [rng.standard_normal((_LATENT, spec.dimensions), np.float32) / 8 for spec in specs]
    with Store.create(path) as store, store.writing():
        _catalog(store, count)
        for spec in specs:
            store.add_feature(spec)
        store.set_encoder(_LITE0.name)
        for number, start in enumerate(range(0, count, _PART_ROWS)):
            ids = np.arange(start, min(count, start + _PART_ROWS)) + 1
            latent = centers[rng.integers(_CLUSTERS, size=len(ids))]
            latent = latent + np.float32(0.5) * rng.standard_normal(latent.shape, np.float32)
            for spec, layer in zip(specs, layers, strict=True):
                _write(store, spec, number, ids, latent @ layer)
    return path


def _write(
    store: Store, spec: EncoderSpec, number: int, ids: NDArray[np.int64], vectors: Vectors
) -> None:
    files = {"ids.npy": ids.astype(np.int64), "vectors.npy": np.maximum(vectors, 0)}
    write_part(store.paths.feature(spec.name), number, files)


def _catalog(store: Store, count: int) -> None:
    with store.catalog.transaction() as db:
        db.execute("INSERT INTO roots (path) VALUES ('/synthetic')")
        db.executemany(
            "INSERT INTO images (id, root_id, path, size, mtime_ns, width, height, format, status) "
            "VALUES (?, 1, ?, 1, 1, 500, 375, 'JPEG', 'ok')",
            ((i, f"{i:06d}.jpg") for i in range(1, count + 1)),
        )


def _queries(path: Path, names: tuple[str, str], count: int) -> list[float]:
    ids = np.random.default_rng(1).integers(1, count + 1, _QUERIES).tolist()
    spent: dict[str, list[float]] = {name: [] for name in names}
    with Recommender.open(path, cache="none") as recommender:
        for number in range(_ROUNDS + 1):
            for image_id in ids:
                for name in names:
                    took = recommender.query([image_id], encoder=name).elapsed_ms
                    if number:
                        spent[name].append(took)
    return [statistics.median(spent[name]) for name in names]


def _graph_s(store: Store, name: str) -> float:
    feature = store.feature(name)
    started = time.process_time()
    exact_lists(feature, _K)
    return time.process_time() - started


def _line(what: str, found: list[float]) -> list[str]:
    return [what, *(f"{value:.2f}" for value in found), f"{found[1] / found[0]:.2f}"]
