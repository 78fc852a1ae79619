"""The whole site: a folder of pages that appears whole or not at all."""

import json
from dataclasses import dataclass
from functools import partial
from pathlib import Path

from tqdm import tqdm

from graph.atlas import Cell, build_sheet
from graph.communities import modularity
from graph.compose import Collection, compose_overview, compose_pictures, sheet_pictures
from graph.guide import make_guide
from graph.knn_graph import JOINED, knn_graph
from graph.labels import community_labels
from graph.network import Drawing
from graph.page import Renderer, View, assets
from graph.paging import FOLDER, PAGE_SIZE, Page, Plan
from graph.pictures import Places
from imgrec import __version__
from imgrec.errors import ImgrecError
from imgrec.files import new_folder
from imgrec.knn import K, neighbors_of
from imgrec.store import Store

FORMAT = 1
MARKER = "site.json"
_FOLDERS = ("assets", "sheets", FOLDER)


@dataclass(frozen=True)
class SiteSummary:
    """What was written.

    Attributes:
        index: the file to open.
        encoder: name of the feature compared.
        k: neighbours a picture.
        edges: of the graph.
        largest: pictures in the largest community.
        pages: all of them, those of the overview among them.
        size_bytes: of all files.
        labels: id to number of its community, as text.
    """

    index: Path
    encoder: str
    k: int
    pictures: int
    edges: int
    modularity: float
    communities: int
    largest: int
    pages: int
    size_bytes: int
    labels: dict[int, str]


def write_site(
    store: Store,
    out: Path,
    encoder: str | None = None,
    k: int = JOINED,
    seed: int = 0,
    page_size: int = PAGE_SIZE,
    progress: bool = False,
) -> SiteSummary:
    """Write the network pages of a store; an older site at `out` is replaced.

    Args:
        store: open for reading.
        out: the site's folder.
        encoder: the feature compared; by default the store's own.
        k: neighbours a picture is joined to.
        seed: of communities and layouts.
        page_size: the most nodes on a page.
        progress: show a bar on stderr.

    Raises:
        StoreError: there is no such feature, or it has fewer than two pictures.
        ImgrecError: `out` holds something that is not a site of ours.
    """
    out = out.resolve()
    check_place(out)
    spec = store.spec(encoder)
    neighbors = neighbors_of(store, spec.name, max(K, k))
    graph = knn_graph(neighbors, k)
    guide = make_guide(graph, store.catalog, page_size, seed)
    collection = Collection(store.catalog, neighbors, graph, guide, seed)
    with new_folder(out) as folder:
        _write_site(collection, store, folder, out, progress)
        size_bytes = sum(path.stat().st_size for path in folder.rglob("*") if path.is_file())
    return SiteSummary(
        index=out / "index.html",
        encoder=spec.name,
        k=min(k, neighbors.k),
        pictures=len(neighbors.ids),
        edges=graph.number_of_edges(),
        modularity=modularity(graph, guide.communities.values()),
        communities=len(guide.communities),
        largest=guide.size(1),
        pages=len(guide.plan.overview) + len(guide.plan.pages),
        size_bytes=size_bytes,
        labels=community_labels(guide.communities.values()),
    )


def check_place(out: Path) -> None:
    """Raise ImgrecError where a site would replace what is not one of ours."""
    if not out.exists():
        return
    if not out.is_dir():
        raise ImgrecError(f"{out} is a file: name a folder for the site")
    found = sorted(path.name for path in out.iterdir())
    if found and not _is_site(out):
        raise ImgrecError(
            f"{out} is not empty and holds no site of ours ({found[0]}): name another folder"
        )
    foreign = [name for name in found if name not in _expected(out)]
    if foreign:
        raise ImgrecError(
            f"{out} holds {foreign[0]}, which is not of the site and would be lost: "
            "move it away, or name another folder"
        )


def _write_site(
    collection: Collection, store: Store, folder: Path, out: Path, progress: bool
) -> None:
    plan = collection.guide.plan
    pages = (*plan.overview, *plan.pages)
    for name in _FOLDERS:
        (folder / name).mkdir()
    for name, data in assets().items():
        (folder / "assets" / name).write_bytes(data)
    bar = partial(tqdm, unit="page", disable=not progress)
    thumbs = store.thumbs()
    cells: dict[str, list[Cell]] = {}
    for page in bar(pages, desc="sheets"):
        sheet = build_sheet([thumbs.get(i) for i in sheet_pictures(collection.guide, page)])
        (folder / page.sheet).write_bytes(sheet.jpeg)
        cells[page.name] = sheet.cells
    places, renderer = _places(plan, cells), Renderer()
    for page in bar(pages, desc="pages"):
        html = renderer.render(*_composed(collection, page, cells[page.name], places, out))
        (folder / page.file).write_text(html, "utf-8")
    (folder / MARKER).write_text(_manifest(plan), "utf-8")


def _composed(
    collection: Collection, page: Page, cells: list[Cell], places: Places, out: Path
) -> tuple[View, Drawing]:
    if page.community is None:
        return compose_overview(collection, page, cells)
    return compose_pictures(collection, page, cells, places, out)


def _places(plan: Plan, cells: dict[str, list[Cell]]) -> Places:
    return {
        picture: (page, cell)
        for page in plan.pages
        for picture, cell in zip(page.ids, cells[page.name], strict=False)
    }


def _manifest(plan: Plan) -> str:
    described = {
        "format": FORMAT,
        "written_by": f"imgrec {__version__}",
        "overview": [page.file for page in plan.overview],
        "pages": len(plan.pages),
    }
    return json.dumps(described, indent=2) + "\n"


def _is_site(out: Path) -> bool:
    try:
        described = json.loads((out / MARKER).read_text("utf-8"))
        return str(described["written_by"]).startswith("imgrec ")
    except (OSError, ValueError, KeyError, TypeError):
        return False


def _expected(out: Path) -> set[str]:
    described = json.loads((out / MARKER).read_text("utf-8"))
    return {*_FOLDERS, MARKER, *map(str, described.get("overview", []))}
