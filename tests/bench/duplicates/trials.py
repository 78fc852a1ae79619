"""Trials: pairs of files of known relation, made from a seed and compared, in worker processes."""

import multiprocessing
import sys
import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import hashes
from imgrec.duplicates.comparing import compare_files
from imgrec.duplicates.comparison import Comparison, Difference
from near_pairs.different import Pair

_SIDES = {b"\xff\xd8": ".jpg", b"\x89P": ".png", b"RI": ".webp"}


@dataclass(frozen=True)
class Trial:
    """What to make and to compare.

    Attributes:
        group: the part of the proof.
        kind: the kind of picture or what is done to it.
        seed: of everything that is drawn.
        subject: what is altered: a kind of drawing, or None for a photograph.
        photos: folder of real photographs, None without any.
        files: two files to compare, instead of making them.
    """

    group: str
    kind: str
    seed: int
    subject: str | None = None
    photos: Path | None = None
    files: tuple[Path, Path] | None = None


@dataclass(frozen=True)
class Found:
    """The result of a trial.

    Attributes:
        kind: what the pair shows, or what was done.
        wanted: what differs in truth.
        hashes: distances of the perceptual hashes.
        seconds: that the comparison of the files took.
    """

    trial: Trial
    kind: str
    comparison: Comparison
    wanted: Difference
    hashes: tuple[int, int]
    seconds: float
    pair: Pair | None


Make = Callable[[Trial], tuple[Pair, Difference] | None]
# Whether the files of a result are to be kept, to be looked at.
Keep = Callable[[Found], bool]


@dataclass(frozen=True)
class Job:
    """A function of trials that a worker process can run."""

    make: Make
    keep: Keep

    def __call__(self, trial: Trial) -> Found | None:
        """Return the result of a trial, with its files if they are to be kept."""
        made = self.make(trial)
        if made is None:
            return None
        pair, wanted = made
        started = time.perf_counter()
        comparison = compare_files(pair.one, pair.other)
        spent = time.perf_counter() - started
        distances = hashes.distances(pair.one, pair.other)
        found = Found(trial, pair.kind, comparison, wanted, distances, spent, pair)
        return found if self.keep(found) else replace(found, pair=None)


def results(trials: Sequence[Trial], job: Job, jobs: int, failures: Path | None) -> list[Found]:
    """Run trials; return the results in their order, without those that could not be made.

    Args:
        trials: what to run.
        job: how.
        jobs: worker processes.
        failures: folder for the two files of each result that `job` keeps, None for no files.
    """
    found = []
    for number, result in enumerate(_run(trials, job, jobs), 1):
        if number % 500 == 0:
            sys.stderr.write(f"{trials[0].group}: {number} of {len(trials)}\n")
        if result is None:
            continue
        if result.pair and failures:
            _keep(result, failures)
        found.append(replace(result, pair=None))
    return found


def _run(trials: Iterable[Trial], job: Job, jobs: int) -> Iterator[Found | None]:
    if jobs == 1:
        yield from map(job, trials)
        return
    with multiprocessing.get_context("spawn").Pool(jobs) as pool:
        yield from pool.imap(job, trials, chunksize=4)


def _keep(found: Found, folder: Path) -> None:
    """Write the files of a result and how they came about."""
    pair, trial = found.pair, found.trial
    assert pair is not None
    name = f"{trial.group}-{trial.kind}-{trial.subject or ''}-{trial.seed}"
    place = folder / "".join(c if c.isalnum() or c in "-_" else "_" for c in name)
    place.mkdir(parents=True, exist_ok=True)
    for side, data in (("one", pair.one), ("other", pair.other)):
        (place / (side + _SIDES.get(data[:2], ".avif"))).write_bytes(data)
    (place / "README").write_text(
        f"{trial}\n{pair.kind}: {pair.note}\ntruth: {found.wanted!r}\nfound: {found.comparison}\n"
    )
