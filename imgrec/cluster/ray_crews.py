"""Crews on a Ray cluster: an actor for each GPU, else one for each machine.

Ray places the crews, starts them, and says which are gone; it carries numbers of jobs to them and a
few hundred bytes for each job back. Pictures and vectors never pass through it: a crew reads from
the sources and writes to the store itself, with the credentials of its own machine's environment.
Nor does Ray retry anything: what becomes of the jobs of a lost crew is decided by the schedule.

Machines may come and go: one that joins gets crews, one that leaves loses them, and a crew that
died on a machine that stays is replaced. A machine on which crews keep ending before they have done
a single job (no imgrec there, no credentials, no memory) is left out.
"""

import time
from collections import Counter
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from functools import partial
from types import TracebackType
from typing import TYPE_CHECKING, Any

from imgrec.cluster.crew_thread import CrewThread
from imgrec.cluster.crews import Done, Event, Joined, Lost
from imgrec.cluster.ray_nodes import Place, places
from imgrec.cluster.ray_session import last_line, ray_session
from imgrec.errors import ImgrecError, WorkersError
from imgrec.objects.errors import ObjectError
from imgrec.system.worker import keep_main_here

if TYPE_CHECKING:
    from imgrec.cluster.crew import CrewOptions

# Crews that may end on a machine, one after the other, without a job done: those that could not
# work (False), and those that were killed at work (True), which may be the fault of a few jobs.
_TRIES = {False: 3, True: 20}
# Longest time that an actor waits for news before it answers that there is none, in seconds.
_POLL_S = 10.0
# Time between two looks at the machines of the cluster, in seconds.
_LOOK_S = 2.0


class CrewActor:
    """The crew in its process on a machine of the cluster; see `CrewThread`."""

    def __init__(self, made: Callable[[], Any]) -> None:
        """Start the crew, which loads its encoders in a thread."""
        keep_main_here()
        self._thread = CrewThread(made)

    def give(self, number: int) -> None:
        """Queue a job."""
        self._thread.give(number)

    def news(self) -> list[Any]:
        """Return what `CrewThread.news` does, exceptions as text that any machine can read."""
        return [_sent(news) for news in self._thread.news(_POLL_S)]


@dataclass(frozen=True)
class _Ended:
    """What ended a crew.

    Attributes:
        why: for the user.
        everywhere: no other machine would do better.
        by_job: a job may be to blame, not the machine.
    """

    why: str
    everywhere: bool
    by_job: bool


@dataclass
class _Crew:
    name: str
    place: Place
    actor: Any
    # The pending call of `CrewActor.news`.
    pending: Any
    has_joined: bool = False


