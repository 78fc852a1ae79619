"""Which crew gets which job: at-least-once, without clock and I/O.

A *crew* is a process that works off jobs, one after the other, and may vanish at any moment; a
*job* is a number of the plan. What becomes of a job is the same whoever does it, and only its first
result counts, so a job may be given out twice without harm. The driver of a run and the simulation
of a large one (`make simulate`) both go by this class; the caller tells what happened and gives out
what `assignments` returns.

    joined ─▶ assignments ─▶ done, once for each job that counts
                 ▲    │
                 └── lost: its jobs are given out again

Who killed a crew? A crew holds several jobs, and its death may be the fault of any of them, or of
none. So the jobs of a dead crew become suspects: a suspect is given alone, to a crew that holds
nothing else. A job on which `deaths` crews died while they held it alone is *set apart*, so that
one poisonous file stops neither the run nor the other jobs.

Invariants, for every order of events: a job is done once or set apart, never both; a crew holds at
most `outstanding` jobs, no job twice; `finished` becomes true when crews keep answering.
"""

from collections import deque
from collections.abc import Iterable
from dataclasses import dataclass
from typing import NamedTuple

# Jobs a crew holds: one to work on, and one so that its pipeline does not drain in between.
OUTSTANDING = 2
# Crews that may die on a job that they hold alone, before it is set apart.
DEATHS = 3


class Assignment(NamedTuple):
    """A job to give out."""

    crew: str
    number: int


# A plan may have a million of these, most of them never looked at.
@dataclass(slots=True)
class _Job:
    holders: frozenset[str] = frozenset()
    was_given: bool = False
    is_suspect: bool = False
    deaths: int = 0


class Schedule:
    """What is left to do, and who does it.

    Attributes:
        set_apart: {number: crews that died on it} of the jobs that are given up.
        doubled: results that came when the job had one already.
        repeated: jobs that were given out more than once, after a loss or as stragglers.
    """

    def __init__(
        self, numbers: Iterable[int], outstanding: int = OUTSTANDING, deaths: int = DEATHS
    ) -> None:
        """Plan the jobs of these numbers, in this order.

        Args:
            numbers: of the jobs.
            outstanding: jobs a crew holds, at most.
            deaths: crews that may die on a job alone, before it is set apart.

        Raises:
            ValueError: a limit is below 1.
        """
        if outstanding < 1 or deaths < 1:
            raise ValueError(f"outstanding is {outstanding}, deaths {deaths}: give 1 or more")
        self._open = {number: _Job() for number in numbers}
        # Jobs that nobody holds: never given out; given back; given back by a crew that died.
        self._pending = deque(self._open)
        self._returned: dict[int, None] = {}
        self._suspects: dict[int, None] = {}
        self._held: dict[str, list[int]] = {}
        # Held jobs in the order in which they were first given out.
        self._out: dict[int, None] = {}
        # Crews that hold fewer jobs than they may.
        self._with_room: dict[str, None] = {}
        self._outstanding = outstanding
        self._deaths = deaths
        self.set_apart: dict[int, int] = {}
        self.doubled = 0
        self.repeated = 0

    @property
    def finished(self) -> bool:
        """True if no job is left."""
        return not self._open

    @property
    def left(self) -> int:
        """Number of jobs that are neither done nor set apart."""
        return len(self._open)

    @property
    def crews(self) -> tuple[str, ...]:
        """The crews that are there."""
        return tuple(self._held)

    def held(self, crew: str) -> tuple[int, ...]:
        """Return the jobs that a crew holds, the oldest first."""
        return tuple(self._held.get(crew, ()))

    def joined(self, crew: str) -> None:
        """Note that a crew is there and holds nothing; a known one stays as it is."""
        if crew not in self._held:
            self._held[crew] = []
            self._with_room[crew] = None

    def done(self, crew: str, number: int) -> bool:
        """Note the result of a job; return True if it is the first and counts.

        A result counts even from a crew that was taken for lost, and for a job that was set apart.
        """
        self._let_go(crew, number)
        if self._close(number) is None and self.set_apart.pop(number, None) is None:
            self.doubled += 1
            return False
        return True

    def lost(self, crew: str, *, blameless: bool = False) -> list[int]:
        """Note that a crew is gone; return the jobs that are set apart because of it.

        Args:
            crew: an unknown one is ignored, as when its loss is told twice.
            blameless: no job of the crew is to blame: its machine went, or it was ended.
        """
        numbers = [number for number in self._held.pop(crew, []) if number in self._open]
        self._with_room.pop(crew, None)
        apart = []
        for number in numbers:
            job = self._open[number]
            job.holders -= {crew}
            if not blameless:
                job.is_suspect = True
                job.deaths += len(numbers) == 1
            if job.deaths >= self._deaths:
                self._close(number)
                self.set_apart[number] = job.deaths
                apart.append(number)
            else:
                self._free(number)
        return apart

    def assignments(self, *, again: bool = False) -> list[Assignment]:
        """Return what is to be given out now; from then on the crews hold it.

        Args:
            again: where nothing waits, give each crew that holds nothing the oldest job of another
                crew. The caller, who has a clock, says so when an answer is overdue.
        """
        made: list[Assignment] = []
        # One job for each crew, before any gets its second.
        for count in range(self._outstanding):
            for crew in [c for c in self._with_room if len(self._held[c]) == count]:
                number = self._next_for(crew, again=again)
                if number is not None:
                    made.append(Assignment(crew, number))
                    self._hold(crew, number)
        return made

    def _next_for(self, crew: str, *, again: bool) -> int | None:
        """Return a job for a crew that has room, None if it shall have no more now."""
        held = self._held[crew]
        if not held and self._suspects:
            return _taken(self._suspects)
        # A suspect stays alone; and while one waits, crews run empty to take it.
        if self._suspects or any(n in self._open and self._open[n].is_suspect for n in held):
            return None
        if self._returned:
            return _taken(self._returned)
        while self._pending:
            if (number := self._pending.popleft()) in self._open:
                return number
        return self._straggler() if again and not held else None

    def _straggler(self) -> int | None:
        """Return the oldest job that one crew alone holds."""
        return next((n for n in self._out if len(self._open[n].holders) == 1), None)

    def _hold(self, crew: str, number: int) -> None:
        job = self._open[number]
        self.repeated += job.was_given
        job.was_given = True
        job.holders |= {crew}
        self._out.setdefault(number)
        self._held[crew].append(number)
        if len(self._held[crew]) >= self._outstanding:
            del self._with_room[crew]

    def _let_go(self, crew: str, number: int) -> None:
        held = self._held.get(crew, [])
        if number in held:
            held.remove(number)
            self._with_room.setdefault(crew)

    def _close(self, number: int) -> _Job | None:
        for waiting in (self._returned, self._suspects, self._out):
            waiting.pop(number, None)
        return self._open.pop(number, None)

    def _free(self, number: int) -> None:
        """Let a job wait again, unless another crew holds it too."""
        job = self._open[number]
        if not job.holders:
            self._out.pop(number, None)
            (self._suspects if job.is_suspect else self._returned)[number] = None


def _taken(waiting: dict[int, None]) -> int:
    """Take the number that waits longest off a queue."""
    number = next(iter(waiting))
    del waiting[number]
    return number
