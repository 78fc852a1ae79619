"""From a store to a logdir that TensorBoard's projector opens."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from imgrec.clusters import COUNT as CLUSTERS
from imgrec.clusters import Clusters
from imgrec.colours import update_colours
from imgrec.files import new_folder
from imgrec.progress import progress
from imgrec.store import Store
from projector.collection import DIMENSIONS, Collection
from projector.manifest import check_replaceable, read_manifest, write_manifest
from projector.plan import PAGE, PAGE_SIZE, Run
from projector.run import Composer
from projector.views import METHODS, Layouts
from projector.writer import Writer

OVERVIEW_SIZE = 10_000


@dataclass(frozen=True)
class Options:
    """How a collection is shown.

    Attributes:
        dimensions: principal components in the tensors, None for the vectors as they are.
        overview: pictures in the overview.
        page_size: pictures on a page.
        clusters: by k-means, at most.
        methods: of `METHODS`, the layouts beside PCA.
        seed: of the layouts.
    """

    dimensions: int | None = DIMENSIONS
    overview: int = OVERVIEW_SIZE
    page_size: int = PAGE_SIZE
    clusters: int = CLUSTERS
    methods: Sequence[str] = METHODS
    seed: int = 0


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
    """

    logdir: Path
    encoder: str
    pictures: int
    columns: int
    variance_kept: float
    clusters: Clusters
    runs: tuple[RunSummary, ...]


def write_logdir(
    store: Store,
    out: Path | str,
    encoder: str | None = None,
    options: Options | None = None,
    *,
    quiet: bool = True,
) -> Export:
    """Write the logdir of a store; an older one in its place is replaced whole or not at all.

    Runs that are the same as in the older one are taken over. A run that changed gets another
    name: a TensorBoard that is running reads the runs again as soon as their names are others,
    and not before.

    Args:
        store: opened for reading.
        out: the logdir.
        encoder: the feature to show, by default the store's own.
        options: how, by default as `Options()` says.
        quiet: no progress bar.

    Raises:
        StoreError: the store has no such feature or is damaged.
        ProjectorError: fewer than two pictures, or `out` holds anything else than a logdir.
    """
    out, options = Path(out).resolve(), options or Options()
    check_replaceable(out)
    collection = Collection.open(store, encoder, options.dimensions, options.clusters, quiet)
    colours = update_colours(store, quiet=quiet)
    runs = collection.runs(options.overview, options.page_size)
    total = sum(len(run.ids) for run in runs)
    with (
        new_folder(out) as folder,
        progress(total=total, desc="thumbnails", unit="pictures", quiet=quiet) as bar,
        Writer(out, read_manifest(out), folder) as writer,
    ):
        layouts = Layouts(collection, options.methods, options.seed, bar.set_postfix_str)
        composer = Composer(
            collection, layouts, colours, _page_of(runs), store.thumbs(), bar.update
        )
        summaries = [_written(composer, writer, run) for run in runs]
        write_manifest(folder, writer.finish())
        check_replaceable(out)  # again: there was time to put something there
    if options.methods:  # those of an export without any may be wanted again
        collection.kept.prune(layouts.used)
    return Export(
        out,
        collection.feature.name,
        len(collection.ids),
        collection.tensor.count,
        collection.tensor.variance_kept,
        collection.clusters,
        tuple(summaries),
    )


def _written(composer: Composer, writer: Writer, run: Run) -> RunSummary:
    composed = composer.compose(run)
    name, changed = writer.write(run.key, composed.title, composed.pieces)
    return RunSummary(name, run.kind, len(run.ids), composed.cell_px, len(composed.views), changed)


def _page_of(runs: Sequence[Run]) -> dict[int, int]:
    """Return the number of its page for each picture; nothing where there are no pages."""
    return {i: run.number for run in runs if run.kind == PAGE for i in run.ids.tolist()}
