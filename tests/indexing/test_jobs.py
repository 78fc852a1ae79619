"""Which pictures lack which outputs, and what becomes of a finished job, in stores made by hand."""

import json
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest

from imgrec import EncoderError, Options, Store
from imgrec.collection import Outcome
from imgrec.collection.changes import Changes, apply
from imgrec.collection.matching import FoundFile
from imgrec.encoders.device import Encoded
from imgrec.encoders.spec import EncoderSpec
from imgrec.indexing.finished import commit
from imgrec.indexing.jobs import PartJob, Result, on_device, plan_jobs, tasks_of
from imgrec.pictures.preprocessing import Preprocessing
from imgrec.sources.versions import LEAST_NS
from imgrec.store.arrays import load_array, load_ids
from imgrec.store.classes import Top
from imgrec.store.parts import part_numbers, write_part
from stub_encoders import LightWithHead, Plain, PlainWithHead, QueuedWithHead

NOBODY = np.zeros(0, np.int64)
ENCODERS: dict[str, Any] = {"a": Plain("a"), "b": Plain("b")}
LIGHT = EncoderSpec("light", 3, Preprocessing(8, 8), in_worker=True)
HEAVY = EncoderSpec("heavy", 3, Preprocessing(16, 12), in_worker=False)


@pytest.fixture
def store(tmp_path: Path) -> Iterator[Store]:
    """Make a store of the new pictures 1 to 8, without any output."""
    with Store.create(tmp_path / "store") as store:
        files = [FoundFile("/r", f"{number}.jpg", 10, 5) for number in range(1, 9)]
        apply(store.catalog, Changes(new=files))
        yield store


def _set(store: Store, status: str, *ids: int, digest: str | None = None) -> None:
    with store.catalog.transaction() as db:
        db.executemany(
            "UPDATE images SET status = ?, digest = ? WHERE id = ?",
            [(status, digest or f"d{i}", i) for i in ids],
        )


def _part(folder: Path, number: int, *ids: int) -> None:
    folder.mkdir(parents=True, exist_ok=True)
    write_part(folder, number, {"ids.npy": np.array(ids, np.int64)})


def _jobs(store: Store, encoders: Any = ENCODERS, **how: Any) -> list[tuple[int, list[int], Any]]:
    offline, part_rows = how.get("offline", NOBODY), how.get("part_rows", 100)
    jobs = plan_jobs(store, encoders, offline, part_rows)
    return [(job.number, job.ids.tolist(), job.outputs) for job in jobs]


def test_new_pictures_lack_everything_and_are_cut_into_parts(store: Store) -> None:
    everything = ("a", "b", "thumbs")
    assert _jobs(store) == [(0, list(range(1, 9)), everything)]
    assert _jobs(store, part_rows=3) == [
        (0, [1, 2, 3], everything),
        (1, [4, 5, 6], everything),
        (2, [7, 8], everything),
    ]
    assert len(_jobs(store, part_rows=8)) == 1
    assert _jobs(store, part_rows=4)[1] == (1, [5, 6, 7, 8], everything)
    assert _jobs(store, offline=np.array([1, 2, 3, 4, 5, 8])) == [(0, [6, 7], everything)]


def test_pictures_that_failed_or_are_missing_lack_nothing(store: Store) -> None:
    _set(store, "failed", 1, 2, 3)
    _set(store, "missing", 4, 5, 6)
    assert _jobs(store) == [(0, [7, 8], ("a", "b", "thumbs"))]
    _set(store, "failed", 7, 8)
    assert _jobs(store) == []


