"""A run on many machines, simulated: the same schedule and loop, with crews that only take time.

A discrete-event simulation. What a job costs is computed from the unit costs of its stages; what
happens to jobs, who gets which, when one is given out again, is decided by the code of a real run
(`Schedule`, `worked_off`). So it tells how far the driver's one thread, the storage and the losses
of machines let a cluster grow, before anybody rents one.

The stages of a crew (read, decode, encode, write) overlap, as its pipeline does: a job alone takes
their sum, and a row of jobs leaves the pipeline at the pace of the slowest. The driver gives out
one job at a time, and applies one result after the other beside that, so that crews do not wait for
it; it may be at work long after the last of them. Machines fail and are preempted at random
moments, are replaced after a while, and lose what they hold.

Not simulated: contention of the network between machines, the scan, the derived files.
"""

import heapq
import random
from dataclasses import dataclass

from imgrec.cluster.crews import Done, Event, Joined, Lost, worked_off
from imgrec.cluster.schedule import Schedule
from imgrec.indexing.options import PART_ROWS

_HOUR_S = 3600.0


@dataclass(frozen=True)
class UnitCosts:
    """What things take; the documentation says where each was measured.

    Attributes:
        decode_s: seconds of one core a picture: read its bytes, decode, thumbnail, histogram.
        encode_s: seconds of one device a picture; where the cores encode too, 0, and their time is
            part of `decode_s`.
        picture_bytes: read, a picture.
        part_bytes: written, a part.
        part_requests: writes and reads of a part beside those of its pictures: blobs, record, job.
        request_s: seconds until the first byte of an answer of the storage.
        connections: requests under way at once, a machine.
        machine_bytes_s: bandwidth of a machine in bytes a second.
        storage_requests_s: requests a second that the storage answers to all machines together;
            at its limit each waits longer, which is the stage `storage`.
        commit_s: seconds of the driver to apply a part.
        dispatch_s: seconds of the driver to give out a job and hear of its end.
        cores: of a machine, that decode.
        devices: of a machine.
        start_s: seconds until a new machine works: start, load of the encoders.
        failures_hour: crews that die an hour and a machine, and are replaced at once.
        preemptions_hour: machines that are taken away an hour and a machine.
        replaced_s: seconds until a machine that was taken away has a successor.
        spread: standard deviation of the logarithm of a job's time: stragglers.
    """

    decode_s: float
    encode_s: float = 0.0
    picture_bytes: float = 100e3
    part_bytes: float = 12e6
    part_requests: float = 12.0
    request_s: float = 0.03
    connections: int = 64
    machine_bytes_s: float = 1.25e9
    storage_requests_s: float = 50e3
    commit_s: float = 0.05
    dispatch_s: float = 0.001
    cores: int = 16
    devices: int = 1
    start_s: float = 60.0
    failures_hour: float = 0.01
    preemptions_hour: float = 0.02
    replaced_s: float = 300.0
    spread: float = 0.1

    def stages(self, machines: int) -> dict[str, float]:
        """Return the seconds of a part in each stage of a crew, one of so many machines."""
        requests = PART_ROWS + self.part_requests
        request_s = self.request_s / self.connections
        return {
            "read": PART_ROWS * (request_s + self.picture_bytes / self.machine_bytes_s),
            "decode": PART_ROWS * self.decode_s / self.cores,
            "encode": PART_ROWS * self.encode_s / max(1, self.devices),
            "write": self.part_requests * request_s + self.part_bytes / self.machine_bytes_s,
            "storage": requests * machines / self.storage_requests_s,
        }

    def bottleneck(self, machines: int) -> str:
        """Return the stage that decides the pace of so many machines.

        It is `dispatch` where the driver cannot give out jobs as fast as they are done.
        """
        pace = {name: seconds / machines for name, seconds in self.stages(machines).items()}
        pace["dispatch"] = self.dispatch_s
        return max(pace, key=lambda name: pace[name])


@dataclass(frozen=True)
class Simulated:
    """What a simulated run took.

    Attributes:
        seconds: from the start until the driver has applied the last result.
        crews_s: from the start to the last result.
        machine_hours: of all machines but the driver's, which go with the last result.
        requests: to the storage.
        bytes_read: from it, `bytes_written` to it.
        jobs: that were done.
        repeated: jobs that were given out more than once.
        lost: crews that were lost.
        bottleneck: what decided the pace of the machines (`UnitCosts.bottleneck`); where `seconds`
            is far above `crews_s`, the driver was slower than all of them.
    """

    seconds: float
    crews_s: float
    machine_hours: float
    requests: float
    bytes_read: float
    bytes_written: float
    jobs: int
    repeated: int
    lost: int
    bottleneck: str


