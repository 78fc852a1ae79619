"""`make endurance-ray`: kills crews, decoders, nodes and the driver of a run on a Ray cluster."""

import argparse
import random
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Callable
from pathlib import Path

sys.path.insert(1, str(Path(__file__).parents[1]))
sys.path.insert(1, str(Path(__file__).parents[2] / "helpers"))

from imgrec.samples import write_samples
from machine import described, rows, work_folder, write
from planned_runs import part_files
from ray_cluster import RayCluster, ray_cluster

_LATEST_S = 8.0
_PATIENCE_S = 600.0
_ENDED = "(ended with an error)"


def main() -> int:
    """Run until there were enough kills, then compare; return 1 if anything differs."""
    parser = argparse.ArgumentParser(description=__doc__)
    add = parser.add_argument
    add("--count", type=int, default=3000, help="sample pictures (default 3000)")
    add("--kills", type=int, default=200, help="SIGKILLs (default 200)")
    add("--seed", type=int, default=0, help="of the moments and the processes (default 0)")
    add("--folder", action="store_true", help="a store in a folder (default: file://, as a bucket)")
    arguments = parser.parse_args()
    write(f"# Endurance on a Ray cluster\n\n{described()}\n")
    rng = random.Random(arguments.seed)
    kinds: Counter[str] = Counter()
    differences = runs = 0
    with work_folder(None) as work, ray_cluster(2) as cluster:
        write_samples(work / "samples", arguments.count)
        subprocess.run(_command(work, str(work / "whole")), check=True, stdout=subprocess.DEVNULL)
        expected = part_files(work / "whole")
        while _of_kills(kinds) < arguments.kills:
            runs += 1
            folder = work / f"run-{runs}"
            command = _command(work, *_store(folder, in_folder=arguments.folder))
            kinds += _killed_run(command, cluster, rng, arguments.kills - _of_kills(kinds))
            differences += part_files(folder / "copy") != expected
            differences += (folder / "copy" / "cluster").exists()
            write(f"run {runs}: {_of_kills(kinds)} kills, {differences} stores differ\n")
    write(rows(("what", "kills"), sorted(kinds.items())))
    write(f"\n{runs} runs, {differences} stores differ from one of one machine\n")
    return int(differences > 0)


def _store(folder: Path, *, in_folder: bool) -> list[str]:
    options = ["--workers", "ray"]
    if in_folder:
        return [str(folder / "copy"), *options]
    return [f"file://{folder / 'objects'}", *options, "--work", str(folder / "copy")]


def _killed_run(
    command: list[str], cluster: RayCluster, rng: random.Random, most: int
) -> Counter[str]:
    """Run a command until it ends well, killed at random moments; return what was killed.

    Returns:
        Kills by kind, and how often the command ended with an error instead (`_ENDED`).
    """
    kinds: Counter[str] = Counter()

    def node(_: random.Random) -> bool:
        cluster.kill_node()
        cluster.add()
        return True

    kills: dict[str, Callable[[random.Random], bool]] = {
        "crew": cluster.kill_crew,
        "decoder": cluster.kill_decoder,
        "node": node,
    }
    run = _started(command)
    started = time.monotonic()
    while run.poll() is None:
        if time.monotonic() - started > _PATIENCE_S:
            raise RuntimeError("the run does not end")
        time.sleep(rng.uniform(0, _LATEST_S))
        kind = rng.choice([*kills, "driver"])
        if _of_kills(kinds) >= most or run.poll() is not None:
            run.wait(_PATIENCE_S)
        elif kind == "driver":
            run.kill()
            run.wait()
            run = _started(command)
            kinds[kind] += 1
        elif kills[kind](rng):
            kinds[kind] += 1
        if run.poll():
            # Three kills hit one part: it is given up, and the same command tries again.
            kinds[_ENDED] += 1
            run = _started(command)
    return kinds


def _of_kills(kinds: Counter[str]) -> int:
    return kinds.total() - kinds[_ENDED]


def _started(command: list[str]) -> "subprocess.Popen[bytes]":
    return subprocess.Popen(command, stdout=subprocess.DEVNULL)


def _command(work: Path, store: str, *options: str) -> list[str]:
    command = [sys.executable, "-m", "imgrec.index", str(work / "samples"), "--encoder", "mini"]
    return [*command, "--quiet", "--store", store, *options]


if __name__ == "__main__":
    sys.exit(main())
