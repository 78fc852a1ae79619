"""The jobs of a plan, done by the crews of a Ray cluster: what `--workers ray` means to a driver.

Jobs are given out by a thread of its own: the driver applies results one after the other, and no
machine shall wait for that. When the last result is there the machines are free, however long the
driver still applies.
"""

import queue
import threading
from collections.abc import Generator, Mapping, Sequence
from contextlib import ExitStack
from functools import partial
from types import TracebackType

from imgrec.cluster.crew import Crew, CrewOptions, PartDone
from imgrec.cluster.crews import worked_off
from imgrec.cluster.plan import read_plan
from imgrec.cluster.ray_crews import RayCrews
from imgrec.cluster.ray_session import ray_session
from imgrec.cluster.schedule import DEATHS, Schedule
from imgrec.encoders.spec import Encoder
from imgrec.errors import ImgrecError
from imgrec.objects.opening import objects_at
from imgrec.store.parts import part_name
from imgrec.system.text import counted


class RayWork:
    """Has jobs done by all machines of the Ray cluster; called by a driver.

    A context manager that disconnects. All that a run asks of the cluster goes through one
    connection, because machines start new processes for each.

    Attributes:
        warnings: of the crews, a line each.
    """

    def __init__(self) -> None:
        """Connect to nothing yet."""
        self.warnings: list[str] = []
        self._session = ExitStack()
        self._closing: threading.Thread | None = None

    def __enter__(self) -> "RayWork":
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, _: TracebackType | None
    ) -> None:
        self._wait()
        self._session.close()

    def connect(self) -> None:
        """Connect to the cluster, if that is not done.

        Raises:
            ImgrecError: Ray is absent, or the cluster cannot be reached.
        """
        self._wait()
        self._session.enter_context(ray_session())

    def __call__(
        self,
        url: str,
        plan_id: str,
        numbers: Sequence[int],
        options: CrewOptions,
        encoders: Mapping[str, Encoder] | None,
    ) -> Generator[PartDone]:
        """Yield the jobs of some numbers as they are done, in any order.

        Args:
            url: of the store, which every machine reaches.
            plan_id: of the plan.
            numbers: of the jobs.
            options: of each crew, but for workers and device.
            encoders: are loaded on each machine anew.

        Raises:
            ImgrecError: Ray is absent or cannot be reached; no machine can work; or, after all
                other jobs, some have killed every crew that tried them.
        """
        on_gpus = read_plan(objects_at(url), plan_id).fingerprint["device"] == "gpu"
        schedule = Schedule(numbers)
        crews = RayCrews(partial(Crew, url, plan_id), options, on_gpus=on_gpus)
        self.connect()
        yield from _ahead(crews, schedule)
        # The driver has more to do, and needs no cluster for it.
        self._closing = threading.Thread(target=self._session.close, name="disconnect")
        self._closing.start()
        self.warnings += crews.warnings
        if schedule.set_apart:
            raise ImgrecError(_given_up(sorted(schedule.set_apart)))

    def _wait(self) -> None:
        """Wait for a connection that is being closed."""
        if self._closing is not None:
            self._closing.join()
            self._closing = None


def _ahead(crews: RayCrews, schedule: Schedule) -> Generator[PartDone]:
    """Yield the parts of a schedule, which is worked off whether they are taken or not."""
    news: queue.SimpleQueue[PartDone | BaseException | None] = queue.SimpleQueue()
    stopped = threading.Event()

    def work() -> None:
        try:
            with crews:
                for done in worked_off(schedule, crews, stopped=stopped.is_set):
                    news.put(done.part)
            news.put(None)
        # Raised again where the parts are taken.
        except BaseException as error:
            news.put(error)

    thread = threading.Thread(target=work, name="schedule")
    thread.start()
    try:
        while (came := news.get()) is not None:
            if isinstance(came, BaseException):
                raise came
            yield came
    finally:
        stopped.set()
        thread.join()


def _given_up(numbers: Sequence[int]) -> str:
    named = ", ".join(map(part_name, numbers[:3])) + (", …" if numbers[3:] else "")
    return (
        f"{counted(len(numbers), 'part')} could not be made ({named}): {DEATHS} processes died on "
        "each, as when memory runs out; the same command tries again, on machines with more memory "
        "or with a smaller --batch-size"
    )
