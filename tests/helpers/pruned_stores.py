"""Stores in object storage of several states, to be pruned, and what a prune should leave."""

import json
import os
import random
import time
from collections.abc import Iterable
from pathlib import Path

from imgrec.cluster.prune import DAY_S, Keep
from imgrec.remote.store import RemoteStore
from remote_stores import commit_files

# The newest state alone, however new all is: storage in whole seconds has no time between.
ONE = Keep(last=1, within_s=-100.0)
_MONTH = 30 * DAY_S


def aged(place: Path, age_s: float = _MONTH) -> None:
    """Make all objects that are there now older."""
    then = time.time() - age_s
    for path in place.rglob("*"):
        if path.is_file():
            os.utime(path, (then, then))


def keys(place: Path) -> set[str]:
    return {path.relative_to(place).as_posix() for path in place.rglob("*") if path.is_file()}


def needed(place: Path, numbers: Iterable[int]) -> set[str]:
    """Return the keys of states and of all that they name, read as JSON."""
    found = set()
    for number in numbers:
        key = f"manifests/{number:010d}.json"
        sheets = json.loads((place / key).read_bytes())["sheets"].values()
        listed = [
            entry
            for digest, _ in sheets
            for entry in json.loads((place / "blobs" / digest[:2] / digest).read_bytes()).values()
        ]
        found |= {key, *(f"blobs/{digest[:2]}/{digest}" for digest, _ in [*sheets, *listed])}
    return found


def assert_whole(url: str) -> None:
    """Assert that each content of the newest state is there and is what it is said to be."""
    store = RemoteStore.open(url)
    for path in store.entries():
        store.read(path)


def history(url: str, states: int, seed: int) -> None:
    """Commit states, each of which changes some of a few files."""
    chance = random.Random(seed)
    remote = RemoteStore.create(url)
    for _ in range(states - 1):
        paths = chance.sample([f"indexes/mini/x/{n}.bin" for n in range(9)], 3)
        commit_files(remote, {path: chance.randbytes(50) for path in paths})
