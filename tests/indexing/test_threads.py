"""Matrix products while pictures are read: one thread each, because all cores have work anyway."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from threadpoolctl import threadpool_info, threadpool_limits

from imgrec import Options, index_folders
from imgrec.encoders import load_encoder
from imgrec.indexing import read
from imgrec.indexing.read import Readings, Task, extract
from imgrec.indexing.read_in_workers import readings
from pictures import write_pictures

# Other than one, whatever the number of cores.
BEFORE = 3


def threads() -> set[int]:
    return {each["num_threads"] for each in threadpool_info() if each["user_api"] == "blas"}


@pytest.fixture(autouse=True)
def several() -> Iterator[None]:
    """Let matrix products use several threads before and after."""
    with threadpool_limits(BEFORE, user_api="blas"):
        yield


@pytest.fixture
def photos(tmp_path: Path) -> Path:
    write_pictures(tmp_path / "photos", each=1)
    return tmp_path / "photos"


def test_a_task_is_extracted_with_one(photos: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    seen: list[set[int]] = []

    def noted(data: bytes) -> tuple[()]:
        seen.append(threads())
        return ()

    monkeypatch.setattr(read, "metadata_of", noted)
    paths = sorted(str(path.relative_to(photos)) for path in photos.rglob("*.*"))
    files = tuple((number, str(photos), path, "") for number, path in enumerate(paths))
    made = extract(Task(files, True, (load_encoder("mini").spec,), (), 60.0))
    assert len(made.ids) == len(paths) > 0
    assert seen == [{1}] * len(paths)
    assert threads() == {BEFORE}


def test_the_main_process_uses_one_until_all_is_read(
    photos: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    seen: list[set[int]] = []

    def noted(*arguments: Any) -> Iterator[Readings]:
        for made in readings(*arguments):
            seen.append(threads())
            yield made

    monkeypatch.setattr("imgrec.indexing.reading.readings", noted)
    index_folders([photos], tmp_path / "store", Options(("mini",), workers=0, batch_size=1))
    assert seen == [{1}] * len(list(photos.rglob("*.*")))
