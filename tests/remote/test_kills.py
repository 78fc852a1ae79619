"""Push and pull that are killed anywhere, and run again: the result is the same."""

import os
import random
import signal
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

pytest.importorskip("obstore", reason="obstore is not installed")

from imgrec.remote.pull import pull
from imgrec.remote.push import push
from imgrec.remote.store import RemoteStore
from imgrec.store.kept import save
from remote_stores import assert_equal_stores, url_of

pytestmark = pytest.mark.skipif(os.name != "posix", reason="there is no SIGKILL here")

# Kills itself at the n-th call of what writes: names given to files, contents, objects.
_SCRIPT = """
import os, signal, sys
from pathlib import Path
from imgrec.objects.objects import Objects
from imgrec.remote.blobs import Blobs
from imgrec.remote.pull import pull
from imgrec.remote.push import push

left = int(sys.argv[1])

def killing(method):
    def called(*arguments, **named):
        global left
        left -= 1
        if left == 0:
            os.kill(os.getpid(), signal.SIGKILL)
        return method(*arguments, **named)
    return called

for kind, name in ((Path, "rename"), (Path, "replace"), (Blobs, "write_to"), (Objects, "create")):
    setattr(kind, name, killing(getattr(kind, name)))
if sys.argv[2] == "push":
    push(Path(sys.argv[3]), sys.argv[4])
else:
    pull(sys.argv[4], Path(sys.argv[3]))
print(int(sys.argv[1]) - left)
"""


def run(at: int, what: str, folder: Path, url: str) -> "subprocess.CompletedProcess[str]":
    command = [sys.executable, "-c", _SCRIPT, str(at), what, str(folder), url]
    return subprocess.run(command, capture_output=True, text=True, timeout=600)


def moments(whole: "subprocess.CompletedProcess[str]", seed: int) -> list[int]:
    """Return some moments of a run that went through, the first and the last among them."""
    assert whole.returncode == 0, whole.stderr
    count = int(whole.stdout)
    between = random.Random(seed).sample(range(2, count), 2)
    return [1, *sorted(between), count]


@pytest.fixture
def kept_store(own_store: Path) -> Path:
    save(own_store / "knn" / "mini", {"v": 1}, {"rows": np.arange(9)})
    return own_store


def test_a_killed_push_is_repeated(kept_store: Path, tmp_path: Path) -> None:
    whole = run(1_000_000, "push", kept_store, url_of(tmp_path / "whole"))
    (kept_store / "pulled.json").unlink()
    url = url_of(tmp_path / "remote")
    for number, at in enumerate(moments(whole, 1)):
        killed = run(at, "push", kept_store, url)
        # The last one may have less to do than the first.
        assert killed.returncode == -signal.SIGKILL or (number and not killed.returncode)
        # A reader finds a whole state, whatever was killed.
        if list((tmp_path / "remote").glob("manifests/*.json")):
            RemoteStore.open(url).entries()
    push(kept_store, url)
    pull(url, tmp_path / "pulled")
    assert_equal_stores(kept_store, tmp_path / "pulled")
    assert not list(kept_store.glob(".tmp-*"))


def test_a_killed_pull_is_repeated(kept_store: Path, tmp_path: Path) -> None:
    url = url_of(tmp_path / "remote")
    push(kept_store, url)
    whole = run(1_000_000, "pull", tmp_path / "whole", url)
    folder = tmp_path / "pulled"
    for number, at in enumerate(moments(whole, 2)):
        # The runs before have brought a part of it: fewer writes are left.
        killed = run(max(1, at // (number + 1)), "pull", folder, url)
        assert killed.returncode == -signal.SIGKILL or (number and not killed.returncode)
    pull(url, folder)
    assert_equal_stores(kept_store, folder)
    assert not list(folder.rglob(".tmp-*"))


def test_a_killed_update_is_repeated(kept_store: Path, tmp_path: Path) -> None:
    url = url_of(tmp_path / "remote")
    push(kept_store, url)
    pull(url, tmp_path / "pulled")
    # Another state, and another one while the copy is between two.
    for value in (2, 3):
        save(kept_store / "knn" / "mini", {"v": value}, {"rows": np.arange(value)})
        save(kept_store / "layouts" / "mini", {"v": value}, {"rows": np.arange(value)})
        push(kept_store, url)
        killed = run(5, "pull", tmp_path / "pulled", url)
        assert killed.returncode == -signal.SIGKILL, killed.stderr
    pull(url, tmp_path / "pulled")
    assert_equal_stores(kept_store, tmp_path / "pulled")
