"""Write the report: compute facts and sections, draw the charts, replace the folder atomically.

The report reads only the store, not the pictures. What other commands have computed and kept (k-NN
graph, clusters, layouts) is used; what is computed here is kept for them. Invariant: the same store
and seed give the same bytes, and an old report is replaced as a whole or not at all.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

from imgrec.collection.kinds import CLUSTER
from imgrec.derived.clusters import Clusters, clusters_in
from imgrec.encoders.spec import EncoderSpec
from imgrec.errors import ImgrecError, StoreError
from imgrec.labels.keep import keep_labels
from imgrec.layouts.choices import OVERVIEW_SIZE
from imgrec.neighbors.graph import K, kept_neighbors, neighbors_in
from imgrec.neighbors.neighbors import Neighbors
from imgrec.reporting.choices import START
from imgrec.reporting.current import Surroundings, report_inputs
from imgrec.reporting.facts.catalog import date_of
from imgrec.reporting.facts.clusters import groups_of
from imgrec.reporting.facts.health import Health
from imgrec.reporting.facts.islands import names_on
from imgrec.reporting.facts.looks import Looks
from imgrec.reporting.facts.maps import Ground
from imgrec.reporting.facts.metadata import Told
from imgrec.reporting.facts.precision import common_ids, folders_in, precisions
from imgrec.reporting.facts.training import Training
from imgrec.reporting.figures.chart import Section
from imgrec.reporting.figures.drawings import Drawings
from imgrec.reporting.figures.render import Rendered, render
from imgrec.reporting.figures.thumbnails import Thumbnails
from imgrec.reporting.links import links_from
from imgrec.reporting.options import ReportOptions
from imgrec.reporting.page import FIGURES, TABLES, Head, page_html
from imgrec.reporting.picture_links import PictureLinks
from imgrec.reporting.sections.classes import class_section
from imgrec.reporting.sections.clusters import cluster_section
from imgrec.reporting.sections.health import health_section
from imgrec.reporting.sections.looks import look_section
from imgrec.reporting.sections.maps import map_section
from imgrec.reporting.sections.metadata import metadata_section, timeline_section
from imgrec.reporting.sections.precision import choice_section
from imgrec.reporting.sections.training import training_section
from imgrec.sources.opening import source_of
from imgrec.store.classes import Classes
from imgrec.store.features import FeatureStore
from imgrec.store.parts import part_name, part_numbers
from imgrec.store.store import Store
from imgrec.store.written_from import STORE, store_token
from imgrec.system import stage_costs
from imgrec.system.atomic_folders import new_folder
from imgrec.system.known_outputs import Stamps, remember
from imgrec.system.output_folder import REPORT
from imgrec.system.progress import planned, progress
from imgrec.system.stage_costs import report_weights
from imgrec.version import __version__

# Number of pictures up to which a missing k-NN graph is computed; that takes some minutes.
NEIGHBORS_MADE = 1_000_000
# Number of pictures from which worker processes, which take two seconds to start, draw the figures.
WORKERS_FROM = 1_000


@dataclass(frozen=True)
class ReportSummary:
    """A summary of the report that was written.

    Attributes:
        index: the page, the file to open.
        pictures: number of readable pictures.
        encoder: the feature of clusters and maps.
        sections: number of sections.
        figures: number of figures, in the page and as files.
        clusters: number of clusters.
        size_bytes: size of the page.
        kept: number of figures that were drawn before.
        warnings: one line for each thing that could not be kept in the store or linked to.
    """

    index: Path
    pictures: int
    encoder: str
    sections: int
    figures: int
    clusters: int
    size_bytes: int
    kept: int = 0
    warnings: tuple[str, ...] = ()


def write_report(
    store: Store,
    out: Path | str,
    options: ReportOptions | None = None,
    *,
    workers: int = 0,
    quiet: bool = True,
) -> ReportSummary:
    """Write the report of a store atomically, and keep the k-means clusters as labels.

    An older report in `out` is replaced as a whole or not at all.

    Args:
        store: open for reading.
        out: folder of the report.
        options: default `ReportOptions()`.
        workers: processes that draw the figures of `WORKERS_FROM` pictures or more; 0 to draw them
            in this one.
        quiet: show no progress bars.

    Raises:
        StoreError: the store lacks the feature, has no picture with it, or is damaged.
        ImgrecError: `out` holds anything but a report, or a folder to link to is absent.
    """
    out, options = Path(out).resolve(), options or ReportOptions()
    _check_links(options)
    REPORT.check_place(out)
    spec, feature = store.spec(options.encoder), store.feature(options.encoder)
    if not len(feature):
        raise StoreError(
            f"{store.path} has no readable picture with {spec.name} vectors: run "
            "imgrec index on a folder with readable pictures"
        )
    n = len(feature)
    with planned(report_weights(n, min(n, OVERVIEW_SIZE), options.methods), quiet=quiet):
        return _made(store, spec, feature, out, options, workers if n >= WORKERS_FROM else 0, quiet)


def _made(
    store: Store, spec: EncoderSpec, feature: FeatureStore, out: Path, options: ReportOptions,
    workers: int, quiet: bool,
) -> ReportSummary:  # fmt: skip
    # What lies outside of the store is taken once, before anything is drawn.
    around = Surroundings.of(store, out, options)
    given, stamps = report_inputs(store, out, options, around).given(), Stamps()
    with progress(stage_costs.CLUSTERS, quiet=quiet):
        clusters = clusters_in(store, spec, feature, options.clusters)
    thumbnails = Thumbnails(store)
    drawings = Drawings(thumbnails)
    sections = _sections(store, spec, feature, clusters, thumbnails, options, quiet)
    picture_links = PictureLinks(store, around.site, around.roots)
    drawn = _drawn(sections, drawings, picture_links, out, workers, quiet)
    head = _head(store, spec, feature)
    with progress(stage_costs.REPORT_END, quiet=quiet):
        links = links_from(store, out, around.site, around.logdir, around.live)
        html = page_html(head, sections, drawn, links, options.named).encode("utf-8")
        with new_folder(out, REPORT.check_place, stamps.take) as folder:
            facts = {STORE: store_token(store.path, out), "pictures": len(feature)}
            _write(folder, html, drawn, facts)
        unkept = keep_labels(store, CLUSTER, clusters.labels())
        inputs = report_inputs(store, out, options, Surroundings.of(store, out, options))
        remember(out, "" if unkept else inputs.whole_if(given), stamps)
    warnings = (*around.unlinked, *store.lacking(feature), *unkept)
    return ReportSummary(
        out / START,
        len(feature),
        spec.name,
        len(sections),
        len(drawn),
        len(clusters.central),
        len(html),
        drawings.kept,
        warnings,
    )


def _check_links(options: ReportOptions) -> None:
    for folder in (options.site, options.logdir):
        if folder is not None and not folder.is_dir():
            raise ImgrecError(f"{folder} is no folder: name the one to link to, or none")


def _sections(
    store: Store,
    spec: EncoderSpec,
    feature: FeatureStore,
    clusters: Clusters,
    thumbnails: Thumbnails,
    options: ReportOptions,
    quiet: bool,
) -> list[Section]:
    neighbors = _neighbors(store, spec, feature, quiet)
    with progress(stage_costs.REDUCTION, quiet=quiet):
        ground = Ground.of(store, spec, feature, clusters, neighbors, options.seed, quiet)
    with progress(stage_costs.FACTS, quiet=quiet):
        health = Health.of(store)
        groups = groups_of(store.catalog, clusters)
        told = Told.of(store.catalog, health.files)
        looks = Looks.of(store, health.files)
        folders = folders_in(store, common_ids(store))
        training = Training.of(store, feature, neighbors, options.diverse)
        classes = training.sorted.classes
        kinds = names_on(store.catalog, ground.ids, classes, clusters, groups)
    steps: list[Callable[[], Section]] = [
        lambda: class_section(_classes(store), thumbnails),
        lambda: cluster_section(clusters, groups, ground, thumbnails),
        lambda: map_section(ground, thumbnails, options.methods, kinds),
        lambda: timeline_section(told),
        lambda: metadata_section(told),
        lambda: health_section(store.catalog, health, neighbors, thumbnails),
        lambda: look_section(looks, store.catalog, thumbnails),
        lambda: choice_section(folders, precisions(store, folders) if folders else ()),
        lambda: training_section(training, store.catalog, thumbnails),
    ]
    sections = []
    for name, step in zip(stage_costs.SECTIONS, steps, strict=True):
        with progress(name, quiet=quiet):
            sections.append(step())
    return sections


def _drawn(
    sections: Sequence[Section], drawings: Drawings, links: PictureLinks, out: Path, workers: int,
    quiet: bool,
) -> dict[str, Rendered]:  # fmt: skip
    charts = [chart for section in sections for chart in section.charts]
    weights = [stage_costs.figure_cost(chart.name) for chart in charts]
    stage = progress(stage_costs.FIGURES, charts, unit="figures", weights=weights, quiet=quiet)
    pairs = zip(stage, drawings.all(charts, workers), strict=True)
    return {chart.name: render(chart, drawn, links, out, out / FIGURES) for chart, drawn in pairs}


def _write(folder: Path, html: bytes, drawn: dict[str, Rendered], facts: dict[str, object]) -> None:
    (folder / START).write_bytes(html)
    (folder / FIGURES).mkdir()
    for name, rendered in drawn.items():
        (folder / FIGURES / f"{name}.svg").write_bytes(rendered.svg)
        (folder / FIGURES / f"{name}.png").write_bytes(rendered.png)
    (folder / TABLES).mkdir()
    for name, rendered in drawn.items():
        if rendered.chart.table:
            (folder / TABLES / f"{name}.csv").write_bytes(rendered.chart.table.encode("utf-8"))
    (folder / REPORT.marker).write_text(REPORT.described(folder, facts), "utf-8")


def _neighbors(
    store: Store, spec: EncoderSpec, feature: FeatureStore, quiet: bool
) -> Neighbors | None:
    """Return the k-NN graph; None for a single picture, or if it is missing and large."""
    if len(feature) < 2:
        return None
    if len(feature) <= NEIGHBORS_MADE:
        return neighbors_in(store, spec, feature, K, quiet=quiet)
    return kept_neighbors(store, spec, feature)


def _classes(store: Store) -> list[Classes]:
    """Return the predictions of each classifier, the store's own first."""
    names = store.class_encoders()
    names.sort(key=lambda name: (name != store.encoder, name))
    return [store.classes(name) for name in names]


