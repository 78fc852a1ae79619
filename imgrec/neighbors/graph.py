"""The k-NN graph of a feature: the k pictures nearest to each by cosine distance.

It is kept in the store and updated when pictures come or go. Up to
`imgrec.neighbors.by_products.SMALL` multiplications it is exact. Beyond that it is exact on a CUDA
device where there is one, else approximate, by cells; then its recall is measured and kept with it.
Where the cells would not fit into memory, or where processes or machines are given that shall share
the work, it is built by tasks over groups of parts (`by_parts`, `search_by_parts`).
"""

from collections.abc import Iterable
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from imgrec.derived.rows import Coverage
from imgrec.encoders.spec import EncoderSpec
from imgrec.errors import StoreError, WrongValueError
from imgrec.neighbors.by_cells import CELLS, CellOptions, approximate_lists, bytes_a_row
from imgrec.neighbors.by_cuda import cuda_device, lists_on
from imgrec.neighbors.by_parts import lists_by_parts
from imgrec.neighbors.by_products import CHECKED, SMALL, exact_lists, is_small, recall
from imgrec.neighbors.cells_by_parts import BinOptions
from imgrec.neighbors.growth import grown_lists, refined
from imgrec.neighbors.kept import VERSION, KnnGraph, Quality, load_knn, save_knn
from imgrec.neighbors.lists import Lists, inverse_lengths
from imgrec.neighbors.neighbors import Neighbors
from imgrec.neighbors.search_by_parts import approximate_by_parts
from imgrec.store.features import FeatureStore
from imgrec.store.part_work import PartJob, PartWork, fits_memory, has_parts
from imgrec.store.store import Store, check_store
from imgrec.system.argument_types import TEXT_OR_NONE, WHOLE, check_type
from imgrec.system.progress import Stage, progress
from imgrec.system.stage_costs import NEIGHBORS

K = 15
_MOST_LOST = 0.01  # of the recall, by growing
# Multiplications up to which the graph is exact by groups: all pairs of 280,000 × 1280.
EXACT_BY_PARTS = 1e14


@dataclass(frozen=True)
class KnnOptions:
    """When a k-NN graph is approximate, and how good it must be then.

    Attributes:
        small: multiplications up to which it is exact.
        checked: rows that the recall is measured on.
        least_recall: below, neighbors of neighbors are compared too.
        cells: of the approximate search; None for those that are best in memory and by parts.
        work: where tasks over groups of parts run that build a graph which is not small; None to
            use such tasks only where memory does not suffice, in this process.
        exact_by_parts: multiplications up to which a graph that such tasks build is exact.
    """

    small: float = SMALL
    checked: int = CHECKED
    least_recall: float = 0.97
    cells: CellOptions | None = None
    work: PartWork | None = None
    exact_by_parts: float = EXACT_BY_PARTS


KNN = KnnOptions()


def neighbors_of(
    store: Store, name: str | None = None, k: int = K, *, quiet: bool = True
) -> Neighbors:
    """Return the k-NN graph of a feature, from the store if it is current.

    If pictures came or went it is updated, or built again if many did, and kept. Where the store
    cannot be written it is not kept.

    Args:
        store: open.
        name: of the feature, by default the store's own.
        k: neighbors of a picture; fewer if the collection has no more.
        quiet: no progress bar.

    Raises:
        StoreError: there is no such feature, or it has fewer than two pictures.
        WrongTypeError: an argument has another type.
        WrongValueError: k is below 1.
    """
    check_store(store)
    check_type("name", name, TEXT_OR_NONE)
    check_type("k", k, WHOLE)
    if k < 1:
        raise WrongValueError(f"k is {k}: give a number from 1 on")
    return neighbors_in(store, store.spec(name), store.feature(name), k, quiet=quiet)


