"""The loop of a driver, with crews that only say that they work, by a clock of their own."""

from collections import deque

import pytest

from imgrec.cluster.crews import Done, Event, Joined, Lost, worked_off
from imgrec.cluster.schedule import Schedule
from imgrec.errors import ImgrecError


class StagedCrews:
    """Crews that do what a function says; time passes by one second with each question."""

    def __init__(self, names: str, answer: "dict[str, float]") -> None:
        """Make crews that need so many seconds for a job; infinite ones never answer."""
        self.now_s = 0.0
        self.given: list[tuple[str, int]] = []
        self._seconds = answer
        self._due: dict[tuple[str, int], float] = {}
        self._news: deque[Event] = deque(map(Joined, names))

    def give(self, crew: str, number: int) -> None:
        self.given.append((crew, number))
        self._due[crew, number] = self.now_s + self._seconds[crew]

    def events(self, timeout_s: float) -> list[Event]:
        self.now_s += timeout_s
        ready = [key for key, due_s in self._due.items() if due_s <= self.now_s]
        for key in ready:
            del self._due[key]
            self._news.append(Done(*key, part=f"{key[0]}{key[1]}"))
        came = list(self._news)
        self._news.clear()
        return came

    def lose(self, crew: str, *, blameless: bool) -> None:
        self._due = {key: due_s for key, due_s in self._due.items() if key[0] != crew}
        self._news.append(Lost(crew, "killed", blameless))

    def close(self) -> None:
        raise AssertionError("the loop does not close what it did not open")


def test_each_job_is_yielded_once_with_what_its_crew_returned() -> None:
    crews = StagedCrews("ab", {"a": 1, "b": 3})
    done = list(worked_off(Schedule(range(8)), crews, lambda: crews.now_s))
    assert sorted(one.number for one in done) == list(range(8))
    assert all(one.part == f"{one.crew}{one.number}" for one in done)
    assert sorted(number for _, number in crews.given) == list(range(8))


def test_a_crew_that_is_silent_holds_nothing_up() -> None:
    crews = StagedCrews("ab", {"a": float("inf"), "b": 2})
    schedule = Schedule(range(6))
    done = list(worked_off(schedule, crews, lambda: crews.now_s))
    assert {one.crew for one in done} == {"b"}
    assert schedule.repeated == 2
    # Twice the longest answer, which took four seconds.
    assert 8 < crews.now_s < 25


def test_the_jobs_of_a_lost_crew_are_done_by_another() -> None:
    crews = StagedCrews("ab", {"a": 4, "b": 4})
    schedule = Schedule(range(6))
    done: list[Done] = []
    for one in worked_off(schedule, crews, lambda: crews.now_s):
        if not done:
            crews.lose("a", blameless=True)
        done.append(one)
    assert sorted(one.number for one in done) == list(range(6))
    assert not schedule.set_apart


def test_an_error_of_the_crews_ends_the_loop() -> None:
    class Failing(StagedCrews):
        def events(self, timeout_s: float) -> list[Event]:
            raise ImgrecError("the encoder fails")

    with pytest.raises(ImgrecError, match="the encoder fails"):
        list(worked_off(Schedule([1]), Failing("a", {})))
