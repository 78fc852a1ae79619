"""A function mapped over items, in this process and by others; `test_ray.py` has Ray."""

from collections.abc import Iterable, Iterator
from functools import partial
from pathlib import Path

import pytest

from imgrec.cluster.mapping import map_items
from imgrec.errors import ImgrecError
from mapped_functions import dying, dying_once, refusing, squared


@pytest.mark.parametrize("workers", [0, 2])
def test_every_item_has_its_result(workers: int) -> None:
    assert sorted(map_items(squared, range(20), workers)) == [n * n for n in range(20)]
    assert list(map_items(squared, [], workers)) == []


def test_items_are_taken_as_results_are() -> None:
    taken: list[int] = []
    found = map_items(squared, _noted(range(100), taken), 1)
    next(found)
    assert len(taken) < 10
    assert len(list(found)) == 99


def test_a_task_whose_process_died_is_done_again(tmp_path: Path) -> None:
    assert sorted(map_items(partial(dying_once, tmp_path), range(10), 2)) == list(range(10))
    assert len(list(tmp_path.iterdir())) == 4


@pytest.mark.parametrize("workers", [0, 2])
def test_the_error_of_a_task_is_raised(workers: int) -> None:
    with pytest.raises(ImgrecError, match="5 is refused"):
        list(map_items(refusing, [5], workers))


def test_a_task_that_always_dies_ends_the_run() -> None:
    with pytest.raises(ImgrecError, match="a worker process was killed"):
        list(map_items(dying, [3], 1))


def _noted(items: Iterable[int], taken: list[int]) -> Iterator[int]:
    for item in items:
        taken.append(item)
        yield item
