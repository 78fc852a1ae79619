"""Progress: named stages of a command, begun where their work is, in one line on stderr.

`planned` gives the weights of the stages of a run, and each begins where its work does, by
`progress`, however deep in the call tree. So functions that are called by several commands (the
k-NN graph, the layouts) need not know which of them runs. A whole command is one run
(`imgrec.commands`); a stage outside of one is a run of its own. How it looks is in `progress_run`
and `progress_line`, how long it takes in `time_left` and `stage_costs`.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence, Sized
from contextlib import contextmanager
from contextvars import ContextVar
from itertools import accumulate
from types import TracebackType
from typing import Any

from imgrec.system.progress_line import State
from imgrec.system.progress_run import Run

# True: each stage leaves a line with its seconds. Set by `--verbose`.
detailed: ContextVar[bool] = ContextVar("detailed", default=False)
_current: ContextVar[Run | None] = ContextVar("_current", default=None)


class Stage:
    """A stage of a run: a context manager, and an iterator over its work where that is given."""

    def __init__(
        self,
        name: str,
        work: Iterable[Any] | None,
        total: int | None,
        unit: str,
        weights: Sequence[float],
        quiet: bool,
        of: str = "",
    ) -> None:
        """Name a stage; it begins when it is entered or iterated over. See `progress`."""
        self.name, self.total, self.unit, self.n = name, total, unit, 0
        self.began_s, self._of = 0.0, of
        self._work = work
        # Of what is done after each item.
        self._weights = list(accumulate(weights, initial=0.0))
        self._quiet = quiet or total == 0
        self._run: Run | None = None
        self._own_run = False

    def __enter__(self) -> "Stage":
        if not self._quiet:
            self._run, self._own_run = _current.get(), False
            if self._run is None:
                self._run, self._own_run = Run({}, detailed=detailed.get()), True
            self._run.begin(self)
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, _: TracebackType | None
    ) -> None:
        run, self._run = self._run, None
        if run is not None:
            run.end(self, done=kind is None)
            if self._own_run:
                run.close()

    def __iter__(self) -> Iterator[Any]:
        with self:
            for item in self._work or ():
                yield item
                self.update()

    def update(self, count: int = 1) -> None:
        """Count what is done; from any thread."""
        self.n += count
        if self._run is not None:
            self._run.count(self)

    def reset(self) -> None:
        """Begin the count again, because the work is done in another way."""
        self.n = 0
        if self._run is not None:
            self._run.count(self)

    def share(self) -> float:
        """Return the share of the work that is done, 0 to 1; 0 where nothing is counted."""
        return self._share_of(self.n)

    def step(self) -> float:
        """Return the share of what is counted next."""
        return self._share_of(self.n + 1) - self._share_of(self.n)

    def _share_of(self, count: int) -> float:
        if not self.total:
            return 0.0
        if len(self._weights) > self.total and self._weights[-1]:
            return self._weights[min(count, self.total)] / self._weights[-1]
        return min(1.0, count / self.total)

    def state(self, left_s: float | None, spent_s: float) -> State:
        """Return what a line shows of this stage."""
        return State(
            self.name, self.n, self.total, self.unit, spent_s, left_s, self.share(), self._of
        )


def progress(
    name: str,
    work: Iterable[Any] | None = None,
    *,
    unit: str = "",
    total: int | None = None,
    weights: Sequence[float] = (),
    quiet: bool = False,
    of: str = "",
) -> Stage:
    """Return a stage, which begins when it is entered or iterated over.

    Args:
        name: what is done, in words of a user: "nearest neighbors".
        work: what to iterate over; its length is the default of `total`.
        unit: plural noun of what is counted, such as "pictures".
        total: how many there are; None counts nothing. A stage without work (0) is not shown.
        weights: how long each of them takes, in any unit, in the order in which they are counted;
            by default all the same.
        quiet: show nothing.
        of: what it is done for, such as a feature; named in the line that a stage leaves.
    """
    if total is None and isinstance(work, Sized):
        total = len(work)
    return Stage(name, work, total, unit, weights, quiet, of)


@contextmanager
def planned(weights: Mapping[str, float], *, quiet: bool = False) -> Iterator[None]:
    """Make the stages that begin within this context those of one run.

    Within another plan they are added to that one. A whole command is one run.

    Args:
        weights: seconds of each stage by name, in order (`imgrec.system.stage_costs`).
        quiet: the stages are quiet too: plan nothing.
    """
    run = _current.get()
    if run is not None:
        if not quiet:
            run.plan(weights)
        yield
        return
    run = Run(weights, detailed=detailed.get())
    before = _current.set(run)
    try:
        yield
    finally:
        _current.reset(before)
        run.close()
