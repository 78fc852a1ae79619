"""Crews of a Ray cluster that leave a file for each job, ask a worker, or cannot be made at all."""

import os
import sys
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import NamedTuple

from imgrec.cluster.crew import CrewOptions
from imgrec.system.workers import Workers
from waiting import until


class StubPart(NamedTuple):
    """What a stub crew is done with, and in which process."""

    number: int
    pid: int


@dataclass(frozen=True)
class StubCrew:
    """Leaves a file for each job it begins; waits until others have begun; dies on one.

    Attributes:
        folder: of the files.
        begun: by how many processes a file must be there, before a job is done.
        deadly: number of the job that kills its process.
        options: of the machine.
    """

    folder: Path
    begun: int
    deadly: int
    options: CrewOptions
    warnings: tuple[str, ...] = ("slow",)

    def run(self, numbers: Iterable[int]) -> Iterator[StubPart]:
        for number in numbers:
            (self.folder / f"{number}-{os.getpid()}").touch()
            if number == self.deadly:
                os._exit(1)
            until(lambda: len({p.name.split("-")[1] for p in self.folder.iterdir()}) >= self.begun)
            yield StubPart(number, os.getpid())


class Imported(NamedTuple):
    """A job that is done, and modules that the process which did it has imported."""

    number: int
    modules: list[str]


@dataclass(frozen=True)
class AskingCrew:
    """Asks a process that it starts, as one that decodes, which modules it has imported."""

    options: CrewOptions
    warnings: tuple[str, ...] = ()

    def run(self, numbers: Iterable[int]) -> Iterator[Imported]:
        with Workers(1) as workers:
            for number in numbers:
                yield Imported(number, workers.submit(imported).result())


def imported() -> list[str]:
    return [name for name in sys.modules if "." not in name]


def broken(error: Exception, options: CrewOptions) -> StubCrew:
    raise error
