"""How often files of one picture are called the same: re-encoded, resized, both."""

from collections.abc import Sequence
from pathlib import Path

import numpy as np

import hashes
from false_pairs import photos_in
from imgrec.duplicates.comparison import Difference, Verdict
from machine import rows
from near_pairs.copies import (
    REENCODED,
    RESIZED,
    original,
    original_file,
    reencoded_pair,
    resized_pair,
)
from near_pairs.different import KINDS, Pair
from trials import Found, Job, Trial, results

HEADS = ("the same picture", "n", "same", "recall", "similar", *hashes.HEADS)


def photographs(each: int, seed: int, photos: Path | None) -> list[Trial]:
    """Return trials of photographs, re-encoded and resized."""
    names = [*REENCODED, *RESIZED]
    return [
        Trial("photographs", name, seed + n * len(names) + i, photos=photos)
        for i, name in enumerate(names)
        for n in range(each)
    ]


def drawings(each: int, seed: int) -> list[Trial]:
    """Return trials of drawings and documents, re-encoded and resized."""
    names, kinds = [*REENCODED, *RESIZED], list(KINDS)
    return [
        Trial("drawings", name, number, kinds[number % len(kinds)])
        for i, name in enumerate(names)
        for number in range(seed + i, seed + i + each * len(names), len(names))
    ]


def made(trial: Trial) -> tuple[Pair, Difference]:
    """Return the files of a trial of this module."""
    image = original(photos_in(trial.photos), trial.seed, trial.subject)
    data = original_file(image, trial.seed, is_photo=trial.subject is None)
    if trial.kind in RESIZED:
        return resized_pair(data, trial.kind, trial.seed), Difference.RESIZED
    return reencoded_pair(data, trial.kind, trial.seed), Difference.REENCODED


def is_missed(found: Found) -> bool:
    """Return True if files of one picture were not called the same."""
    return found.comparison.verdict != Verdict.SAME


def counted(trials: Sequence[Trial], jobs: int, failures: Path | None) -> list[Found]:
    """Run trials of files of one picture."""
    return results(trials, Job(made, is_missed), jobs, failures)


def table(found: Sequence[Found]) -> str:
    """Return a table by alteration, photographs first."""
    lines = []
    for group in ("photographs", "drawings"):
        for name in (*REENCODED, *RESIZED):
            of = [f for f in found if (f.trial.group, f.trial.kind) == (group, name)]
            if of:
                lines.append(_line(f"{group}: {name}", of))
    return rows(HEADS, lines)


def _line(name: str, found: Sequence[Found]) -> list[object]:
    verdicts = [f.comparison.verdict for f in found]
    same = verdicts.count(Verdict.SAME)
    called = np.array([hashes.called_same(f.hashes) for f in found]).sum(axis=0)
    share = f"{same / len(found):.3f}"
    return [name, len(found), same, share, verdicts.count(Verdict.SIMILAR), *called.tolist()]
