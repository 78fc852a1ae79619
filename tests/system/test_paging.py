"""Advice to the kernel about pages of mapped files."""

import ctypes
import mmap
from pathlib import Path

import numpy as np
import pytest

from imgrec.system import paging
from imgrec.system.paging import will_need


def test_whole_pages_around_each_stretch_are_asked_for(monkeypatch: pytest.MonkeyPatch) -> None:
    asked: list[tuple[int, int, int]] = []
    monkeypatch.setattr(paging, "_madvise", lambda: lambda *given: asked.append(given))
    page = mmap.PAGESIZE
    will_need([page, 3 * page + 8, 9 * page - 4], 16)
    assert [(first, first + length) for first, length, _ in asked] == [
        (page, page + 16),
        (3 * page, 3 * page + 24),
        (8 * page, 9 * page + 12),
    ]


def test_a_mapped_file_is_as_before(tmp_path: Path) -> None:
    values = np.arange(100_000, dtype=np.float32)
    np.save(tmp_path / "a.npy", values)
    mapped = np.load(tmp_path / "a.npy", mmap_mode="r")
    will_need([mapped.ctypes.data + 4 * i for i in range(0, 90_000, 10_000)], 4000)
    assert np.array_equal(mapped, values)


@pytest.mark.parametrize("error", [OSError, AttributeError, TypeError])
def test_nothing_happens_where_there_is_no_such_call(
    monkeypatch: pytest.MonkeyPatch, error: type[Exception]
) -> None:
    def fail(name: str | None) -> None:
        raise error

    monkeypatch.setattr(ctypes, "CDLL", fail)
    paging._madvise.cache_clear()
    try:
        will_need([4096], 1)
    finally:
        paging._madvise.cache_clear()
