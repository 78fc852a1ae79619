"""A map over processes: in order, bounded, and one line where a process dies."""

import os
from collections.abc import Iterator

import pytest

from imgrec.errors import ImgrecError
from imgrec.processes import AHEAD, in_order


def squared(number: int) -> int:
    return number * number


def dying(number: int) -> int:
    if number == 3:
        os._exit(1)
    return number


@pytest.mark.parametrize("workers", [0, 2])
def test_results_come_in_order_and_jobs_are_drawn_only_as_fast(workers: int) -> None:
    drawn: list[int] = []

    def jobs() -> Iterator[int]:
        for number in range(20):
            drawn.append(number)
            yield number

    for place, result in enumerate(in_order(squared, jobs(), workers)):
        assert result == place * place
        assert len(drawn) <= place + workers * AHEAD + 2
    assert len(drawn) == 20


def test_a_process_that_dies_is_told_in_one_line() -> None:
    with pytest.raises(ImgrecError, match="a worker process was ended") as told:
        list(in_order(dying, range(6), 1))
    assert "\n" not in str(told.value)