class RayCrews:
    """Crews on a Ray cluster, see `imgrec.cluster.crews.Crews`; a context manager.

    Attributes:
        warnings: of the crews, and about machines that are left out, a line each.
    """

    def __init__(
        self,
        made: Callable[["CrewOptions"], Any],
        options: "CrewOptions",
        *,
        on_gpus: bool = False,
    ) -> None:
        """Connect to nothing yet; `with` does.

        Args:
            made: makes a crew on its machine: `partial(Crew, url, plan_id)`.
            options: of each crew; its workers, device and crews are set for each machine.
            on_gpus: whether the plan is computed on GPUs.
        """
        self.warnings: list[str] = []
        self._made = made
        self._options = options
        self._on_gpus = on_gpus
        self._session = ray_session()
        self._ray: Any = None
        self._crews: dict[str, _Crew] = {}
        self._started = 0
        # By machine and `_Ended.by_job`: how many crews ended since its last job; and why.
        self._failures: Counter[tuple[str, bool]] = Counter()
        self._why: dict[str, str] = {}
        self._looked_at = float("-inf")

    def __enter__(self) -> "RayCrews":
        """Connect to the cluster.

        Raises:
            ImgrecError: Ray is absent, or the cluster cannot be reached.
        """
        self._ray = self._session.__enter__()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, _: TracebackType | None
    ) -> None:
        self.close()
        self._session.__exit__(kind, error, None)

    def give(self, crew: str, number: int) -> None:
        """Queue a job for a crew; nothing happens if it is gone, which `events` tells."""
        if crew in self._crews:
            self._crews[crew].actor.give.remote(number)

    def events(self, timeout_s: float) -> list[Event]:
        """Return what happened since the last call, see `Crews`.

        Raises:
            ImgrecError: what a crew failed with would fail everywhere, or no machine is left.
        """
        events: list[Event] = []
        if time.monotonic() - self._looked_at > _LOOK_S:
            events += self._looked()
        if not self._crews:
            time.sleep(timeout_s)
            return events
        by_pending = {crew.pending: crew for crew in self._crews.values()}
        ready, _ = self._ray.wait(list(by_pending), timeout=0.0 if events else timeout_s)
        # All that is ready, not one at a time: a large cluster answers often.
        ready, _ = self._ray.wait(list(by_pending), num_returns=len(by_pending), timeout=0.0)
        for pending in ready:
            events += self._heard(by_pending[pending])
        return events

    def close(self) -> None:
        """Kill the crews; what they have recorded stays."""
        for crew in self._crews.values():
            self._ray.kill(crew.actor)
        self._crews.clear()

    def _looked(self) -> list[Event]:
        """Start the crews that machines lack; return the loss of those whose machine is gone."""
        self._looked_at = time.monotonic()
        wanted = places(self._ray.nodes(), on_gpus=self._on_gpus)
        nodes = {place.node for place in wanted}
        gone = [crew for crew in self._crews.values() if crew.place.node not in nodes]
        events: list[Event] = [
            self._dropped(
                crew, _Ended("the machine left the cluster", everywhere=False, by_job=False)
            )
            for crew in gone
        ]
        taken = {crew.place[:3] for crew in self._crews.values()}
        left = [place for place in wanted if not self._is_left_out(place.node)]
        for place in left:
            if place[:3] not in taken:
                self._start(place, of=len(left))
        if not left:
            self._give_up()
        return events

    def _give_up(self) -> None:
        kind = "GPUs" if self._on_gpus else "cores"
        why = next(iter(self._why.values()), f"the Ray cluster has no {kind}")
        raise ImgrecError(f"no machine of the cluster can work: {why}")

    def _start(self, place: Place, of: int) -> None:
        affinity = self._ray.util.scheduling_strategies.NodeAffinitySchedulingStrategy
        device = self._options.device if place.gpus else "cpu"
        workers = place.cpus if self._options.workers is None else self._options.workers
        options = replace(self._options, workers=workers, device=device, crews=of)
        actor = (
            self._ray.remote(CrewActor)
            .options(
                num_cpus=place.cpus,
                num_gpus=place.gpus,
                # Jobs come in while it waits for news.
                max_concurrency=4,
                scheduling_strategy=affinity(place.node, soft=False),
            )
            .remote(partial(self._made, options))
        )
        self._started += 1
        name = f"{place.host} {self._started}"
        self._crews[name] = _Crew(name, place, actor, actor.news.remote())

    def _heard(self, crew: _Crew) -> list[Event]:
        """Return the events in what an actor answered, and ask it again."""
        errors = self._ray.exceptions
        try:
            came = self._ray.get(crew.pending)
        except errors.RayActorError as error:
            came = [self._death(crew, error)]
        except errors.RayError as error:
            came = [_Ended(last_line(error), everywhere=False, by_job=False)]
        events: list[Event] = []
        for news in came:
            if isinstance(news, _Ended):
                return [*events, self._dropped(crew, news)]
            if isinstance(news, list):
                self.warnings += [line for line in news if line not in self.warnings]
                crew.has_joined = True
                events.append(Joined(crew.name))
            else:
                for by_job in _TRIES:
                    self._failures.pop((crew.place.node, by_job), None)
                events.append(Done(crew.name, news.number, news))
        crew.pending = crew.actor.news.remote()
        return events

    def _death(self, crew: _Crew, error: Exception) -> _Ended:
        """Return why an actor does not answer: its process died, or its machine is gone."""
        alive = any(node["NodeID"] == crew.place.node and node["Alive"] for node in self._nodes())
        unreachable = isinstance(error, self._ray.exceptions.ActorUnavailableError)
        by_job = crew.has_joined and alive and not unreachable
        return _Ended(last_line(error), everywhere=False, by_job=by_job)

    def _nodes(self) -> list[Mapping[str, Any]]:
        nodes: list[Mapping[str, Any]] = self._ray.nodes()
        return nodes

    def _dropped(self, crew: _Crew, ended: _Ended) -> Lost:
        """Forget a crew that ended.

        Raises:
            ImgrecError: it would have ended on every machine.
        """
        where = f"{ended.why} (on {crew.place.host})"
        if ended.everywhere:
            raise ImgrecError(where)
        del self._crews[crew.name]
        self._ray.kill(crew.actor)
        node = crew.place.node
        self._failures[node, ended.by_job] += 1
        self._why[node] = where
        if self._is_left_out(node):
            self.warnings.append(f"{crew.place.host} was left out: {ended.why}")
        return Lost(crew.name, ended.why, blameless=not ended.by_job)

    def _is_left_out(self, node: str) -> bool:
        return any(self._failures[node, by_job] >= most for by_job, most in _TRIES.items())


def _sent(news: Any) -> Any:
    """Return news in a form that every machine can read, however different what it runs is."""
    if not isinstance(news, BaseException):
        return news
    by_job = isinstance(news, MemoryError)
    is_local = by_job or isinstance(news, ObjectError | OSError | WorkersError)
    why = str(news) if isinstance(news, ImgrecError) else f"{type(news).__name__}: {news}"
    return _Ended(why, everywhere=not is_local, by_job=by_job)
