"""Test the doctor on stores: sound ones, contradictions in the catalog, damaged derived files."""

import json
import shutil
import sqlite3
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from imgrec import Store, neighbors_of
from imgrec.checks import check_store
from imgrec.derived.kept import update_indexes
from imgrec.doctor import main
from imgrec.store.kept import SIDECAR, check, save
from imgrec.store.parts import write_part
from stores import nothing_can_be_written
from thumb_parts import write_thumbs


@pytest.fixture(scope="module")
def full(photo_store: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A store with a k-NN graph and all search indexes."""
    path = Path(shutil.copytree(photo_store, tmp_path_factory.mktemp("full") / "store"))
    # Other tests may have made these.
    for made in (
        "knn",
        "indexes",
        "duplicates",
        "verdicts",
        "layouts",
        "projector",
        "communities",
    ):
        shutil.rmtree(path / made, ignore_errors=True)
    with Store.create(path) as store:
        neighbors_of(store)
        with store.writing():
            update_indexes(store, hnsw=True, sketch_values=1)
    return path


@pytest.fixture
def store(full: Path, tmp_path: Path) -> Path:
    return Path(shutil.copytree(full, tmp_path / "store"))


def findings(store: Path) -> list[tuple[str, str, str]]:
    report, _ = check_store(store)
    return [(found.severity, found.place, found.problem) for found in report.findings]


def test_a_sound_one_is_one_line(store: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["--store", str(store), "--deep"]) == 0
    line, counts = capsys.readouterr().out.splitlines()
    assert line == f"ok       {store}: 24 pictures, 3 parts, 5 indexes and graphs"
    assert ", 0 errors, 0 warnings, " in counts
    assert not (store / "damaged.json").exists()


def test_with_a_logdir_and_a_site(store: Path, tmp_path: Path) -> None:
    (tmp_path / "logdir").mkdir()
    assert main(["--store", str(store), "--logdir", str(tmp_path / "logdir")]) == 1


@pytest.mark.parametrize("content", ["none", "letters"])
def test_a_folder_that_is_not_a_store(
    content: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "folder").mkdir()
    if content == "letters":
        (tmp_path / "folder" / "letter.txt").write_text("dear")
    assert main(["--store", str(tmp_path / "folder")]) == 1
    assert "it is not a store" in capsys.readouterr().out
    assert [path.name for path in (tmp_path / "folder").iterdir()] == (
        ["letter.txt"] if content == "letters" else []
    )


@pytest.mark.parametrize(
    ("change", "says"),
    [
        ("UPDATE images SET digest = NULL WHERE id = 3", "ok, but never read"),
        ("UPDATE images SET width = 0 WHERE id = 3", "ok, but without pixels"),
        ("UPDATE images SET reason = 'empty' WHERE id = 3", "ok, but with a reason"),
        ("UPDATE images SET status = 'failed' WHERE id < 3", "2 pictures in the catalog: failed"),
        ("UPDATE images SET path = '' WHERE id = 3", "invalid path or size"),
        ("UPDATE images SET digest = 'abc' WHERE id = 3", "invalid digest"),
        ("INSERT INTO labels VALUES (99, 'color', 'red')", "1 row of the catalog refer"),
        ("UPDATE images SET height = height + 1 WHERE id < 5", "of 4 pictures (1, 2, 3 …)"),
    ],
)
def test_rows_that_contradict_each_other(change: str, says: str, store: Path) -> None:
    with sqlite3.connect(store / "catalog.sqlite") as db:
        db.execute(change)
    db.close()
    assert any(says in problem for _, _, problem in findings(store)), findings(store)


def test_an_index_of_the_catalog_that_lacks_a_row(store: Path) -> None:
    """Only the full check of SQLite sees it; the doctor records it for the next run."""
    path = store / "catalog.sqlite"
    with sqlite3.connect(path) as db:
        db.execute("PRAGMA writable_schema = ON")
        db.execute(
            "UPDATE sqlite_master SET sql = 'CREATE INDEX images_digest ON images (format)' "
            "WHERE name = 'images_digest'"
        )
    db.close()
    assert main(["--store", str(store)]) == 1
    assert json.loads((store / "damaged.json").read_text()) == {"parts": ["catalog.sqlite"]}


def spoilt(name: str, change: Callable[[np.ndarray], None]) -> Callable[[Path], None]:
    """Return a function that changes an array of a store; in a kept folder with valid checksums."""

    def spoil(store: Path) -> None:
        path = store / name
        array = np.load(path)
        change(array)
        if (path.parent / SIDECAR).is_file():
            kept = check(path.parent)
            arrays = {key: np.array(values) for key, values in kept.arrays.items()}
            save(path.parent, {}, {**arrays, path.stem: array}, kept.state)
        else:
            np.save(path, array)

    return spoil


def fill(value: float, row: int = 2) -> Callable[[np.ndarray], None]:
    def change(array: np.ndarray) -> None:
        array[row] = value

    return change


@pytest.mark.parametrize(
    ("name", "value", "place", "says"),
    [
        ("knn/mini/neighbors.npy", 999, "knn/mini", "that have no row in it"),
        ("knn/mini/distances.npy", np.nan, "knn/mini", "not finite numbers"),
        ("knn/mini/ids.npy", 1, "knn/mini", "are not ascending"),
        ("knn/mini/owners.npy", 7, "knn/mini", "does not list"),
        ("indexes/rgb/pca/rows-coordinates.npy", np.inf, "indexes/rgb/pca", "not finite numbers"),
        (
            "indexes/mini/sketch/rows-lengths.npy",
            np.nan,
            "indexes/mini/sketch",
            "not finite numbers",
        ),
    ],
)
def test_what_is_kept_beside_the_features(
    name: str, value: float, place: str, says: str, store: Path
) -> None:
    spoilt(name, fill(value))(store)
    ((severity, where, problem),) = findings(store)
    assert (severity, where) == ("error", place)
    assert says in problem


@pytest.mark.parametrize(
    ("how", "says"),
    [("cut", "rows-codes.npy has 6 bytes"), ("sidecar", SIDECAR), ("absent", "ids.npy is absent")],
)
def test_an_index_that_cannot_be_read(how: str, says: str, store: Path) -> None:
    folder = store / "indexes" / "mini" / "sketch"
    if how == "cut":
        (folder / "rows-codes.npy").write_bytes(b"\x93NUMPY")
    elif how == "sidecar":
        (folder / SIDECAR).write_text("[1]")
    else:
        (folder / "ids.npy").unlink()
    ((severity, where, problem),) = findings(store)
    assert (severity, where) == ("error", "indexes/mini/sketch")
    assert says in problem


def test_parts_without_checksums_are_damaged(store: Path) -> None:
    for part in store.rglob("part.json"):
        part.unlink()
    (store / "roots.json").unlink()
    found = findings(store)
    assert [severity for severity, _, _ in found].count("warning") == 1
    damaged = {where for _, where, problem in found if problem == "part.json is not there"}
    assert damaged == {
        f"{name}/part-000000" for name in ("features/mini", "features/rgb", "thumbs")
    }


def test_values_that_cannot_be_right_are_found_in_parts_with_right_checksums(store: Path) -> None:
    spoilt("features/rgb/part-000000/vectors.npy", fill(np.nan))(store)
    thumbs = store / "thumbs" / "part-000000" / "thumbs.bin"
    thumbs.write_bytes(bytes(thumbs.stat().st_size))
    for folder in (store / "features" / "rgb", store / "thumbs"):
        sign_anew(folder)
    problems = {
        where: problem for severity, where, problem in findings(store) if severity == "error"
    }
    assert (
        problems["features/rgb/part-000000"]
        == "vectors.npy holds values that are not finite numbers"
    )
    assert problems["thumbs/part-000000"].startswith("the thumbnail of picture 1 does not decode")


def sign_anew(folder: Path) -> None:
    """Write part 0 of a folder again with the same files, and so with their checksums."""
    part = folder / "part-000000"
    names = [path.name for path in part.iterdir() if path.name != "part.json"]
    files = {name: (part / name).read_bytes() for name in names}
    shutil.rmtree(part)
    write_part(folder, 0, files)


def test_only_deep_opens_every_thumbnail(tmp_path: Path, photo_store: Path) -> None:
    store = Path(shutil.copytree(photo_store, tmp_path / "store"))
    with Store.open(store) as opened:
        jpeg = opened.thumbs().get(1)
    ids = np.arange(1, 65)
    with Store.create(store) as opened, opened.catalog.transaction() as db:
        db.executemany(
            "INSERT OR IGNORE INTO images (id, root_id, path, size, mtime_ns, status) "
            "VALUES (?, 1, 'x', 1, 1, 'missing')",
            [(int(i),) for i in ids],
        )
    write_thumbs(store / "thumbs", 1, ids, [b"no jpeg" if i == 2 else jpeg for i in ids.tolist()])
    assert check_store(store)[1] == []
    assert check_store(store, deep=True)[1] == ["thumbs/part-000001"]


def test_rows_of_unknown_pictures_and_pictures_without_rows(store: Path) -> None:
    write_part(
        store / "features" / "mini", 1,
        {"ids.npy": np.array([500]), "vectors.npy": np.zeros((1, 512), np.float32)},
    )  # fmt: skip
    shutil.rmtree(store / "thumbs" / "part-000000")
    (store / "knn").rename(store.parent / "knn")
    found = findings(store)
    assert ("warning", "thumbs", "24 pictures have no row") in found
    assert any(where == "features/mini/part-000001" for _, where, _ in found)
    assert {severity for severity, _, _ in found} == {"warning"}


def test_a_newer_catalog_and_another_format(store: Path) -> None:
    with sqlite3.connect(store / "catalog.sqlite") as db:
        db.execute("PRAGMA user_version = 99")
    db.close()
    assert any("schema 99" in problem for _, _, problem in findings(store))
    (store / "store.json").write_text('{"format": 9, "written_by": "imgrec 9"}')
    ((_, _, problem),) = findings(store)
    assert "format 9" in problem


def test_a_store_that_cannot_be_written(
    full: Path, tmp_path_factory: pytest.TempPathFactory
) -> None:
    path = tmp_path_factory.mktemp("locked")
    path.chmod(0o755)
    store = Path(shutil.copytree(full, path / "store"))
    (store / "thumbs" / "part-000000" / "thumbs.bin").write_bytes(b"x")
    for log in store.glob("catalog.sqlite-*"):
        log.unlink()
    before = sorted(store.rglob("*"))
    with nothing_can_be_written(store):
        assert main(["--store", str(store)]) == 1
    assert sorted(store.rglob("*")) == before


def test_an_empty_store_is_sound(tmp_path: Path) -> None:
    Store.create(tmp_path / "store").close()
    assert main(["--store", str(tmp_path / "store")]) == 0


def test_a_catalog_without_tables_is_damaged(tmp_path: Path) -> None:
    Store.create(tmp_path / "store").close()
    for file in (tmp_path / "store").glob("catalog.sqlite*"):
        file.unlink()
    sqlite3.connect(tmp_path / "store" / "catalog.sqlite").close()
    (tmp_path / "store" / "catalog.sqlite").touch()
    assert main(["--store", str(tmp_path / "store")]) == 1