def _head(store: Store, spec: EncoderSpec, feature: FeatureStore) -> Head:
    counts = store.catalog.totals.counts()
    roots = [source_of(root).name or root for root in store.catalog.held_roots()]
    features = ", ".join(f"{n} ({store.spec(n).dimensions:,})" for n in store.feature_names())
    facts = [
        ("Pictures", f"{counts['ok']:,}"),
        ("Encoder", f"{spec.name}, {spec.dimensions:,} dimensions"),
        ("Features", features),
        ("Vectors made", _date(store, feature)),
        ("Written by", f"imgrec {__version__}"),
    ]
    if spec.weights:
        facts.insert(2, ("Weights", spec.weights))
    return Head(
        f"What is in {_joined(roots)}",
        f"{counts['ok']:,} pictures. All figures are computed from the store.",
        tuple(facts),
    )


def _date(store: Store, feature: FeatureStore) -> str:
    """Return the day on which the newest part of a feature was written."""
    folders = map(store.paths.feature, feature.encoders)
    parts = [folder / part_name(n) for folder in folders for n in part_numbers(folder)]
    return date_of(max((part / "ids.npy").stat().st_mtime_ns for part in parts))


def _joined(names: Sequence[str]) -> str:
    shown = [*names[:3], *(["…"] if len(names) > 3 else [])]
    return ", ".join(shown) or "this collection"
