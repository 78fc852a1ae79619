"""A library call against its command: both leave equal stores and equal output files."""

import hashlib
import shutil
import threading
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from graph.__main__ import main as graph_command
from graph.pages.options import SiteOptions
from graph.pages.site import write_site
from imgrec import ImgrecError, Options, Store, index_folders
from imgrec.collection import Catalog
from imgrec.index import main as index_command
from imgrec.report import main as report_command
from imgrec.reporting.options import ReportOptions
from imgrec.reporting.write import write_report
from imgrec.review.review import write_duplicates
from pictures import picture
from projector.__main__ import main as projector_command
from projector.export import ProjectorOptions, write_logdir
from stores import contents


def digests(folder: Path) -> dict[str, str]:
    """Return the digest of each file below a folder, by its path."""
    return {
        path.relative_to(folder).as_posix(): hashlib.blake2b(path.read_bytes()).hexdigest()
        for path in sorted(folder.rglob("*"))
        if path.is_file()
    }


def rows_in(store: Path) -> dict[str, list[Any]]:
    """Return all rows of all tables of the catalog."""
    with Store.open(store) as opened:
        db = opened.catalog.db
        tables = db.execute("SELECT name FROM sqlite_master WHERE type = 'table'").fetchall()
        return {name: sorted(db.execute(f"SELECT * FROM {name}"), key=repr) for (name,) in tables}


def kept_in(store: Path) -> dict[str, str]:
    """Return the digest of each file of a store, by its path.

    The bytes of SQLite's files depend on their history, and `kept.json` contains the times at
    which the parts were written: these are compared by name only.
    """
    named_only = ("catalog.sqlite", "kept.json")
    return {
        name: "" if Path(name).name.startswith(named_only) else found
        for name, found in digests(store).items()
    }


def labels_in(store: Path, kind: str) -> dict[int, str]:
    with Store.open(store) as opened:
        rows = opened.catalog.db.execute(
            "SELECT image_id, value FROM labels WHERE kind = ? ORDER BY image_id", [kind]
        )
        return dict(rows)


@pytest.fixture
def pair(photos: Path, photo_store: Path, tmp_path: Path) -> tuple[Path, Path]:
    """Make two folders, each with a copy of one store that contains two pictures twice."""
    shutil.copytree(photos, tmp_path / "pictures")
    for number, name in enumerate(("discs/000.jpg", "discs/001.jpg")):
        shutil.copy(tmp_path / "pictures" / name, tmp_path / "pictures" / f"again-{number}.jpg")
    options = Options(encoders=("mini",), workers=0)
    index_folders([tmp_path / "pictures"], tmp_path / "called" / "store", options)
    shutil.copytree(tmp_path / "called" / "store", tmp_path / "commanded" / "store")
    return tmp_path / "called", tmp_path / "commanded"


def same(pair: tuple[Path, Path], out: str) -> None:
    """Assert that the two stores are equal, and the two outputs."""
    called, commanded = pair
    assert contents(called / "store") == contents(commanded / "store")
    assert rows_in(called / "store") == rows_in(commanded / "store")
    assert kept_in(called / "store") == kept_in(commanded / "store")
    if (called / out).is_file():
        assert (called / out).read_bytes() == (commanded / out).read_bytes()
    else:
        assert digests(called / out) == digests(commanded / out)


def command(main: Callable[[list[str]], int], folder: Path, *arguments: str) -> None:
    assert main(["--store", str(folder / "store"), *arguments]) == 0


def test_graph(pair: tuple[Path, Path]) -> None:
    called, commanded = pair
    with Store.open(called / "store") as store:
        summary = write_site(store, called / "site", SiteOptions(page_size=8))
    command(graph_command, commanded, "--out", str(commanded / "site"), "--page-size", "8")
    same(pair, "site")
    assert (summary.warnings, summary.bundles) == ((), 2)
    assert len(labels_in(called / "store", "community")) == 26
    assert len(labels_in(called / "store", "bundle")) == 4
    assert '"../site"' in (called / "store" / "graph.json").read_text()


def test_graph_without_bundles(pair: tuple[Path, Path]) -> None:
    called, commanded = pair
    with Store.open(called / "store") as store:
        assert write_site(store, called / "site", SiteOptions(groups=())).bundles == 0
    command(graph_command, commanded, "--out", str(commanded / "site"), "--no-bundles")
    same(pair, "site")
    assert labels_in(called / "store", "bundle") == {}