def test_pictures_with_the_same_lack_are_one_job_by_their_first_id(store: Store) -> None:
    _set(store, "ok", *range(1, 9))
    _part(store.paths.feature("a"), 4, 1, 2, 5, 7)
    _part(store.paths.feature("b"), 2, 2, 3, 4, 6)
    _part(store.paths.feature("b"), 3, 8)
    _part(store.paths.thumbs, 9, *range(1, 8))
    assert _jobs(store) == [
        (10, [1, 5, 7], ("b",)),
        (11, [3, 4, 6], ("a",)),
        (12, [8], ("a", "thumbs")),
    ]
    # 2 has everything.
    assert _jobs(store, {"a": ENCODERS["a"]}, part_rows=2) == [
        (10, [3, 4], ("a",)),
        (11, [6], ("a",)),
        (12, [8], ("a", "thumbs")),
    ]


def test_a_new_picture_is_read_again_whatever_is_stored_of_it(store: Store) -> None:
    _set(store, "ok", *range(2, 9))
    for folder in (store.paths.feature("a"), store.paths.feature("b"), store.paths.thumbs):
        _part(folder, 0, *range(1, 9))
    assert _jobs(store) == [(1, [1], ("a", "b", "thumbs"))]


def test_classes_are_an_output_where_vectors_do_not_give_them(store: Store) -> None:
    class Joined(QueuedWithHead):
        classifies_vectors = False

    encoders = {"j": Joined("j"), "h": PlainWithHead("h")}
    _set(store, "ok", *range(1, 9))
    _part(store.paths.thumbs, 0, *range(1, 9))
    _part(store.paths.feature("h"), 0, *range(1, 9))
    _part(store.paths.feature("j"), 0, *range(1, 9))
    _part(store.paths.classes("j"), 6, 1, 2, 3)
    # The number is beyond that of every part, of classes too.
    assert _jobs(store, encoders) == [(7, [4, 5, 6, 7, 8], ("classes/j",))]
    _part(store.paths.classes("j"), 7, *range(4, 9))
    _part(store.paths.classes("h"), 11, 1)
    assert _jobs(store, encoders) == []
    _set(store, "new", 3)
    assert _jobs(store, encoders) == [(12, [3], ("j", "h", "thumbs", "classes/j"))]


def _encoder(spec: EncoderSpec) -> Any:
    return SimpleNamespace(spec=spec)


def test_a_job_is_cut_into_batches(store: Store) -> None:
    second = replace(HEAVY, name="second")
    encoders = {"light": _encoder(LIGHT), "heavy": _encoder(HEAVY), "second": _encoder(second)}
    entries = store.catalog.entries(range(1, 6))
    options = Options(batch_size=2, timeout_s=7.5)
    job = PartJob(0, np.arange(1, 6), ("light", "heavy", "second", "thumbs"))
    tasks = list(tasks_of(job, entries, encoders, options))
    assert [[number for number, *_ in task.files] for task in tasks] == [[1, 2], [3, 4], [5]]
    first = tasks[0]
    assert first.files[0] == (1, "/r", "1.jpg", "")
    # Both heavy encoders take the same pixels.
    assert (first.thumbs, first.light) == (True, (LIGHT,))
    assert first.heavy == (Preprocessing(16, 12),)
    assert first.timeout_s == 7.5
    (task, *_) = tasks_of(replace(job, outputs=("heavy",)), entries, encoders, options)
    assert (task.thumbs, task.light, task.heavy) == (False, (), (Preprocessing(16, 12),))
    (task, *_) = tasks_of(replace(job, outputs=("light",)), entries, encoders, options)
    assert (task.light, task.heavy) == ((LIGHT,), ())
    (task, *_) = tasks_of(replace(job, outputs=("thumbs",)), entries, encoders, options)
    assert (task.thumbs, task.light, task.heavy) == (True, (), ())


def test_encoders_on_a_device_are_those_of_vectors_or_of_classes_alone() -> None:
    encoders = {"light": _encoder(LIGHT), "heavy": _encoder(HEAVY), "second": _encoder(HEAVY)}

    def names(*outputs: str) -> list[str]:
        return on_device(PartJob(0, NOBODY, outputs), encoders)

    assert names("light", "heavy", "thumbs") == ["heavy"]
    assert names("classes/second", "thumbs", "classes/light") == ["second"]
    assert names("second", "heavy") == ["heavy", "second"]
    assert names() == []


