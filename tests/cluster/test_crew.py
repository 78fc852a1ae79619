"""Crews: the same files as a run on one machine, once for each job, whatever else happens."""

import json
import queue
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from imgrec import ImgrecError, Options, Store, StoreError, index_folders
from imgrec.cluster.crew import Crew, CrewOptions
from imgrec.cluster.plan import Plan, newest_plans, read_plan
from imgrec.cluster.records import read_record, recorded, rows_of
from imgrec.objects.opening import objects_at
from imgrec.remote.blobs import Blobs
from planned_runs import part_files, planned, recorded_files
from stub_encoders import registered

pytest.importorskip("obstore", reason="needs obstore, of the extra scale")

OPTIONS = Options(encoders=("mini",), workers=0, batch_size=4, part_rows=7, previews=256)
ALONE = CrewOptions(workers=0)


@pytest.fixture
def url(tmp_path: Path) -> str:
    return f"file://{tmp_path / 'objects'}"


def _is_like_the_store(url: str, plan: Plan, store: Path) -> None:
    """Check that all files of the records are those of a store, and that it has no others."""
    assert recorded_files(url, plan) == part_files(store)


@pytest.mark.parametrize("workers", [0, 2])
def test_a_crew_makes_the_files_of_a_run_on_one_machine(
    workers: int, photos: Path, url: str, tmp_path: Path
) -> None:
    plan = planned(photos, tmp_path / "scanned", url, OPTIONS)
    assert plan.count == 4
    done = list(Crew(url, plan.id, CrewOptions(workers=workers)).run(plan.numbers))
    assert [part.number for part in done] == list(plan.numbers)
    assert not any(part.differs for part in done)
    index_folders([photos], tmp_path / "store", OPTIONS)
    _is_like_the_store(url, plan, tmp_path / "store")


@pytest.mark.parametrize("kind", ["stub-head", "stub-light-head", "stub-plain"])
def test_encoders_of_every_kind_give_the_same_rows_and_files(
    kind: str, photos: Path, url: str, tmp_path: Path
) -> None:
    options = Options(encoders=(kind,), workers=0, batch_size=4, part_rows=7)
    with registered():
        plan = planned(photos, tmp_path / "scanned", url, options)
        list(Crew(url, plan.id, ALONE).run(plan.numbers))
        index_folders([photos], tmp_path / "store", options)
    _is_like_the_store(url, plan, tmp_path / "store")
    objects = objects_at(url)
    with Store.open(tmp_path / "store") as store:
        entries = {entry.id: entry for entry in store.catalog.entries(store.catalog.ids("ok"))}
        labels = store.catalog.labels.of(store.catalog.ids("ok"))
        metadata = store.catalog.metadata.of(store.catalog.ids("ok"))
    for number in plan.numbers:
        record = read_record(objects, plan.id, number)
        assert record is not None
        rows = rows_of(Blobs(objects).get(record.rows), "rows")
        for outcome in rows.outcomes:
            entry = entries[outcome.id]
            assert (outcome.digest, outcome.width) == (entry.digest, entry.width)
            for kind_of_label, values in rows.labels.items():
                assert labels[outcome.id][kind_of_label] == values[outcome.id]
            assert set(outcome.metadata) >= set(metadata[outcome.id])


def test_a_job_with_a_record_is_not_done_again(photos: Path, url: str, tmp_path: Path) -> None:
    plan = planned(photos, tmp_path / "scanned", url, OPTIONS)
    first = list(Crew(url, plan.id, ALONE).run([1, 2]))
    assert recorded(objects_at(url), plan.id) == {1, 2}
    second = {part.number: part for part in Crew(url, plan.id, ALONE).run(plan.numbers)}
    assert second.keys() == set(plan.numbers)
    for part in first:
        assert second[part.number].record_digest == part.record_digest
        assert not second[part.number].cost
    assert second[0].cost["pictures"] == 7


