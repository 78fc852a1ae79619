"""Calls that wait for a network run side by side; those that read a disk run when they are due."""

import threading
from collections.abc import Iterator
from itertools import count
from types import SimpleNamespace

import pytest

from imgrec.sources.side_by_side import MOST_AHEAD, MOST_BYTES, THREADS, Place, side_by_side

FAR, NEAR = "far", "near"


@pytest.fixture(autouse=True)
def roots(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(
        "imgrec.sources.side_by_side.source_of", lambda root: SimpleNamespace(is_remote=root == FAR)
    )


class Calls:
    """Squares numbers, and notes how many calls run at a time."""

    def __init__(self) -> None:
        self.most = self.running = 0
        self.threads: set[int] = set()
        self._lock = threading.Lock()

    def __call__(self, number: int) -> int:
        with self._lock:
            self.running += 1
            self.most = max(self.most, self.running)
            self.threads.add(threading.get_ident())
        # Long enough for another one to begin.
        threading.Event().wait(0.002)
        with self._lock:
            self.running -= 1
        return number * number


def test_remote_calls_run_at_once_and_results_come_in_order() -> None:
    together = threading.Barrier(THREADS, timeout=60)

    def squared(number: int) -> int:
        together.wait()
        return number * number

    numbers = range(3 * THREADS)
    assert list(side_by_side(squared, numbers, lambda _: Place(FAR, 1))) == [n * n for n in numbers]


def test_calls_and_their_bytes_are_bounded() -> None:
    calls, drawn = Calls(), count()
    found = side_by_side(calls, drawn, lambda _: Place(FAR, 1))
    assert [next(found) for _ in range(30)] == [n * n for n in range(30)]
    assert next(drawn) <= 30 + MOST_AHEAD
    assert calls.most <= THREADS
    large = Calls()
    assert len(list(side_by_side(large, range(9), lambda _: Place(FAR, MOST_BYTES)))) == 9
    assert large.most == 1


def test_local_calls_run_one_by_one_when_they_are_due() -> None:
    calls = Calls()
    found = side_by_side(calls, range(9), lambda n: Place(FAR if n % 3 == 0 else NEAR, 1))
    assert list(found) == [n * n for n in range(9)]
    local = Calls()
    found = side_by_side(local, range(9), lambda _: Place(NEAR, 1))
    assert next(found) == 0
    assert local.threads == {threading.get_ident()}
    assert local.most == 1


def test_an_error_comes_at_its_turn_and_ends_the_rest() -> None:
    asked: list[int] = []

    def failing(number: int) -> int:
        asked.append(number)
        if number == 3:
            raise ValueError("3 is refused")
        return number

    def results() -> Iterator[int]:
        yield from side_by_side(failing, range(1000), lambda _: Place(FAR, 1))

    found = results()
    assert [next(found) for _ in range(3)] == [0, 1, 2]
    with pytest.raises(ValueError, match="3 is refused"):
        next(found)
    assert len(asked) <= 3 + 1 + MOST_AHEAD


def test_nothing_is_asked_of_nothing() -> None:
    assert list(side_by_side(Calls(), [], lambda _: Place(FAR, 1))) == []
