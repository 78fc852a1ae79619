"""Write the whole site of a store: find communities, draw all pages in worker processes.

The site is written into a temporary folder and renamed at the end, so that it appears complete or
not at all. Sheets and pages that are made of the same as those of the site before are taken over
from it (`imgrec.system.known_outputs`). First all sheets are drawn, because a page links to cells
on the sheets of other pages; then the pages, and beside them the search index. The jobs are
generated lazily and the results are kept in compact arrays, so that memory grows by some bytes per
picture only.
"""

from collections.abc import Iterator, Sequence
from contextlib import ExitStack
from dataclasses import asdict, dataclass
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np

from graph.addresses import CONTACT, FOLDER, Cell, Page, check_page_size
from graph.choices import AUTO, LOUVAIN
from graph.communities.build import CommunityOptions, CommunityTree, make_collection
from graph.communities.facts import CommunityFacts
from graph.communities.kept import KeptParts, keep_parts, load_parts
from graph.communities.parts import induced, split
from graph.communities.weights import Graph
from graph.exports.map import map_of
from graph.map.tiles import TileShop
from graph.map.write import MapOptions, MapWritten, check_map_size, write_map
from graph.pages.contact_sheet import ContactJob, chosen, contact_job
from graph.pages.current import drawing_program, site_inputs
from graph.pages.draw import Workshop, Written, write_pages, write_sheet
from graph.pages.jobs import OverviewJob, PageJob, overview_job, pictures_job, sheet_pictures
from graph.pages.options import SiteOptions
from graph.pages.page import Renderer, assets
from graph.pages.places import Places
from graph.pages.searchable import write_search_of
from graph.previews import write_previews
from imgrec.collection.kinds import BUNDLE, COMMUNITY
from imgrec.duplicates.near import find_near
from imgrec.labels.keep import keep_labels
from imgrec.neighbors.graph import K, knn_graph_of
from imgrec.store.contents import reachable_roots
from imgrec.store.running import running_server
from imgrec.store.site_link import keep_site
from imgrec.store.store import Store
from imgrec.store.written_from import STORE, store_token
from imgrec.system.atomic_folders import new_folder
from imgrec.system.collecting import rarely_collected
from imgrec.system.known_outputs import Stamps, record_of, remember
from imgrec.system.output_folder import SITE
from imgrec.system.progress import planned, progress
from imgrec.system.stage_costs import (
    COLLECTION,
    COMMUNITIES,
    MAP_DATA,
    MAP_TILES,
    NEAR_DUPLICATES,
    NEIGHBORS,
    PAGES,
    PREVIEWS,
    SEARCH,
    SHEETS,
    SITE_END,
    layout_s,
    layout_stage,
    weights_of,
)
from imgrec.system.threads import cores
from imgrec.system.workers import beside, in_order

# Least number of pages beside which a process makes the search index; it takes a second to start.
_SEARCH_BESIDE_FROM = 400
_FOLDERS = ("sheets", FOLDER, CONTACT)
# In order.
_BEFORE = (NEIGHBORS, NEAR_DUPLICATES, COMMUNITIES)
_NETWORK = (PREVIEWS, SHEETS, PAGES, SEARCH)
_MAP = (MAP_TILES, MAP_DATA)


@dataclass(frozen=True)
class SiteSummary:
    """Summary of a written site.

    Attributes:
        index: path of the page to open.
        encoder: name of the compared feature.
        k: nearest neighbors of each picture that became edges.
        knn: one line on the accuracy of the k-NN graph.
        pictures: number of pictures.
        edges: number of edges of the graph.
        communities: method, number and modularity of the communities.
        depth: levels of the page tree.
        bundles: number of nodes that stand for several near-duplicates.
        pages: number of pages, of communities and of pictures.
        size_bytes: of all files.
        kept: number of pages that were taken over from the old site.
        warnings: one line for each problem that did not stop the site, such as labels that could
            not be written to the store.
    """

    index: Path
    encoder: str
    k: int
    knn: str
    pictures: int
    edges: int
    communities: CommunityFacts
    depth: int
    bundles: int
    pages: int
    size_bytes: int
    kept: int = 0
    warnings: tuple[str, ...] = ()


def write_site(
    store: Store, out: Path | str, options: SiteOptions | None = None, *, quiet: bool = True
) -> SiteSummary:
    """Write the network pages of a store, atomically; keep the communities as labels.

    An existing site at `out` is replaced. The path of the site is recorded in the store, so that
    queries and the report can link to its pages. If labels cannot be written, because the store is
    read-only or being indexed, the site is complete all the same, and `SiteSummary.warnings` says
    what is missing.

    Args:
        store: open for reading.
        out: folder of the site.
        options: None for the defaults.
        quiet: show no progress bar.

    Raises:
        StoreError: the store has no such feature, or it has fewer than two pictures.
        ImgrecError: `out` contains files that are not part of an imgrec site.
        ValueError: the page size is out of range, or the groups overlap.
    """
    out, options = Path(out).resolve(), options or SiteOptions()
    check_page_size(options.page_size)
    SITE.check_place(out)
    pictures = len(store.feature(options.encoder))
    if options.map:
        check_map_size(pictures)
    with planned(_weights(options, pictures), quiet=quiet):
        return _made(store, out, options, quiet)