def neighbors_in(
    store: Store, spec: EncoderSpec, feature: FeatureStore, k: int = K, *, quiet: bool = True
) -> Neighbors:
    """Return the k-NN graph of an open feature, as `neighbors_of` does.

    Raises:
        StoreError: it has fewer than two pictures.
    """
    return knn_graph_in(store, spec, feature, k, quiet=quiet).neighbors


def knn_graph_of(
    store: Store,
    name: str | None = None,
    k: int = K,
    *,
    quiet: bool = True,
    options: KnnOptions = KNN,
) -> KnnGraph:
    """Return the k-NN graph of a feature and its recall, as `neighbors_of` does.

    Raises:
        StoreError: there is no such feature, or it has fewer than two pictures.
    """
    spec, feature = store.spec(name), store.feature(name)
    return knn_graph_in(store, spec, feature, k, quiet=quiet, options=options)


def knn_graph_in(
    store: Store,
    spec: EncoderSpec,
    feature: FeatureStore,
    k: int = K,
    *,
    quiet: bool = True,
    options: KnnOptions = KNN,
) -> KnnGraph:
    """Return the k-NN graph of an open feature and its recall.

    Raises:
        StoreError: it has fewer than two pictures.
    """
    if len(feature) < 2:
        raise StoreError(
            f"neighbors need 2 pictures or more, and {store.path} has {len(feature)} with "
            f"{spec.name} vectors: index more"
        )
    folder, most = _folder(store, spec), len(feature) - 1
    kept = load_knn(folder, spec)
    if kept is not None and _is_right(kept, feature, min(k, most)):
        return kept.cut(k)
    stage = progress(NEIGHBORS, total=len(feature), unit="pictures", quiet=quiet, of=spec.name)
    with stage as bar:
        made = _grown(feature, kept, min(k, most), bar, options)
        if made is None:
            if bar.n:
                bar.reset()
            work = _work(store, feature, options)
            if work is not None:
                return _built_by_parts(
                    store, spec, feature, min(max(k, K), most), bar, options, work
                ).cut(k)
            made = _built(feature, min(max(k, K), most), bar, options)
    _keep(store, spec, made)
    return made.cut(k)


def kept_neighbors(
    store: Store, spec: EncoderSpec, feature: FeatureStore, k: int = K
) -> Neighbors | None:
    """Return the k-NN graph that the store keeps of a feature; None if it is not current."""
    kept = load_knn(_folder(store, spec), spec)
    if kept is None or not _is_right(kept, feature, min(k, len(feature) - 1)):
        return None
    return kept.cut(k).neighbors


def exact_neighbors(feature: FeatureStore, k: int) -> Neighbors:
    """Return the exact k-NN graph by cosine of vectors, which need not be in a store."""
    return _named(feature, exact_lists(feature, k))


def closest_id(neighbors: Neighbors, k: int = 5) -> int:
    """Return the id of the picture whose k neighbors are nearest on average."""
    return int(neighbors.ids[neighbors.distances[:, :k].mean(axis=1).argmin()])


def _keep(store: Store, spec: EncoderSpec, made: KnnGraph) -> None:
    # A store that is read-only, full or locked: not kept.
    with suppress(OSError, StoreError), store.writing():
        save_knn(_folder(store, spec), spec, made)


def _folder(store: Store, spec: EncoderSpec) -> Path:
    return store.paths.knn(spec.name)


def _is_right(kept: KnnGraph, feature: FeatureStore, k: int) -> bool:
    return kept.neighbors.k >= k and kept.coverage.is_of(feature)


def _named(feature: FeatureStore, lists: Lists) -> Neighbors:
    return Neighbors(feature.ids, feature.ids[lists.rows], lists.distances)


def _graph(feature: FeatureStore, lists: Lists, quality: Quality) -> KnnGraph:
    return KnnGraph(_named(feature, lists), Coverage.of(feature), quality)