def simulated(pictures: int, machines: int, costs: UnitCosts, seed: int = 0) -> Simulated:
    """Simulate the indexing of a collection by crews of one machine each.

    Args:
        pictures: of the collection.
        machines: at work, but for those that were just taken away.
        costs: what things take.
        seed: of failures and stragglers; one seed gives one result.
    """
    jobs = -(-pictures // PART_ROWS)
    schedule = Schedule(range(jobs))
    crews = SimulatedCrews(machines, costs, seed)
    applied_s = 0.0
    for _ in worked_off(schedule, crews, clock=lambda: crews.now_s):
        crews.now_s += costs.dispatch_s
        applied_s = max(applied_s, crews.now_s) + costs.commit_s
    worked = crews.given
    return Simulated(
        seconds=applied_s,
        crews_s=crews.now_s,
        machine_hours=machines * crews.now_s / _HOUR_S,
        requests=worked * (PART_ROWS + costs.part_requests),
        bytes_read=worked * PART_ROWS * costs.picture_bytes,
        bytes_written=worked * costs.part_bytes,
        jobs=jobs - len(schedule.set_apart),
        repeated=schedule.repeated,
        lost=crews.lost,
        bottleneck=costs.bottleneck(machines),
    )


class SimulatedCrews:
    """Crews that take time and are lost at random; see `imgrec.cluster.crews.Crews`.

    Attributes:
        now_s: the simulated time; whoever handles events adds what that takes.
        given: jobs that were given out.
        lost: crews that were lost.
    """

    def __init__(self, machines: int, costs: UnitCosts, seed: int = 0) -> None:
        """Start the machines; their crews join when they have loaded their encoders."""
        self.now_s = 0.0
        self.given = 0
        self.lost = 0
        self._costs = costs
        self._rng = random.Random(seed)
        stages = costs.stages(machines)
        self._alone_s, self._pace_s = sum(stages.values()), max(stages.values())
        # (time, order, event), a heap. An event of a crew that was lost before does not happen.
        self._coming: list[tuple[float, int, Event]] = []
        self._order = 0
        # When each crew that is there is done with what it was given.
        self._free_at: dict[str, float] = {}
        self._named = 0
        for _ in range(machines):
            self._begin(costs.start_s)

    def give(self, crew: str, number: int) -> None:
        """Let a crew work on a job."""
        if crew not in self._free_at:
            return
        self.given += 1
        slower = self._rng.lognormvariate(0.0, self._costs.spread)
        at = max(self._free_at[crew] + self._pace_s * slower, self.now_s + self._alone_s * slower)
        self._free_at[crew] = at
        self._add(at, Done(crew, number, None))

    def events(self, timeout_s: float) -> list[Event]:
        """Return what happened until now; if nothing did, let time pass until something does."""
        until_s = self.now_s
        if self._coming and self._coming[0][0] > until_s:
            until_s = min(self._coming[0][0], until_s + timeout_s)
        self.now_s = until_s
        found: list[Event] = []
        while self._coming and self._coming[0][0] <= until_s:
            event = heapq.heappop(self._coming)[2]
            if event.crew in self._free_at:
                found.append(event)
                self._happened(event)
        return found

    def close(self) -> None:
        """End the crews."""
        self._free_at.clear()

    def _begin(self, after_s: float) -> None:
        """Let a new crew join after some seconds, and be lost some time later."""
        self._named += 1
        name = f"crew {self._named}"
        joins_s = self.now_s + after_s
        self._free_at[name] = joins_s
        self._add(joins_s, Joined(name))
        for an_hour, blameless in (
            (self._costs.failures_hour, False),
            (self._costs.preemptions_hour, True),
        ):
            if an_hour > 0:
                lost_s = joins_s + self._rng.expovariate(an_hour / _HOUR_S)
                self._add(lost_s, Lost(name, "lost", blameless))

    def _happened(self, event: Event) -> None:
        if isinstance(event, Lost):
            del self._free_at[event.crew]
            self.lost += 1
            gone_s = self._costs.replaced_s if event.blameless else 0.0
            self._begin(gone_s + self._costs.start_s)

    def _add(self, at_s: float, event: Event) -> None:
        self._order += 1
        heapq.heappush(self._coming, (at_s, self._order, event))
