"""Tests of looking for cyclic garbage rarely."""

import gc

import pytest

from imgrec.system.collecting import rarely_collected


@rarely_collected()
def _made(number: int) -> list[list[int]]:
    """Return lists, which are more than are usually made before cycles are looked for."""
    before = gc.get_stats()[0]["collections"]
    lists = [[i] for i in range(number)]
    assert gc.get_stats()[0]["collections"] == before
    return lists


def test_cycles_are_looked_for_rarely_in_a_block_and_as_usual_after_it() -> None:
    usual = gc.get_threshold()
    with rarely_collected():
        assert gc.get_threshold()[0] > usual[0]
        assert gc.isenabled()
    assert gc.get_threshold() == usual
    with pytest.raises(KeyError), rarely_collected():
        raise KeyError
    assert gc.get_threshold() == usual


def test_a_function_makes_many_containers_without_it() -> None:
    for _ in range(2):
        assert len(_made(20_000)) == 20_000
