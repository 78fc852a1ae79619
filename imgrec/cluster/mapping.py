"""A function mapped over items: in this process, by processes of this machine, or by Ray tasks.

For the derived files that are computed by blocks of parts (`imgrec.neighbors`, `imgrec.derived`):
items are small (numbers of parts), results are what the function returns, best small too, such as
the name and digest of what it wrote. A task that died with its process or its machine is done
again, so a function must be idempotent.
"""

from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import FIRST_COMPLETED, Future, wait
from typing import Any, Literal, TypeVar

from imgrec.cluster.ray_session import last_line, ray_session
from imgrec.errors import ImgrecError
from imgrec.system.worker import WorkerDiedError
from imgrec.system.workers import AHEAD, Workers, cannot_go_on

RAY: Literal["ray"] = "ray"

_Item = TypeVar("_Item")
_Result = TypeVar("_Result")

# Times that a task is done again after its process or machine has died.
_RETRIES = 3


def map_items(
    function: Callable[[_Item], _Result], items: Iterable[_Item], workers: int | Literal["ray"]
) -> Iterator[_Result]:
    """Yield the results of a function for each item, in the order in which they are ready.

    Args:
        function: of the top level of a module, or a partial of one.
        items: consumed only as fast as results are ready.
        workers: number of processes; 0 for this one; `ray` for all cores of the Ray cluster, see
            `imgrec.cluster.ray_session`.

    Raises:
        ImgrecError: processes keep dying, or cannot be started, or Ray is absent.
    """
    if workers == RAY:
        return _by_ray(function, items)
    return _by_processes(function, items, workers) if workers else map(function, items)


def _by_processes(
    function: Callable[[_Item], _Result], items: Iterable[_Item], workers: int
) -> Iterator[_Result]:
    running: dict[Future[_Result], tuple[_Item, int]] = {}
    with Workers(workers) as processes:

        def ready() -> Iterator[_Result]:
            for future in wait(running, return_when=FIRST_COMPLETED).done:
                item, tries = running.pop(future)
                try:
                    yield future.result()
                except WorkerDiedError as died:
                    if tries == _RETRIES or not died.started:
                        raise cannot_go_on(died) from died
                    running[processes.submit(function, item)] = item, tries + 1

        for item in items:
            running[processes.submit(function, item)] = item, 0
            while len(running) >= workers * AHEAD:
                yield from ready()
        while running:
            yield from ready()


def _by_ray(function: Callable[[_Item], _Result], items: Iterable[_Item]) -> Iterator[_Result]:
    with ray_session() as ray:
        task = ray.remote(max_retries=_RETRIES, num_cpus=1)(_called)
        running: list[object] = []
        for item in items:
            running.append(task.remote(function, item))
            # Asked each time, because machines come and go.
            while len(running) >= AHEAD * max(1, int(ray.cluster_resources().get("CPU", 1))):
                ready, running = ray.wait(running)
                yield from (_answer(ray, task) for task in ready)
        while running:
            ready, running = ray.wait(running)
            yield from (_answer(ray, task) for task in ready)


def _answer(ray: Any, task: object) -> Any:
    """Return the result of a task, or raise what it raised."""
    try:
        return ray.get(task)
    except ray.exceptions.RayError as error:
        cause = getattr(error, "cause", None)
        if isinstance(cause, Exception) and not isinstance(cause, ray.exceptions.RayError):
            raise cause from None
        raise ImgrecError(f"a task of the Ray cluster was lost: {last_line(error)}") from error


def _called(function: Callable[[_Item], _Result], item: _Item) -> _Result:
    return function(item)
