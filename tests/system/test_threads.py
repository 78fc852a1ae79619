"""The thread pool: every item once, errors, and callers that take part."""

import threading

import pytest
from hypothesis import given
from hypothesis import strategies as st

from imgrec.system import threads
from imgrec.system.threads import falling, in_threads


@pytest.fixture(autouse=True)
def two_cores(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(threads, "cores", lambda: 2)


@pytest.mark.parametrize("here", [True, False])
@pytest.mark.parametrize("count", [0, 1, 2, 3, 50])
def test_every_item_is_done_once(here: bool, count: int) -> None:
    done: list[int] = []
    in_threads(done.append, range(count), here=here)
    assert sorted(done) == list(range(count))


@pytest.mark.parametrize("here", [True, False])
def test_an_error_of_any_item_is_raised(here: bool) -> None:
    def fail(item: int) -> None:
        if item == 3:
            raise KeyError(item)

    for count in (4, 5, 40):
        with pytest.raises(KeyError, match="3"):
            in_threads(fail, range(count), here=here)


def test_a_caller_that_takes_part_waits_for_no_busy_thread() -> None:
    free, busy = threading.Event(), threading.Barrier(3)

    def occupy() -> None:
        busy.wait()
        free.wait()

    # Both threads of a pool of its own.
    threads._pool.cache_clear()
    held = [threads._pool().submit(occupy) for _ in range(2)]
    busy.wait()
    did: list[str] = []
    try:
        in_threads(lambda _: did.append(threading.current_thread().name), range(7), here=True)
        assert did == [threading.current_thread().name] * 7
    finally:
        free.set()
        for one in held:
            one.result()
        threads._pool().shutdown()
        threads._pool.cache_clear()


def test_what_another_thread_has_begun_is_waited_for() -> None:
    begun, finished = threading.Event(), []
    caller = threading.current_thread().name

    def work(item: int) -> None:
        if threading.current_thread().name == caller:
            # Until the pool has one of the others.
            assert begun.wait(60)
        else:
            begun.set()
        finished.append(item)

    in_threads(work, range(6), here=True)
    assert sorted(finished) == list(range(6))


def test_no_item_is_begun_after_an_error_of_the_caller() -> None:
    caller, failed = threading.current_thread().name, threading.Event()
    later: list[int] = []

    def work(item: int) -> None:
        if threading.current_thread().name == caller:
            failed.set()
            raise KeyError(item)
        assert failed.wait(60)
        later.append(item)

    with pytest.raises(KeyError):
        in_threads(work, range(1000), here=True)
    # What another thread had begun, and at most the one that it took meanwhile.
    assert len(later) <= 2


@given(st.integers(0, 10**6), st.integers(1, 10**5), st.integers(1, 10**5))
def test_rows_are_cut_into_pieces_that_become_smaller(count: int, least: int, most: int) -> None:
    pieces = falling(count, least, most)
    assert [0, *(piece.stop for piece in pieces)] == [*(piece.start for piece in pieces), count]
    sizes = [piece.stop - piece.start for piece in pieces]
    assert sizes == sorted(sizes, reverse=True)
    assert all(0 < size <= most for size in sizes)
    assert all(size >= min(least, most) for size in sizes[:-1])
