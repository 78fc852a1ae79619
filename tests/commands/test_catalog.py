"""`imgrec catalog`: its numbers, against counts over the catalog's rows and the store's files."""

import json
import subprocess
import sys
from collections import Counter
from pathlib import Path

import pytest
from PIL import Image

from imgrec import Store
from imgrec.catalog import main
from imgrec.index import main as index
from imgrec.store.inventory import inventory_of, summary_lines
from pictures import picture, write_pictures


def test_the_numbers_equal_counts_over_the_files(photos: Path, photo_store: Path) -> None:
    files = [path for path in photos.rglob("*") if path.is_file()]
    with Store.open(photo_store) as store:
        found = inventory_of(store)
    sizes, formats = [], Counter[str | None]()
    for path in files:
        with Image.open(path) as image:
            sizes.append(image.size)
            formats[image.format] += 1
    assert found.file_bytes == sum(path.stat().st_size for path in files)
    assert found.pixels == sum(width * height for width, height in sizes)
    assert found.formats == formats
    assert found.counts == {"new": 0, "ok": len(files), "failed": 0, "missing": 0, "left-out": 0}
    assert found.features == {"mini": (24, 512), "rgb": (24, 768)}
    assert found.labels == {"color": 24, "folder": 24}
    assert found.metadata == {}
    assert [(root.path, root.pictures, root.missing) for root in found.roots] == [
        (str(photos), 24, 0)
    ]
    assert found.offline == {}


def test_failures_and_the_status_of_each_file(odd_store: tuple[Path, dict[str, str]]) -> None:
    path, expected = odd_store
    with Store.open(path) as store:
        found = inventory_of(store)
    assert found.failures == Counter(value for value in expected.values() if value != "ok")
    assert list(found.failures.values()) == sorted(found.failures.values(), reverse=True)


@pytest.fixture
def store(tmp_path: Path) -> Path:
    """Make a store with ok pictures, failures with odd names, and missing pictures."""
    write_pictures(tmp_path / "photos", each=2)
    for name in ("</script><img src=x onerror=alert(1)>.jpg".replace("/", "∕"), "tab\tline\n.jpg"):
        (tmp_path / "photos" / name).write_bytes(b"words")
    picture("discs", 90).save(tmp_path / "photos" / "gone.jpg")
    command = ["--store", str(tmp_path / "store"), "--encoder", "mini", "--workers", "0"]
    assert index([str(tmp_path / "photos"), *command]) == 0
    (tmp_path / "photos" / "gone.jpg").unlink()
    assert index(command) == 0
    return tmp_path / "store"


def test_the_printed_text(store: Path, capsys: pytest.CaptureFixture[str]) -> None:
    capsys.readouterr()
    assert main(["--store", str(store)]) == 0
    lines = capsys.readouterr().out.splitlines()
    assert lines[:3] == [
        "6 pictures, 2 failed, 1 missing",
        "failed: 2 not-an-image",
        "formats: 6 JPEG",
    ]
    assert lines[-1] == f"root: {store.parent / 'photos'}: 8 pictures, 1 missing"
    (store.parent / "photos").rename(store.parent / "unplugged")
    assert main(["--store", str(store)]) == 0
    assert capsys.readouterr().out.splitlines()[-1].endswith(", offline")


def test_the_details_of_a_run_begin_with_the_same_three_lines(
    store: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    capsys.readouterr()
    index(["--store", str(store), "--workers", "0", "-v"])
    of_run = capsys.readouterr().out.splitlines()[:3]
    main(["--store", str(store)])
    assert capsys.readouterr().out.splitlines()[:3] == of_run


def test_the_list_of_files_is_one_line_each(
    store: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    capsys.readouterr()
    assert main(["--store", str(store), "--failed"]) == 0
    rows = [line.split("\t") for line in capsys.readouterr().out.splitlines()]
    assert [reason for reason, *_ in rows] == ["not-an-image"] * 2
    assert [len(row) for row in rows] == [3, 3]
    assert rows[1][1] == str(store.parent / "photos" / "tab line .jpg")
    assert main(["--store", str(store), "--missing"]) == 0
    assert capsys.readouterr().out == f"missing\t{store.parent / 'photos' / 'gone.jpg'}\n"


def test_json_is_one_object_with_all_numbers(
    store: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    capsys.readouterr()
    assert main(["--store", str(store), "--json", "--failed", "--missing"]) == 0
    found = json.loads(capsys.readouterr().out)
    assert found["pictures"] == {"new": 0, "ok": 6, "failed": 2, "missing": 1, "left-out": 0}
    assert found["failures"] == {"not-an-image": 2}
    assert found["features"]["mini"] == {"rows": 6, "dimensions": 512}
    assert found["roots"][0]["offline"] is None
    assert [file["reason"] for file in found["files"]] == ["not-an-image"] * 2 + ["missing"]
    assert {file["path"] for file in found["files"]} >= {"gone.jpg", "tab\tline\n.jpg"}


def test_a_missing_store_is_a_one_line_error(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["--store", str(tmp_path)]) == 2
    out, err = capsys.readouterr()
    assert (out, err.count("\n")) == ("", 1)


def test_an_empty_store(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    Store.create(tmp_path / "store").close()
    assert main(["--store", str(tmp_path / "store")]) == 0
    assert capsys.readouterr().out.splitlines()[:3] == [
        "0 pictures, 0 failed, 0 missing", "failed: none", "formats: none"
    ]  # fmt: skip


def test_it_runs_as_a_module_without_a_warning(photo_store: Path) -> None:
    command = [sys.executable, "-W", "error", "-m", "imgrec.catalog", "--store", str(photo_store)]
    done = subprocess.run(command, capture_output=True, text=True, check=True)
    assert done.stdout.startswith("24 pictures")
    assert done.stderr == ""


def test_numbers_have_thousands_separators_and_unread_pictures_are_counted() -> None:
    counts = {"ok": 1, "failed": 2000, "missing": 0, "left-out": 0, "new": 3}
    lines = summary_lines(counts, {"empty": 2000}, {})
    assert lines == [
        "1 picture, 2,000 failed, 0 missing, 3 not read",
        "failed: 2,000 empty",
        "formats: none",
    ]
