"""One machine's pool of processes beside Ray: the same pictures, the same cores."""

import argparse
import os
import shutil
import subprocess
import sys
from collections.abc import Callable, Sequence
from functools import partial
from pathlib import Path

sys.path.insert(1, str(Path(__file__).parents[1]))
sys.path.insert(1, str(Path(__file__).parents[2] / "helpers"))

from imgrec.cluster.ray_session import ray_session
from imgrec.samples import write_samples
from machine import described, rows, seconds, work_folder, write
from planned_runs import part_files
from ray_cluster import ray_cluster

_CORES = os.cpu_count() or 1


def main(argv: Sequence[str] | None = None) -> int:
    """Print a line for each way to work; return 1 if their parts differ."""
    parser = argparse.ArgumentParser(description=__doc__)
    add = parser.add_argument
    add("--count", type=int, default=2000, help="sample pictures (default 2000)")
    add("--encoder", default="mini", help="beside rgb (default mini)")
    add("--keep", type=Path, metavar="DIR", help="keep samples and stores in this new folder")
    arguments = parser.parse_args(argv)
    write(f"# Engines\n\n{described()}\n")
    with work_folder(arguments.keep) as work:
        write_samples(work / "samples", arguments.count)
        lines, expected = [], None
        for name, run in _ways(work, arguments.encoder):
            took_s = run()
            found = part_files(work / "store")
            expected = expected or found
            lines.append((name, f"{took_s:.1f}", "yes" if found == expected else "NO"))
            for made in ("store", "objects"):
                shutil.rmtree(work / made, ignore_errors=True)
    write(rows(("way", "seconds", "same parts"), lines))
    return int(any(line[-1] == "NO" for line in lines))


def _ways(work: Path, encoder: str) -> list[tuple[str, Callable[[], float]]]:
    index = partial(_indexed, work, encoder)
    local = ["--store", str(work / "store")]
    shared = ["--store", f"file://{work / 'objects'}", "--work", str(work / "store")]
    return [
        ("pool, local store", partial(index, local)),
        ("pool, shared store", partial(index, shared)),
        (f"Ray, a node of {_CORES} cores, local store", partial(_on_nodes, 1, index, local)),
        (f"Ray, a node of {_CORES} cores", partial(_on_nodes, 1, index, shared)),
        ("Ray, two nodes of half of them", partial(_on_nodes, 2, index, shared)),
    ]


def _on_nodes(nodes: int, index: Callable[[list[str]], float], options: list[str]) -> float:
    """Run on a cluster that is there already; its start is not part of the time."""
    with ray_cluster(nodes, cores=max(1, _CORES // nodes)):
        # The first program that connects waits until there is a process for each core.
        with ray_session():
            pass
        return index([*options, "--workers", "ray"])


def _indexed(work: Path, encoder: str, options: list[str]) -> float:
    command = [sys.executable, "-m", "imgrec.index", str(work / "samples"), "--quiet"]
    command += ["--encoder", encoder, *options]
    return seconds(lambda: subprocess.run(command, check=True, stdout=subprocess.DEVNULL))


if __name__ == "__main__":
    sys.exit(main())
