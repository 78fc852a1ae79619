"""The page in headless Chromium: how long until the first pictures of an answer are painted.

Measured is what a person sees: the time from the arrival of the answer that names the pictures, to
the frame that shows the last of the first 60, all of which lie in the window. The browser itself
tells when it painted each picture (Element Timing); nothing is asked of it meanwhile. It draws as
on any machine without a graphics card, or all by the renderer of WebGL, as while the map is shown
on such a machine, which takes longer for each frame.

Source: Element Timing API (W3C).
"""

import time
from pathlib import Path
from statistics import median

from clients import Target

from browser import chromium

THUMBS = 60
_TRIES = 7
_PATIENCE_S = 30
_POLL_S = 0.5
# Notes when each picture of the grid is painted, in ms since the navigation began.
_WATCH = """
window.painted = new Map();
new PerformanceObserver((list) => {
  for (const { element, renderTime } of list.getEntries()) {
    const id = element?.closest(".tile")?.dataset.id;
    if (id && !window.painted.has(id)) window.painted.set(id, renderTime);
  }
}).observe({ type: "element" });
"""
# Returns when the last of the first pictures was painted, and when the answer was there.
_MEASURED = f"""
const first = [...document.querySelectorAll("#grid .tile")].slice(0, {THUMBS});
const times = first.map((tile) => window.painted.get(tile.dataset.id) ?? Infinity);
if (first.length < {THUMBS} || Math.max(...times) === Infinity) return null;
const seen = first.filter((tile) => tile.getBoundingClientRect().top < innerHeight);
const answers = performance.getEntriesByType("resource").filter(
  ({{ name, responseStatus }}) => name.endsWith("/api/search") && responseStatus === 200);
return [seen.length, Math.max(...times), answers[0].responseEnd];
"""


def first_thumbs(target: Target, profile: Path, *, webgl: bool) -> tuple[float, float]:
    """Return the ms until the first 60 pictures are painted, as medians over different answers.

    Args:
        target: the server.
        profile: folder of the browser's profile.
        webgl: whether the renderer of WebGL draws everything, see `browser.chromium`.

    Returns:
        Since the navigation began, with an empty cache but for the page's own files; and since the
        answer was there.
    """
    whole, alone = [], []
    with chromium(profile, width=1920, height=2400, webgl=webgl) as browser:
        browser.get(f"{target.origin}/?token={target.token}")
        browser.execute_cdp_cmd("Page.addScriptToEvaluateOnNewDocument", {"source": _WATCH})
        for number in range(_TRIES):
            browser.get(f"{target.origin}/?like={1000 * number + 7}&k={THUMBS}")
            deadline = time.monotonic() + _PATIENCE_S
            while not (found := browser.execute_script(_MEASURED)):  # type: ignore[no-untyped-call]
                if time.monotonic() > deadline:
                    raise RuntimeError(f"the page does not paint {THUMBS} pictures")
                time.sleep(_POLL_S)
            seen, painted_ms, answered_ms = found
            if seen < THUMBS:
                raise RuntimeError(f"the window shows {seen} of {THUMBS} pictures")
            whole.append(painted_ms)
            alone.append(painted_ms - answered_ms)
    return median(whole), median(alone)
