"""Crews of a Ray cluster that only leave a file for each job, or cannot be made at all."""

import os
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import NamedTuple

from imgrec.cluster.crew import CrewOptions
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


def broken(error: Exception, options: CrewOptions) -> StubCrew:
    raise error
