"""A crew in a thread: results and the end come back, a job that is taken ends what is closed."""

import threading
from collections.abc import Iterable, Iterator

from imgrec.cluster.crew_thread import CrewThread

_LONG_S = 30.0


class EchoCrew:
    """Returns each number as its result; fails on 13."""

    def __init__(self) -> None:
        self.warnings = ["slow"]
        self.ended = threading.Event()

    def run(self, numbers: Iterable[int]) -> Iterator[int]:
        try:
            for number in numbers:
                if number == 13:
                    raise ValueError("unlucky")
                yield number
        finally:
            self.ended.set()


def test_results_come_after_the_warnings_in_order() -> None:
    thread = CrewThread(EchoCrew)
    for number in (5, 6, 7):
        thread.give(number)
    found = _news(thread, 4)
    assert found == [["slow"], 5, 6, 7]
    assert thread.news(0.0) == []


def test_what_ended_the_crew_comes_last() -> None:
    thread = CrewThread(EchoCrew)
    thread.give(1)
    thread.give(13)
    *_, last = _news(thread, 3)
    assert isinstance(last, ValueError)
    assert str(last) == "unlucky"


def test_a_crew_that_cannot_be_made_says_why() -> None:
    def failing() -> EchoCrew:
        raise OSError("no disk")

    (only,) = _news(CrewThread(failing), 1)
    assert isinstance(only, OSError)


def test_a_closed_crew_ends_without_news() -> None:
    crew = EchoCrew()
    thread = CrewThread(lambda: crew)
    thread.give(1)
    assert _news(thread, 2) == [["slow"], 1]
    thread.close()
    assert crew.ended.wait(_LONG_S)
    assert thread.news(0.0) == []


def _news(thread: CrewThread, count: int) -> list[object]:
    found: list[object] = []
    while len(found) < count:
        came = thread.news(_LONG_S)
        assert came, "nothing came"
        found += came
    return found
