"""The network site of a large collection: time to write and to draw it, compared with pyvis."""

import os
import re
import shutil
import statistics
import time
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pyvis.network
from selenium import webdriver

from browser import chromium
from graph.choices import IGRAPH
from graph.communities.detection import levels
from graph.communities.parts import induced
from graph.communities.weights import knn_graph
from graph.pages.options import SiteOptions
from graph.pages.site import SiteSummary, write_site
from imgrec import Store, neighbors_of
from machine import rows
from material import made
from measuring import apart, tell

# Community pages that are measured.
_SAMPLED = 20
# Nodes of the page by pyvis.
_PYVIS = 1_000
_PATIENCE_S = 150
_AWAY = re.compile(r'<(script|link)[^>]*(src|href)="https?://[^>]*>(</script>)?')
_POLL_S = 0.05


def measured(work: Path, count: int) -> str:
    """Return the time to write the site of a synthetic store, and to draw its pages."""
    store = made(work, count).store
    tell(f"pages: neighbors of {count}")
    apart(_neighbors, store)
    tell("pages: writing")
    site = work / f"site-{count}"
    (summary, spent_s), memory_mb = apart(_written, store, site, libraries=("graph.pages.site",))
    heads = ("pictures", "written, s", "pages", "MB", "largest page with its sprite, kB",
             "memory MB")  # fmt: skip
    weights = {page: _weight(site, page) for page in _pages(site)}
    line = [f"{count:,}", f"{spent_s:.0f}", f"{summary.pages:,}", f"{summary.size_bytes / 1e6:.0f}",
            f"{max(weights.values()) / 1e3:.0f}", f"{memory_mb:.0f}"]  # fmt: skip
    return (
        rows(heads, [line])
        + f"\n{os.cpu_count()} worker processes; the memory is that of the main process. The k-NN "
        "graph existed before.\n\n" + _drawn(site, weights, store, work)
    )


def _drawn(site: Path, weights: dict[Path, int], store: Path, work: Path) -> str:
    if not shutil.which("chromedriver"):
        return "no Chromium and chromedriver on this machine\n"
    by_weight = sorted(weights, key=lambda page: weights[page])
    places = np.unique(np.linspace(0, len(by_weight) - 1, _SAMPLED).astype(int))
    sample = [by_weight[place] for place in places]
    with chromium(work / "profile") as browser:
        overview = [_opened_ms(browser, site / "index.html") for _ in range(4)][1:]
        pages = [_opened_ms(browser, page) for page in sample]
        tell(f"pages: {_PYVIS} nodes with the defaults of pyvis")
        stable_ms = _pyvis_ms(browser, store, work / "pyvis.html")
    lines = [
        ["overview", f"{statistics.median(overview):.0f}", f"{max(overview):.0f}"],
        [f"{len(pages)} pages, from the smallest to the largest", f"{statistics.median(pages):.0f}",
         f"{max(pages):.0f}"],
        [f"pyvis with its defaults, {_PYVIS:,} nodes", _told(stable_ms), ""],
    ]  # fmt: skip
    return rows(("page", "drawn, ms: median", "maximum"), lines) + (
        "\nHeadless Chromium, software rendering. pyvis: until its physics simulation is stable, "
        "without pictures, for the largest communities and all edges within them.\n"
    )


def _told(stable_ms: float | None) -> str:
    return f"not stable after {_PATIENCE_S} s" if stable_ms is None else f"{stable_ms:.0f}"


def _written(store: Path, site: Path) -> tuple[SiteSummary, float]:
    started = time.perf_counter()
    with Store.open(store) as opened:
        summary = write_site(opened, site, SiteOptions(groups=()))
    return summary, time.perf_counter() - started


def _neighbors(store: Path) -> None:
    with Store.open(store) as opened:
        neighbors_of(opened)


def _pages(site: Path) -> list[Path]:
    return [site / "index.html", *sorted((site / "pages").glob("*.html"))]


def _weight(site: Path, page: Path) -> int:
    return page.stat().st_size + (site / "sheets" / f"{page.stem}.jpg").stat().st_size


def _opened_ms(browser: webdriver.Chrome, page: Path) -> float:
    browser.get("about:blank")
    browser.get(page.as_uri())
    found = _awaited(browser, "return window.imgrecDrawn || 0", 30)
    if not found:
        raise TimeoutError(f"{page} was not drawn in 30 s")
    return found


def _awaited(browser: webdriver.Chrome, script: str, patience_s: float) -> float:
    run: Callable[[str], object] = browser.execute_script
    end = time.monotonic() + patience_s
    while time.monotonic() < end:
        found = run(script)
        if found:
            return float(str(found))
        time.sleep(_POLL_S)
    return 0.0


def _pyvis_ms(browser: webdriver.Chrome, store: Path, page: Path) -> float | None:
    """Return the milliseconds until a page by pyvis is stable, None if it never is."""
    with Store.open(store) as opened:
        graph = knn_graph(neighbors_of(opened))
    together = np.argsort(levels(graph, IGRAPH)[-1], kind="stable")[:_PYVIS]
    shown = induced(graph, np.sort(together))
    made_by_pyvis = pyvis.network.Network(cdn_resources="in_line")
    made_by_pyvis.add_nodes(list(range(shown.n)))
    for a, b, weight in zip(shown.low, shown.high, shown.weights, strict=True):
        made_by_pyvis.add_edge(int(a), int(b), value=float(weight))
    # Without a network connection the page would wait for remote files.
    page.write_text(_AWAY.sub("", made_by_pyvis.generate_html()), "utf-8")
    browser.set_page_load_timeout(_PATIENCE_S + 30)
    started = time.perf_counter()
    browser.get(page.as_uri())
    still = "return window.network && network.physics.stabilized ? 1 : 0"
    found = _awaited(browser, still, _PATIENCE_S - (time.perf_counter() - started))
    return 1000 * (time.perf_counter() - started) if found else None
