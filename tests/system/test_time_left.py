"""The time left of a run: by weights, by pace, without surprises."""

import itertools
from collections.abc import Iterator, Mapping
from dataclasses import dataclass

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from imgrec.system.time_left import FIRST_S, TimeLeft


@dataclass(frozen=True)
class Work:
    """A stage as it really is.

    Attributes:
        name: of the stage.
        takes_s: in truth.
        counts: how often it counts; 0 for never.
        waits_s: part of `takes_s` before its work begins, such as the start of processes.
    """

    name: str
    takes_s: float
    counts: int = 0
    waits_s: float = 0.0


def _told(
    weights: Mapping[str, float], works: list[Work], every_s: float = 0.25
) -> Iterator[tuple[float, float | None, float]]:
    """Yield (time, seconds told, seconds really left), as often as the line is drawn."""
    end_s, begun_s = sum(work.takes_s for work in works), 0.0
    left = TimeLeft(weights, 0.0)
    ticks = (every_s * i for i in itertools.count(1))
    tick = next(ticks)
    for work in works:
        left.begin(work.name, begun_s)
        ended_s = begun_s + work.takes_s
        step = (work.takes_s - work.waits_s) / max(1, work.counts)
        counted = [begun_s + work.waits_s + step * (i + 1) for i in range(work.counts)]
        done = 0
        while tick < ended_s:
            while done < len(counted) and counted[done] <= tick:
                done += 1
                left.count(done / work.counts, counted[done - 1], 1 / work.counts)
            yield tick, left.told(tick), end_s - tick
            tick = next(ticks)
        left.end(ended_s)
        begun_s = ended_s


_WEIGHTS = {"read": 4.0, "layout": 6.0, "draw": 10.0, "write": 1.0}


def _works(machine: float) -> list[Work]:
    return [
        Work("read", 4 * machine, 100), Work("layout", 6 * machine),
        Work("draw", 10 * machine, 30), Work("write", machine),
    ]  # fmt: skip


@pytest.mark.parametrize("machine", [0.7, 1.0, 3.0, 10.0])
def test_on_a_machine_of_constant_speed_the_time_left_is_right_and_does_not_grow(
    machine: float,
) -> None:
    told = [found for found in _told(_WEIGHTS, _works(machine)) if found[1] is not None]
    assert len(told) > 20
    growths = [
        (second - first) for (_, first, _), (_, second, _) in itertools.pairwise(told)
        if first is not None and second is not None
    ]  # fmt: skip
    whole_s = 21 * machine
    assert max(growths) <= max(2.5, 0.12 * whole_s)
    # After a third of the run the machine is known.
    late = [abs(t - truth) for at, t, truth in told if at > whole_s / 3 and t is not None]
    assert max(late) <= max(2.5, 0.2 * whole_s)


def test_the_first_count_may_wait_without_a_promise_of_hours() -> None:
    # Worker processes start for seven seconds, then 480 pictures come in thirty.
    works = [Work("read", 37, 15, waits_s=7), Work("index", 3)]
    told = [(t, truth) for _, t, truth in _told({"read": 30, "index": 3}, works) if t is not None]
    assert max(t for t, _ in told) <= 45
    assert all(abs(t - truth) <= 10 for t, truth in told)


def test_a_few_small_counts_do_not_promise_hours() -> None:
    # Three figures of 24 with little in them take as long as the start of the processes; the sheets
    # after them have most of the work.
    left = TimeLeft({"sections": 8.0, "figures": 50.0}, 0.0)
    left.begin("sections", 0.0)
    left.end(8.0)
    left.begin("figures", 8.0)
    for done in (1, 2, 3):
        left.count(done / 150, 12.0 + done, 28 / 150 if done == 3 else 1 / 150)
    found = left.estimate(16.0)
    assert found is not None and found < 90


def test_nothing_is_told_at_first_nor_of_what_is_unknown() -> None:
    assert all(t is None for at, t, _ in _told(_WEIGHTS, _works(1)) if at < FIRST_S)
    # Neither planned nor counted.
    assert all(t is None for _, t, _ in _told({"later": 5}, [Work("scan", 60)]))
    # A weight alone is a promise of another machine.
    assert all(t is None for _, t, _ in _told({"layout": 10}, [Work("layout", 60)]))
    # Longer than its weight, and nothing is counted: no "00:00 left" that stands still.
    told = list(_told({"read": 5, "layout": 10}, [Work("read", 5, 20), Work("layout", 60)]))
    assert {t is None for at, t, _ in told if at > 20} == {True}
    assert any(t is not None for at, t, _ in told if 5 < at < 12)


