"""Opening the projector's page in headless Chromium, until all thumbnails are drawn."""

import shutil
import statistics
import time
from pathlib import Path

from browser import chromium
from exporting import fresh
from imgrec import Store
from machine import rows
from material import copied, made
from measuring import size_mb, tell
from projector import layouts
from projector.export import ProjectorOptions, write_logdir
from projector.source import ProjectedFeature
from projector_page import open_projector, served

WHOLE, OVERVIEW = 50_000, 10_000
_RUNS = 3
_HEADS = ("run and page", "points", "disk MB of the run", "bookmarks MB", "s: min / median / max")


def measured(work: Path, count: int) -> str:
    """Return the time until thumbnails are drawn, for an overview and for a long run."""
    if not shutil.which("chromedriver"):
        return "no Chromium and chromedriver on this machine\n"
    whole = min(WHOLE, count)
    overview = min(OVERVIEW, whole // 5)
    tell(f"opening: {whole} pictures, an overview of {overview}")
    store = copied(made(work, whole), work / "pages" / "store", whole)
    shown = (
        (
            "overview and its pages",
            ProjectorOptions(overview=overview, page_size=overview, workers=0),
            overview,
        ),
        ("one run", ProjectorOptions(page_size=whole, workers=0), whole),
    )
    lines = []
    for name, options, points in shown:
        logdir = work / "pages" / name
        run, _ = fresh(_written, store, logdir, options)
        lines += _opened(name, logdir / run, points, work / "pages" / "profiles")
    return (
        rows(_HEADS, lines)
        + "\nA new browser each time, software rendering, the server on the same machine. "
        "Bookmarks of the usual number and size, with the positions of PCA.\n"
    )


def _opened(name: str, run: Path, points: int, profiles: Path) -> list[list[str]]:
    sizes = [f"{size_mb(run):.1f}", f"{size_mb(run / 'bookmarks.json'):.1f}"]
    lines = []
    with served(run.parent) as server:
        for way, address in (("only the projector", server.tab), ("TensorBoard", server.address)):
            tell(f"opening: {name}, {way}")
            times = [
                _seconds(address, points, profiles / f"{name}-{way}-{i}") for i in range(_RUNS)
            ]
            spent = f"{min(times):.1f} / {statistics.median(times):.1f} / {max(times):.1f}"
            lines.append([f"{name}, {way}", f"{points:,}", *sizes, spent])
    return lines


def _seconds(address: str, points: int, profile: Path) -> float:
    with chromium(profile) as browser:
        browser.get("about:blank")
        started = time.perf_counter()
        found = open_projector(browser, address, timeout_s=120)
        spent = time.perf_counter() - started
    if found != points:
        raise RuntimeError(f"the page shows {found} points, {points} were to be opened")
    return spent


def _written(store: Path, out: Path, options: ProjectorOptions) -> str:
    """Write a logdir with the start positions as layouts; return the run that opens first."""
    layouts.make_layout = lambda method, graph, start, seed, placed: start
    ProjectedFeature.whole = lambda *_: None  # type: ignore[assignment, method-assign]
    # These layouts need no graph.
    layouts._Graph.weights = None  # type: ignore[assignment]
    ProjectedFeature.neighbors = None  # type: ignore[assignment]
    with Store.open(store) as opened:
        return write_logdir(opened, out, options=options).runs[0].name
