"""The whole site: a folder of pages that appears whole or not at all."""

import json
import os
from collections.abc import Iterable
from dataclasses import dataclass
from functools import partial
from pathlib import Path, PurePosixPath
from typing import Any

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
from graph.search_index import write_search
from graph.searchable import found_groups, found_pictures
from imgrec import __version__
from imgrec.errors import ImgrecError
from imgrec.files import new_folder
from imgrec.knn import K, neighbors_of
from imgrec.progress import progress
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
    quiet: bool = True,
) -> SiteSummary:
    """Write the network pages of a store; an older site at `out` is replaced.

    Args:
        store: open for reading.
        out: the site's folder.
        encoder: the feature compared; by default the store's own.
        k: neighbours a picture is joined to.
        seed: of communities and layouts.
        page_size: the most nodes on a page.
        quiet: no progress bar.

    Raises:
        StoreError: there is no such feature, or it has fewer than two pictures.
        ImgrecError: `out` holds something that is not a site of ours.
    """
    out = out.resolve()
    check_place(out)
    spec = store.spec(encoder)
    neighbors = neighbors_of(store, spec.name, max(K, k), quiet=quiet)
    graph = knn_graph(neighbors, k)
    guide = make_guide(graph, store.catalog, page_size, seed)
    roots = frozenset(root for root in store.catalog.roots() if Path(root).is_dir())
    collection = Collection(store.catalog, neighbors, graph, guide, roots, seed)
    with new_folder(out) as folder:
        _write_site(collection, store, folder, out, quiet)
        size_bytes = sum(path.stat().st_size for path in folder.rglob("*") if path.is_file())
        check_place(out)  # again: what came while the pages were drawn
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
    names = sorted(path.name for path in out.iterdir())
    if not names:
        return
    manifest = _read_manifest(out)
    if manifest is None:
        raise ImgrecError(
            f"{out} is not empty and holds no site of ours ({names[0]}): name another folder"
        )
    files = manifest.get("files")
    if manifest.get("format") != FORMAT or not isinstance(files, list):
        raise ImgrecError(
            f"{out} holds a site of another version, which does not tell its files: "
            "delete it, or name another folder"
        )
    foreign = min(_foreign(out, map(str, files)), default=None)
    if foreign is not None:
        raise ImgrecError(
            f"{out} holds {foreign}, which is not of the site and would be lost: "
            "move it away, or name another folder"
        )


def _write_site(collection: Collection, store: Store, folder: Path, out: Path, quiet: bool) -> None:
    plan = collection.guide.plan
    pages = (*plan.overview, *plan.pages)
    for name in _FOLDERS:
        (folder / name).mkdir()
    for name, data in assets().items():
        (folder / "assets" / name).write_bytes(data)
    bar = partial(progress, unit="pages", quiet=quiet)
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
    write_search(folder, found_pictures(store.catalog, places), found_groups(collection.guide))
    (folder / MARKER).write_text(_manifest(_listed(folder), len(collection.neighbors.ids)), "utf-8")


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


def _manifest(files: Iterable[str], pictures: int) -> str:
    described = {
        "format": FORMAT,
        "written_by": f"imgrec {__version__}",
        "pictures": pictures,
        "files": sorted(file for file in files if not file.endswith("/")),
    }
    return json.dumps(described, indent=2) + "\n"


def _read_manifest(out: Path) -> dict[str, Any] | None:
    """What the marker of a site tells, None where `out` holds no site of ours."""
    try:
        described = json.loads((out / MARKER).read_text("utf-8"))
        ours = str(described["written_by"]).startswith("imgrec ")
    except (OSError, ValueError, KeyError, TypeError):
        return None
    return described if ours else None


def _foreign(out: Path, files: Iterable[str]) -> set[str]:
    """What lies in a site, at any depth, and is none of its files or their folders."""
    ours = {MARKER, *files}
    folders = {f"{folder}/" for file in ours for folder in PurePosixPath(file).parents}
    return _listed(out) - ours - folders


def _listed(folder: Path) -> set[str]:
    """All below a folder, relative to it, folders with a slash at the end; links are files."""
    found: set[str] = set()
    for place, folders, names in os.walk(folder, onerror=_raise):
        here = Path(place).relative_to(folder)
        for name in (*folders, *names):
            is_folder = name in folders and not Path(place, name).is_symlink()
            found.add((here / name).as_posix() + "/" * is_folder)
    return found


def _raise(error: OSError) -> None:
    raise error
