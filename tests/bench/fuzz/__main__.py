"""`make fuzz`: indexes thousands of damaged files of every format, and counts what became of them.

Seeds are a small file of every format and variant, and rendered samples. The damage is a function
of the number of a file and of the seed, so that a file can be made again by itself.
"""

import argparse
import subprocess
import sys
import time
from collections import Counter
from pathlib import Path

sys.path.insert(1, str(Path(__file__).parents[1]))
sys.path.insert(1, str(Path(__file__).parents[1] / "search"))
sys.path.insert(1, str(Path(__file__).parents[2] / "helpers"))

import numpy as np

from imgrec import Store
from imgrec.pictures.decoding import REASONS
from imgrec.samples import write_samples
from machine import described, rows, work_folder, write
from measuring import family_mb, paragraph, tell
from mutations import seeds_of_every_format, write_mutated

# Rendered samples among the seeds.
_SAMPLES = 12
_PATIENCE_S = 7200.0
_SHOWN = 20


def main() -> int:
    """Run the measurement, print it as Markdown, and return 1 if a file is not accounted for."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    add = parser.add_argument
    add("--count", type=int, default=10_000, help="damaged files (default 10000)")
    add("--seed", type=int, default=0, help="of the damage (default 0)")
    add("--workers", type=int, default=2, help="of the indexing run (default 2)")
    add("--keep", type=Path, metavar="DIR", help="keep files and store in this folder")
    arguments = parser.parse_args()
    write(f"# Damaged files\n\n{described()}\n")
    with work_folder(arguments.keep) as work:
        tell("writing files")
        write_samples(work / "samples", _SAMPLES)
        rendered = [(p.suffix, p.read_bytes()) for p in sorted((work / "samples").rglob("*.jpg"))]
        seeds = [*seeds_of_every_format(), *rendered]
        names = write_mutated(work / "files", seeds, arguments.count, arguments.seed)
        write(f"{len(names):,} files from {len(seeds)} sound ones, seed {arguments.seed}\n\n")
        tell("indexing")
        wrong = _indexed(work, arguments.workers)
        wrong += _checked(work / "store", names)
    write(f"\n{len(wrong)} faults\n{paragraph(wrong[:_SHOWN])}")
    return 1 if wrong else 0


def _indexed(work: Path, workers: int) -> list[str]:
    """Index the files; print time and memory, and return what went wrong with the run."""
    command = ["-m", "imgrec.index", str(work / "files"), "--store", str(work / "store")]
    command += ["--encoder", "mini", "--workers", str(workers)]
    started, peak_mb = time.perf_counter(), 0.0
    with (work / "said").open("w") as said:
        run = subprocess.Popen([sys.executable, *command], stdout=said, stderr=said)
        while run.poll() is None:
            peak_mb = max(peak_mb, family_mb(run.pid))
            if time.perf_counter() - started > _PATIENCE_S:
                run.kill()
                return [f"the run did not end within {_PATIENCE_S:.0f} s"]
            time.sleep(0.1)
    spent = time.perf_counter() - started
    write(f"{spent:.0f} s, at most {peak_mb:.0f} MB in all of its processes\n\n")
    text = (work / "said").read_text()
    if run.returncode or "Traceback" in text:
        return [f"the run ended with {run.returncode}: {' '.join(text.split())[-300:]}"]
    return []


def _checked(path: Path, names: list[str]) -> list[str]:
    """Print what became of the files; return those that are not accounted for."""
    with Store.open(path) as store:
        asked = "SELECT id, path, status, reason FROM images"
        table = store.catalog.db.execute(asked).fetchall()
        wrong = [f"not in the catalog: {name}" for name in {*names} - {row[1] for row in table}]
        counts = Counter(row[3] or row[2] for row in table)
        write(rows(("became", "files"), counts.most_common()))
        slow = [f"{row[3]}: {row[1]}" for row in table if row[3] in ("timeout", "crashed")]
        write(f"\n{len(slow)} stopped by their worker's limit, or stopped their worker\n")
        write(paragraph(slow[:_SHOWN]))
        wrong += [
            f"neither read nor refused with a reason: {row[1]} ({row[2]}, {row[3]})"
            for row in table
            if row[2] != "ok" and (row[2] != "failed" or row[3] not in REASONS)
        ]
        feature, thumbs = store.feature("mini"), store.thumbs()
        finite = np.isfinite(feature.load()).all(axis=1)
        whole = dict(zip(feature.ids.tolist(), finite.tolist(), strict=True))
        for image_id, name, status, _ in table:
            if status == "ok" and not (whole.get(image_id) and thumbs.get(image_id)):
                wrong.append(f"without a vector or a thumbnail: {name}")
    return wrong


if __name__ == "__main__":
    sys.exit(main())
