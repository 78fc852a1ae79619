"""A crew: one process that works off jobs of a plan by the pipeline of a run on one machine.

    numbers ─▶ job files ─▶ workers read ─▶ devices encode ─▶ a thread writes blobs, then the record

It knows the address of the store and the id of the plan, and loads its encoders itself; nothing but
numbers goes to a crew, and nothing but digests comes back (`PartDone`). The pipeline runs on across
jobs, so that the devices never wait for the end of one. A crew that is killed leaves blobs that no
record names, and nothing else.
"""

import os
from collections.abc import Iterable, Iterator, Mapping
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path

from imgrec.cluster.cost import Meter
from imgrec.cluster.desk import Desk, PartDone
from imgrec.cluster.fingerprint import check_same, fingerprint
from imgrec.cluster.numbers import Numbers
from imgrec.cluster.plan import read_plan
from imgrec.cluster.shift import Shift
from imgrec.encoders import matching_encoder
from imgrec.encoders.device import device_encoders
from imgrec.encoders.spec import Encoder
from imgrec.indexing.device_passes import described
from imgrec.indexing.read_in_workers import readings
from imgrec.objects.opening import objects_at
from imgrec.system.threads import one_blas_thread

__all__ = ["Crew", "CrewOptions", "PartDone"]


@dataclass(frozen=True)
class CrewOptions:
    """What a machine decides for itself, whatever the plan says.

    Attributes:
        workers: processes that decode, 0 for none; None: one per core.
        device: as of `IndexOptions`; a device of another class refuses the plan.
        weights: a file with the weights of the encoder that takes one.
        quiet: show no progress while encoders are prepared.
        crews: about how many share the plan.
    """

    workers: int | None = None
    device: str = "auto"
    weights: Path | None = None
    quiet: bool = True
    crews: int = 1


class Crew:
    """Works off jobs of a plan.

    Attributes:
        plan: of the run.
        warnings: a line each about what is slower than it could be.
    """

    def __init__(
        self,
        url: str,
        plan_id: str,
        options: CrewOptions | None = None,
        encoders: Mapping[str, Encoder] | None = None,
    ) -> None:
        """Read a plan and load its encoders.

        Args:
            url: of the store.
            plan_id: of the plan.
            options: of this machine; the default where None.
            encoders: those of the plan by name, where they are loaded already.

        Raises:
            ImgrecError: there is no such plan, an encoder cannot be loaded, or this machine would
                make other vectors than the plan says.
            ObjectError: the address cannot be reached.
        """
        self._objects = objects_at(url)
        self._options = options or CrewOptions()
        self.plan = read_plan(self._objects, plan_id)
        self._encoders = encoders or {
            spec.name: matching_encoder(spec, self._options.weights, self._options.device)
            for spec in self.plan.specs
        }
        device, batch = self._options.device, self.plan.settings.batch_size
        check_same(self.plan.fingerprint, fingerprint(self._encoders, device, batch))
        self._meter = Meter(self._objects.traffic)
        self._devices = {
            name: self._meter.timed(encoder)
            for name, encoder in device_encoders(self._encoders).items()
        }
        self.warnings = self._prepared()

    def run(self, numbers: Iterable[int]) -> Iterator[PartDone]:
        """Yield each job when it is done; a job that has a record already is not done again.

        Args:
            numbers: of jobs; may block, and the pipeline goes on with what it has meanwhile. Two
                numbers are taken ahead.

        Raises:
            ImgrecError: a source is not there, a job is damaged, or storage cannot be reached.
            EncoderError: an encoder failed on any picture.
        """
        with Desk(self._objects, self.plan, self._encoders, self._meter) as desk:
            share = self.plan.pictures // (self._options.crews * max(1, self._workers))
            shift = Shift(desk, Numbers(numbers), apart=bool(self._workers), share=share)
            tasks = shift.tasks()
            with one_blas_thread(), closing(readings(tasks, self._workers)) as results:
                for found in described(results, shift.jobs, self._devices):
                    if found is not None:
                        shift.take(found)
                    yield from desk.done(wait=found is None)
            yield from desk.finish()

    @property
    def _workers(self) -> int:
        most = self._options.workers
        wanted = -(-self.plan.pictures // self.plan.settings.batch_size)
        return min(os.cpu_count() or 1 if most is None else most, wanted)

    def _prepared(self) -> list[str]:
        settings, lines = self.plan.settings, []
        for encoder in self._devices.values():
            # The whole plan, so that each crew decides alike whether compiling pays.
            slow = encoder.prepare(
                self.plan.pictures, settings.batch_size, settings.compile, self._options.quiet
            )
            lines += [slow] if slow else []
        return lines