def _readings(*ids: int, **more: Any) -> Any:
    """Return readings of pictures, of which picture i has a vector (i, i, i)."""
    values = {
        "outcomes": [Outcome(i, "ok", f"d{i}", 8, 9, "JPEG") for i in ids],
        "ids": np.array(ids, np.int64),
        "thumbs": [f"thumb {i}".encode() for i in ids],
        "previews": [],
        "colors": ["red"] * len(ids),
        "vectors": {"a": np.repeat(np.array(ids, np.float32)[:, None], 3, axis=1)},
        "tops": {},
        **more,
    }
    return SimpleNamespace(**values)


def _top(*classes: int) -> Top:
    """Return the classes stored of each picture, the first with a probability of 0.75."""
    indices = np.array([[i, 0] for i in classes], np.int16)
    return Top(indices, np.tile(np.array([0.75, 0.25], np.float32), (len(classes), 1)))


def test_the_results_of_tasks_are_joined() -> None:
    result = Result()
    result.add(_readings(1, 2, tops={"light": _top(1, 2)}), {})
    scores = np.array([[0.1, 0.9], [0.8, 0.2]], np.float32)
    vectors = np.ones((2, 3), np.float32)
    encoded = {"heavy": Encoded(vectors, scores), "plain": Encoded(vectors)}
    result.add(_readings(5, 6, colors=["blue", "gray"]), encoded)
    assert [outcome.id for outcome in result.outcomes] == [1, 2, 5, 6]
    assert np.concatenate(result.ids).tolist() == [1, 2, 5, 6]
    assert result.thumbs == [b"thumb 1", b"thumb 2", b"thumb 5", b"thumb 6"]
    assert result.colors == {1: "red", 2: "red", 5: "blue", 6: "gray"}
    assert np.concatenate(result.vectors["a"])[:, 0].tolist() == [1, 2, 5, 6]
    assert sorted(result.vectors) == ["a", "heavy", "plain"]
    assert sorted(result.tops) == ["heavy", "light"]
    assert result.tops["heavy"][0].indices[:, 0].tolist() == [1, 0]


def _job(*ids: int, outputs: tuple[str, ...] = ("a", "thumbs")) -> PartJob:
    return PartJob(3, np.array(ids, np.int64), outputs)


def _committed(store: Store, readings: Any, **how: Any) -> list[int]:
    result = Result()
    result.add(readings, {})
    ids = how.get("ids", (1, 2, 3))
    entries = store.catalog.entries(ids)
    store.paths.feature("a").mkdir(parents=True, exist_ok=True)
    job = _job(*ids, outputs=how.get("outputs", ("a", "thumbs")))
    return commit(store, job, entries, result, how.get("labeled"))


def test_a_job_becomes_a_part_of_each_output_and_rows_of_the_catalog(store: Store) -> None:
    assert _committed(store, _readings(1, 2, 3)) == []
    for folder in (store.paths.feature("a"), store.paths.thumbs):
        assert part_numbers(folder) == [3]
        assert load_ids(folder / "part-000003").tolist() == [1, 2, 3]
    part = store.paths.feature("a") / "part-000003"
    assert load_array(part / "vectors.npy").tolist() == [[1] * 3, [2] * 3, [3] * 3]
    thumbs = store.paths.thumbs / "part-000003"
    assert (thumbs / "thumbs.bin").read_bytes() == b"thumb 1thumb 2thumb 3"
    told = json.loads((thumbs / "pictures.json").read_text("utf-8"))
    assert "1.jpg" in json.dumps(told)
    entries = store.catalog.entries([1, 2, 3, 4])
    assert [entry.status for entry in entries] == ["ok", "ok", "ok", "new"]
    assert [entry.digest for entry in entries] == ["d1", "d2", "d3", None]
    assert store.catalog.labels.of([1])[1]["color"] == "red"


