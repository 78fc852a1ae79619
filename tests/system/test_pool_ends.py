"""How a pool of workers ends: no process, no thread and no pipe is left, whatever happened."""

import gc
import os
import subprocess
import sys
import threading
import time
from pathlib import Path

import pytest

from imgrec.system.worker import WorkerDiedError
from imgrec.system.workers import Workers, in_order


def _squared(number: int) -> int:
    return number * number


def _dying() -> None:
    os._exit(1)


# Its worker holds a lock of multiprocessing, as that of a progress bar of UMAP, and is killed.
_KILLED_WITH_A_LOCK = """
import multiprocessing, time
from imgrec.system.worker import WorkerDiedError, beat
from imgrec.system.workers import Workers

def locked():
    with multiprocessing.RLock():
        beat("locked", 0.1)
        time.sleep(600)

if __name__ == "__main__":
    with Workers(1) as workers:
        try:
            workers.submit(locked).result()
        except WorkerDiedError as died:
            print(died.mark)
"""


def _open_files() -> int:
    gc.collect()
    return len(os.listdir("/proc/self/fd"))


def _use(how: str) -> None:
    if how == "well":
        with Workers(2) as workers:
            assert [workers.submit(_squared, n).result() for n in range(3)] == [0, 1, 4]
    elif how == "dying":
        with Workers(1) as workers:
            with pytest.raises(WorkerDiedError):
                workers.submit(_dying).result()
            assert workers.submit(_squared, 3).result() == 9
    elif how == "interrupted":
        with pytest.raises(KeyboardInterrupt), Workers(2) as workers:
            workers.submit(time.sleep, 600)
            raise KeyboardInterrupt
    else:
        # The rest of the results is not wanted.
        for _ in in_order(_squared, iter(range(50)), 2):
            break


@pytest.mark.skipif(not Path("/proc/self/fd").is_dir(), reason="no list of open files here")
@pytest.mark.parametrize("how", ["well", "dying", "interrupted", "broken off"])
def test_a_pool_leaves_nothing_open(how: str) -> None:
    # The resource tracker is started once, and stays.
    _use(how)
    files, threads = _open_files(), threading.active_count()
    for _ in range(2):
        _use(how)
    assert _open_files() == files
    assert threading.active_count() == threads


def test_a_killed_worker_leaves_no_lock_behind(tmp_path: Path) -> None:
    """Python reports a lock left behind as a leak, at the end, below the last line of a command."""
    script = tmp_path / "script.py"
    script.write_text(_KILLED_WITH_A_LOCK)
    run = subprocess.run([sys.executable, str(script)], capture_output=True, text=True, timeout=60)
    assert (run.stdout, run.stderr, run.returncode) == ("locked\n", "", 0)


def test_a_worker_that_starts_while_the_pool_is_stopped_is_killed(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """`stop` cannot kill a process that is not there yet, so its keeper must."""
    with Workers(1) as workers:
        started = workers.started

        def stopped_meanwhile() -> object:
            worker = started()
            workers.stop()
            return worker

        monkeypatch.setattr(workers, "started", stopped_meanwhile)
        future = workers.submit(time.sleep, 600)
        with pytest.raises(WorkerDiedError) as died:
            future.result(timeout=60)
        assert died.value.started
        # Later tasks are dropped, and no process is started for them.
        with pytest.raises(WorkerDiedError):
            workers.submit(_squared, 2).result(timeout=60)
    assert workers.pids() == []


def test_a_task_that_was_canceled_is_not_run() -> None:
    with Workers(1) as workers:
        first = workers.submit(time.sleep, 0.5)
        second = workers.submit(_dying)
        assert second.cancel()
        assert first.result(timeout=60) is None
        assert workers.submit(_squared, 5).result(timeout=60) == 25
