"""Running the commands of a whole collection, undisturbed or killed at random moments."""

import os
import random
import signal
import subprocess
import sys
import time
from collections import Counter
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path

from killing import children, kill_one

# In the order in which each needs what the one before it made.
STAGES = ("index", "graph", "projector", "report")
KINDS = ("group", "main", "worker")

_PATIENCE_S = 600.0
# A run that is not killed ends well before.
_LATEST = 1.1


@dataclass
class Killed:
    """What happened to a command.

    Attributes:
        kinds: number of kills of each of `KINDS`.
        ended: runs that had ended before their kill.
        errors: of those, the runs that ended with an error, as after the death of a worker.
    """

    kinds: Counter[str] = field(default_factory=Counter)
    ended: int = 0
    errors: int = 0


def undisturbed(stage: str, photos: Path, work: Path) -> float:
    """Run a command to its end; return its seconds.

    Raises:
        RuntimeError: it ended with an error.
    """
    started = time.perf_counter()
    run = _started(stage, photos, work)
    error = run.communicate(timeout=_PATIENCE_S)[1].decode()
    if run.returncode:
        raise RuntimeError(f"{stage} ended with {run.returncode}: {error}")
    return time.perf_counter() - started


def killed(stage: str, photos: Path, work: Path, seconds: float, count: int, seed: str) -> Killed:
    """Run a command again and again, each time until it is killed.

    In turn the whole group of its processes, the main process alone and one worker are killed. A
    run whose worker was killed goes on, and is killed again or ends. What a killed main process
    left behind is not waited for: the next run starts beside it.

    Args:
        stage: one of `STAGES`.
        photos: folder of the pictures.
        work: folder of the store and of everything made from it.
        seconds: of an undisturbed run; moments are uniform over a little more.
        count: of kills.
        seed: of moments and of the choice of workers.
    """
    rng = random.Random(seed)
    found = Killed()
    groups = []
    run = _started(stage, photos, work)
    groups.append(run.pid)
    while sum(found.kinds.values()) < count:
        with suppress(subprocess.TimeoutExpired):
            code = run.wait(rng.uniform(0, _LATEST * seconds))
            found.ended += 1
            found.errors += code != 0
            run = _restarted(run, stage, photos, work, groups)
            continue
        kind = KINDS[sum(found.kinds.values()) % len(KINDS)]
        # Before its workers start, and where there are none, the main process is killed.
        if kind == "worker" and not kill_one(children(run.pid), rng):
            kind = "main"
        if kind == "group":
            os.killpg(run.pid, signal.SIGKILL)
        elif kind == "main":
            run.kill()
        found.kinds[kind] += 1
        if kind != "worker":
            run = _restarted(run, stage, photos, work, groups)
    code = run.wait(_PATIENCE_S)
    found.ended += 1
    found.errors += code != 0
    run.communicate()
    for group in groups:
        with suppress(ProcessLookupError):
            os.killpg(group, signal.SIGKILL)
    return found


def _restarted(
    run: "subprocess.Popen[bytes]", stage: str, photos: Path, work: Path, groups: list[int]
) -> "subprocess.Popen[bytes]":
    run.wait()
    for pipe in (run.stdout, run.stderr):
        if pipe:
            pipe.close()
    again = _started(stage, photos, work)
    groups.append(again.pid)
    return again


def _started(stage: str, photos: Path, work: Path) -> "subprocess.Popen[bytes]":
    store = work / "store"
    commands = {
        "index": ["imgrec.index", str(photos), "--store", str(store), "--encoder", "mini"],
        "graph": ["graph", "--store", str(store), "--out", str(work / "site")],
        "projector": ["projector", "--store", str(store), "--out", str(work / "logdir")],
        "report": ["imgrec.report", "--store", str(store), "--out", str(work / "report")],
    }
    command = [sys.executable, "-m", *commands[stage]]
    if stage == "report":
        command += ["--site", str(work / "site"), "--logdir", str(work / "logdir")]
    work.mkdir(exist_ok=True)
    quiet = subprocess.DEVNULL
    return subprocess.Popen(command, start_new_session=True, stdout=quiet, stderr=subprocess.PIPE)
