"""The time until each network page is drawn in headless Chromium."""

import shutil
import statistics
import sys
import time
from pathlib import Path

from machine import rows, run, seconds

sys.path.insert(0, str(Path(__file__).parents[1] / "helpers"))
from browser import chromium


def measured(store: Path, work: Path) -> str:
    """Return the time until the pages are drawn, and their size."""
    if not shutil.which("chromedriver"):
        return "no Chromium and chromedriver on this machine\n"
    site = work / "site"
    spent = seconds(lambda: run("-m", "graph", "--store", str(store), "--out", str(site)))
    pages = [site / "index.html", *sorted((site / "pages").glob("*.html"))]
    with chromium(work / "profile") as browser:
        # Warm-up.
        browser.get(pages[0].as_uri())
        drawn_ms = [_drawn_ms(browser, page) for page in pages]
    heaviest = max((site / "sheets").iterdir(), key=lambda sheet: sheet.stat().st_size)
    size = sum(path.stat().st_size for path in site.rglob("*") if path.is_file())
    community_ms = drawn_ms[1:]
    lines = [
        ["overview", f"{drawn_ms[0]:.0f}", ""],
        ["community pages", f"{statistics.median(community_ms):.0f}", f"{max(community_ms):.0f}"],
    ]
    return (
        rows(["page", "drawn, ms: median", "maximum"], lines)
        + f"\n{len(pages)} pages written in {spent:.1f} s, {size / 1e6:.1f} MB in all, "
        f"largest sprite {heaviest.stat().st_size / 1e3:.0f} kB; software rendering\n"
    )


def _drawn_ms(browser: object, page: Path) -> float:
    browser.get(page.as_uri())  # type: ignore[attr-defined]
    end = time.monotonic() + 30
    while time.monotonic() < end:
        drawn = browser.execute_script("return window.imgrecDrawn || 0")  # type: ignore[attr-defined]
        if drawn:
            return float(drawn)
        time.sleep(0.02)
    raise TimeoutError(f"{page} was not drawn in 30 s")
