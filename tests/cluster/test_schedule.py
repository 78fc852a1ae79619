"""The schedule: each job ends exactly once, whatever crews do and in whatever order it is told."""

from collections import Counter
from collections.abc import Iterable

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from imgrec.cluster.schedule import Assignment, Schedule


def test_every_crew_gets_a_job_before_any_gets_its_second() -> None:
    schedule = _with_crews(range(5), "ab")
    assert schedule.assignments() == [("a", 0), ("b", 1), ("a", 2), ("b", 3)]
    assert schedule.assignments() == []
    schedule.done("b", 1)
    assert schedule.assignments() == [("b", 4)]
    assert schedule.held("b") == (3, 4)


def test_a_crew_that_joins_late_gets_what_waits() -> None:
    schedule = _with_crews(range(4), "a")
    schedule.assignments()
    schedule.joined("b")
    assert schedule.assignments() == [("b", 2), ("b", 3)]
    schedule.joined("a")
    assert schedule.held("a") == (0, 1)


def test_a_job_counts_once() -> None:
    schedule = _with_crews([7], "a")
    schedule.assignments()
    assert schedule.done("a", 7)
    assert not schedule.done("a", 7)
    assert schedule.finished
    assert schedule.doubled == 1


def test_the_oldest_job_is_given_out_again_to_a_crew_that_holds_nothing() -> None:
    schedule = _with_crews(range(3), "ab", outstanding=1)
    schedule.assignments()
    schedule.done("b", 1)
    assert schedule.assignments() == [("b", 2)]
    schedule.done("b", 2)
    assert schedule.assignments() == []
    assert schedule.assignments(again=True) == [("b", 0)]
    # Not a third time, and not to the crew that has it.
    schedule.joined("c")
    assert schedule.assignments(again=True) == []
    assert schedule.done("b", 0)
    assert schedule.finished
    assert not schedule.done("a", 0)


def test_a_straggler_is_given_out_again_only_when_nothing_waits() -> None:
    schedule = _with_crews(range(3), "ab", outstanding=1)
    schedule.assignments()
    schedule.done("b", 1)
    assert schedule.assignments(again=True) == [("b", 2)]


def test_jobs_of_a_machine_that_went_are_given_out_first_and_blamed_for_nothing() -> None:
    schedule = _with_crews(range(6), "ab")
    schedule.assignments()
    for _ in range(9):
        assert schedule.lost("a", blameless=True) == []
        schedule.joined("a")
        assert schedule.assignments() == [("a", 0), ("a", 2)]
    assert not schedule.set_apart


def test_jobs_of_a_dead_crew_are_given_alone() -> None:
    schedule = _with_crews(range(6), "ab")
    schedule.assignments()
    schedule.lost("a")
    schedule.joined("c")
    assert schedule.assignments() == [("c", 0)]
    # The other suspect waits for a crew that has run empty.
    schedule.done("b", 1)
    assert schedule.assignments() == []
    schedule.done("b", 3)
    assert schedule.assignments() == [("b", 2)]
    schedule.done("c", 0)
    assert schedule.assignments() == [("c", 4), ("c", 5)]


def test_a_job_that_kills_its_crews_is_set_apart_and_its_neighbors_are_done() -> None:
    schedule = _with_crews(range(8), "a", deaths=3)
    deaths, done = 0, []
    while not schedule.finished:
        assert deaths < 10
        for crew, number in schedule.assignments():
            if number == 2:
                deaths += 1
                schedule.lost(crew)
                schedule.joined(f"after {deaths}")
                break
            if crew in schedule.crews and schedule.done(crew, number):
                done.append(number)
    assert schedule.set_apart == {2: 3}
    assert sorted(done) == [0, 1, 3, 4, 5, 6, 7]
    assert deaths in (3, 4)


def test_a_result_that_comes_after_the_job_was_set_apart_counts() -> None:
    schedule = _with_crews([0], "ab", deaths=1)
    schedule.assignments()
    assert schedule.lost("a") == [0]
    assert schedule.finished
    assert schedule.done("a", 0)
    assert not schedule.set_apart


def test_a_loss_that_is_told_twice_counts_once() -> None:
    schedule = _with_crews([0], "a", deaths=2)
    schedule.assignments()
    assert schedule.lost("a") == schedule.lost("a") == []
    schedule.joined("a")
    assert schedule.assignments() == [("a", 0)]


@pytest.mark.parametrize("limits", [{"outstanding": 0}, {"deaths": 0}])
def test_limits_below_one_are_refused(limits: dict[str, int]) -> None:
    with pytest.raises(ValueError, match="give 1 or more"):
        Schedule([0], **limits)


# What happens next: which crew (by position) does what.
_EVENTS = st.lists(
    st.tuples(
        st.sampled_from(["done", "done late", "lost", "preempted", "joined", "again", "give"]),
        st.sampled_from("abcdef"),
        st.integers(0, 30),
    ),
    max_size=120,
)


@given(
    st.integers(0, 30), st.integers(1, 3), st.integers(1, 3), _EVENTS, st.sets(st.integers(0, 30))
)
@settings(max_examples=200, deadline=None)
def test_each_job_ends_once_after_any_events(
    jobs: int, outstanding: int, deaths: int, events: list[tuple[str, str, int]], poison: set[int]
) -> None:
    schedule = Schedule(range(jobs), outstanding, deaths)
    counted: Counter[int] = Counter()
    given_to: set[tuple[str, int]] = set()

    def give(*, again: bool = False) -> list[Assignment]:
        made = schedule.assignments(again=again)
        given_to.update(made)
        for crew in schedule.crews:
            held = schedule.held(crew)
            assert len(held) <= outstanding
            assert len(set(held)) == len(held)
        return made

    def done(crew: str, number: int) -> None:
        counted[number] += schedule.done(crew, number)

    for what, crew, which in events:
        if what == "joined":
            schedule.joined(crew)
        elif what in ("lost", "preempted"):
            schedule.lost(crew, blameless=what == "preempted")
        elif what == "done late" and given_to:
            done(*sorted(given_to)[which % len(given_to)])
        elif what == "done" and schedule.held(crew):
            done(crew, schedule.held(crew)[0])
        elif what in ("again", "give"):
            give(again=what == "again")

    # From here on crews answer, but for those that a poisonous job kills, which are replaced.
    newest = 0
    schedule.joined(f"new {newest}")
    for _ in range(1000):
        if schedule.finished:
            break
        give(again=True)
        for crew in schedule.crews:
            held = schedule.held(crew)
            if held and held[0] in poison and held[0] not in counted:
                schedule.lost(crew)
                newest += 1
                schedule.joined(f"new {newest}")
            elif held:
                done(crew, held[0])
    assert schedule.finished
    assert set(counted.values()) <= {0, 1}
    ended = {number for number, count in counted.items() if count}
    assert ended | set(schedule.set_apart) == set(range(jobs))
    assert not ended & set(schedule.set_apart)


def _with_crews(numbers: Iterable[int], crews: str, **limits: int) -> Schedule:
    schedule = Schedule(numbers, **limits)
    for crew in crews:
        schedule.joined(crew)
    return schedule