def test_numbers_that_block_stop_nothing_that_is_under_way(
    photos: Path, url: str, tmp_path: Path
) -> None:
    plan = planned(photos, tmp_path / "scanned", url, OPTIONS)
    given: queue.Queue[int | None] = queue.Queue()

    def numbers() -> Iterator[int]:
        while (number := given.get()) is not None:
            yield number

    results = Crew(url, plan.id, CrewOptions(workers=2)).run(numbers())
    # The next number is given only when the one before is done.
    for number in plan.numbers:
        given.put(number)
        assert next(results).number == number
    given.put(None)
    assert list(results) == []


def test_a_machine_with_other_versions_refuses_the_plan_in_one_line(
    photos: Path, url: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    plan = planned(photos, tmp_path / "scanned", url, OPTIONS)
    monkeypatch.setattr("imgrec.cluster.fingerprint.__version__", "0.0.1")
    with pytest.raises(ImgrecError, match=r"imgrec: 0\.0\.1 instead of ") as raised:
        Crew(url, plan.id, ALONE)
    assert "\n" not in str(raised.value)


def test_another_result_for_one_job_is_reported_with_both_named(
    photos: Path, url: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    plan = planned(photos, tmp_path / "scanned", url, OPTIONS)
    crew = Crew(url, plan.id, ALONE)
    (first,) = crew.run([0])
    # As if both had begun before either was done, on machines that compute different things.
    monkeypatch.setattr("imgrec.cluster.desk.read_record", lambda *_: None)
    monkeypatch.setattr("imgrec.indexing.read.color_of", lambda _: "mauve")
    (second,) = Crew(url, plan.id, ALONE).run([0])
    assert second.record_digest == first.record_digest
    assert "rows differs between" in second.differs
    assert "parts/part-000000.json" in second.differs
    other = [info.key for info in objects_at(url).list(f"jobs/{plan.id}/other/")]
    assert len(other) == 1
    assert other[0] in second.differs


def _altered_record(url: str, plan: Plan, change: dict[str, object]) -> None:
    key = f"jobs/{plan.id}/parts/part-000000.json"
    found = json.loads(objects_at(url).get(key)[0])
    objects_at(url).put(key, json.dumps({**found, **change}).encode())


_BLOB = ["0" * 32, 3]


@pytest.mark.parametrize(
    "change",
    [
        {"files": {"../../evil": _BLOB}},
        {"files": {"/tmp/evil/part.json": _BLOB}},
        {"files": {"../thumbs/part-000000/part.json": _BLOB}},
        {"files": {"store.json": _BLOB}},
        {"files": {"lock": _BLOB}},
        {"files": {"knn/part-000000/kept.json": _BLOB}},
        {"files": {"thumbs/part-000001/part.json": _BLOB}},
        {"files": {"thumbs/part-000000/ids.npy": _BLOB}},
        {"files": {"thumbs/part-000000/part.json": []}},
        {"files": {"thumbs/part-000000/part.json": [3, "0" * 32]}},
        {"files": {"thumbs/part-000000/part.json": ["../../etc/passwd", 3]}},
        {"rows": []},
        {"rows": ["../../etc/passwd", 3]},
        {"number": 1},
        {"another": 1},
    ],
)
def test_a_record_that_names_anything_but_its_own_part_is_not_used(
    photos: Path, url: str, tmp_path: Path, change: dict[str, object]
) -> None:
    plan = planned(photos, tmp_path / "scanned", url, replace(OPTIONS, encoders=("rgb",)))
    list(Crew(url, plan.id, ALONE).run([0]))
    assert read_record(objects_at(url), plan.id, 0) is not None
    _altered_record(url, plan, change)
    with pytest.raises(StoreError, match=r"part-000000\.json is damaged") as raised:
        read_record(objects_at(url), plan.id, 0)
    assert "\n" not in str(raised.value)


def test_other_objects_beside_records_are_none(photos: Path, url: str, tmp_path: Path) -> None:
    plan = planned(photos, tmp_path / "scanned", url, replace(OPTIONS, encoders=("rgb",)))
    for name in ("notes.txt", "part-x.json", "part-000007.json.old", "a/part-000008.json"):
        objects_at(url).put(f"jobs/{plan.id}/parts/{name}", b"{}")
    objects_at(url).put(f"jobs/{plan.id}/parts/part-000009.json", b"{}")
    assert recorded(objects_at(url), plan.id) == {9}


@pytest.mark.parametrize(
    "rows",
    [
        b"[",
        b"{}",
        b'{"outcomes": [[1]], "labels": {}, "changed": []}',
        b'{"outcomes": [], "labels": {"color": [["x", "y"]]}, "changed": []}',
        b'{"outcomes": [], "labels": {"color": [[1]]}, "changed": []}',
        b'{"outcomes": [], "labels": {"color": [[1, {}]]}, "changed": []}',
    ],
)
def test_rows_of_other_types_are_refused(rows: bytes) -> None:
    with pytest.raises(StoreError, match="s3://b/rows is damaged"):
        rows_of(rows, "s3://b/rows")


def test_a_plan_is_read_as_it_was_written(photos: Path, url: str, tmp_path: Path) -> None:
    plan = planned(photos, tmp_path / "scanned", url, OPTIONS)
    assert read_plan(objects_at(url), plan.id) == plan
    with pytest.raises(ImgrecError, match="there is no plan at"):
        read_plan(objects_at(url), "0" * 32)


def test_a_plan_that_was_altered_is_not_used(photos: Path, url: str, tmp_path: Path) -> None:
    plan = planned(photos, tmp_path / "scanned", url, OPTIONS)
    objects = objects_at(url)
    key = f"jobs/{plan.id}/plan.json"
    data = objects.get(key)[0]
    objects.put(key, data.replace(b'"batch_size":4', b'"batch_size":5'))
    with pytest.raises(ImgrecError, match="is not the plan it is named by"):
        read_plan(objects, plan.id)
    wrong = (data[:-9], b"[]", data.replace(b'"labeled"', b'"x":1,"labeled"'),
             data.replace(b'"crop_px"', b'"x"'))  # fmt: skip
    for content in wrong:
        objects.put(key, content)
        with pytest.raises(ImgrecError, match="is damaged"):
            read_plan(objects, plan.id)


def test_a_job_that_was_altered_is_not_done(photos: Path, url: str, tmp_path: Path) -> None:
    plan = planned(photos, tmp_path / "scanned", url, OPTIONS)
    objects = objects_at(url)
    key = f"jobs/{plan.id}/files-000000.json"
    found = json.loads(objects.get(key)[0])
    row = found["entries"][0]
    for wrong in ([], row[:5], [*row, 1], ["1", *row[1:]], [1, 9, *row[2:]],
                  [*row[:2], "../x.jpg", *row[3:]]):  # fmt: skip
        objects.put(key, json.dumps({**found, "entries": [wrong]}).encode())
        with pytest.raises(ImgrecError, match=r"damaged|catalog"):
            list(Crew(url, plan.id, ALONE).run([0]))
    for output in ("../../evil", "lite0", "classes/../x"):
        objects.put(key, json.dumps({**found, "outputs": [*found["outputs"], output]}).encode())
        with pytest.raises(ImgrecError, match="no encoder of the plan makes"):
            list(Crew(url, plan.id, ALONE).run([0]))


def test_names_that_no_plan_has_are_passed_over(photos: Path, url: str, tmp_path: Path) -> None:
    plan = planned(photos, tmp_path / "scanned", url, OPTIONS)
    objects = objects_at(url)
    for name in ("x", "0000000099-..json", f"0000000099-{'0' * 32}.json", "z/y.json"):
        objects.put(f"plans/{name}", b"{}")
    assert newest_plans(objects) == [plan]
