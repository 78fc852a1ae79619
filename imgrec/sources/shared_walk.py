"""A walk of a folder that a second process shares, for the rescan of a large collection.

A walk costs one question to the system for each file, and what Python does with the answer. So two
processes list folders: this one takes them from the first end of those that wait, the other one
from the last, some at a time. What either finds in them waits in turn.

Invariants: each folder is listed once, and the `Listing` and the folders that are yielded are those
of `imgrec.sources.walk`, but for their order. Where the other process dies or cannot be started,
what it had taken is listed here. It ends with the generator, and with this process.
"""

from collections import deque
from collections.abc import Iterator, Sequence
from concurrent.futures import Future
from typing import NamedTuple

from imgrec.sources.columns import Columns
from imgrec.sources.rules import Rules
from imgrec.sources.source import Listing
from imgrec.sources.walk import Waiting, look
from imgrec.system.worker import WorkerDiedError
from imgrec.system.workers import Workers

# Files that this process lists at a time, about, and the other one; the most folders of a time;
# tasks that the other one has, so that it never waits for this process.
_OWN_FILES, _TASK_FILES, _MOST_FOLDERS, _TASKS = 500, 2_000, 200, 2
# Files that are expected in a folder before any was listed.
_EXPECTED = 1_000


class _Told(NamedTuple):
    """What is named to a user of one folder.

    Attributes:
        place: of the folder, its names one by one: in their order folders are walked.
        outputs: as of `Listing`.
        unreadable: as of `Listing`.
    """

    place: tuple[str, ...]
    outputs: list[str]
    unreadable: list[str]


class _Listed(NamedTuple):
    """What some folders hold.

    Attributes:
        pictures: of all of them.
        waiting: the folders found in them.
        found: what was listed and skipped, without what `told` has.
        told: of the folders that have any of it.
    """

    pictures: Columns
    waiting: list[Waiting]
    found: Listing
    told: list[_Told]


def shared_walk(root: str, found: Listing) -> Iterator[Columns]:
    """Yield the pictures of some folders at a time, in no order that means anything.

    Links are counted and not followed. Close the generator to end the other process.

    Args:
        root: the absolute path of the folder.
        found: its rules say what is taken; updated with what is listed and skipped.
    """
    waiting = deque([("", found.rules.follow(""))])
    told: list[_Told] = []
    with Workers(1) as workers:
        other = _Other(workers, root, found.rules)
        looked = 0
        while waiting or other.is_busy:
            expected = (found.files + _EXPECTED) // (looked + 1) + 1
            other.give(waiting, min(_TASK_FILES // expected + 1, _MOST_FOLDERS))
            folders, listed = other.answer(wait=not waiting)
            if listed is None:
                own = min(_OWN_FILES // expected + 1, _MOST_FOLDERS, len(waiting))
                folders = folders or [waiting.popleft() for _ in range(own)]
                listed = list_folders(root, found.rules, folders)
            looked += len(folders)
            waiting += listed.waiting
            told += listed.told
            found.add(listed.found)
            if listed.pictures.paths:
                yield listed.pictures
        # It has nothing to do: to end it so is quicker than to let it end.
        workers.stop()
    for one in sorted(told):
        found.outputs += one.outputs
        found.unreadable += one.unreadable


class _Other:
    """The other process, and the tasks that it has not answered.

    Args:
        workers: a pool of one process.
        root: of the walk.
        rules: of the walk.
    """

    def __init__(self, workers: Workers, root: str, rules: Rules) -> None:
        self._workers = workers
        self._root, self._rules = root, rules
        self._tasks: deque[tuple[list[Waiting], Future[_Listed]]] = deque()

    @property
    def is_busy(self) -> bool:
        """True if it has not answered all of its tasks."""
        return bool(self._tasks)

    def give(self, waiting: deque[Waiting], most: int) -> None:
        """Give it folders, of those that wait the last ones, a task of up to `most` at a time."""
        while len(self._tasks) < _TASKS and len(waiting) > 1 and not self._workers.stopped:
            folders = [waiting.pop() for _ in range(min(most, len(waiting) // 2))]
            future = self._workers.submit(list_folders, self._root, self._rules, folders)
            self._tasks.append((folders, future))

    def answer(self, *, wait: bool) -> tuple[list[Waiting], _Listed | None]:
        """Return the folders of its next answered task, and what they hold.

        Args:
            wait: until it has answered.

        Returns:
            No folders if it has answered nothing; folders and None if it died with them.
        """
        if not self._tasks or not (wait or self._tasks[0][1].done()):
            return [], None
        folders, future = self._tasks.popleft()
        try:
            return folders, future.result()
        except WorkerDiedError:
            self._workers.stop()
            return folders, None


def list_folders(root: str, rules: Rules, folders: Sequence[Waiting]) -> _Listed:
    """List some folders of a walk."""
    found, pictures = Listing(rules), []
    waiting: list[Waiting] = []
    told: list[_Told] = []
    for folder in folders:
        looked = look(root, folder, found)
        if looked.files:
            found.files += len(looked.files)
            pictures.append(Columns.of(looked.prefix, looked.files))
        waiting += looked.folders
        found.links += len(looked.links)
        if found.outputs or found.unreadable:
            told.append(_Told(tuple(folder[0].split("/")), found.outputs, found.unreadable))
            found.outputs, found.unreadable = [], []
    return _Listed(Columns.joined(pictures), waiting, found, told)