def _built(feature: FeatureStore, k: int, bar: Stage, options: KnnOptions) -> KnnGraph:
    """Build the graph by the method that fits its size and the machine."""
    if is_small(feature, len(feature), options.small):
        return _graph(feature, exact_lists(feature, k, bar.update), Quality("exact"))
    device = cuda_device()
    if device is not None:
        # Too little memory on the device: go on as if there were none.
        with suppress(RuntimeError):
            return _graph(feature, lists_on(device, feature, k, bar.update), Quality("cuda"))
        bar.reset()
    lists = approximate_lists(feature, k, bar.update, options.cells or CELLS)
    lengths = inverse_lengths(feature)
    share, checked = recall(feature, lengths, lists, options.checked)
    if share < options.least_recall:
        bar.reset()
        lists = refined(feature, lists, bar.update)
        share, checked = recall(feature, lengths, lists, options.checked)
    return _graph(feature, lists, Quality("cells", share, checked, share))


def _work(store: Store, feature: FeatureStore, options: KnnOptions) -> PartWork | None:
    """Return how to build a graph by groups of parts, None if it is built in memory."""
    if is_small(feature, len(feature), options.small) or not has_parts(store, feature):
        return None
    if options.work is not None:
        return options.work
    needed = bytes_a_row(options.cells or CELLS) * len(feature)
    return None if fits_memory(needed) or cuda_device() is not None else PartWork()


def _built_by_parts(
    store: Store,
    spec: EncoderSpec,
    feature: FeatureStore,
    k: int,
    bar: Stage,
    options: KnnOptions,
    work: PartWork,
) -> KnnGraph:
    """Build the graph by tasks over groups of parts, and keep it; exactly unless that is too much.

    The arrays are put together in files, and opened again from where they are kept.
    """
    bins = BinOptions(options.cells) if options.cells else BinOptions()
    with work.job(store, feature, "k-NN graph", VERSION, k, bins, options.least_recall) as job:
        if is_small(feature, len(feature), options.exact_by_parts):
            lists, quality = lists_by_parts(job.groups(), k, job.mapping), Quality("exact")
        else:
            found = approximate_by_parts(
                job.feature,
                job.groups(),
                k,
                job.mapping,
                options=bins,
                checked=options.checked,
                least_recall=options.least_recall,
            )
            lists = found.lists()
            quality = Quality("cells", found.recall, found.checked, found.recall)
        neighbors = _in_files(job, lists, k, bar)
        made = KnnGraph(neighbors, Coverage.of(feature), quality)
        _keep(store, spec, made)
        kept = load_knn(_folder(store, spec), spec)
        return kept if kept is not None and _is_right(kept, feature, k) else made.in_memory()


def _in_files(job: PartJob, lists: Iterable[Neighbors], k: int, bar: Stage) -> Neighbors:
    """Put lists together in files of a job."""
    feature, shape = job.feature, (len(job.feature), k)
    arrays = [
        np.lib.format.open_memmap(job.folder / f"{name}.npy", "w+", dtype, shape)
        for name, dtype in (("neighbors", np.int64), ("distances", np.float32))
    ]
    for found in lists:
        rows = feature.rows_of(found.ids)
        for values, of_group in zip(arrays, (found.neighbors, found.distances), strict=True):
            values[rows] = of_group
        bar.update(len(rows))
    return Neighbors(feature.ids, *arrays)


def _grown(
    feature: FeatureStore, kept: KnnGraph | None, k: int, bar: Stage, options: KnnOptions
) -> KnnGraph | None:
    """Return the kept graph updated; None where there is none or it has to be built anew."""
    if kept is None or kept.neighbors.k < k:
        return None
    found = grown_lists(feature, kept.neighbors, kept.coverage, bar.update, options.small)
    if found is None:
        return None
    lists, exact = found
    before = kept.quality
    if exact and not before.checked:
        return _graph(feature, lists, before)
    share, checked = recall(feature, inverse_lengths(feature), lists, options.checked)
    if share < before.built_recall - _MOST_LOST:
        return None
    return _graph(feature, lists, Quality(before.method, share, checked, before.built_recall))