@pytest.mark.parametrize("machine", [2.0, 5.0, 15.0])
@pytest.mark.parametrize("waits_s", [0.0, 30.0])
def test_the_first_time_told_is_not_far_too_short(machine: float, waits_s: float) -> None:
    works = [
        Work("read", waits_s + 100 * machine, 400, waits_s=waits_s),
        Work("layout", 20 * machine), Work("draw", 30 * machine, 30),
    ]  # fmt: skip
    told = list(_told({"read": 100, "layout": 20, "draw": 30}, works))
    first_s, begun = next((at, t) for at, t, _ in told if t is not None)
    assert first_s <= waits_s + 0.1 * 150 * machine
    assert begun is not None
    assert all(t >= 0.75 * truth for _, t, truth in told if t is not None and truth > 10)


def test_what_is_overdue_does_not_count_down_to_nothing() -> None:
    # Of ten things, equal by their weights, the third takes as long as six, on a machine of
    # which nothing is known.
    left = TimeLeft({}, 0.0)
    left.begin("drawing", 0.0)
    for done in (1, 2):
        left.count(done / 10, 5.0 * done, 0.1)
    assert left.estimate(12.0) == pytest.approx(8 * 5 - 2)
    late = [left.estimate(10.0 + since_s) for since_s in (5, 10, 20, 30)]
    assert None not in late
    assert late == sorted(late, key=lambda s: s or 0.0)
    assert late[-1] == pytest.approx((5 + 30) / 0.2 * 0.8 - 30)


def test_a_stage_alone_is_told_by_its_pace() -> None:
    told = list(_told({}, [Work("files", 40, 40)]))
    assert all(t is not None and abs(t - truth) <= 2.5 for at, t, truth in told if at > FIRST_S + 1)


def test_what_is_skipped_is_not_waited_for() -> None:
    left = TimeLeft({"kept": 500.0, "drawn": 10.0}, 0.0)
    left.begin("drawn", 0.0)
    estimated = left.estimate(0.0)
    assert estimated is not None and estimated <= 10


def test_a_stage_that_goes_on_after_its_last_count_promises_nothing() -> None:
    left = TimeLeft({"thumbnails": 4.0}, 0.0)
    left.begin("thumbnails", 0.0)
    left.count(0.5, 2.0)
    left.count(1.0, 4.0)
    assert left.estimate(4.5) == 0
    assert left.estimate(6.0) is None


def test_what_is_kept_does_not_make_a_machine_fast() -> None:
    left = TimeLeft({"clusters": 10.0, "neighbors": 20.0, "layout": 30.0}, 0.0)
    for name in ("clusters", "neighbors"):
        left.begin(name, 0.0)
        left.end(0.0)
    left.begin("layout", 0.0)
    assert left.estimate(0.0) == pytest.approx(30)


def test_a_stage_within_another_one_does_not_count_twice() -> None:
    left = TimeLeft({"outer": 10.0, "inner": 5.0}, 0.0)
    left.begin("outer", 0.0)
    left.begin("inner", 4.0)
    assert left.estimate(4.0) == pytest.approx(6 + 5)
    assert left.end(9.0) == 5
    assert left.estimate(9.0) == pytest.approx(6)
    assert left.end(15.0) == 10


def test_stages_planned_later_and_again() -> None:
    left = TimeLeft({"first": 2.0, "layouts": 50.0, "end": 1.0}, 0.0)
    left.begin("first", 0.0)
    assert left.estimate(0.0) == pytest.approx(53)
    left.plan({"layouts": 0.0, "a": 3.0, "b": 4.0, "end": 1.0})
    assert left.estimate(0.0) == pytest.approx(2 + 8)
    left.end(2.0)
    left.begin("b", 2.0)
    assert left.estimate(2.0) == pytest.approx(5)


def test_a_count_that_begins_again() -> None:
    left = TimeLeft({}, 0.0)
    left.begin("neighbors", 0.0)
    left.count(0.5, 10.0)
    assert left.estimate(10.0) == pytest.approx(10)
    left.count(0.0, 12.0)
    assert left.estimate(12.0) is None


@given(
    st.lists(
        st.tuples(st.floats(0, 50), st.floats(0.01, 50), st.integers(0, 20)), min_size=1, max_size=5
    )
)
@settings(max_examples=60, deadline=None)
def test_whatever_happens_seconds_are_no_less_than_none(
    stages: list[tuple[float, float, int]],
) -> None:
    weights = {str(i): weight for i, (weight, _, _) in enumerate(stages)}
    works = [Work(str(i), takes, counts) for i, (_, takes, counts) in enumerate(stages)]
    for _, told, _ in _told(weights, works, every_s=2.0):
        assert told is None or 0 <= told < 50 * 20 * 20 * 5
