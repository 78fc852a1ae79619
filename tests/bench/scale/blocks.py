"""k-NN graph, sketch and clusters by groups of parts beside those in one piece: `python blocks.py`.

Each way runs in a process of its own, one after the other; memory is the peak of what it allocated,
without mapped files. The recall is that of the kept graph, measured on 1,000 pictures.
"""

import argparse
import importlib
import multiprocessing
import sys
import tempfile
import threading
import time
from collections.abc import Callable
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
from sklearn.cluster import KMeans

sys.path.insert(0, str(Path(__file__).parents[2] / "helpers"))
from imgrec import Store
from imgrec.cluster.mapping import map_items
from imgrec.derived.by_parts import derive_by_parts
from imgrec.derived.clusters import KmeansRecipe
from imgrec.derived.rows import Recipe, axes_of, derive
from imgrec.derived.sketch import SketchRecipe
from imgrec.distances.metrics import scaled
from imgrec.neighbors.graph import KNN, KnnOptions, knn_graph_of
from imgrec.store.part_work import PartWork
from vector_stores import make

_PART_ROWS = 1024
_WORK = PartWork(group_bytes=1 << 25)
_HEAD = "| way | s | memory, MB | recall |\n| --- | --- | --- | --- |\n"


def main() -> int:
    """Print seconds, memory and recall of each way."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--count", type=int, default=60_000)
    parser.add_argument("--exact", type=int, default=30_000, help="pictures of the exact graphs")
    parser.add_argument("--dimensions", type=int, default=1280)
    given = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        work = replace(_WORK, folder=Path(folder, "work"))
        two = replace(work, mapping=partial(map_items, workers=2))
        exact = _store(Path(folder, "exact"), given.exact, given.dimensions)
        many = _store(Path(folder, "many"), given.count, given.dimensions)
        sys.stdout.write(f"{given.dimensions} dimensions, groups of {work.group_bytes >> 20} MiB\n")
        sys.stdout.write(_HEAD)
        named = f"{given.exact:,}, exact"
        _measure(f"{named}, in one piece", _graph, exact, KnnOptions(small=1e15))
        _measure(f"{named}, by groups", _graph, exact, KnnOptions(small=1, work=work))
        _measure(f"{named}, by groups, 2 processes", _graph, exact, KnnOptions(small=1, work=two))
        named, cells = f"{given.count:,}, cells", KnnOptions(small=1, exact_by_parts=1, work=work)
        _measure(f"{named}, in one piece", _graph, many, replace(KNN, small=1))
        _measure(f"{named}, by groups", _graph, many, cells)
        _measure(f"{named}, by groups, 2 processes", _graph, many, replace(cells, work=two))
        for recipe in (SketchRecipe(), KmeansRecipe()):
            named = f"{given.count:,}, {recipe.name}"
            _measure(f"{named}, in one piece", _rows, many, recipe, None)
            _measure(f"{named}, by groups", _rows, many, recipe, work)
        sys.stdout.write(_inertia(many))
    return 0


def _store(path: Path, count: int, dimensions: int) -> Path:
    rng = np.random.default_rng(0)
    centers = rng.normal(size=(count // 60, 64))
    latent = centers[rng.integers(len(centers), size=count)] + rng.normal(size=(count, 64)) / 2
    vectors = latent.astype(np.float32) @ rng.normal(size=(64, dimensions)).astype(np.float32)
    vectors += rng.standard_normal(vectors.shape, np.float32)
    return make(path, {"x": vectors}, _PART_ROWS)


def _graph(path: Path, options: KnnOptions) -> str:
    with Store.open(path) as store:
        quality = knn_graph_of(store, options=options).quality
    return quality.text()


def _rows(path: Path, recipe: Recipe, work: PartWork | None) -> str:
    with Store.open(path) as store:
        feature = store.feature()
        if work is None:
            derive(recipe, feature)
        else:
            with work.job(store, feature, recipe.name) as job:
                derive_by_parts(recipe, None, job)
    return "equal bytes"


def _inertia(path: Path) -> str:
    """Return by how much k-means on all pictures is better than that on the sample."""
    with Store.open(path) as store:
        feature, recipe = store.feature(), KmeansRecipe()
        found = derive(recipe, feature)
        axes = axes_of(found.model)
        coordinates = np.concatenate([axes.project(scaled(v, 2)) for _, v in feature.slices()])
    ours = float(np.square(found.rows["distances"].astype(np.float64)).sum())
    centers = found.model["centers"]
    whole = KMeans(len(centers), init=centers, n_init=1, random_state=0).fit(coordinates)
    return f"Inertia of the clusters over that of k-means on all: {ours / whole.inertia_:.4f}\n"


def _measure(way: str, function: Callable[..., str], path: Path, *arguments: object) -> None:
    """Run a way in a process of its own on a store without what is derived, and print a line."""
    kept = path / "knn" / "x"
    for file in kept.iterdir() if kept.is_dir() else ():
        file.unlink()
    ours, theirs = multiprocessing.get_context("spawn").Pipe()
    target = partial(_child, theirs, function, path, *arguments)
    process = multiprocessing.get_context("spawn").Process(target=target)
    process.start()
    seconds, memory, told = ours.recv()
    process.join()
    sys.stdout.write(f"| {way} | {seconds:.1f} | {memory >> 20:,} | {told} |\n")
    sys.stdout.flush()


def _child(answers: Any, function: Callable[..., str], *arguments: object) -> None:
    for library in ("sklearn.cluster", "sklearn.decomposition", "imgrec.neighbors.kernels"):
        importlib.import_module(library)
    before, peak, done = _allocated(), [0], threading.Event()

    def watch() -> None:
        while not done.wait(0.02):
            peak[0] = max(peak[0], _allocated())

    watching = threading.Thread(target=watch)
    watching.start()
    started = time.perf_counter()
    told = function(*arguments)
    seconds = time.perf_counter() - started
    done.set()
    watching.join()
    answers.send((seconds, max(0, peak[0] - before), told))


def _allocated() -> int:
    lines = Path("/proc/self/status").read_text().splitlines()
    return next(int(line.split()[1]) * 1024 for line in lines if line.startswith("RssAnon"))


if __name__ == "__main__":
    sys.exit(main())
