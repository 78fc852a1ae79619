"""The present state of a store that other processes change: one view, renewed when it is stale.

SQLite shows a reader one state for as long as its transaction lasts; the files of features are
beside it. A question holds a transaction, and is asked again if files of features were replaced
while it ran. Invariant: all that one thread reads for one question is of one state.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import TypeVar
from weakref import WeakSet, finalize

from imgrec.errors import StoreError, WrongValueError
from imgrec.search.view import StoreView
from imgrec.store.manifest import is_store
from imgrec.store.store import Store

# A question is asked again if files of features are replaced meanwhile, up to so many times.
_TRIES = 3
# A state is chosen again if another process commits before it is held, up to so many times.
_HOLDS = 20
_Answered = TypeVar("_Answered")


class States:
    """The states of an open store, one after the other; thread-safe.

    Attributes:
        store: open; another object once the catalog has been replaced.
    """

    def __init__(self, store: Store) -> None:
        self.store = store
        self._lock = threading.Lock()
        self._view: StoreView | None = None
        self._outlived: WeakSet[Store] = WeakSet()
        self._closed = False
        self._local = threading.local()

    def close(self) -> None:
        """Close the store, and those it has replaced; `view` raises WrongValueError then."""
        self._closed, self._view = True, None
        for store in (*self._outlived, self.store):
            store.close()

    def answered(self, ask: Callable[[StoreView], _Answered]) -> _Answered:
        """Return what a function answers from one state; see `Recommender.of_one_state`."""
        if self._asked_of() is not None:
            return ask(self.view())
        for _ in range(_TRIES):
            with self._held() as view:
                answered = ask(view)
            if view.has_its_files():
                break
        return answered

    def view(self) -> StoreView:
        """Return the view of the present state; within `answered` that of the question.

        Raises:
            StoreError: the store is gone, or damaged.
            WrongValueError: this is closed.
        """
        asked_of = self._asked_of()
        if asked_of is not None:
            return asked_of
        with self._lock:
            if self._closed:
                raise WrongValueError("this Recommender is closed: open another")
            if not is_store(self.store.path):
                raise StoreError(f"the store {self.store.path} is gone: open another")
            if self.store.catalog.is_outdated():
                renewed = Store.open(self.store.path)
                # Closed when nothing uses it: another thread may still be reading from it.
                self._outlived.add(self.store)
                finalize(self.store, self.store.catalog.close).atexit = False
                self.store = renewed
            state = self.store.state()
            view = self._view
            if view is None or view.store is not self.store or view.state != state:
                view = self._view = StoreView(self.store, state, view)
            return view

    @contextmanager
    def _held(self) -> Iterator[StoreView]:
        """Let this thread read the present state of the store while a block runs."""
        view = self._last_view()
        for left in reversed(range(_HOLDS)):
            with view.store.catalog.one_state():
                # Asked while the state is held, so that no commit can come between.
                if not left or view.is_current():
                    self._local.view = view
                    try:
                        yield view
                    finally:
                        self._local.view = None
                    return
            view = self.view()

    def _last_view(self) -> StoreView:
        """Return the view of the last question, which may be stale; the present one for none."""
        view = self._view
        return self.view() if view is None or view.store.catalog.is_outdated() else view

    def _asked_of(self) -> StoreView | None:
        """Return the view of the question that this thread answers; None outside of one."""
        view: StoreView | None = getattr(self._local, "view", None)
        return view