def _weights(options: SiteOptions, pictures: int) -> dict[str, float]:
    """Return the seconds of the stages of a site, in order."""
    weights = weights_of(_BEFORE, pictures)
    if options.network:
        weights |= weights_of(_NETWORK, pictures)
    if options.map:
        weights[layout_stage("umap", 2, COLLECTION)] = layout_s("umap", 2, pictures)
        weights |= weights_of(_MAP, pictures)
    return weights | weights_of([SITE_END], pictures)


@rarely_collected()
def _made(store: Store, out: Path, options: SiteOptions, quiet: bool) -> SiteSummary:
    # What lies outside of the store is taken once, before anything is drawn.
    roots = reachable_roots(store.catalog)
    given, stamps = site_inputs(store, out, options, roots).given(), Stamps()
    spec, before = store.spec(options.encoder), load_parts(store)
    groups, warnings = _groups(store, options, quiet)
    knn = knn_graph_of(store, spec.name, max(K, options.k), quiet=quiet)
    neighbors = knn.neighbors
    wanted = CommunityOptions(
        spec.name,
        _method(options, before),
        options.louvain,
        options.k,
        options.seed,
        options.page_size,
    )
    classes = store.classes() if store.class_encoders() else None
    with progress(COMMUNITIES, quiet=quiet):
        collection = make_collection(neighbors, store.catalog, groups, wanted, before, classes)
    with ExitStack() as end:
        with new_folder(out, SITE.check_place, stamps.take) as folder:
            workshop = Workshop(
                store.path.resolve(), folder.resolve(), out, roots, options.seed,
                drawing_program(), options.map,
            )  # fmt: skip
            _write_assets(workshop, store)
            written: list[Written] = []
            mapped = MapWritten({}, 0, [])
            if options.network:
                if options.previews:
                    warnings += write_previews(store, folder, neighbors.ids, quiet=quiet)
                written = _write_network(collection, workshop, options, quiet)
            if options.map:
                mapped = _write_map(collection, store, workshop, options, quiet)
                warnings += mapped.warnings
            # Until the folder has its name and the labels are kept.
            end.enter_context(progress(SITE_END, quiet=quiet))
            size_bytes = _finish(collection, store, workshop, options)
        unkept = keep_labels(store, COMMUNITY, collection.labels)
        if not unkept:
            # The method that the store remembers is that of its labels.
            keep_parts(store, collection.kept)
        inputs = site_inputs(store, out, options, reachable_roots(store.catalog))
        whole = not warnings and not unkept
        made = {one.file: one.made for one in written} | mapped.made
        remember(out, inputs.whole_if(given) if whole else "", stamps, made)
    warnings += [*store.lacking(store.feature(spec.name)), *unkept]
    keep_site(store, out)
    guide = collection.guide
    pages = {Page(path).file for path in guide.pages}
    return SiteSummary(
        index=out / "index.html",
        encoder=spec.name,
        k=min(options.k, neighbors.k),
        knn=knn.line(),
        pictures=len(neighbors.ids),
        edges=collection.edges,
        communities=collection.facts,
        depth=max(len(guide.above(path)) for path in guide.leaves),
        bundles=int((guide.bundles.sizes > 1).sum()),
        pages=len(guide.pages) if options.network else 0,
        size_bytes=size_bytes,
        kept=sum(one.kept for one in written if one.file in pages),
        warnings=tuple(warnings),
    )


def _method(options: SiteOptions, before: KeptParts | None) -> str:
    if options.communities:
        return options.communities
    return before.facts.method if before and options.louvain == AUTO else LOUVAIN


def _groups(
    store: Store, options: SiteOptions, quiet: bool
) -> tuple[Sequence[Sequence[int]], list[str]]:
    """Return the groups of near-duplicates that become one node each, and warnings.

    Their labels are written before the pages are composed, because pages show all labels.
    """
    if options.groups is not None:
        return options.groups, []
    workers = cores() if options.workers is None else options.workers
    found = find_near(store, options.encoder, workers=workers, quiet=quiet)
    return found.groups, keep_labels(store, BUNDLE, found.labels())


def _write_assets(workshop: Workshop, store: Store) -> None:
    folder = workshop.folder / "assets"
    folder.mkdir()
    for name, data in assets(running_server(store.path)).items():
        (folder / name).write_bytes(data)


