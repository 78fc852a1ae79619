"""What fails while a store is being repaired: nothing is lost, and the next run goes on."""

import json
import shutil
import sqlite3
from pathlib import Path
from typing import Any

import pytest

from imgrec import Store, StoreError, index_folders
from imgrec.store.manifest import writing_lock
from imgrec.store.restore import restore
from imgrec.store.set_aside import report_damaged, reported_damaged, set_aside_damaged
from imgrec.store.site_link import keep_site, pages_of, site_of
from pictures import write_pictures
from stores import HERE, contents

PARTS = ("features/mini/part-000000", "features/rgb/part-000000", "thumbs/part-000000")


@pytest.fixture(scope="module")
def sound(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("repaired")
    write_pictures(folder / "photos", each=1)
    index_folders([folder / "photos"], folder / "store", HERE)
    return folder


@pytest.fixture
def store(sound: Path, tmp_path: Path) -> Path:
    return Path(shutil.copytree(sound / "store", tmp_path / "store"))


def _failing(name: str, monkeypatch: pytest.MonkeyPatch, after: int = 0) -> list[Path]:
    """Make a method of paths fail after some calls; return what it was called for."""
    method, called = getattr(Path, name), list[Path]()

    def failing(path: Path, *arguments: Any, **more: Any) -> Any:
        called.append(path)
        if len(called) > after:
            raise OSError(28, "No space left on device", str(path))
        return method(path, *arguments, **more)

    monkeypatch.setattr(Path, name, failing)
    return called


@pytest.mark.parametrize("moved", [0, 1, 2])
def test_parts_that_cannot_be_moved_are_moved_by_the_next_run(
    sound: Path, store: Path, monkeypatch: pytest.MonkeyPatch, moved: int
) -> None:
    for part in PARTS:
        (store / part / "ids.npy").write_bytes(b"")
    report_damaged(store, PARTS)
    with monkeypatch.context() as patched:
        _failing("rename", patched, after=moved)
        with pytest.raises(OSError, match="No space left"):
            set_aside_damaged(store)
    there = [(store / part).exists() for part in PARTS]
    assert there == [number >= moved for number in range(3)]
    assert [(store / "damaged" / part).exists() for part in PARTS] == [not one for one in there]
    # Not forgotten: only the doctor has read these files whole.
    assert reported_damaged(store) == {*PARTS}
    lines = set_aside_damaged(store)
    assert len(lines) == 3 - moved
    assert reported_damaged(store) == set()
    assert set_aside_damaged(store) == []
    index_folders([], store, HERE)
    assert contents(store) == contents(sound / "store")


def test_a_part_that_is_damaged_again_does_not_replace_the_first_one(
    sound: Path, store: Path
) -> None:
    part = store / PARTS[0]
    for number, name in enumerate(("part-000000", "part-000000-2", "part-000000-3"), start=1):
        (part / "ids.npy").write_bytes(bytes(number))
        index_folders([], store, HERE)
        aside = store / "damaged" / "features" / "mini"
        assert (aside / name / "ids.npy").read_bytes() == bytes(number)
        assert len(list(aside.iterdir())) == number
        assert contents(store) == contents(sound / "store")
        part = max((store / "features" / "mini").glob("part-*"))
        if part.name != "part-000000":
            part.rename(part.with_name("part-000000"))
            part = part.with_name("part-000000")


@pytest.mark.parametrize("failing", ["replace", "rename", "unlink"])
def test_a_catalog_that_cannot_be_replaced_is_rebuilt_by_the_next_run(
    sound: Path, store: Path, monkeypatch: pytest.MonkeyPatch, failing: str
) -> None:
    catalog = store / "catalog.sqlite"
    damaged = bytes(range(256)) * 40
    catalog.write_bytes(damaged)
    with monkeypatch.context() as patched:
        _failing(failing, patched)
        with pytest.raises(OSError, match="No space left"):
            restore(store)
    # The damaged file is there or set aside, never deleted.
    kept = [file for file in store.glob("catalog.sqlite*") if file.read_bytes() == damaged]
    assert len(kept) == 1
    # The lock is free.
    with writing_lock(store):
        pass
    index_folders([], store, HERE)
    assert contents(store) == contents(sound / "store")
    assert not list(store.glob(".tmp-*"))
    kept = [file for file in store.glob("catalog.sqlite.*") if file.read_bytes() == damaged]
    assert len(kept) == 1


def test_a_store_that_cannot_be_read_further_holds_no_lock(
    store: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(db: sqlite3.Connection, *_: Any) -> None:
        error = sqlite3.OperationalError("database or disk is full")
        error.sqlite_errorcode = sqlite3.SQLITE_FULL
        raise error

    with monkeypatch.context() as patched:
        patched.setattr("imgrec.collection.opening.migrations.migrate", full)
        with pytest.raises(StoreError):
            Store.create(store)
    with Store.create(store) as opened, opened.writing():
        opened.set_encoder("rgb")


def test_an_error_in_a_block_of_writing_frees_the_lock(store: Path) -> None:
    for _ in range(3):
        with Store.create(store) as opened:  # noqa: SIM117
            with pytest.raises(ZeroDivisionError), opened.writing():
                raise ZeroDivisionError
    with writing_lock(store):
        pass


def _site(folder: Path) -> Path:
    (folder / "site" / "pages").mkdir(parents=True)
    (folder / "site" / "index.html").touch()
    (folder / "site" / "pages" / "community-3.html").touch()
    return folder / "site"


def test_the_link_to_a_site_cannot_be_kept_and_nothing_else_changes(
    store: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    site = _site(tmp_path)
    with Store.open(store) as opened:
        keep_site(opened, site)
        before = opened.paths.site_link.read_bytes()
        for name in ("write_text", "_read"):
            for error in (OSError(28, "full"), StoreError("locked"), sqlite3.OperationalError()):

                def fail(*_: Any, error: Exception = error) -> None:
                    raise error

                with monkeypatch.context() as patched:
                    patched.setattr(f"imgrec.store.site_link.{name}", fail)
                    keep_site(opened, tmp_path / "other")
                assert opened.paths.site_link.read_bytes() == before
        with writing_lock(store):
            keep_site(opened, tmp_path / "other")
        assert json.loads(opened.paths.site_link.read_text())["site"] in ("../site", "../other")
        keep_site(opened, site)
        assert site_of(store) == site
        assert not [path for path in store.iterdir() if path.name.startswith(".tmp-")]


@pytest.mark.parametrize("community", ["3", "4", "", None, "3.1", "../../x"])
def test_a_page_that_is_gone_is_no_page(tmp_path: Path, community: str | None) -> None:
    site = _site(tmp_path)
    found = pages_of(site, {7: community})[7]
    assert found == (f"{site}/pages/community-3.html#7" if community == "3" else None)
    assert pages_of(None, {7: community}) == {7: None}
    (site / "pages" / "community-3.html").unlink()
    assert pages_of(site, {7: community}) == {7: None}


@pytest.mark.parametrize(
    "text", ["", "{", "[]", "null", "3", '{"site": null}', '{"page": 1}', "\udcff", '{"site": ""}']
)
def test_a_link_that_is_damaged_is_none(store: Path, text: str) -> None:
    with Store.open(store) as opened:
        opened.paths.site_link.write_bytes(text.encode("utf-8", "surrogateescape"))
    assert site_of(store) is None
