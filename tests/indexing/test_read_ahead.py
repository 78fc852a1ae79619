"""Reading ahead: every picture once and in order, errors in their place, bounds; local files."""

import threading
from collections.abc import Iterator
from concurrent.futures import Future
from contextlib import closing

import pytest

from imgrec import PictureError
from imgrec.indexing import read_ahead
from imgrec.indexing.read_ahead import MOST_AHEAD, reads
from imgrec.sources import opening
from memory_source import MemorySource

NAMES = [f"{number:03}" for number in range(100)]
FILES = [(number, "slow://b", name, "") for number, name in enumerate(NAMES)]


class Slow(MemorySource):
    """A remote source whose picture is its path, and that notes what is asked for."""

    asked: list[str]
    threads: set[int]

    @property
    def is_remote(self) -> bool:
        return True

    def read(self, path: str, head: int | None = None) -> bytes:
        self.asked.append(path)
        self.threads.add(threading.get_ident())
        if path.endswith("7"):
            raise PictureError("unreadable", path)
        return path.encode()


class Near(Slow):
    """The same on this machine."""

    @property
    def is_remote(self) -> bool:
        return False


@pytest.fixture(autouse=True)
def _kinds(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    monkeypatch.setattr(opening, "KINDS", {**opening.KINDS, "slow": Slow, "near": Near})
    monkeypatch.setattr(Slow, "asked", [], raising=False)
    monkeypatch.setattr(Slow, "threads", set(), raising=False)
    yield


def test_each_picture_comes_once_in_its_place() -> None:
    given: list[str] = []
    for read in reads(FILES):
        try:
            given.append(read().decode())
        except PictureError as error:
            assert error.reason == "unreadable"
            given.append(str(error))
    assert given == NAMES
    assert sorted(Slow.asked) == NAMES
    assert threading.get_ident() not in Slow.threads


def test_no_more_is_fetched_than_the_bound() -> None:
    with closing(reads(FILES)) as ahead:
        for taken, read in enumerate(ahead, 1):
            if not NAMES[taken - 1].endswith("7"):
                read()
            assert len(Slow.asked) <= taken + MOST_AHEAD
            if taken == 20:
                break
    assert len(Slow.asked) <= 20 + MOST_AHEAD


def test_room_is_bound_by_number_and_by_bytes(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(read_ahead, "MOST_BYTES", 6)

    def room(*futures: Future[bytes]) -> bool:
        return read_ahead._has_room([(future.result, future) for future in futures])

    waiting = Future[bytes]()
    fetched, failed = Future[bytes](), Future[bytes]()
    fetched.set_result(b"12345")
    failed.set_exception(PictureError("unreadable", ""))
    assert room() and room(waiting) and room(fetched, failed)
    assert room(*[waiting] * (MOST_AHEAD - 1))
    assert not room(*[waiting] * MOST_AHEAD)
    monkeypatch.setattr(read_ahead, "MOST_BYTES", 5)
    assert not room(failed, fetched)


def test_a_local_file_is_read_when_its_turn_comes() -> None:
    local = [(number, "near://b", name, "") for number, _, name, _ in FILES[:6]]
    for taken, read in enumerate(reads(local), 1):
        assert read().decode() == NAMES[taken - 1]
        assert len(Slow.asked) == taken
    assert Slow.threads == {threading.get_ident()}


def test_local_and_remote_pictures_mix() -> None:
    mixed = [(n, f"{kind}://b", f"00{n}", "") for n, kind in enumerate(("near", "slow", "near"))]
    assert [read() for read in reads(mixed)] == [b"000", b"001", b"002"]
    assert list(reads([])) == []
