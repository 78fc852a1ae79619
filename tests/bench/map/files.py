"""The files of the map of a large collection: seconds and bytes beyond positions."""

import os
import shutil
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from threading import Event, Thread

import numpy as np
from map_store import FEATURE, written

from graph.communities.build import CommunityOptions, make_collection
from graph.map.tiles import TileShop
from graph.map.write import MapOptions, write_map
from imgrec import Store, neighbors_of
from imgrec.checks import check_site
from imgrec.layouts.umap import framed
from imgrec.maps.format import FOLDER
from imgrec.maps.reader import SiteMap
from imgrec.neighbors.neighbors import Neighbors
from imgrec.system.output_folder import SITE
from imgrec.system.threads import cores
from machine import rows, seconds
from measuring import family_mb, tell

# Steps in which positions move to the middle of those of their nearest pictures.
_STEPS = 30
_HEADS = ("", "target", "measured")
_POLL_S = 0.2


@dataclass(frozen=True)
class Material:
    """All that the files of a map are made of.

    Attributes:
        store: of synthetic pictures.
        site: folder that the map is written into.
        write: writes it.
    """

    store: Path
    site: Path
    write: Callable[[], object]


@contextmanager
def prepared(work: Path, count: int, photos: Path | None, workers: int) -> Iterator[Material]:
    """Yield a store with neighbors, communities and positions, and what writes its map.

    Args:
        work: folder of the store, which is kept there, and of the site.
        count: pictures.
        photos: a store whose thumbnails are taken; None to generate some.
        workers: processes that draw tiles.
    """
    tell(f"map: a store of {count} pictures")
    store_path = written(work / f"map-{count}", count, photos)
    site = work / f"site-{count}"
    shutil.rmtree(site, ignore_errors=True)
    (site / "assets").mkdir(parents=True)
    with Store.open(store_path) as store:
        tell("map: neighbors and communities")
        neighbors = neighbors_of(store)
        collection = make_collection(
            neighbors, store.catalog, options=CommunityOptions(FEATURE)
        )  # fmt: skip
        positions = _positions(neighbors)
        shop = TileShop(store_path.resolve(), site, work / "no-site", "program")
        options = MapOptions(FEATURE, 0, workers, False, frozenset())
        yield Material(
            store_path,
            site,
            lambda: write_map(collection, positions, store, shop, options, {}),
        )


def measured(work: Path, count: int, photos: Path | None) -> tuple[str, Path]:
    """Return a table of the files of the map of a synthetic store, and the site."""
    with prepared(work, count, photos, cores()) as material:
        tell("map: writing")
        before_s = sum(os.times()[:4])
        with peak_mb() as memory:
            spent_s = seconds(material.write)
        of_cores_s = sum(os.times()[:4]) - before_s
    site = material.site
    (site / "index.html").write_text('<a href="map/index.html">Map</a>')
    marker = SITE.described(site, {"pictures": count, "network": False})
    (site / SITE.marker).write_text(marker, "utf-8")
    return _table(site, count, (spent_s, of_cores_s, memory[0])), site


@contextmanager
def peak_mb() -> Iterator[list[float]]:
    """Yield a list whose item becomes the peak, above what it was, of all processes in a block."""
    before_mb, found, ended = family_mb(os.getpid()), [0.0], Event()

    def watch() -> None:
        while not ended.wait(_POLL_S):
            found[0] = max(found[0], family_mb(os.getpid()) - before_mb)

    watcher = Thread(target=watch)
    watcher.start()
    try:
        yield found
    finally:
        ended.set()
        watcher.join()


def _table(site: Path, count: int, spent: tuple[float, float, float]) -> str:
    found = SiteMap.open(site)
    tiles = [path.stat().st_size for path in (site / FOLDER).glob("[0-9]/*.js")]
    rest = sum(path.stat().st_size for path in (site / FOLDER).glob("*.*"))
    shown = sum(
        len(found.tile(level, x, y).slots)
        for level, of_level in enumerate(found.tiles)
        for x, y in of_level.tolist()
    )
    tell("map: the doctor")
    started = time.perf_counter()
    faults = len(check_site(site).findings)
    doctor_s = time.perf_counter() - started
    lines = [
        ["tiles", "", f"{len(tiles):,} on {found.depth + 1} levels"],
        ["thumbnails on them", "", f"{shown:,}, {shown / count:.2f} a picture"],
        ["size of all tiles", "400 MB at 400,000", f"{sum(tiles) / 1e6:.0f} MB"],
        ["bytes of a thumbnail, with base64", "", f"{sum(tiles) / shown:.0f}"],
        ["largest tile", "512 kB", f"{max(tiles) / 1e3:.0f} kB"],
        ["all other files", "", f"{rest / 1e6:.0f} MB"],
        ["written, beyond positions", "600 s at 400,000", f"{spent[0]:.0f} s"],
        ["the same, of all cores", "", f"{spent[1]:.0f} s"],
        ["peak memory of it, all processes", "", f"{spent[2]:.0f} MB"],
        ["checked by the doctor", "", f"{doctor_s:.0f} s, {faults} findings"],
    ]
    return rows(_HEADS, lines)


def _positions(neighbors: Neighbors) -> np.ndarray:
    """Return positions (n, 2): chance, moved to the middle of neighbors, step by step.

    A cheap layout with crowds and gaps; the layout itself is measured by `make bench-projector`.
    """
    near = neighbors.rows()[:, :8]
    found = np.random.default_rng(0).standard_normal((len(near), 2)).astype(np.float32)
    for _ in range(_STEPS):
        found = (found + found[near].mean(axis=1)) / 2
        found /= found.std(axis=0)
    return framed(found)
