"""Pages and sheets that are taken over from the old site: those that stay the same, and no others.

What is written over an old site is compared, byte for byte, with what is written without one.
"""

import shutil
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from graph.__main__ import main
from graph.pages import sheet as sheets
from graph.pages.sheet import SIDES_PX, build_sheet, cells_of
from graph.pages.site import SiteSummary
from imgrec.pictures.decoding import thumbnail
from imgrec.store.store import Store
from site_stores import clusters, make_store, plain_names, site_of
from thumb_parts import write_thumbs

SIZE = 12


@pytest.fixture(autouse=True)
def cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    for name in ("XDG_CACHE_HOME", "WIN_PD_OVERRIDE_LOCAL_APPDATA"):
        monkeypatch.setenv(name, str(tmp_path / "cache"))
    return tmp_path / "cache"


@pytest.fixture
def work(tmp_path: Path) -> Path:
    """Return a folder with a store and a site of it, written twice, so that nothing is new."""
    path = make_store(tmp_path, plain_names(60), clusters(60))
    _written(tmp_path)
    summary = _written(tmp_path)
    assert summary.kept == summary.pages > 4
    assert path == tmp_path / "store"
    return tmp_path


def _written(folder: Path, **options: object) -> SiteSummary:
    return site_of(folder / "store", folder / "site", page_size=SIZE, **options)


def _files(site: Path) -> dict[str, bytes]:
    return {
        path.relative_to(site).as_posix(): path.read_bytes()
        for path in site.rglob("*")
        if path.is_file()
    }


def _anew(folder: Path) -> dict[str, bytes]:
    """Return the files of a site that is written without an old one, at the same place."""
    shutil.rmtree(folder / "cache")
    shutil.rmtree(folder / "site")
    assert _written(folder).kept == 0
    return _files(folder / "site")


def _label(store: Store) -> None:
    store.catalog.labels.add("star", {1: "yes"})


def _rename(store: Store) -> None:
    with store.catalog.transaction() as db:
        db.execute("UPDATE images SET path = 'kind0/other.jpg' WHERE path = 'kind0/000.jpg'")


def _other_thumb(store: Store) -> None:
    wide = thumbnail(Image.new("RGB", (128, 20), (250, 0, 0)))
    write_thumbs(store.paths.thumbs, 9, np.array([1]), [wide])


@pytest.mark.parametrize("change", [_label, _rename, _other_thumb])
def test_what_one_picture_changes_is_written_and_the_rest_is_taken_over(
    work: Path, change: Callable[[Store], None]
) -> None:
    before = _files(work / "site")
    with Store.create(work / "store") as store:
        change(store)
    summary = _written(work)
    assert 0 < summary.kept < summary.pages
    after = _files(work / "site")
    assert after != before
    assert after == _anew(work)


def test_workers_take_over_the_same_files(work: Path) -> None:
    before = _files(work / "site")
    with Store.create(work / "store") as store:
        _label(store)
    summary = _written(work, workers=2, workers_from=1)
    assert 0 < summary.kept < summary.pages
    assert _files(work / "site") != before
    assert _files(work / "site") == _anew(work)


@pytest.mark.parametrize("file", ["pages/*.html", "sheets/*.jpg", "contact/*.html"])
@pytest.mark.parametrize("attack", ["exchanged", "absent"])
def test_a_file_that_somebody_exchanged_is_drawn_anew(work: Path, file: str, attack: str) -> None:
    right = _files(work / "site")
    target = min((work / "site").glob(file))
    if attack == "exchanged":
        target.write_bytes(target.read_bytes()[:-1] + b"!")
    else:
        target.unlink()
    summary = _written(work)
    assert summary.kept == summary.pages - file.startswith("pages")
    assert _files(work / "site") == right


def test_the_command_tells_how_many_pages_were_written_and_kept(
    work: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    asked = ["--store", str(work / "store"), "--out", str(work / "site"), "--workers", "0"]
    asked += ["--page-size", str(SIZE), "--quiet"]
    assert main(asked) == 0
    with Store.create(work / "store") as store:
        _label(store)
    capsys.readouterr()
    assert main(asked) == 0
    told = capsys.readouterr().out
    kept = _counts(told)
    assert kept > 0
    assert " written, " in told
    assert main(asked) == 0
    assert capsys.readouterr().out.startswith("nothing new, ")


def _counts(told: str) -> int:
    return int(told.partition(" kept")[0].rpartition(" ")[2])


@pytest.mark.parametrize("most", [None, 3_000, 1_500, 1])
def test_the_cells_of_a_sheet_are_told_without_its_pixels(
    most: int | None, monkeypatch: pytest.MonkeyPatch
) -> None:
    rng = np.random.default_rng(0)
    sizes = [(128, 30), (20, 128), (100, 100), (3, 1), (128, 1)]
    thumbs = [thumbnail(Image.fromarray(rng.integers(0, 256, (h, w, 3), np.uint8)))
              for w, h in sizes]  # fmt: skip
    sheet = build_sheet(thumbs) if most is None else build_sheet(thumbs, max_bytes=most)
    assert sheet.side_px in SIDES_PX
    monkeypatch.setattr(sheets, "_decoded", lambda jpeg: pytest.fail("decoded"))
    assert cells_of(thumbs, sheet.side_px) == sheet.cells