def test_duplicates(pair: tuple[Path, Path]) -> None:
    called, commanded = pair
    with Store.open(called / "store") as store:
        summary = write_duplicates(store, called / "d.csv")
    command(graph_command, commanded, "--duplicates", str(commanded / "d.csv"))
    same(pair, "d.csv")
    assert summary.warnings == ()
    # The copies may go; pictures of stripes and discs that are similar need looking at.
    assert (called / "d.csv").read_text("utf-8").count(",copy,no,") == 2
    assert len(labels_in(called / "store", "duplicates")) == 4


def test_projector(pair: tuple[Path, Path]) -> None:
    called, commanded = pair
    options = ProjectorOptions(clusters=3, methods=(), workers=0)
    with Store.open(called / "store") as store:
        export = write_logdir(store, called / "log", options=options)
    command(
        projector_command, commanded, "--out", str(commanded / "log"),
        "--clusters", "3", "--layouts", "none", "--workers", "0",
    )  # fmt: skip
    same(pair, "log")
    assert export.warnings == ()
    assert set(labels_in(called / "store", "cluster").values()) == {"1", "2", "3"}


def test_report(pair: tuple[Path, Path]) -> None:
    called, commanded = pair
    with Store.open(called / "store") as store:
        # The commands of the page name the store as that of the command does.
        options = ReportOptions(clusters=3, methods=(), named=commanded / "store")
        summary = write_report(store, called / "report", options)
    command(
        report_command, commanded, "--out", str(commanded / "report"),
        "--clusters", "3", "--maps", "none", "--quiet",
    )  # fmt: skip
    same(pair, "report")
    assert summary.warnings == ()
    assert set(labels_in(called / "store", "cluster").values()) == {"1", "2", "3"}


def test_index(pair: tuple[Path, Path]) -> None:
    called, commanded = pair
    pictures = called.parent / "pictures"
    (pictures / "again-0.jpg").unlink()
    picture("discs", 77).save(pictures / "new.jpg")
    index_folders([pictures], called / "store", Options(workers=0))
    command(index_command, commanded, str(pictures), "--workers", "0")
    same(pair, "store/thumbs")
    assert len(labels_in(called / "store", "color")) == 27


@pytest.fixture
def opened(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """Record the name of the thread at each opening of a store, in order."""
    threads: list[str] = []
    kept = Store.__init__

    def counting(self: Store, path: Path, catalog: Catalog) -> None:
        threads.append(threading.current_thread().name.split("_")[0])
        kept(self, path, catalog)

    monkeypatch.setattr(Store, "__init__", counting)
    return threads


def test_indexing_opens_its_store_once_in_the_main_and_once_in_the_commit_thread(
    photos: Path, tmp_path: Path, opened: list[str]
) -> None:
    both = ["MainThread", "imgrec-writer"]
    index_folders([photos], tmp_path / "store", Options(encoders=("mini",), workers=0))
    assert opened == both
    opened.clear()
    index_folders([], tmp_path / "store", Options(workers=0))
    assert opened == both[:1]
    opened.clear()
    (tmp_path / "more").mkdir()
    picture("discs", 78).save(tmp_path / "more" / "new.jpg")
    options = Options(encoders=("mini",), workers=0, only=True)
    index_folders([tmp_path / "more"], tmp_path / "store", options)
    assert opened == both


def test_indexing_opens_no_store_for_invalid_arguments(tmp_path: Path, opened: list[str]) -> None:
    (tmp_path / "empty").mkdir()
    for folders in ([], [tmp_path / "absent"], [tmp_path / "empty"]):
        with pytest.raises(ImgrecError):
            index_folders(folders, tmp_path / "store", Options(workers=0))
    assert opened == []
    assert not (tmp_path / "store").exists()


def test_outputs_that_change_no_labels_open_the_store_once(
    own_store: Path, tmp_path: Path, opened: list[str]
) -> None:
    folder, options = own_store.parent, ("--layouts", "none", "--workers", "0")
    for _ in range(2):
        opened.clear()
        command(projector_command, folder, "--out", str(tmp_path / "log"), *options)
    assert opened == ["MainThread"]
    for _ in range(2):
        opened.clear()
        command(graph_command, folder, "--duplicates", str(tmp_path / "d.csv"))
    assert opened == ["MainThread"]
