"""Parts that were made before are found by what went into them, and are not made again."""

import json
from collections.abc import Generator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from imgrec import Store
from imgrec.cluster.crew import PartDone
from imgrec.cluster.drive import index_to, one_crew
from imgrec.objects.opening import objects_at
from imgrec.remote.pull import pull
from killed_driver import OPTIONS

pytest.importorskip("obstore", reason="needs obstore, of the extra scale")


class Counting:
    """One crew, and how many pictures it read."""

    def __init__(self) -> None:
        self.read = 0
        self.parts = 0

    def __call__(self, *arguments: Any) -> Generator[PartDone]:
        for part in one_crew(*arguments):
            self.read += part.rows
            self.parts += 1
            yield part


@pytest.fixture
def pictures(photos: Path, bucket: str) -> str:
    """Copy `photos` into a bucket; return their address."""
    objects = objects_at(f"s3://{bucket}/pictures")
    for path in sorted(photos.rglob("*.*")):
        objects.put(path.relative_to(photos).as_posix(), path.read_bytes())
    return objects.location()


def _emptied(url: str) -> None:
    """Forget all states and plans at an address; its blobs stay."""
    objects = objects_at(url)
    for prefix in ("manifests", "plans", "jobs"):
        for info in list(objects.list(f"{prefix}/")):
            objects.delete(info.key)


def _files(store: Path) -> dict[str, bytes]:
    return {
        path.relative_to(store).as_posix(): path.read_bytes()
        for output in ("features", "thumbs", "classes")
        for path in (store / output).rglob("*")
        if path.is_file()
    }


def test_a_store_made_again_reads_no_picture(pictures: str, bucket: str, tmp_path: Path) -> None:
    url, first, again = f"s3://{bucket}/store", Counting(), Counting()
    index_to([pictures], url, OPTIONS, work=tmp_path / "one", crews=first)
    assert first.read == 24
    _emptied(url)
    index_to([pictures], url, OPTIONS, work=tmp_path / "two", crews=again)
    assert (again.read, again.parts) == (0, first.parts)
    assert _files(tmp_path / "two") == _files(tmp_path / "one")
    pull(url, tmp_path / "pulled")
    with Store.open(tmp_path / "pulled") as mine, Store.open(tmp_path / "one") as theirs:
        ids = theirs.catalog.ids("ok")
        assert mine.catalog.entries(ids) == theirs.catalog.entries(ids)
        assert mine.catalog.labels.of(ids) == theirs.catalog.labels.of(ids)
        assert mine.catalog.metadata.of(ids) == theirs.catalog.metadata.of(ids)


def test_only_jobs_of_the_same_contents_are_found(
    pictures: str, bucket: str, tmp_path: Path
) -> None:
    url, first, again = f"s3://{bucket}/store", Counting(), Counting()
    index_to([pictures], url, OPTIONS, work=tmp_path / "one", crews=first)
    _emptied(url)
    objects = objects_at(pictures)
    # The first picture of all has another etag, and one of 8 jobs other contents.
    key = next(iter(objects.list())).key
    objects.put(key, objects.get(key)[0] + b"\0")
    index_to([pictures], url, OPTIONS, work=tmp_path / "two", crews=again)
    assert again.read == 3
    _emptied(url)
    other = Counting()
    index_to([pictures], url, replace(OPTIONS, previews=256), work=tmp_path / "3", crews=other)
    assert other.read == 24


def test_a_part_whose_blob_is_gone_or_lost_its_content_is_made_again(
    pictures: str, bucket: str, tmp_path: Path
) -> None:
    url, first, again = f"s3://{bucket}/store", Counting(), Counting()
    index_to([pictures], url, OPTIONS, work=tmp_path / "one", crews=first)
    _emptied(url)
    objects = objects_at(url)
    made = [info.key for info in objects.list("made/")]
    assert len(made) == first.parts == 8
    objects.put(made[0], b'{"parts": {}}')
    for number, key in enumerate(made[1:3]):
        found = json.loads(objects.get(key)[0])
        digest = found["parts"]["mini"]["vectors.npy"][0] if number else found["rows"][0]
        objects.delete(f"blobs/{digest[:2]}/{digest}")
    digest = json.loads(objects.get(made[3])[0])["parts"]["mini"]["vectors.npy"][0]
    objects.put(f"blobs/{digest[:2]}/{digest}", b"")
    index_to([pictures], url, OPTIONS, work=tmp_path / "two", crews=again)
    assert again.read == 12
    assert _files(tmp_path / "two") == _files(tmp_path / "one")


def test_an_object_that_changed_since_it_was_listed_is_not_taken_for_it(
    pictures: str, bucket: str, tmp_path: Path
) -> None:
    url, objects = f"s3://{bucket}/store", objects_at(pictures)
    key = next(iter(objects.list())).key

    def changing(*arguments: Any) -> Generator[PartDone]:
        objects.put(key, objects.get(key)[0] + b"\0")
        yield from one_crew(*arguments)

    summary = index_to([pictures], url, OPTIONS, work=tmp_path / "work", crews=changing)
    assert summary.counts["ok"] == 23
    assert any(key in line and "changed while it was read" in line for line in summary.warnings)
    assert index_to([pictures], url, OPTIONS, work=tmp_path / "work").counts["ok"] == 24
