"""Open the search indexes of a store, and bring them and the means of relations up to date.

Indexing calls `update_indexes`, which verifies every file by its checksum and rebuilds what is
damaged. A query calls `open_searchable` and `open_reduced`, which do not hash large files.
Without an index a query is slower, and right all the same.
"""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from imgrec.derived.cells import CELLS_ROWS, Cells, CellsRecipe
from imgrec.derived.hnsw import Hnsw, HnswRecipe, file_in, grown
from imgrec.derived.known_graphs import is_known
from imgrec.derived.pca import PcaRecipe, Reduced, variance_kept
from imgrec.derived.rows import (
    Derived,
    Recipe,
    derive,
    is_current,
    load_derived,
    save_derived,
)
from imgrec.derived.sketch import Sketch, SketchRecipe
from imgrec.encoders.spec import EncoderSpec
from imgrec.errors import StoreError
from imgrec.store.features import FeatureStore
from imgrec.store.kept import folder_token
from imgrec.store.parts import content_digest
from imgrec.store.relations import fit_mean, load_mean, relation_named, save_mean
from imgrec.store.store import Store
from imgrec.system.progress import progress
from imgrec.system.text import size_text

if TYPE_CHECKING:
    from imgrec.store.part_work import PartWork

# With fewer numbers an exact search takes a few milliseconds.
SKETCH_VALUES = 20_000_000
# Of a row and its coverage in memory, more than those of a sketch.
_ROW_BYTES = 256
# A graph that is replaced while it is opened is opened again.
_TRIES = 3


@dataclass(frozen=True)
class Searchable:
    """A feature and its search indexes.

    Attributes:
        spec: of the encoder.
        feature: the vectors.
        sketch: None where there is none.
        hnsw: None where there is none, where it is damaged, or where another user wrote it.
        cells: that the graph is checked by; None where there are none.
        notes: lines about an index that is not used.
    """

    spec: EncoderSpec
    feature: FeatureStore
    sketch: Sketch | None
    hnsw: Hnsw | None
    cells: Cells | None = None
    notes: tuple[str, ...] = ()


def open_searchable(store: Store, name: str | None = None) -> Searchable:
    """Open a feature, by default the store's own, with the search indexes that are kept of it.

    Raises:
        StoreError: there is no such feature, or a part is damaged.
    """
    spec = store.spec(name)
    feature, folder = store.feature(spec.name), store.paths.indexes(spec.name)
    sketch = load_derived(folder, SketchRecipe(), spec, verify=False)
    graph, hnsw = _kept_hnsw(spec, feature, folder)
    notes: tuple[str, ...] = ()
    if graph is not None and hnsw is None and not is_known(file_in(folder)):
        notes = (
            f"the graph of {spec.name} was not written by this user, and is not opened: "
            "run imgrec index, which makes it again",
        )
    cells = _opened_cells(spec, feature, folder, graph) if graph and hnsw else None
    found = Sketch(feature, sketch) if sketch else None
    return Searchable(spec, feature, found, hnsw, cells, notes)


def open_reduced(store: Store, opened: Searchable) -> Reduced:
    """Open a feature on its principal axes; compute and keep them where the store lacks them.

    Where the store cannot be written they are not kept.
    """
    spec, feature = opened.spec, opened.feature
    return Reduced.of(feature, kept_or_made(store, PcaRecipe(), spec, feature, verify=False))


def kept_or_made(
    store: Store,
    recipe: Recipe,
    spec: EncoderSpec,
    feature: FeatureStore,
    *,
    verify: bool = True,
    work: "PartWork | None" = None,
) -> Derived:
    """Return current rows of a feature; compute and keep them where the store lacks them.

    Where the store cannot be written, because it is read-only, full or locked, they are not kept.

    Args:
        store: open.
        recipe: of the rows.
        spec: of the encoder that made the feature.
        feature: open.
        verify: compare the checksum of large files too, which a query has no time for.
        work: as `update_indexes` takes it.
    """
    folder = store.paths.indexes(spec.name)
    kept = load_derived(folder, recipe, spec, verify=verify)
    if kept is None or not is_current(recipe, feature, kept):
        with _derived(store, recipe, feature, kept, work) as made:
            with suppress(OSError, StoreError), store.writing():
                save_derived(folder, recipe, spec, made)
            return _lasting(made, folder, recipe, spec)
    return kept


