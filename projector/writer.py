"""Write the runs of a logdir, incrementally: unchanged files are reused from the existing one.

A file is reused, by a hard link if possible, if its content key and its checksum are those that
this user's record has of the existing logdir. A run that changed gets a new folder name: a running
TensorBoard caches runs by name and would otherwise show stale data.
"""

from collections.abc import Mapping, Sequence
from concurrent.futures import FIRST_COMPLETED, Future, ThreadPoolExecutor, wait
from pathlib import Path
from types import TracebackType

from imgrec.system.known_outputs import Made as KnownFile
from imgrec.system.known_outputs import checksum_of_file
from imgrec.system.threads import cores
from projector.files.pieces import Piece
from projector.manifest import (
    Listed,
    LogdirManifest,
    Made,
    file_of,
    still_right,
    taken_over,
)

# Slow files (sprites) written at a time; each takes up to half a gigabyte of memory.
_SLOW_AT_ONCE = 4
# Slow files that are being written or waiting for a thread.
_SLOW_WAITING = 4


class LogdirWriter:
    """Writer of the runs of a new logdir; writes slow files in threads.

    It is a context manager that waits for the threads.

    Attributes:
        made: what each file was made of, by path relative to the logdir; complete when the writer
            is finished.
    """

    def __init__(
        self,
        old_folder: Path,
        old: LogdirManifest,
        folder: Path,
        known: Mapping[str, KnownFile] | None = None,
    ) -> None:
        """Start a logdir.

        Args:
            old_folder: the existing logdir; it may be absent.
            old: its manifest.
            folder: the new logdir, empty.
            known: files of the existing logdir in this user's record; no others are reused.
        """
        self.made: dict[str, KnownFile] = {}
        self._known = known or {}
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
        """Return True if a file of a run can be reused from the existing logdir, as it seems.

        It is written anew all the same if its bytes turn out to be others.

        Args:
            key: of the run.
            name: of the file.
            made_from: content key of the file.
        """
        listed = self._old.runs.get(key)
        return still_right(self._old_folder, listed, name, made_from, self._known) is not None

    def write(self, key: str, title: str, pieces: Sequence[Piece]) -> tuple[str, bool]:
        """Write a run; return the name of its folder, and True if the run has changed.

        Args:
            key: identity of the run, the same in the existing logdir.
            title: name of the folder. For a changed run, the number of the edition is appended,
                so that a name is never used for two different contents.
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
            if listed is not None and self._take_over(listed, piece, path):
                continue
            if piece.slow:
                self._wait_for_room()
                self._pending.append(self._threads.submit(piece.write, path))
            else:
                piece.write(path)
        self._runs[key] = Listed(name, title, {p.name: Made(p.key, -1) for p in pieces})
        return name, changed

    def _take_over(self, listed: Listed, piece: Piece, path: Path) -> bool:
        """Put a file of the existing logdir into the new one; return False if it is not right."""
        old = still_right(self._old_folder, listed, piece.name, piece.key, self._known)
        if old is None:
            return False
        known = self._known[file_of(listed, piece.name)]
        if not taken_over(old, path, known.checksum):
            return False
        self.made[path.relative_to(self._folder).as_posix()] = known
        return True

    def _wait_for_room(self) -> None:
        """Block while `_SLOW_WAITING` slow files are unfinished, to bound the memory they hold."""
        waiting = [future for future in self._pending if not future.done()]
        while len(waiting) >= _SLOW_WAITING:
            waiting = list(wait(waiting, return_when=FIRST_COMPLETED).not_done)

    def finish(self) -> LogdirManifest:
        """Wait for the slow files; return the manifest of the logdir.

        Raises:
            Exception: an exception raised while a file was written.
        """
        for future in self._pending:
            future.result()
        written = {
            file_of(run, name): made.key
            for run in self._runs.values()
            for name, made in run.files.items()
            if file_of(run, name) not in self.made
        }
        checksums = self._threads.map(checksum_of_file, map(self._folder.joinpath, written))
        for (file, key), checksum in zip(written.items(), checksums, strict=True):
            self.made[file] = KnownFile(key, checksum)
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
