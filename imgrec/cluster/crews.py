"""Crews as a driver sees them, and the loop by which it has a plan worked off.

Where crews run (`imgrec.cluster.ray_crews`: on a Ray cluster; `simulation`: nowhere) is told apart
here only by the protocol `Crews`: jobs go out by number, and events come back. What a job is, how
its result is written and what it is worth knows neither.

    Schedule.assignments ─▶ Crews.give ─▶ … ─▶ Crews.events ─▶ Schedule.done, .lost, .joined
"""

import time
from collections.abc import Callable, Iterator
from typing import Any, NamedTuple, Protocol

from imgrec.cluster.schedule import Schedule

# An answer is overdue after this many times the longest that one took so far,
_OVERDUE = 2.0
# and not before as many seconds.
_PATIENCE_S = 5.0
# Longest wait for an event, so that what is overdue is noticed.
_TICK_S = 1.0


class Joined(NamedTuple):
    """A crew is there."""

    crew: str


class Done(NamedTuple):
    """A crew is done with a job.

    Attributes:
        crew: its name.
        number: of the job.
        part: what `Crew.run` yielded for it (`imgrec.cluster.crew.PartDone`).
    """

    crew: str
    number: int
    part: Any


class Lost(NamedTuple):
    """A crew is gone.

    Attributes:
        crew: its name.
        why: for the user.
        blameless: its machine went or was unreachable, so that no job is to blame.
    """

    crew: str
    why: str
    blameless: bool


Event = Joined | Done | Lost


class Crews(Protocol):
    """Crews that are there, come and go."""

    def give(self, crew: str, number: int) -> None:
        """Queue a job for a crew; one that is gone is reported by `events`."""

    def events(self, timeout_s: float) -> list[Event]:
        """Return what happened since the last call; wait for it, at most so many seconds.

        Raises:
            ImgrecError: what no other crew would do better, such as an encoder that fails.
        """

    def close(self) -> None:
        """End the crews, whatever they do."""


def worked_off(
    schedule: Schedule,
    crews: Crews,
    clock: Callable[[], float] = time.monotonic,
    stopped: Callable[[], bool] = lambda: False,
) -> Iterator[Done]:
    """Have all jobs of a schedule done; yield the first result of each, as they come.

    The jobs that crews died on are in `schedule.set_apart` at the end.

    Args:
        schedule: of the jobs, without crews yet.
        crews: are not closed at the end.
        clock: returns the time in seconds.
        stopped: returns True if nobody wants the rest any more; asked every second.

    Raises:
        ImgrecError: as `Crews.events` does.
    """
    answers = _Answers(clock)
    while not (schedule.finished or stopped()):
        for crew, number in schedule.assignments(again=answers.overdue):
            answers.asked(number)
            crews.give(crew, number)
        for event in crews.events(_TICK_S):
            match event:
                case Joined(crew):
                    schedule.joined(crew)
                case Lost(crew, _, blameless):
                    schedule.lost(crew, blameless=blameless)
                case Done(crew, number, _):
                    answers.came(number)
                    if schedule.done(crew, number):
                        yield event


class _Answers:
    """How long answers take, and whether one is overdue."""

    def __init__(self, clock: Callable[[], float]) -> None:
        self._clock = clock
        # Ascending in time, because the first time a job is given out is kept.
        self._asked_at: dict[int, float] = {}
        self._longest_s = 0.0

    def asked(self, number: int) -> None:
        self._asked_at.setdefault(number, self._clock())

    def came(self, number: int) -> None:
        asked_at = self._asked_at.pop(number, None)
        if asked_at is not None:
            self._longest_s = max(self._longest_s, self._clock() - asked_at)

    @property
    def overdue(self) -> bool:
        oldest = next(iter(self._asked_at.values()), None)
        limit_s = max(_PATIENCE_S, _OVERDUE * self._longest_s)
        return oldest is not None and self._clock() - oldest > limit_s
