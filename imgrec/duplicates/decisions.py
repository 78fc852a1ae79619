"""Decide pairs of contents: by what the store keeps, else by thumbnails, then by files.

Decisions are kept while they are made, so that an interrupted run continues after the last that was
kept, and the next one compares new pairs only.
"""

import time
from collections.abc import Sequence
from contextlib import suppress
from typing import TYPE_CHECKING

import numpy as np

from imgrec.collection import Ids
from imgrec.duplicates.comparison import Comparison, Difference, Verdict
from imgrec.duplicates.contents import Contents
from imgrec.duplicates.orientation import reversed_comparison
from imgrec.duplicates.thumbnail_stage import deserving_by_block
from imgrec.duplicates.verdicts import load_verdicts, save_verdicts
from imgrec.errors import StoreError
from imgrec.store.store import Store
from imgrec.system.progress import progress
from imgrec.system.stage_costs import FILES, THUMBNAILS

if TYPE_CHECKING:
    from imgrec.duplicates.file_stage import Content, FileStage

_DIFFERENT = Comparison(Verdict.DIFFERENT)
# Seconds of work that an interruption may cost.
_KEEP_EVERY_S = 20.0


class Decisions:
    """The comparisons of pairs of contents.

    Attributes:
        contents: the files of each content.
        verdicts: what is known.
    """

    def __init__(
        self, store: Store, contents: Contents, stage: "FileStage | None", *, quiet: bool = True
    ) -> None:
        """Load what the store keeps.

        Args:
            store: open.
            contents: of its catalog.
            stage: compares files; None: what is not known counts as different.
            quiet: show no progress bar.
        """
        self.contents = contents
        self.verdicts = load_verdicts(store.paths.verdicts)
        self._store, self._stage, self._quiet = store, stage, quiet
        # Of pairs that could not be read: true for this run only.
        self._unread: dict[tuple[int, int], Comparison] = {}
        self._kept_s, self._is_new = time.monotonic(), False

    def decide(self, pairs: Ids) -> None:
        """Decide the pairs (p, 2) of contents that are not known, by both stages; keep all.

        Raises:
            StoreError: a thumbnail is absent or damaged.
            WorkersError: a process was killed, or none can be started.
        """
        try:
            self._compare(self._deserving(self.verdicts.unknown(pairs)))
        finally:
            self.keep()

    def between(self, first: int, second: int) -> Comparison:
        """Return the comparison of two contents, in this order; compare their files if needed."""
        pair = (min(first, second), max(first, second))
        if self._known(pair) is None and self._stage is not None:
            self._compare(np.array([pair], np.int64))
        found = self._known(pair) or _DIFFERENT
        return found if self.contents.ordered(*pair)[0] == first else reversed_comparison(found)

    def are(self, least: Verdict, one: int, others: Sequence[int]) -> list[bool]:
        """Return which contents have at least a verdict with one of them."""
        pairs = [(min(one, other), max(one, other)) for other in others]
        unknown = [pair for pair in pairs if self._known(pair) is None]
        if unknown and self._stage is not None:
            self._compare(np.array(unknown, np.int64))
        return [(self._known(pair) or _DIFFERENT).verdict >= least for pair in pairs]

    def links(self, least: Verdict) -> list[tuple[int, int]]:
        """Return the known pairs of contents that have at least a verdict."""
        known = {**self.verdicts.compared, **self._unread}
        return sorted(pair for pair, found in known.items() if found.verdict >= least)

    def keep(self) -> None:
        """Save what is new, if the store can be written."""
        if not self._is_new:
            return
        self._is_new = False
        self.verdicts = self.verdicts.only(self._store.catalog.ids("ok"))
        # A store that is read-only, full or locked is no reason to fail.
        with suppress(OSError, StoreError), self._store.writing():
            save_verdicts(self._store.paths.verdicts, self.verdicts)
        self._kept_s = time.monotonic()

    def _known(self, pair: tuple[int, int]) -> Comparison | None:
        return self._unread.get(pair) or self.verdicts.of(*pair)

    def _deserving(self, pairs: Ids) -> Ids:
        """Return the pairs (q, 2) whose files deserve to be compared; reject the others."""
        found = [np.zeros((0, 2), np.int64)]
        with progress(THUMBNAILS, total=len(pairs), unit="pairs", quiet=self._quiet) as bar:
            folder, workers = self._store.paths.thumbs, self._stage.workers if self._stage else 0
            for block, deserves in deserving_by_block(pairs, folder, workers, bar.update):
                found.append(block[deserves])
                self.verdicts.reject(block[~deserves])
                self._is_new = True
                self._keep_sometimes()
        return np.concatenate(found)

    def _compare(self, pairs: Ids) -> None:
        """Compare the files of pairs (p, 2) of contents."""
        if self._stage is None or not len(pairs):
            return
        self.contents.read(np.unique(pairs).tolist())
        asked = [self.contents.ordered(*pair) for pair in pairs.tolist()]
        contents = ((self._content(first), self._content(second)) for first, second in asked)
        quiet = self._quiet or len(pairs) == 1
        with progress(FILES, total=len(pairs), unit="pairs", quiet=quiet) as bar:
            for (one, other), found in zip(
                pairs.tolist(), self._stage.compared(contents), strict=True
            ):
                if found.differences & Difference.UNREAD:
                    self._unread[one, other] = found
                else:
                    self.verdicts.add((one, other), found)
                    self._is_new = True
                bar.update(1)
                self._keep_sometimes()

    def _keep_sometimes(self) -> None:
        if time.monotonic() - self._kept_s > _KEEP_EVERY_S:
            self.keep()

    def _content(self, content: int) -> "Content":
        # Imported here, since it imports numba.
        from imgrec.duplicates.file_stage import Content

        return Content.of(self.contents.files(content))