def update_indexes(
    store: Store,
    *,
    hnsw: bool = False,
    sketch_values: int = SKETCH_VALUES,
    cells_rows: int = CELLS_ROWS,
    quiet: bool = True,
    work: "PartWork | None" = None,
) -> list[str]:
    """Build or update the search indexes of all features; return a line about each.

    The means of all relations are kept too. A relation gets indexes if it is the default feature,
    or if something was derived from it before.

    Args:
        store: locked for writing.
        hnsw: build the HNSW graph of the default feature; an existing one is always updated.
        sketch_values: features with fewer numbers get no sketch.
        cells_rows: graphs of fewer vectors get no cells.
        quiet: no progress bar.
        work: where tasks over groups of parts run that make the rows; None to use such tasks only
            for rows that do not fit into memory, in this process.

    Raises:
        OSError: the disk is full or read-only; the features are not touched.
    """
    lines = []
    relations, default = _updated_means(store), store.default_feature
    used = [n for n in relations if n == default or store.paths.indexes(n).is_dir()]
    for name in [*store.feature_names(), *used]:
        spec, feature = store.spec(name), store.feature(name)
        folder = store.paths.indexes(name)
        if not len(feature):
            continue
        if spec.kind == "histogram":
            kept = _updated(store, PcaRecipe(), spec, feature, work)
            count, share = len(kept.model["components"]), variance_kept(kept)
            lines.append(f"{name}: {count} principal components keep {share:.1%} of the variance")
        big = len(feature) * feature.dimensions >= sketch_values
        if big or (folder / SketchRecipe().name).is_dir():
            kept = _updated(store, SketchRecipe(), spec, feature, work)
            size = kept.rows["codes"].nbytes + kept.rows["lengths"].nbytes
            lines.append(f"{name}: sketch of {len(feature):,} vectors, {size_text(size)}")
        if (hnsw and name == default) or (folder / HnswRecipe().name).is_dir():
            lines.append(_updated_hnsw(spec, feature, folder, quiet=quiet))
            if len(feature) >= cells_rows or (folder / CellsRecipe.name).is_dir():
                lines += _updated_cells(store, spec, feature, work)
    return lines


def _updated_means(store: Store) -> list[str]:
    """Fit and keep the means of relations that lack one or have outgrown it; return the names."""
    names = store.relation_names()
    for relation in filter(None, map(relation_named, names)):
        spec, feature = store.spec(relation.centered), store.feature(relation.centered)
        folder = store.paths.relation(relation.name)
        kept = load_mean(folder, spec)
        if len(feature) and (kept is None or kept.is_outgrown(len(feature))):
            save_mean(folder, spec, fit_mean(feature))
    return names


def _updated(
    store: Store, recipe: Recipe, spec: EncoderSpec, feature: FeatureStore, work: "PartWork | None"
) -> Derived:
    folder = store.paths.indexes(spec.name)
    kept = load_derived(folder, recipe, spec)
    if kept is not None and is_current(recipe, feature, kept):
        return kept
    with _derived(store, recipe, feature, kept, work) as made:
        save_derived(folder, recipe, spec, made)
        return _lasting(made, folder, recipe, spec)


@contextmanager
def _derived(
    store: Store,
    recipe: Recipe,
    feature: FeatureStore,
    kept: Derived | None,
    work: "PartWork | None",
    given: Sequence[str] = (),
) -> Iterator[Derived]:
    """Yield the rows of all vectors; they may lie in files that go when the block is left.

    Args:
        store: locked for writing.
        recipe: of the rows.
        feature: open.
        kept: rows of an earlier run.
        work: as `update_indexes` takes it.
        given: digests of what the recipe was made with, beside its name and version.
    """
    # Imported here: a question has no use for workers.
    from imgrec.derived.by_parts import derive_by_parts
    from imgrec.store.part_work import PartWork, fits_memory, has_parts

    if work is None and not fits_memory(_ROW_BYTES * len(feature)):
        work = PartWork()
    if work is None or not has_parts(store, feature):
        yield derive(recipe, feature, kept)
        return
    model = kept.model if kept is not None else {}
    digests = [*given, *(content_digest(model[name].tobytes()) for name in sorted(model))]
    with work.job(store, feature, recipe.name, recipe.version, digests) as job:
        yield derive_by_parts(recipe, kept, job)


