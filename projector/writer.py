"""Writes the runs of a logdir; what is the same in the old one is taken over."""

from collections.abc import Sequence
from concurrent.futures import FIRST_COMPLETED, Future, ThreadPoolExecutor, wait
from pathlib import Path
from types import TracebackType

from imgrec.system.threads import cores
from projector.files.pieces import Piece
from projector.manifest import Listed, LogdirManifest, Made, still_right, taken_over

_SLOW_AT_ONCE = 4  # sprites, each of which takes up to half a gigabyte while it is made
_SLOW_WAITING = 4  # of these, and of those that wait for a thread


class LogdirWriter:
    """Writes runs into a new logdir, slow files in threads; a context that waits for them."""

    def __init__(self, old_folder: Path, old: LogdirManifest, folder: Path) -> None:
        """Begin a logdir.

        Args:
            old_folder: the logdir before this one, there or not.
            old: what is in it.
            folder: the new one, empty.
        """
        self._old_folder, self._old, self._folder = old_folder, old, folder
        self._runs: dict[str, Listed] = {}
        self._pending: list[Future[object]] = []
        self._threads = ThreadPoolExecutor(min(_SLOW_AT_ONCE, cores()))

    def __enter__(self) -> "LogdirWriter":
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, _: TracebackType | None
    ) -> None:
        self._threads.shutdown(cancel_futures=True)

    def has(self, key: str, name: str, made_from: str) -> bool:
        """Whether a file of a run need not be made, for the old logdir has it.

        Args:
            key: of the run.
            name: of the file.
            made_from: the key of the piece.
        """
        listed = self._old.runs.get(key)
        return still_right(self._old_folder, listed, name, made_from) is not None

    def write(self, key: str, title: str, pieces: Sequence[Piece]) -> tuple[str, bool]:
        """Write a run; return the name of its folder, and whether it differs from the old one.

        Args:
            key: of the run, the same in the old logdir.
            title: what the folder is to be called. A changed run gets the number of the edition
                behind it, so that none ever has the name of another.
            pieces: its files.
        """
        listed = self._old.runs.get(key)
        changed = listed is None or not _is_same(listed, title, pieces)
        if listed is None:
            name = title
        else:
            name = f"{title} ({self._old.edition + 1})" if changed else listed.folder
        folder = self._folder / name
        folder.mkdir()
        for piece in pieces:
            path = folder / piece.name
            kept = still_right(self._old_folder, listed, piece.name, piece.key)
            if kept is not None and taken_over(kept, path):
                continue
            if piece.slow:
                self._wait_for_room()
                self._pending.append(self._threads.submit(piece.write, path))
            else:
                piece.write(path)
        self._runs[key] = Listed(name, title, {p.name: Made(p.key, -1) for p in pieces})
        return name, changed

    def _wait_for_room(self) -> None:
        """Wait while many slow files are not done: what is laid for them is held in memory."""
        waiting = [future for future in self._pending if not future.done()]
        while len(waiting) >= _SLOW_WAITING:
            waiting = list(wait(waiting, return_when=FIRST_COMPLETED).not_done)

    def finish(self) -> LogdirManifest:
        """Wait for the slow files; return the list of all that was written.

        Raises:
            Exception: what the writing of a file raised.
        """
        for future in self._pending:
            future.result()
        runs = {key: self._measured(run) for key, run in self._runs.items()}
        same = runs == dict(self._old.runs)
        return LogdirManifest(self._old.edition + (not same), runs)

    def _measured(self, run: Listed) -> Listed:
        folder = self._folder / run.folder
        sizes = {name: (folder / name).stat().st_size for name in run.files}
        return Listed(
            run.folder, run.title, {n: Made(m.key, sizes[n]) for n, m in run.files.items()}
        )


def _is_same(listed: Listed, title: str, pieces: Sequence[Piece]) -> bool:
    there = {name: made.key for name, made in listed.files.items()}
    return listed.title == title and there == {piece.name: piece.key for piece in pieces}
