"""Scratch in a folder and in object storage: what is saved is loaded, once and whole."""

from pathlib import Path

import numpy as np
import pytest

from imgrec.objects.errors import ObjectError
from imgrec.store.scratch import FolderScratch, ObjectScratch, Scratch


@pytest.fixture(params=["folder", "objects"])
def scratch(request: pytest.FixtureRequest, tmp_path: Path) -> Scratch:
    if request.param == "folder":
        return FolderScratch(str(tmp_path))
    pytest.importorskip("obstore", reason="object storage needs obstore")
    return ObjectScratch(tmp_path.as_uri())


def test_arrays_are_loaded_as_they_were_saved(scratch: Scratch) -> None:
    arrays = [
        np.arange(6, dtype=np.int64).reshape(2, 3),
        np.zeros((0, 4), np.float32),
        np.array([], np.int8),
        np.float32([[1.5, -2]]),
    ]
    assert not scratch.has("lists-1")
    scratch.save("lists-1", *arrays)
    assert scratch.has("lists-1")
    found = scratch.load("lists-1")
    assert [(a.dtype, a.shape, a.tolist()) for a in found] == [
        (a.dtype, a.shape, a.tolist()) for a in arrays
    ]
    scratch.save("none")
    assert scratch.load("none") == []


def test_a_name_saved_twice_and_removed(scratch: Scratch) -> None:
    scratch.save("a", np.arange(3))
    scratch.save("a", np.arange(3))
    scratch.remove("a")
    scratch.remove("a")
    assert not scratch.has("a")
    with pytest.raises((OSError, ObjectError)):
        scratch.load("a")


def test_objects_are_refused(scratch: Scratch) -> None:
    with pytest.raises(ValueError, match="allow_pickle"):
        scratch.save("a", np.array([{}], object))
    assert not scratch.has("a")


def test_nothing_is_left_of_a_write_that_failed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(*_: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("imgrec.system.atomic_files.os.fsync", fail)
    with pytest.raises(OSError, match="No space"):
        FolderScratch(str(tmp_path)).save("a", np.arange(3))
    assert not list(tmp_path.iterdir())
