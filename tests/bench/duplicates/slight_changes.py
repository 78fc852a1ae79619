"""How often a slightly altered picture is called the same, which it is not."""

from collections.abc import Sequence
from pathlib import Path

from false_pairs import is_false, photos_in
from imgrec.duplicates.comparison import Difference
from near_pairs.copies import original, original_file
from near_pairs.different import KINDS, Pair
from near_pairs.slight import SLIGHT, slight_pair
from trials import Found, Job, Trial, results


def trials(each: int, seed: int, photos: Path | None) -> list[Trial]:
    """Return trials of photographs, and half as many of drawings."""
    kinds = list(KINDS)
    made = []
    for i, name in enumerate(SLIGHT):
        for number in range(seed + i, seed + i + each * len(SLIGHT), len(SLIGHT)):
            made.append(Trial("slight", name, number, photos=photos))
            if number % 2:
                made.append(Trial("slight", name, number, kinds[number % len(kinds)]))
    return made


def made(trial: Trial) -> tuple[Pair, Difference] | None:
    """Return the files of a trial of this module, None if the alteration would not show."""
    image = original(photos_in(trial.photos), trial.seed, trial.subject)
    data = original_file(image, trial.seed, is_photo=trial.subject is None)
    pair = slight_pair(data, trial.kind, trial.seed)
    return None if pair is None else (pair, Difference.NONE)


def counted(given: Sequence[Trial], jobs: int, failures: Path | None) -> list[Found]:
    """Run trials of slightly altered pictures."""
    return results(given, Job(made, is_false), jobs, failures)