def _write_map(
    collection: CommunityTree, store: Store, workshop: Workshop, options: SiteOptions, quiet: bool
) -> MapWritten:
    """Write the map, and where it is all of the site the page that leads to it."""
    if not options.network:
        (workshop.folder / "index.html").write_text(Renderer().way_to_map(), "utf-8")
    shop = TileShop(workshop.store, workshop.folder, workshop.site, workshop.program)
    guide = collection.guide
    wanted = MapOptions(
        feature=store.spec(options.encoder).name,
        seed=options.seed,
        workers=_workers(len(guide.pages), options),
        pages=options.network,
        roots=workshop.roots,
        quiet=quiet,
    )
    laid_out = map_of(store, collection.neighbors, wanted.feature, options.seed, quiet=quiet)
    known = record_of(workshop.site).made
    return write_map(collection, laid_out.positions, store, shop, wanted, known)


def _workers(pages: int, options: SiteOptions) -> int:
    """Return the number of worker processes for so many pages, and for the map of as many."""
    wanted = cores() if options.workers is None else options.workers
    return wanted if pages >= options.workers_from else 0


def _write_network(
    collection: CommunityTree, workshop: Workshop, options: SiteOptions, quiet: bool
) -> list[Written]:
    """Write all pages of a site, their sheets and search; return the sheets and pages."""
    guide, folder = collection.guide, workshop.folder
    for name in _FOLDERS:
        (folder / name).mkdir()
    workers = _workers(len(guide.pages), options)
    known = record_of(workshop.site).made
    written: list[Written] = []
    tasks = (
        (Page(path).sheet, sheet_pictures(guide, path), known.get(Page(path).sheet))
        for path in guide.pages
    )
    places, cells = Places(guide.bundles, guide.leaves), _Cells()
    drawn = in_order(partial(write_sheet, workshop), tasks, workers)
    total = len(guide.pages)
    sheets = progress(SHEETS, drawn, total=total, unit="sheets", quiet=quiet)
    for path, (of_page, sheet) in zip(guide.pages, sheets, strict=True):
        cells.keep(of_page)
        written.append(sheet)
        if not guide.groups[path].children:
            rows = guide.groups[path].rows
            places.put(path, rows, of_page[: len(rows)])
    jobs = (
        (page, contact, known.get(page.file), known.get(contact.file))
        for page, contact in _jobs(collection, cells, places)
    )
    searchers = 1 if workers and total >= _SEARCH_BESIDE_FROM else 0
    with beside(searchers, write_search_of, workshop.store, folder, guide, places) as search:
        pages = in_order(partial(write_pages, workshop), jobs, workers)
        for both in progress(PAGES, pages, total=total, unit="pages", quiet=quiet):
            written += both
        with progress(SEARCH, quiet=quiet):
            search()
    return written


def _finish(
    collection: CommunityTree, store: Store, workshop: Workshop, options: SiteOptions
) -> int:
    """Write the marker of the site; return the size of all files in bytes."""
    folder = workshop.folder
    facts = {
        STORE: store_token(store.path, workshop.site),
        "pictures": len(collection.labels),
        "network": options.network,
        "communities": asdict(collection.facts),
    }
    marker = SITE.described(folder, facts)
    (folder / SITE.marker).write_text(marker, "utf-8")
    return sum(path.stat().st_size for path in folder.rglob("*") if path.is_file())


class _Cells:
    """The cells of all sheets by page number, 8 bytes per cell."""

    def __init__(self) -> None:
        self._pages: list[Any] = []

    def keep(self, cells: Sequence[Cell]) -> None:
        self._pages.append(np.array(cells, np.uint16).reshape(-1, 4))

    def of(self, page: int) -> list[Cell]:
        return [
            (left, top, width, height) for left, top, width, height in self._pages[page].tolist()
        ]


def _jobs(
    collection: CommunityTree, cells: _Cells, places: Places
) -> Iterator[tuple[PageJob | OverviewJob, ContactJob]]:
    """Yield the jobs of each page and its contact sheet, in the order of the guide."""
    guide, graph = collection.guide, collection.graph
    inner = _inner_graphs(collection)
    for number, path in enumerate(guide.pages):
        of_page = cells.of(number)
        job: PageJob | OverviewJob
        if guide.groups[path].children:
            job = overview_job(guide, path, of_page, graph)
            within = induced(graph, chosen(guide, path))
        else:
            job = pictures_job(guide, path, of_page, inner[path], collection.neighbors, places)
            within = inner[path]
        yield job, contact_job(guide, path, within, places)


def _inner_graphs(collection: CommunityTree) -> dict[str, Graph]:
    """Return the subgraph of each page of pictures, by path."""
    guide = collection.guide
    parts = np.empty(collection.graph.n, np.int64)
    for number, path in enumerate(guide.leaves):
        parts[guide.groups[path].rows] = number
    found = split(collection.graph, parts)
    return {path: graph for path, (_, graph) in zip(guide.leaves, found, strict=True)}
