"""The column `detail`: messages of failures and warnings, from the decoder to the catalog."""

import json
import sqlite3
from dataclasses import replace
from pathlib import Path

import pytest

from imgrec import Options, Store, StoreError, index_folders
from imgrec.catalog import main
from imgrec.collection import Outcome
from imgrec.collection.integrity import catalog_problem
from imgrec.collection.migrations import MIGRATIONS, migrate
from imgrec.collection.outcomes import record_outcomes, retry_failed
from imgrec.collection.rows import MAX_DETAIL, detail_of
from imgrec.indexing import read
from imgrec.pictures.decoding import Picture, decode
from older_catalogs import downgrade
from pictures import encoded, picture

MINI = Options(encoders=("mini",), workers=0)


@pytest.mark.parametrize(
    ("message", "detail"),
    [
        ("", None),
        (" \n\t ", None),
        ("broken data stream", "broken data stream"),
        ("a\nb\x1b[31m\tc\0d", "a b [31m c d"),
        ("name \udcff", "name ?"),
        ("name \ud800\udcff", "name ??"),
        ("x" * MAX_DETAIL, "x" * MAX_DETAIL),
        ("x" * (MAX_DETAIL + 1), "x" * (MAX_DETAIL - 1) + "…"),
        ("\x00" * 10**6 + "x", None),
    ],
)
def test_a_message_becomes_one_short_line_of_valid_text(message: str, detail: str | None) -> None:
    assert detail_of(message) == detail
    assert detail is None or detail.encode().decode() == detail


def test_a_catalog_of_schema_1_keeps_its_rows_and_gets_the_column(tmp_path: Path) -> None:
    path = tmp_path / "catalog.sqlite"
    old = sqlite3.connect(path, isolation_level=None)
    MIGRATIONS[0](old)
    old.execute("PRAGMA user_version = 1")
    old.execute("INSERT INTO roots (path) VALUES ('/photos')")
    old.execute(
        "INSERT INTO images (root_id, path, size, mtime_ns, status, reason) "
        "VALUES (1, 'a.jpg', 3, 4, 'failed', 'damaged')"
    )
    assert catalog_problem(path) is None
    migrate(old)
    assert old.execute("SELECT id, path, reason, detail FROM images").fetchall() == [
        (1, "a.jpg", "damaged", None)
    ]
    old.close()
    assert catalog_problem(path, deep=True) is None


def test_reading_an_older_schema_says_what_to_do_and_a_run_does_it(own_store: Path) -> None:
    catalog = own_store / "catalog.sqlite"
    downgrade(catalog, 1)
    with pytest.raises(StoreError, match=f"schema 1.*run imgrec index --store {own_store}"):
        Store.open(own_store)
    summary = index_folders([], own_store, MINI)
    assert (summary.done, summary.counts["ok"], summary.warnings) == (0, 24, [])


def test_failures_and_warnings_reach_the_catalog_and_its_lists(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    photos, store_path = tmp_path / "photos", tmp_path / "store"
    photos.mkdir()
    odd = encoded(picture("discs", 1), "PNG")
    (photos / "odd.png").write_bytes(odd)
    (photos / "sound.png").write_bytes(encoded(picture("discs", 2), "PNG"))
    (photos / "words.png").write_bytes(b"words")

    def warned(data: bytes, need_px: int) -> Picture:
        return replace(decode(data, need_px), warning="its comment\nis damaged" * (data == odd))

    monkeypatch.setattr(read, "decode", warned)
    index_folders([photos], store_path, MINI)
    with Store.open(store_path) as store:
        rows = {entry.path: entry for entry in store.catalog.entries([1, 2, 3])}
        assert store.catalog.totals.warnings() == 1
    assert {path: entry.detail for path, entry in rows.items()} == {
        "odd.png": "its comment is damaged",
        "sound.png": None,
        "words.png": "begins with b'words'",
    }
    at = ["--store", str(store_path)]
    capsys.readouterr()
    assert main([*at, "--warnings"]) == 0
    assert capsys.readouterr().out == f"warning\t{photos}/odd.png\tits comment is damaged\n"
    assert main([*at, "--failed"]) == 0
    expected = f"not-an-image\t{photos}/words.png\tbegins with b'words'\n"
    assert capsys.readouterr().out == expected
    assert main(at) == 0
    assert "\nwarnings: 1, of files that were read" in capsys.readouterr().out
    assert main([*at, "--warnings", "--json"]) == 0
    told = json.loads(capsys.readouterr().out)
    assert told["warnings"] == 1
    assert [(f["path"], f["reason"], f["detail"]) for f in told["files"]] == [
        ("odd.png", "warning", "its comment is damaged")
    ]
    # A file that is read again loses the message of before.
    with Store.create(store_path) as store:
        retry_failed(store.catalog)
        assert store.catalog.entries([3])[0].detail is None
        record_outcomes(store.catalog, [Outcome(1, "ok", rows["odd.png"].digest, 96, 72, "PNG")])
        assert store.catalog.totals.warnings() == 0


def test_an_outcome_new_leaves_known_pictures_as_they_are(own_store: Path) -> None:
    with Store.create(own_store) as store:
        before = store.catalog.entries([1, 2])
        record_outcomes(store.catalog, [Outcome(1, "failed", reason="damaged", detail="odd")])
        retry_failed(store.catalog)
        record_outcomes(
            store.catalog, [Outcome(i, "new", detail="not enough memory") for i in (1, 2)]
        )
        first, second = store.catalog.entries([1, 2])
    assert (first.status, first.detail, first.digest) == ("new", "not enough memory", None)
    assert second == before[1]
