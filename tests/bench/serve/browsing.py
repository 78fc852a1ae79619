"""The page in headless Chromium: how long until the first thumbnails of an answer are there."""

import time
from pathlib import Path
from statistics import median

from clients import Target

from browser import chromium

THUMBS = 60
_TRIES = 5
_PATIENCE_S = 30
# In ms since the navigation began: the last of the first thumbnails, the first that was asked for.
_MEASURED = f"""
const thumbs = performance.getEntriesByType("resource")
  .filter((entry) => entry.name.includes("/api/thumb/") && entry.responseEnd > 0)
  .sort((one, other) => one.responseEnd - other.responseEnd)
  .slice(0, {THUMBS});
return [thumbs.length, Math.max(...thumbs.map((entry) => entry.responseEnd)),
  Math.min(...thumbs.map((entry) => entry.startTime))];
"""


def first_thumbs(target: Target, profile: Path) -> tuple[float, float]:
    """Return the ms to the first 60 thumbnails of an answer, as a median over different answers.

    Returns:
        Since the navigation began, with an empty cache but for the page's own files; and since the
        first of them was asked for.
    """
    whole, alone = [], []
    with chromium(profile, width=1920, height=2400) as browser:
        browser.get(f"{target.origin}/?token={target.token}")
        for number in range(_TRIES):
            browser.get(f"{target.origin}/?like={1000 * number + 7}&k={THUMBS}")
            deadline = time.monotonic() + _PATIENCE_S
            count, last_ms, first_ms = 0, 0.0, 0.0
            while count < THUMBS:
                if time.monotonic() > deadline:
                    raise RuntimeError(f"the page shows {count} thumbnails of {THUMBS}")
                time.sleep(0.05)
                count, last_ms, first_ms = browser.execute_script(_MEASURED)  # type: ignore[no-untyped-call]
            whole.append(last_ms)
            alone.append(last_ms - first_ms)
    return median(whole), median(alone)
