"""Write the logdir of a store: plan the runs, compose them in a pipeline, replace the old logdir.

The slow parts, layouts and sprites, are computed in worker processes a few runs ahead of the run
that is being written, which bounds the memory. The logdir is written into a temporary folder and
renamed at the end: it is replaced completely or not at all.
"""

from collections import deque
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, nullcontext
from dataclasses import dataclass
from pathlib import Path

from imgrec.collection.kinds import CLUSTER
from imgrec.derived.clusters import Clusters
from imgrec.labels.colors import update_colors
from imgrec.labels.keep import keep_labels
from imgrec.store.store import Store
from imgrec.store.written_from import store_token
from imgrec.system.atomic_folders import new_folder
from imgrec.system.interrupts import interrupted_once
from imgrec.system.known_outputs import Stamps, record_of, remember
from imgrec.system.output_folder import LOGDIR
from imgrec.system.progress import planned, progress
from imgrec.system.stage_costs import LOGDIR_END, SPRITES
from imgrec.system.threads import cores
from imgrec.system.workers import Workers
from projector.compose import Composer, PendingRun
from projector.current import logdir_inputs
from projector.files.sprite_workers import Sheets
from projector.layouts import Layouts
from projector.manifest import read_manifest, write_manifest
from projector.options import ProjectorOptions
from projector.runs import PAGE, Run
from projector.source import ProjectedFeature
from projector.stages import first_weights, run_weights
from projector.writer import LogdirWriter

# Least number of pictures that is worth the start of worker processes, without and with layouts.
_SPRITES_FROM = 4_000
_LAYOUTS_FROM = 2_000
# Runs computed ahead, of four layouts each: enough for many cores, few enough to bound memory.
_RUNS_AHEAD = 2


@dataclass(frozen=True)
class RunSummary:
    """Summary of a written run.

    Attributes:
        name: in the drop-down list of the projector, and of its folder.
        kind: as in `Run`.
        points: number of pictures.
        cell_px: side of a thumbnail in the sprite.
        views: number of bookmarks of the pictures.
        colors: what the bookmarks of the dots are colored by, such as `folder`.
        changed: False if it is the same as in the previous logdir.
    """

    name: str
    kind: str
    points: int
    cell_px: int
    views: int
    colors: tuple[str, ...]
    changed: bool


@dataclass(frozen=True)
class Export:
    """Summary of a written logdir.

    Attributes:
        logdir: absolute path.
        encoder: name of the feature.
        pictures: number of pictures that have a vector.
        columns: number of columns of the tensors.
        variance_kept: explained variance of these columns, 0 to 1.
        clusters: k-means clusters of the pictures.
        runs: in the order of the drop-down list.
        warnings: one line for each problem that did not stop the export, such as labels that could
            not be written to the store.
    """

    logdir: Path
    encoder: str
    pictures: int
    columns: int
    variance_kept: float
    clusters: Clusters
    runs: tuple[RunSummary, ...]
    warnings: tuple[str, ...] = ()


def write_logdir(
    store: Store,
    out: Path | str,
    encoder: str | None = None,
    options: ProjectorOptions | None = None,
    *,
    quiet: bool = True,
) -> Export:
    """Write the logdir of a store, atomically; keep the k-means clusters as labels.

    An existing logdir at `out` is replaced. Its files whose inputs are unchanged are linked or
    copied. A run that changed gets a new name, because a running TensorBoard reads a run again
    only if its name changed.

    Args:
        store: open for reading.
        out: folder of the logdir.
        encoder: name of the feature to show; None for the default feature of the store.
        options: None for the defaults.
        quiet: show no progress bar.

    Raises:
        StoreError: the store has no such feature or is damaged.
        ProjectorError: the feature has fewer than two pictures, or a vector is not finite.
        ImgrecError: `out` contains files that are not part of an imgrec logdir.
    """
    out, options = Path(out).resolve(), options or ProjectorOptions()
    LOGDIR.check_place(out)
    with planned(first_weights(len(store.feature(encoder)), options.methods), quiet=quiet):
        return _made(store, out, encoder, options, quiet)


def _made(
    store: Store, out: Path, encoder: str | None, options: ProjectorOptions, quiet: bool
) -> Export:
    given, stamps = logdir_inputs(store, out, encoder, options).given(), Stamps()
    collection = ProjectedFeature.open(store, encoder, options.dimensions, options.clusters, quiet)
    colors = update_colors(store, quiet=quiet)
    runs = collection.runs(options.overview, options.page_size, max_points=options.max_points)
    total = sum(len(run.ids) for run in runs)
    workers = _workers(options, total)
    weights = run_weights(runs, options.methods, workers.count if workers else 1)
    thumbnails = progress(SPRITES, total=total, unit="pictures", quiet=quiet)
    with (
        planned(weights, quiet=quiet),
        interrupted_once(),
        ExitStack() as end,
        new_folder(out, LOGDIR.check_place, stamps.take) as folder,
        LogdirWriter(out, read_manifest(out), folder, record_of(out).made) as writer,
        workers or nullcontext(),
    ):
        layouts = Layouts(collection, options.methods, options.seed, workers, len(runs) > 1, quiet)
        sheets = Sheets(store.paths.thumbs, store.thumbs(), workers, thumbnails.update)
        composer = Composer(collection, layouts, colors, _page_of(runs), sheets, writer.has)
        summaries = [_written(composer, writer, begun) for begun in _ahead(composer, runs)]
        # They were drawn meanwhile, and are waited for now.
        with thumbnails:
            manifest = writer.finish()
        end.enter_context(progress(LOGDIR_END, quiet=quiet))
        write_manifest(folder, manifest, store_token(store.path, out))
    # Without methods no layout was used, but the kept ones may be needed again.
    if options.methods:
        collection.layouts.prune(layouts.used)
    unkept = keep_labels(store, CLUSTER, collection.clusters.labels())
    inputs = logdir_inputs(store, out, encoder, options)
    remember(out, "" if unkept else inputs.whole_if(given), stamps, writer.made)
    warnings = [*store.lacking(collection.feature), *unkept]
    return Export(
        out,
        collection.feature.name,
        len(collection.ids),
        collection.tensor.count,
        collection.tensor.variance_kept,
        collection.clusters,
        tuple(summaries),
        tuple(warnings),
    )


def _workers(options: ProjectorOptions, total: int) -> Workers | None:
    """Return worker processes for `total` pictures, None if they are not worth the start."""
    count = cores() if options.workers is None else options.workers
    enough = total >= (_LAYOUTS_FROM if options.methods else _SPRITES_FROM)
    return Workers(count) if count and (enough or options.workers is not None) else None


def _ahead(composer: Composer, runs: Sequence[Run]) -> Iterator[PendingRun]:
    """Yield the runs in order, with the slow parts of the next `_RUNS_AHEAD` already started."""
    begun: deque[PendingRun] = deque()
    for run in runs:
        begun.append(composer.begin(run))
        if len(begun) > _RUNS_AHEAD:
            yield begun.popleft()
    yield from begun


def _written(composer: Composer, writer: LogdirWriter, begun: PendingRun) -> RunSummary:
    run, composed = begun.run, composer.compose(begun)
    name, changed = writer.write(run.key, composed.title, composed.pieces)
    views, colors = len(composed.views), composed.colors
    return RunSummary(name, run.kind, len(run.ids), composed.cell_px, views, colors, changed)


def _page_of(runs: Sequence[Run]) -> dict[int, int]:
    """Return the page number of each picture by id, empty if there are no pages."""
    return {i: run.number for run in runs if run.kind == PAGE for i in run.ids.tolist()}
