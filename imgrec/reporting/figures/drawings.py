"""Drawings of charts, kept in the user's cache folder under what they are made of.

Drawing is most of the work of a report. A chart is drawn by a function from values that are bound
to it, and from the thumbnails and names of the pictures that it asks for. A kept drawing is found
by a fingerprint of the values and the program. It is used if the pictures that it asked for, whose
ids are kept with it, still look and are called the same. Invariant: a drawing that is used is the
one that would be drawn now: with the same values a function asks for the same picture first, and
while it gets the same, for the same next.

    <cache folder of imgrec>/drawings/<fingerprint>     JSON, see `_SHAPE`

They are not in the store, since an SVG becomes part of the page: that of somebody else must not.

Matplotlib draws in one thread, so what is not kept is drawn by worker processes, where they may be
started and the report is of many pictures. They draw the same bytes.
"""

import base64
import binascii
import json
import os
from collections.abc import Callable, Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from types import MethodType
from typing import Any

from imgrec.errors import WorkersError
from imgrec.reporting.figures.chart import Chart
from imgrec.reporting.figures.render import Drawing, draw_chart
from imgrec.reporting.figures.thumbnails import Thumbnails
from imgrec.system.atomic_files import write_text
from imgrec.system.json_files import json_or_none
from imgrec.system.made_of import fingerprint, program_fingerprint
from imgrec.system.workers import in_order

# Those of some six reports, a megabyte each at most; the longest unused are deleted.
_MOST = 128
_MOST_BYTES = 1 << 26
_SHAPE = {"asked": [int], "shown": str, "texts": [str], "png": str, "checksum": str}


class Drawings:
    """Draws charts, or finds them drawn already.

    Attributes:
        kept: number of drawings that were found.
    """

    def __init__(self, thumbnails: Thumbnails) -> None:
        """Prepare for charts that all show their pictures by these thumbnails."""
        self._thumbnails = thumbnails
        self.kept = 0

    def of(self, chart: Chart) -> Drawing:
        """Return a chart as drawn.

        Raises:
            StoreError: a thumbnail is absent or damaged.
        """
        return next(self.all([chart]))

    def all(self, charts: Sequence[Chart], workers: int = 0) -> Iterator[Drawing]:
        """Yield some charts as drawn, in their order.

        Args:
            charts: to be drawn.
            workers: processes that draw what is not kept; 0 to draw it in this one. Where they
                cannot be started it is drawn here too.

        Raises:
            StoreError: a thumbnail is absent or damaged.
        """
        files = [self._file(chart) for chart in charts]
        found = [self._load(file) if file else None for file in files]
        lacking = [chart for chart, kept in zip(charts, found, strict=True) if kept is None]
        made = self._drawn(lacking, min(workers, len(lacking)))
        for file, kept in zip(files, found, strict=True):
            if kept is not None:
                self.kept += 1
                yield kept
                continue
            drawn = next(made)
            if file:
                # A cache that is read-only or full: drawn again next time.
                with suppress(OSError):
                    _save(file, drawn)
            yield drawn.drawing

    def _drawn(self, charts: Sequence[Chart], workers: int) -> Iterator["_Drawn"]:
        draw, done = partial(_drawn_by, self._thumbnails), 0
        with suppress(WorkersError):
            # One process would only draw instead of this one.
            for drawn in in_order(draw, charts, workers if workers > 1 else 0):
                done += 1
                yield drawn
        yield from map(draw, charts[done:])

    def _file(self, chart: Chart) -> Path | None:
        """Return the file of a drawing; None if it cannot be told what it is made of."""
        # Imported here, as everywhere: few runs need it.
        import platformdirs

        try:
            made_of = chart.name, chart.widths_px, _values(chart.draw)
            name = fingerprint("drawing", program_fingerprint("imgrec"), made_of)
        except TypeError:
            return None
        return platformdirs.user_cache_path("imgrec") / "drawings" / name

    def _load(self, file: Path) -> Drawing | None:
        found = json_or_none(file, _SHAPE, most_bytes=_MOST_BYTES)
        if found is None or found.pop("checksum") != fingerprint(found):
            return None
        if found["shown"] != self._thumbnails.fingerprint_of(found["asked"]):
            return None
        try:
            drawing = Drawing(tuple(found["texts"]), base64.b64decode(found["png"], validate=True))
            os.utime(file)
        except (OSError, binascii.Error):
            return None
        return drawing


@dataclass(frozen=True)
class _Drawn:
    """A drawing, the ids of the pictures that it has asked for, and how they looked then."""

    drawing: Drawing
    asked: list[int]
    shown: str


def _drawn_by(thumbnails: Thumbnails, chart: Chart) -> _Drawn:
    thumbnails.asked.clear()
    drawing = draw_chart(chart)
    asked = sorted(thumbnails.asked)
    return _Drawn(drawing, asked, thumbnails.fingerprint_of(asked))


def _save(file: Path, drawn: _Drawn) -> None:
    described: dict[str, Any] = {
        "asked": drawn.asked,
        "shown": drawn.shown,
        "texts": list(drawn.drawing.texts),
        "png": base64.b64encode(drawn.drawing.png).decode("ascii"),
    }
    described["checksum"] = fingerprint(described)
    file.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    write_text(file, json.dumps(described))
    known = sorted(file.parent.iterdir(), key=lambda path: path.stat().st_mtime_ns)
    for forgotten in known[:-_MOST]:
        forgotten.unlink(missing_ok=True)


def _values(draw: Callable[..., Any]) -> object:
    """Return what a function draws from: what is bound to it.

    Raises:
        TypeError: it is neither a method nor a partial, so its values are not known.
    """
    if isinstance(draw, partial):
        return draw.func.__qualname__, draw.args, draw.keywords
    if isinstance(draw, MethodType):
        return draw.__func__.__qualname__, draw.__self__
    raise TypeError(f"it is not known what {draw!r} draws from")
