"""How often an altered picture is called similar, and what was done is named."""

from collections.abc import Sequence
from pathlib import Path

import numpy as np

import hashes
from false_pairs import photos_in
from imgrec.duplicates.comparison import Difference, Verdict
from machine import rows
from near_pairs.changes import CHANGES, PAIRS_OF_CHANGES, changed_pair
from near_pairs.copies import original, original_file
from near_pairs.different import KINDS, Pair
from trials import Found, Job, Trial, results

HEADS = ("altered", "n", "similar", "recall", "named", "named exactly", "same", *hashes.HEADS)
NAMED = (
    Difference.CROPPED
    | Difference.BORDERED
    | Difference.BRIGHTNESS
    | Difference.GRAY
    | Difference.PART
    | Difference.MIRRORED
    | Difference.TURNED
)
NAMES = [*((name,) for name in CHANGES), *PAIRS_OF_CHANGES]


def photographs(each: int, seed: int, photos: Path | None) -> list[Trial]:
    """Return trials of altered photographs."""
    return [
        Trial("photographs", " + ".join(names), seed + n * len(NAMES) + i, photos=photos)
        for i, names in enumerate(NAMES)
        for n in range(each)
    ]


def drawings(each: int, seed: int) -> list[Trial]:
    """Return trials of altered drawings and documents."""
    kinds = list(KINDS)
    return [
        Trial("drawings", " + ".join(names), number, kinds[number % len(kinds)])
        for i, names in enumerate(NAMES)
        for number in range(seed + i, seed + i + each * len(NAMES), len(NAMES))
    ]


def made(trial: Trial) -> tuple[Pair, Difference] | None:
    """Return the files of a trial of this module, None if the alteration would not show."""
    image = original(photos_in(trial.photos), trial.seed, trial.subject)
    data = original_file(image, trial.seed, is_photo=trial.subject is None)
    return changed_pair(data, trial.kind.split(" + "), trial.seed)


def is_named(found: Found) -> bool:
    """Return True if everything that was done is named."""
    return found.comparison.differences & found.wanted == found.wanted


def is_wrong(found: Found) -> bool:
    """Return True if an altered picture was not called similar, or not by all its names."""
    return found.comparison.verdict != Verdict.SIMILAR or not is_named(found)


def counted(trials: Sequence[Trial], jobs: int, failures: Path | None) -> list[Found]:
    """Run trials of altered pictures."""
    return results(trials, Job(made, is_wrong), jobs, failures)


def table(found: Sequence[Found]) -> str:
    """Return a table by alteration, photographs first."""
    lines = []
    for group in ("photographs", "drawings"):
        for names in NAMES:
            kind = " + ".join(names)
            of = [f for f in found if (f.trial.group, f.trial.kind) == (group, kind)]
            if of:
                lines.append(_line(f"{group}: {kind}", of))
    return rows(HEADS, lines)


def _line(name: str, found: Sequence[Found]) -> list[object]:
    similar = [f for f in found if f.comparison.verdict == Verdict.SIMILAR]
    called = np.array([hashes.called_same(f.hashes) for f in found]).sum(axis=0)
    exactly = sum(f.comparison.differences & NAMED == f.wanted for f in similar)
    return [
        name,
        len(found),
        len(similar),
        f"{len(similar) / len(found):.3f}",
        sum(is_named(f) for f in similar),
        exactly,
        sum(f.comparison.verdict == Verdict.SAME for f in found),
        *called.tolist(),
    ]
