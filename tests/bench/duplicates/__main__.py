"""`make bench-duplicates`: what is called the same or similar, whether rightly, and how fast."""

import argparse
import sys
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

sys.path.insert(1, str(Path(__file__).parents[2] / "helpers"))
sys.path.insert(1, str(Path(__file__).parents[1]))
sys.path.insert(1, str(Path(__file__).parents[1] / "search"))
sys.path.insert(1, str(Path(__file__).parents[1] / "logdir"))

import changes_named
import copies_found
import false_pairs
import near_bundles
import photo_neighbors
import slight_changes
import thumbnails_compared
from imgrec.arguments import some_of
from machine import described, work_folder, write
from measuring import tell
from trials import Found

_PACKAGES = ("numba", "scipy")


@dataclass(frozen=True)
class Choices:
    """What to run.

    Attributes:
        pairs: different drawings; a tenth as many bursts and edits.
        each: altered pictures for each alteration.
        k: neighbors of a photograph by each feature.
        seed: the first of the seeds of what is drawn.
        jobs: worker processes.
        count: pictures of the large collection.
        photos: folder of photographs, None without any.
        failures: folder for files that were judged wrongly, None for none.
        work: folder for stores.
    """

    pairs: int
    each: int
    k: int
    seed: int
    jobs: int
    count: int
    photos: Path | None
    failures: Path | None
    work: Path


def _different(choices: Choices) -> str:
    trials = [
        *false_pairs.drawings(choices.pairs, choices.seed),
        *false_pairs.bursts(choices.pairs // 10, choices.seed, choices.photos),
    ]
    return false_pairs.table(false_pairs.counted(trials, choices.jobs, choices.failures))


def _edits(choices: Choices) -> str:
    trials = false_pairs.edits(choices.pairs // 10, choices.seed, choices.photos)
    return false_pairs.table(false_pairs.counted(trials, choices.jobs, choices.failures))


def _slight(choices: Choices) -> str:
    trials = slight_changes.trials(choices.each, choices.seed, choices.photos)
    return false_pairs.table(slight_changes.counted(trials, choices.jobs, choices.failures))


def _neighbors(choices: Choices) -> str:
    if choices.photos is None:
        return "Left out: give `--photos`.\n"
    store = photo_neighbors.store_of(choices.photos, choices.work)
    trials = photo_neighbors.trials(store, photo_neighbors.pairs_in(store, choices.k))
    found = false_pairs.counted(trials, choices.jobs, choices.failures)
    same = [f for f in found if false_pairs.is_false(f)]
    names = ["/".join(path.name for path in f.trial.files or ()) for f in same]
    listed = "".join(f"- {name}\n" for name in names)
    return false_pairs.table(found) + (f"\nThe same, to be looked at:\n\n{listed}" if same else "")


def _same(choices: Choices) -> str:
    trials = [
        *copies_found.photographs(choices.each, choices.seed, choices.photos),
        *copies_found.drawings(choices.each, choices.seed),
    ]
    failures = choices.failures and choices.failures / "missed"
    found = copies_found.counted(trials, choices.jobs, failures)
    return copies_found.table(found) + "\n" + _speed(found)


def _similar(choices: Choices) -> str:
    trials = [
        *changes_named.photographs(choices.each, choices.seed, choices.photos),
        *changes_named.drawings(choices.each, choices.seed),
    ]
    found = changes_named.counted(
        trials, choices.jobs, choices.failures and choices.failures / "similar"
    )
    return changes_named.table(found) + "\n" + _speed(found)


def _thumbnails(choices: Choices) -> str:
    store = pairs = None
    if choices.photos:
        store = photo_neighbors.store_of(choices.photos, choices.work)
        pairs = photo_neighbors.pairs_in(store, choices.k)
    return thumbnails_compared.measured(choices.work, choices.count, store, pairs)


def _near(choices: Choices) -> str:
    table = near_bundles.measured_at(choices.work, choices.count)
    return table + ("\n" + near_bundles.measured(choices.photos) if choices.photos else "")


def _speed(found: Sequence[Found]) -> str:
    seconds = sum(f.seconds for f in found)
    return f"{len(found) / seconds:.1f} pairs/s of files in one process, decoding included\n"


_PARTS: dict[str, tuple[str, Callable[[Choices], str]]] = {
    "different": ("Different pictures", _different),
    "edits": ("Small edits in photographs", _edits),
    "slight": ("Pictures altered a little", _slight),
    "neighbors": ("Nearest neighbors of photographs", _neighbors),
    "same": ("The same picture in another file", _same),
    "similar": ("Altered pictures", _similar),
    "thumbnails": ("The thumbnail stage", _thumbnails),
    "near": ("Near-duplicates of the network", _near),
}


def main() -> int:
    """Run the chosen measurements and print them as Markdown."""
    parser = argparse.ArgumentParser(description=__doc__)
    add = parser.add_argument
    add("--only", type=some_of(tuple(_PARTS), "part"), default=tuple(_PARTS), metavar="PART,…",
        help=f"measure only these of {', '.join(_PARTS)}; default all")  # fmt: skip
    add("--pairs", type=int, default=20_000, help="different drawings (default 20000)")
    add("--each", type=int, default=100, help="pictures for each alteration (default 100)")
    add("--neighbors", type=int, default=4, help="neighbors of a photograph (default 4)")
    add("--count", type=int, default=400_000, help="pictures of the large collection")
    add("--seed", type=int, default=0, help="of everything that is drawn (default 0)")
    add("--jobs", type=int, default=1, help="worker processes (default 1)")
    add("--photos", type=Path, metavar="DIR", help="photographs: to alter, and their neighbors")
    add("--failures", type=Path, metavar="DIR", help="write the files that were judged wrongly")
    add("--keep", type=Path, metavar="DIR", help="keep the stores in this folder, and use them")
    given = parser.parse_args()
    write(f"# Duplicates\n\n{described(_PACKAGES)}")
    with work_folder(given.keep) as work:
        choices = Choices(
            given.pairs, given.each, given.neighbors, given.seed * 10**7, given.jobs, given.count,
            given.photos and given.photos.resolve(), given.failures, work,
        )  # fmt: skip
        for part in given.only:
            title, measure = _PARTS[part]
            tell(part)
            write(f"\n## {title}\n\n{measure(choices)}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
