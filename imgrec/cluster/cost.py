"""What work costs: seconds of processors and devices, requests and bytes.

Names, of `Record.cost` and of the manifest:

    pictures                     that were read
    cpu_s, device_s              of this process, and of the workers that decode; of the devices
    reads, writes                requests to object storage
    bytes_read, bytes_written    content that they moved

A device is at work from the moment a batch is queued until its result is taken: what is measured
is how long it is held, which is what is paid for. Batches that are in flight together, on whichever
device of the process, hold it once.
"""

import threading
import time
from collections import Counter
from collections.abc import Callable, Iterable, Mapping

from imgrec.collection import Entry
from imgrec.encoders.device import Compile, DeviceEncoder, Encoded
from imgrec.encoders.spec import EncoderSpec, Vectors
from imgrec.objects.addresses import BUCKETS
from imgrec.objects.traffic import Traffic
from imgrec.pictures.preprocessing import Pixels
from imgrec.system.text import size_text

Cost = dict[str, float]
_MILLION = 1_000_000


class Meter:
    """Measures what this process spends, in laps that add up to all of it."""

    def __init__(self, traffic: Traffic, clock: Callable[[], float] = time.perf_counter) -> None:
        """Begin the first lap.

        Args:
            traffic: of the storage that is written to.
            clock: returns the time in seconds.
        """
        self._traffic = traffic
        self._held = _Held(clock)
        self._before = self._now()

    def timed(self, encoder: DeviceEncoder) -> DeviceEncoder:
        """Return an encoder of the same results whose time counts as `device_s`."""
        return _Timed(encoder, self._held)

    def lap(self) -> Cost:
        """Return what was spent since the lap before ended."""
        now, before = self._now(), self._before
        self._before = now
        return {name: now[name] - before[name] for name in now}

    def lap_of_traffic(self) -> Cost:
        """Return what `lap` does without the seconds, which another meter of the process counts."""
        lap = self.lap()
        return {name: lap[name] for name in lap if not name.endswith("_s")}

    def _now(self) -> Cost:
        return {
            "cpu_s": time.process_time(),
            "device_s": self._held.seconds,
            "reads": self._traffic.reads,
            "writes": self._traffic.writes,
            "bytes_read": self._traffic.bytes_read,
            "bytes_written": self._traffic.bytes_written,
        }


def cost_of_sources(entries: Iterable[Entry]) -> Cost:
    """Return what it costs to read pictures: requests of those in object storage, and bytes."""
    counted: Cost = {"pictures": 0, "reads": 0, "bytes_read": 0}
    for entry in entries:
        counted["pictures"] += 1
        counted["reads"] += entry.root.partition("://")[0] in BUCKETS
        counted["bytes_read"] += entry.size
    return counted


def summed(costs: Iterable[Mapping[str, float]]) -> Cost:
    """Return the sums of costs by name."""
    found: Counter[str] = Counter()
    for cost in costs:
        found.update(cost)
    return {name: round(float(value), 3) for name, value in sorted(found.items())}


def per_million(cost: Mapping[str, float]) -> Cost:
    """Return a cost as it would be for a million pictures; empty where none was read."""
    pictures = cost.get("pictures", 0)
    if not pictures:
        return {}
    scale = _MILLION / pictures
    return {name: value * scale for name, value in cost.items() if name != "pictures"}


def cost_line(cost: Mapping[str, float]) -> str:
    """Return what a million pictures cost, as a line for users; "" where none was read."""
    found = per_million(cost)
    if not found:
        return ""
    told = [
        f"{found.get(name, 0) / 3600:,.3g} {of} hours"
        for name, of in (("cpu_s", "core"), ("device_s", "device"))
        if name == "cpu_s" or found.get(name)
    ]
    told += [
        f"{size_text(found.get(f'bytes_{done}', 0))} {done} in {found.get(of, 0):,.0f} requests"
        for done, of in (("read", "reads"), ("written", "writes"))
    ]
    return f"cost of a million pictures: {', '.join(told)}"


class _Held:
    """The seconds in which at least one batch was in flight; asked by several threads."""

    def __init__(self, clock: Callable[[], float]) -> None:
        self._clock = clock
        self._lock = threading.Lock()
        self._batches = 0
        self._since = self._ended_s = 0.0

    def begin(self) -> None:
        with self._lock:
            if not self._batches:
                self._since = self._clock()
            self._batches += 1

    def end(self) -> None:
        with self._lock:
            self._batches -= 1
            if not self._batches:
                self._ended_s += self._clock() - self._since

    @property
    def seconds(self) -> float:
        with self._lock:
            return self._ended_s + (self._clock() - self._since if self._batches else 0.0)


class _Timed:
    """A device encoder whose time is counted."""

    def __init__(self, encoder: DeviceEncoder, held: _Held) -> None:
        self._encoder, self._held = encoder, held

    @property
    def ahead(self) -> int:
        return self._encoder.ahead

    @property
    def spec(self) -> EncoderSpec:
        return self._encoder.spec

    def encode(self, pixels: Pixels) -> Vectors:
        return self._encoder.encode(pixels)

    def prepare(self, pictures: int, batch: int, compile: Compile, quiet: bool = True) -> str:
        return self._encoder.prepare(pictures, batch, compile, quiet)

    def begin(self, pixels: Pixels) -> Callable[[], Encoded]:
        self._held.begin()
        try:
            finish = self._encoder.begin(pixels)
        except BaseException:
            self._held.end()
            raise

        def finished() -> Encoded:
            try:
                return finish()
            finally:
                self._held.end()

        return finished
