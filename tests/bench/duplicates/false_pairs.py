"""How often different pictures are called the same: drawings of one look, bursts, edits."""

from collections.abc import Sequence
from functools import lru_cache
from pathlib import Path

import numpy as np

import hashes
from imgrec.duplicates.comparison import Difference, Verdict
from machine import rows
from near_pairs.bursts import burst
from near_pairs.different import KINDS, Pair, different_pair
from near_pairs.edits import edited, edited_and_resized
from near_pairs.files import any_file
from near_pairs.photos import Photos
from trials import Found, Job, Trial, results

HEADS = ("different pairs", "n", "same", "similar", *hashes.HEADS)


def drawings(count: int, seed: int) -> list[Trial]:
    """Return trials of all kinds of drawings, in turns."""
    names = list(KINDS)
    return [Trial("drawings", names[n % len(names)], seed + n) for n in range(count)]


def bursts(count: int, seed: int, photos: Path | None) -> list[Trial]:
    """Return trials of two shots of one scene."""
    return [Trial("bursts", "burst", seed + n, photos=photos) for n in range(count)]


def edits(count: int, seed: int, photos: Path | None) -> list[Trial]:
    """Return trials of a photograph and one with a small part edited, as many resized ones."""
    kinds = "edit", "edit and resize"
    return [Trial("edits", kind, seed + n, photos=photos) for n in range(count) for kind in kinds]


def made(trial: Trial) -> tuple[Pair, Difference]:
    """Return the files of a trial of this module."""
    if trial.files:
        one, other = trial.files
        return Pair(
            trial.kind, one.read_bytes(), other.read_bytes(), f"{one} {other}"
        ), Difference.NONE
    if trial.group == "drawings":
        return different_pair(trial.kind, trial.seed), Difference.NONE
    rng = np.random.default_rng([trial.seed, 9])
    source = photos_in(trial.photos)
    if trial.group == "bursts":
        name, first, second = burst(source, rng)
        return Pair(name, any_file(first, rng), any_file(second, rng)), Difference.NONE
    edit = (edited if trial.kind == "edit" else edited_and_resized)(source, rng)
    files = any_file(edit.one, rng), any_file(edit.other, rng)
    size = edit.box[2] - edit.box[0], edit.box[3] - edit.box[1]
    note = f"box {edit.box}, {size[0]} × {size[1]} px, rms {edit.rms:.0f} of 255"
    return Pair(edit.name, *files, note), Difference.PART


def is_false(found: Found) -> bool:
    """Return True if different files were called the same."""
    return found.comparison.verdict == Verdict.SAME


def counted(trials: Sequence[Trial], jobs: int, failures: Path | None) -> list[Found]:
    """Run trials of different pairs."""
    return results(trials, Job(made, is_false), jobs, failures)


def table(found: Sequence[Found]) -> str:
    """Return a table by kind of picture, and a line for all."""
    kinds = sorted({(f.trial.group, f.kind) for f in found})
    lines = [
        _line(kind, [f for f in found if (f.trial.group, f.kind) == (group, kind)])
        for group, kind in kinds
    ]
    return rows(HEADS, [*lines, _line("**all**", found)])


def _line(name: str, found: Sequence[Found]) -> list[object]:
    verdicts = [f.comparison.verdict for f in found]
    called = np.array([hashes.called_same(f.hashes) for f in found]).sum(axis=0)
    counts = [verdicts.count(Verdict.SAME), verdicts.count(Verdict.SIMILAR), *called.tolist()]
    return [name, len(found), *counts]


@lru_cache(maxsize=2)
def photos_in(folder: Path | None) -> Photos:
    """Return a source of photographs, kept for the next call."""
    return Photos(folder)