def _lasting(made: Derived, folder: Path, recipe: Recipe, spec: EncoderSpec) -> Derived:
    """Return rows that outlive the files of their job: those of the store, or a copy."""
    if not any(isinstance(values, np.memmap) for values in made.rows.values()):
        return made
    saved = load_derived(folder, recipe, spec, verify=False)
    if saved is not None and saved.coverage.sources == made.coverage.sources:
        return saved
    return replace(made, rows={name: np.array(values) for name, values in made.rows.items()})


def _updated_hnsw(spec: EncoderSpec, feature: FeatureStore, folder: Path, *, quiet: bool) -> str:
    recipe = HnswRecipe()
    kept = load_derived(folder, recipe, spec)
    if _opened_hnsw(kept, feature, folder) is None:
        kept = None
    if kept is None or not is_current(recipe, feature, kept):
        with progress("HNSW index", total=len(feature), unit="vectors", quiet=quiet) as bar:
            graph = grown(feature, kept, folder, bar.update)
        save_derived(folder, recipe, spec, graph.derived, graph.write)
    size = size_text(_bytes_of(folder / recipe.name))
    return f"{spec.name}: hnsw graph of {len(feature):,} vectors, {size}"


def _bytes_of(folder: Path) -> int:
    return sum(file.stat().st_size for file in folder.iterdir())


def _updated_cells(
    store: Store, spec: EncoderSpec, feature: FeatureStore, work: "PartWork | None"
) -> list[str]:
    """Make cells beside the graph that was just updated, or bring them up to date."""
    folder = store.paths.indexes(spec.name)
    graph = load_derived(folder, HnswRecipe(), spec, verify=False)
    if graph is None:
        return []
    recipe = CellsRecipe.beside(graph)
    kept = load_derived(folder, recipe, spec)
    if kept is None or not recipe.made(kept) or not is_current(recipe, feature, kept):
        kept = kept if kept is not None and recipe.made(kept) else None
        axes = content_digest(recipe.axes.mean.tobytes() + recipe.axes.components.tobytes())
        with _derived(store, recipe, feature, kept, work, [axes]) as made:
            save_derived(folder, recipe, spec, made)
    return [f"{spec.name}: cells beside it, {size_text(_bytes_of(folder / recipe.name))}"]


def _opened_cells(
    spec: EncoderSpec, feature: FeatureStore, folder: Path, graph: Derived
) -> Cells | None:
    """Return the cells beside a graph; None where there are none on its axes."""
    kept = load_derived(folder, CellsRecipe(), spec, verify=False)
    return Cells(feature, kept) if kept and CellsRecipe.beside(graph).made(kept) else None


def _kept_hnsw(
    spec: EncoderSpec, feature: FeatureStore, folder: Path
) -> tuple[Derived | None, Hnsw | None]:
    """Return what is kept of a graph, and the graph where it can be opened."""
    for _ in range(_TRIES):
        kept = load_derived(folder, HnswRecipe(), spec, verify=False)
        opened = _opened_hnsw(kept, feature, folder)
        if kept is None or opened or kept.token == folder_token(folder / HnswRecipe().name):
            break
    # Otherwise it is replaced again and again while it is opened.
    return kept, opened


def _opened_hnsw(kept: Derived | None, feature: FeatureStore, folder: Path) -> Hnsw | None:
    """Return the graph; None if its file is damaged, as a query can do without it."""
    if kept is None:
        return None
    with suppress(StoreError):
        opened = Hnsw(feature, kept, folder)
        # The file was opened after the arrays: both must be of the same folder.
        if kept.token == folder_token(folder / HnswRecipe().name):
            return opened
    return None
