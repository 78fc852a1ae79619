"""Opening a store: creation, versions, migrations, read-only disks, locks, labels."""

import json
import os
import shutil
import sqlite3
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest

from imgrec import Options, Store, StoreError, index_folders, neighbors_of
from imgrec.collection import Catalog
from imgrec.collection.migrations import MIGRATIONS, migrate
from imgrec.collection.outcomes import retry_failed
from imgrec.encoders import load_encoder
from imgrec.encoders.rgb import RgbHistogram
from imgrec.pictures.color_word import WORDS
from imgrec.pictures.decoding import decode, pixels_for
from imgrec.sources.rules import Rules
from imgrec.store import watched
from imgrec.system.file_names import printable
from pictures import picture
from stores import nothing_can_be_written


def test_opening_a_path_without_a_store(tmp_path: Path) -> None:
    with pytest.raises(StoreError, match=r"no store at .*: run imgrec index"):
        Store.open(tmp_path)


def test_a_folder_with_other_files_is_not_made_a_store(tmp_path: Path) -> None:
    (tmp_path / "letter.txt").write_text("dear")
    with pytest.raises(StoreError, match="not empty"):
        Store.create(tmp_path)
    assert [path.name for path in tmp_path.iterdir()] == ["letter.txt"]


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ('{"format": 99, "written_by": "imgrec 9"}', "format 99"),
        ("{", "damaged"),
        ("{}", "damaged"),
        ("null", "damaged"),
    ],
)
def test_another_format_and_a_damaged_manifest(tmp_path: Path, text: str, message: str) -> None:
    Store.create(tmp_path / "store").close()
    (tmp_path / "store" / "store.json").write_text(text)
    with pytest.raises(StoreError, match=message):
        Store.open(tmp_path / "store")


def test_the_rules_are_kept_beside_the_other_settings(tmp_path: Path) -> None:
    rules = Rules(frozenset({"trash", "hidden"}), ("*.gif", "caf\u00e9", "\udcff"), (".x",))
    with Store.create(tmp_path / "store") as store:
        assert store.rules == Rules()
        store.set_rules(Rules())
        assert "exclude" not in json.loads((tmp_path / "store" / "store.json").read_text())
        store.set_follow_links(True)
        store.set_rules(rules)
        store.set_encoder("rgb")
    with Store.open(tmp_path / "store") as store:
        assert (store.rules, store.follows_links, store.encoder) == (rules, True, "rgb")
    with Store.create(tmp_path / "store") as store:
        store.set_rules(Rules())
        assert (store.rules, store.follows_links) == (Rules(), True)


@pytest.mark.parametrize(
    ("key", "value"),
    [
        ("take", "hidden"),
        ("take", ["thumbs"]),
        ("take", [None]),
        ("exclude", "*.gif"),
        ("exclude", [1]),
        ("exclude", [""]),
        ("exclude", ["../x"]),
        ("include", ["a\x1b[31m"]),
        ("include", ["a" * 1001]),
        ("include", ["a"] * 101),
        ("exclude", {"a": 1}),
    ],
)
def test_rules_that_nobody_can_give_are_damage(tmp_path: Path, key: str, value: object) -> None:
    Store.create(tmp_path / "store").close()
    manifest = tmp_path / "store" / "store.json"
    manifest.write_text(json.dumps({**json.loads(manifest.read_text()), key: value}))
    with pytest.raises(StoreError, match=rf"store.json is damaged \({key}"):
        Store.open(tmp_path / "store")


def test_a_damaged_and_a_newer_catalog(tmp_path: Path) -> None:
    Store.create(tmp_path / "store").close()
    catalog = tmp_path / "store" / "catalog.sqlite"
    with sqlite3.connect(catalog) as db:
        db.execute("PRAGMA user_version = 99")
    db.close()
    for attempt in (Store.open, Store.create):
        with pytest.raises(StoreError, match="schema 99"):
            attempt(tmp_path / "store")
    catalog.write_bytes(b"no database" * 100)
    for attempt in (Store.open, Store.create):
        with pytest.raises(StoreError, match="damaged"):
            attempt(tmp_path / "store")


def test_migrations_are_counted_and_run_once() -> None:
    db = sqlite3.connect(":memory:", isolation_level=None)
    migrate(db)
    migrate(db)
    assert db.execute("PRAGMA user_version").fetchone() == (len(MIGRATIONS),)