def test_a_picture_that_has_changed_gets_no_row_and_is_compared_by_the_next_scan(
    store: Store,
) -> None:
    _set(store, "ok", 1, 2, 3)
    _set(store, "ok", 2, digest="before")
    assert _committed(store, _readings(1, 2, 3, colors=["red", "blue", "red"])) == [2]
    for folder in (store.paths.feature("a"), store.paths.thumbs):
        assert load_ids(folder / "part-000003").tolist() == [1, 3]
    part = store.paths.feature("a") / "part-000003"
    assert load_array(part / "vectors.npy")[:, 0].tolist() == [1, 3]
    thumbs = store.paths.thumbs / "part-000003" / "thumbs.bin"
    assert thumbs.read_bytes() == b"thumb 1thumb 3"
    one, two, three = store.catalog.entries([1, 2, 3])
    assert (two.digest, two.status) == ("before", "ok")
    # A time that no file has.
    assert two.mtime_ns < LEAST_NS
    assert (one.mtime_ns, three.mtime_ns) == (5, 5)
    assert "color" not in store.catalog.labels.of([2])[2]
    assert store.catalog.labels.of([3])[3]["color"] == "red"


def test_nothing_is_written_where_all_have_changed_or_failed(store: Store) -> None:
    _set(store, "ok", 1, 2, 3, digest="before")
    assert _committed(store, _readings(1, 2, 3)) == [1, 2, 3]
    assert part_numbers(store.paths.feature("a")) == []
    assert part_numbers(store.paths.thumbs) == []


def test_a_known_picture_that_cannot_be_read_now_stays_as_it_was(store: Store) -> None:
    _set(store, "ok", 1)
    outcomes = [
        Outcome(1, "failed", reason="unreadable"),
        Outcome(2, "failed", reason="unreadable"),
        Outcome(3, "ok", "d3", 8, 9, "JPEG"),
    ]
    readings = _readings(3, outcomes=outcomes)
    assert _committed(store, readings) == []
    one, two, three = store.catalog.entries([1, 2, 3])
    assert (one.status, one.digest, one.reason) == ("ok", "d1", None)
    # One that was never read has failed.
    assert (two.status, two.reason) == ("failed", "unreadable")
    assert (three.status, three.digest) == ("ok", "d3")
    assert load_ids(store.paths.feature("a") / "part-000003").tolist() == [3]


def test_a_vector_that_is_no_number_stops_the_job_before_anything_is_written(store: Store) -> None:
    vectors = np.ones((3, 3), np.float32)
    vectors[1, 2] = np.nan
    with pytest.raises(EncoderError, match="a"):
        _committed(store, _readings(1, 2, 3, vectors={"a": vectors}))
    assert {entry.status for entry in store.catalog.entries([1, 2, 3])} == {"new"}
    assert part_numbers(store.paths.feature("a")) == []


@pytest.mark.parametrize("labeled", ["light", "other", None])
def test_classes_are_written_and_those_of_one_classifier_become_labels(
    store: Store, labeled: str | None
) -> None:
    encoder = LightWithHead("light")
    folder = store.paths.classes("light")
    folder.mkdir(parents=True)
    (folder / "classes.json").write_text(
        json.dumps({"categories": ["none", *encoder.categories], "weights_digest": ""}), "utf-8"
    )
    _set(store, "ok", 3, digest="before")
    readings = _readings(1, 2, 3, tops={"light": _top(1, 2, 3)})
    outputs = ("a", "thumbs", "classes/light")
    assert _committed(store, readings, outputs=outputs, labeled=labeled) == [3]
    part = folder / "part-000003"
    assert load_ids(part).tolist() == [1, 2]
    assert load_array(part / "top.npy")[:, 0].tolist() == [1, 2]
    labels = store.catalog.labels.of([1, 2, 3])
    found = [labels[i].get("class") for i in (1, 2, 3)]
    assert found == (["red", "green", None] if labeled == "light" else [None] * 3)
    assert not store.paths.feature("classes").exists()
