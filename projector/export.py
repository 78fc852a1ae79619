"""From a store to a logdir that TensorBoard's projector opens."""

from collections import deque
from collections.abc import Iterator, Sequence
from contextlib import nullcontext
from dataclasses import dataclass
from pathlib import Path

from imgrec.collection.kinds import CLUSTER
from imgrec.derived.choices import CLUSTERS
from imgrec.derived.clusters import Clusters
from imgrec.labels.colors import update_colors
from imgrec.labels.keep import keep_labels
from imgrec.layouts.choices import METHODS, OVERVIEW_SIZE
from imgrec.store.store import Store
from imgrec.system.atomic_files import new_folder
from imgrec.system.interrupts import interrupted_once
from imgrec.system.output_folder import LOGDIR
from imgrec.system.progress import progress
from imgrec.system.threads import cores
from imgrec.system.workers import Workers
from projector.choices import DIMENSIONS, PAGE_SIZE
from projector.compose import Composer, PendingRun
from projector.files.sprite_workers import Sheets
from projector.layouts import Layouts
from projector.manifest import read_manifest, write_manifest
from projector.runs import PAGE, Run
from projector.source import ProjectedFeature
from projector.writer import LogdirWriter

_SPRITES_FROM = 4_000  # pictures, below which starting processes takes as long as it saves
_LAYOUTS_FROM = 2_000
_RUNS_AHEAD = 2  # four layouts each: enough for many cores, few enough to bound memory


@dataclass(frozen=True)
class ProjectorOptions:
    """How a collection is shown.

    Attributes:
        dimensions: principal components in the tensors, None for the vectors as they are.
        overview: pictures in the overview.
        page_size: pictures on a page.
        clusters: by k-means, at most.
        methods: of `METHODS`, the layouts beside PCA.
        seed: of the layouts.
        workers: processes that lay thumbnails and make layouts, 0 for none; by default as many
            as there are cores where there is enough to do.
    """

    dimensions: int | None = DIMENSIONS
    overview: int = OVERVIEW_SIZE
    page_size: int = PAGE_SIZE
    clusters: int = CLUSTERS
    methods: Sequence[str] = METHODS
    seed: int = 0
    workers: int | None = None


@dataclass(frozen=True)
class RunSummary:
    """What was written of a run.

    Attributes:
        name: in the page's drop-down, and of its folder.
        kind: as in `Run`.
        points: pictures in it.
        cell_px: side of a thumbnail in its sprite.
        views: its bookmarks.
        changed: False where it is as it was in the logdir before.
    """

    name: str
    kind: str
    points: int
    cell_px: int
    views: int
    changed: bool


@dataclass(frozen=True)
class Export:
    """What a logdir holds.

    Attributes:
        logdir: its absolute path.
        encoder: the feature whose vectors it shows.
        pictures: those in the store with a vector.
        columns: of the tensors.
        variance_kept: share of the vectors' variance in these columns, 0 to 1.
        clusters: of the pictures, by k-means.
        runs: in the order of the drop-down.
        warnings: one line each, of what could not be kept in the store.
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

    An older logdir at `out` is replaced. Files of it whose sources are unchanged are linked or
    copied. A run that changed gets a new name, because a running TensorBoard reads a run again
    only if its name changed.

    Args:
        store: opened for reading.
        out: the logdir.
        encoder: the feature to show, by default the store's own.
        options: how, by default as `ProjectorOptions()` says.
        quiet: no progress bar.

    Raises:
        StoreError: the store has no such feature or is damaged.
        ProjectorError: there are fewer than two pictures.
        ImgrecError: `out` holds anything that this command did not write.
    """
    out, options = Path(out).resolve(), options or ProjectorOptions()
    LOGDIR.check_place(out)
    collection = ProjectedFeature.open(store, encoder, options.dimensions, options.clusters, quiet)
    colors = update_colors(store, quiet=quiet)
    runs = collection.runs(options.overview, options.page_size)
    total = sum(len(run.ids) for run in runs)
    workers = _workers(options, total)
    with (
        interrupted_once(),
        new_folder(out) as folder,
        progress(total=total, desc="thumbnails", unit="pictures", quiet=quiet) as bar,
        LogdirWriter(out, read_manifest(out), folder) as writer,
        workers or nullcontext(),
    ):
        layouts = Layouts(collection, options.methods, options.seed, workers, bar.set_postfix_str)
        sheets = Sheets(store.paths.thumbs, store.thumbs(), workers, bar.update)
        composer = Composer(collection, layouts, colors, _page_of(runs), sheets, writer.has)
        summaries = [_written(composer, writer, begun) for begun in _ahead(composer, runs)]
        write_manifest(folder, writer.finish())
        # Again: somebody may have put a file there meanwhile.
        LOGDIR.check_place(out)
    if options.methods:  # those of an export without any may be wanted again
        collection.layouts.prune(layouts.used)
    warnings = keep_labels(store, CLUSTER, collection.clusters.labels())
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
    """Return the processes for runs of `total` pictures, None where this one does it sooner."""
    count = cores() if options.workers is None else options.workers
    enough = total >= (_LAYOUTS_FROM if options.methods else _SPRITES_FROM)
    return Workers(count) if count and (enough or options.workers is not None) else None


def _ahead(composer: Composer, runs: Sequence[Run]) -> Iterator[PendingRun]:
    """Yield the runs; while one is composed, the slow parts of the next ones are being made."""
    begun: deque[PendingRun] = deque()
    for run in runs:
        begun.append(composer.begin(run))
        if len(begun) > _RUNS_AHEAD:
            yield begun.popleft()
    yield from begun


def _written(composer: Composer, writer: LogdirWriter, begun: PendingRun) -> RunSummary:
    run, composed = begun.run, composer.compose(begun)
    name, changed = writer.write(run.key, composed.title, composed.pieces)
    return RunSummary(name, run.kind, len(run.ids), composed.cell_px, len(composed.views), changed)


def _page_of(runs: Sequence[Run]) -> dict[int, int]:
    """Return the number of its page for each picture; nothing where there are no pages."""
    return {i: run.number for run in runs if run.kind == PAGE for i in run.ids.tolist()}