def test_a_store_contains_no_absolute_path_but_the_roots(photo_store: Path, photos: Path) -> None:
    for path in photo_store.rglob("*"):
        if path.is_file() and path.name not in ("catalog.sqlite", "roots.json"):
            assert str(photos.parent).encode() not in path.read_bytes(), path
    with Store.open(photo_store) as store:
        assert list(store.catalog.roots()) == [str(photos)]
        tables = "SELECT path FROM images UNION SELECT value FROM labels"
        assert not [row for row in store.catalog.db.execute(tables) if Path(row[0]).is_absolute()]


@pytest.fixture
def open_folder() -> Iterator[Path]:
    """Make a temporary folder that other users can enter too."""
    with tempfile.TemporaryDirectory() as name:
        Path(name).chmod(0o755)
        yield Path(name)


def test_a_store_on_a_read_only_disk(photo_store: Path, open_folder: Path) -> None:
    kept = ("store.json", "catalog.sqlite", "features", "thumbs")
    (open_folder / "store").mkdir()
    for name in kept:
        source = photo_store / name
        (shutil.copytree if source.is_dir() else shutil.copy)(source, open_folder / "store" / name)
    with nothing_can_be_written(open_folder / "store"):
        with pytest.raises(OSError, match="denied"):
            (open_folder / "store" / "x").write_text("x")
        with Store.open(open_folder / "store") as store:
            assert len(store.feature()) == 24
            assert neighbors_of(store).k == 15
    assert sorted(path.name for path in (open_folder / "store").iterdir()) == sorted(kept)


def test_a_read_only_store_with_changes_in_its_write_ahead_log_is_refused(
    photos: Path, open_folder: Path
) -> None:
    path = open_folder / "store"
    index_folders([photos], path, Options(encoders=("mini",), workers=0))
    catalog = Catalog.create(path / "catalog.sqlite")
    retry_failed(catalog)
    catalog.labels.replace("community", {1: "3"})
    # The copy has a write-ahead log, as after a killed run.
    shutil.copytree(path, open_folder / "copy")
    catalog.close()
    (open_folder / "copy" / "catalog.sqlite-shm").unlink()
    assert (open_folder / "copy" / "catalog.sqlite-wal").stat().st_size
    with (
        nothing_can_be_written(open_folder / "copy"),
        pytest.raises(StoreError, match="has changes in its write-ahead log"),
    ):
        Store.open(open_folder / "copy")


def test_a_partly_created_store_is_completed(photos: Path, tmp_path: Path) -> None:
    half = tmp_path / "store"
    half.mkdir()
    sqlite3.connect(half / "catalog.sqlite").close()
    (half / "catalog.sqlite").write_bytes(b"")
    (half / "lock").write_bytes(b"")
    (half / ".tmp-abc").write_bytes(b"{")
    summary = index_folders([photos], half, Options(encoders=("mini",), workers=0))
    assert summary.counts["ok"] == 24
    assert not (half / ".tmp-abc").exists()


def test_ids_are_not_reused_if_the_catalog_is_an_older_copy(photos: Path, tmp_path: Path) -> None:
    shutil.copytree(photos, tmp_path / "photos")
    store, options = tmp_path / "store", Options(encoders=("mini",), workers=0)
    index_folders([tmp_path / "photos"], store, options)
    shutil.copy(store / "catalog.sqlite", tmp_path / "backup")
    picture("discs", 91).save(tmp_path / "photos" / "a.jpg")
    index_folders([], store, options)
    shutil.copy(tmp_path / "backup", store / "catalog.sqlite")
    with Store.open(store) as opened:
        # The row of a.jpg has no picture in this catalog.
        assert len(opened.feature()) == 24
    (tmp_path / "photos" / "a.jpg").unlink()
    picture("checks", 92).save(tmp_path / "photos" / "b.jpg")
    index_folders([], store, options)
    with Store.open(store) as opened:
        entry = opened.catalog.find_path("b.jpg")
        assert entry is not None
        found = opened.feature().take(np.array([entry.id]))
        encoder = load_encoder("mini")
        pixels = pixels_for(
            decode(Path(entry.location).read_bytes()).image, encoder.spec.preprocessing
        )
        assert np.array_equal(found, encoder.encode(np.stack([pixels])))


def test_a_feature_with_another_spec_is_refused(photo_store: Path) -> None:
    with Store.open(photo_store) as store:
        store.add_feature(RgbHistogram().spec)
        with pytest.raises(StoreError, match="dimensions 768 there, 96 now"):
            store.add_feature(RgbHistogram(32).spec)
        with pytest.raises(StoreError, match="no feature 'resnet50' \\(there: mini, rgb\\)"):
            store.feature("resnet50")


