"""The time an export spends in each part: functions of the projector are wrapped and timed."""

import threading
import time
from collections import defaultdict
from collections.abc import Callable
from functools import cached_property, wraps
from typing import Any

import projector.compose
import projector.export
import projector.files.sprite_workers
import projector.layouts
import projector.source
from imgrec.collection import Catalog
from imgrec.layouts.reduction import Reduction
from projector.layouts import Layouts, PendingLayouts
from projector.source import ProjectedFeature
from projector.writer import LogdirWriter

# Parts that run in threads of their own, in parallel to all others.
SPRITES = ("thumbnails laid", "WebP written")
# Parts that run once; all others run once for each run.
ONCE = ("axes", "clusters", "colors", "pages", "k-NN graph", "whole layouts")
_FUNCTIONS: tuple[tuple[Any, str, str], ...] = (
    (projector.source, "reduce_feature", "axes"),
    (projector.source, "clusters_in", "clusters"),
    (projector.export, "update_colors", "colors"),
    (ProjectedFeature, "runs", "pages"),
    (ProjectedFeature, "neighbors", "k-NN graph"),
    (ProjectedFeature, "graph", "k-NN graph"),
    (ProjectedFeature, "whole", "whole layouts"),
    (Catalog, "entries", "catalog"),
    (ProjectedFeature, "labels", "labels"),
    (Reduction, "take", "columns"),
    (projector.compose, "pictures_text", "metadata"),
    (projector.compose, "dots_text", "metadata"),
    (projector.compose, "bookmarks_text", "bookmarks"),
    (Layouts, "begin", "layouts begun"),
    (PendingLayouts, "views", "waiting for layouts"),
    (projector.layouts._Graph, "weights", "graph of a run"),
    (projector.files.sprite_workers.Sheets, "_joined", SPRITES[0]),
    (projector.files.sprite_workers, "build_sprite", SPRITES[0]),
    (projector.files.sprite_workers, "write_sprite", SPRITES[1]),
    (LogdirWriter, "write", "files"),
    (LogdirWriter, "finish", "waiting for sprites"),
)


class Clock:
    """Seconds by part, without those of nested parts.

    Attributes:
        seconds: by part, in all threads.
        main_s: by part, in the thread that created the clock.
    """

    def __init__(self) -> None:
        self.seconds: dict[str, float] = defaultdict(float)
        self.main_s: dict[str, float] = defaultdict(float)
        self._main, self._local = threading.get_ident(), threading.local()
        self._lock = threading.Lock()

    @classmethod
    def installed(cls) -> "Clock":
        """Wrap all parts of the projector in this process; return their clock."""
        clock = cls()
        for owner, name, part in _FUNCTIONS:
            clock.wrap(owner, name, part)
        return clock

    def wrap(self, owner: Any, name: str, part: str) -> None:
        """Add the time of a function, method or cached property of `owner` to a part."""
        there = vars(owner)[name]
        if isinstance(there, cached_property):
            counted = cached_property(self.timed(there.func, part))
            counted.__set_name__(owner, name)
            setattr(owner, name, counted)
        else:
            setattr(owner, name, self.timed(there, part))

    def timed(self, function: Callable[..., Any], part: str) -> Callable[..., Any]:
        """Return a function whose time is added to a part."""

        @wraps(function)
        def counted(*arguments: Any, **named: Any) -> Any:
            inside = self._inside()
            inside.append(0.0)
            started = time.perf_counter()
            try:
                return function(*arguments, **named)
            finally:
                spent = time.perf_counter() - started
                own = spent - inside.pop()
                if inside:
                    inside[-1] += spent
                with self._lock:
                    self.seconds[part] += own
                    if threading.get_ident() == self._main:
                        self.main_s[part] += own

        return counted

    def _inside(self) -> list[float]:
        """The seconds of nested parts, for each part this thread is in, outermost first."""
        if not hasattr(self._local, "inside"):
            self._local.inside = []
        found: list[float] = self._local.inside
        return found


def told(seconds: dict[str, float], least_s: float = 0.05) -> str:
    """Return the parts above `least_s` seconds as text, the longest first."""
    longest = sorted(seconds.items(), key=lambda item: -item[1])
    return ", ".join(f"{part} {spent:.1f}" for part, spent in longest if spent >= least_s)