def test_one_writer_at_a_time(photos: Path, tmp_path: Path) -> None:
    store = Store.create(tmp_path / "store")
    with store.writing(), pytest.raises(StoreError, match="another run is writing"):
        index_folders([photos], tmp_path / "store", Options(encoders=("mini",), workers=0))
    index_folders([photos], tmp_path / "store", Options(encoders=("mini",), workers=0))
    store.close()


def test_labels_are_replaced_by_kind(tmp_path: Path, photos: Path) -> None:
    index_folders([photos], tmp_path / "store", Options(encoders=("mini",), workers=0))
    catalog = Catalog.create(tmp_path / "store" / "catalog.sqlite")
    catalog.labels.replace("community", {1: "3", 2: "4"})
    catalog.labels.replace("community", {2: "3.1"})
    labels = catalog.labels.of([1, 2])
    colors = [of_image.pop("color") for of_image in labels.values()]
    assert set(colors) <= set(WORDS)
    assert labels == {1: {"folder": "checks"}, 2: {"folder": "checks", "community": "3.1"}}
    catalog.close()


def test_entries_keep_the_requested_order_and_unknown_ids_are_refused(store: Store) -> None:
    assert [entry.id for entry in store.catalog.entries([9, 2, 5])] == [9, 2, 5]
    many = np.concatenate([store.catalog.ids("ok")] * 80)
    assert [entry.id for entry in store.catalog.entries(many)] == many.tolist()
    with pytest.raises(StoreError, match="no picture 4711"):
        store.catalog.entries([1, 4711])


def test_places_are_those_of_the_entries(store: Store) -> None:
    ids = [9, 2, 5, 2, *store.catalog.ids("ok").tolist() * 80]
    entries, places = store.catalog.entries(ids), store.catalog.places(ids)
    assert [(p.id, p.root, p.path, p.location) for p in places] == [
        (e.id, e.root, e.path, e.location) for e in entries
    ]
    assert store.catalog.places([]) == []
    with pytest.raises(StoreError, match="no picture 4711"):
        store.catalog.places([1, 4711])


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ("path = '../../x.jpg'", "lies outside of its root"),
        ("path = ''", "lies outside of its root"),
        ("path = x'41'", "has values of wrong types"),
    ],
)
def test_a_place_that_nobody_can_have_written_is_refused(
    photo_store: Path, tmp_path: Path, change: str, message: str
) -> None:
    shutil.copytree(photo_store, tmp_path / "store")
    with Store.create(tmp_path / "store") as store:
        store.catalog.db.execute(f"UPDATE images SET {change} WHERE id = 3")
        for read in (store.catalog.entries, store.catalog.places):
            assert read([2])
            with pytest.raises(StoreError, match=message):
                read([2, 3])
        # What is known of a missing picture may be its id alone.
        store.catalog.db.execute("UPDATE images SET path = '', status = 'missing' WHERE id = 3")
        assert [place.path for place in store.catalog.places([3])] == [""]


def test_what_is_added_to_a_folder_is_seen_however_often_it_was_listed(
    photo_store: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    shutil.copytree(photo_store, tmp_path / "store")
    long_ago = time.time() - 1000
    # Whatever is listed counts as settled.
    monkeypatch.setattr(watched, "SETTLED_NS", -1)
    with Store.open(tmp_path / "store") as store:
        for folder in (store.paths.all_indexes, store.paths.features):
            folder.mkdir(exist_ok=True)
            before = store.files_state()
            assert str(folder) in store._watched._listings
            for change in (Path.mkdir, Path.rmdir):
                # The clock of a file system stands still for some milliseconds.
                time.sleep(0.05)
                change(folder / "new")
                # As a tool does that copies times.
                os.utime(folder, (long_ago, long_ago))
                assert (store.files_state() == before) is (change is Path.rmdir)


@pytest.mark.parametrize(
    ("name", "shown"),
    [
        ("Grüße.jpg", "Grüße.jpg"),
        ("tab\tand\nline", "tab and line"),
        (os.fsdecode(b"latin-1 \xfc"), "latin-1 �"),
        ("\x1b[31mred", " [31mred"),
        ("‮gpj.exe", " gpj.exe"),
    ],
)
def test_names_are_shown_without_control_characters(name: str, shown: str) -> None:
    assert printable(name) == shown


def test_a_feature_contains_its_encoder_spec(photo_store: Path) -> None:
    described = json.loads((photo_store / "features" / "rgb" / "feature.json").read_text())
    assert described["dimensions"] == 768
    assert described["dtype"] == "float32"
    assert described["preprocessing"] == {
        "crop_px": 224, "resize_px": 224, "fit": "stretch", "interpolation": "bilinear",
    }  # fmt: skip
    assert not described["foreign"]
