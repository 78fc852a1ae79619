"""Where a picture is in a logdir: the row of each run, and nothing that could be another's."""

import json
import os
import shutil
from pathlib import Path

import pytest

from imgrec import Options, index_folders
from imgrec.serving.answers import ProjectorPlace
from imgrec.serving.projector import places_of
from imgrec.store.store import Store
from logdirs import runs, table
from pictures import picture
from projector import ProjectorOptions, write_logdir

PLAIN = ProjectorOptions(methods=())
PAGED = ProjectorOptions(methods=(), page_size=9, overview=7)


def _places(store: Store, logdir: Path, image_id: int) -> list[ProjectorPlace]:
    (entry,) = store.catalog.entries([image_id])
    return places_of(store, logdir, entry)


def _expected(store: Store, logdir: Path, image_id: int) -> list[ProjectorPlace]:
    """Return the rows that name the path of a picture of a collection of one root."""
    (entry,) = store.catalog.entries([image_id])
    return [
        ProjectorPlace(run.name, row)
        for run in runs(logdir)
        for row, cells in enumerate(table(run), 1)
        if cells["path"] == entry.path
    ]


@pytest.mark.parametrize("options", [PLAIN, PAGED])
def test_each_picture_is_found_in_each_of_its_runs(
    store: Store, tmp_path: Path, options: ProjectorOptions
) -> None:
    logdir = write_logdir(store, tmp_path / "log", options=options).logdir
    found = {i: _places(store, logdir, i) for i in store.catalog.ids("ok").tolist()}
    assert found == {i: _expected(store, logdir, i) for i in found}
    assert all(found.values())
    if options is PAGED:
        assert len({place.run for places in found.values() for place in places}) == 5


def test_a_logdir_of_another_store_names_nothing(store: Store, tmp_path: Path) -> None:
    logdir = write_logdir(store, tmp_path / "log", options=PLAIN).logdir
    shutil.copytree(store.path, tmp_path / "other")
    with Store.open(tmp_path / "other") as other:
        assert _places(other, logdir, 1) == []
    assert _places(store, logdir, 1)
    assert _places(store, tmp_path / "absent", 1) == []
    assert _places(store, tmp_path, 1) == []


def _two_roots(folder: Path, names: tuple[str, str]) -> list[Path]:
    """Write two folders of pictures with the same path in both, and one of its own in each."""
    roots = [folder / str(i) / name for i, name in enumerate(names)]
    for number, root in enumerate(roots):
        root.mkdir(parents=True)
        picture("discs", number).save(root / "both.png")
        picture("checks", number).save(root / f"own-{number}.png")
    return roots


@pytest.mark.parametrize("names", [("a", "b"), ("same", "same")])
def test_paths_in_several_roots_are_told_apart_or_not_named(
    tmp_path: Path, names: tuple[str, str]
) -> None:
    roots = _two_roots(tmp_path, names)
    index_folders(roots, tmp_path / "store", Options(encoders=("mini",), workers=0))
    with Store.open(tmp_path / "store") as store:
        logdir = write_logdir(store, tmp_path / "log", options=PLAIN).logdir
        (run,) = runs(logdir)
        for image_id in store.catalog.ids("ok").tolist():
            (entry,) = store.catalog.entries([image_id])
            # The rows are in the order of the ids.
            expected = [ProjectorPlace(run.name, image_id)]
            if names[0] == names[1] and entry.path == "both.png":
                expected = []
            assert _places(store, logdir, image_id) == expected


def test_names_that_cannot_be_shown_are_found(tmp_path: Path) -> None:
    odd = ["a\tb.png", "line\nbreak.png", " spaces .png", "\u202egpj.png", "%2e.png", "ü.png"]
    (tmp_path / "photos").mkdir()
    for seed, name in enumerate(odd):
        picture("discs", seed).save(tmp_path / "photos" / name)
    index_folders([tmp_path / "photos"], tmp_path / "store", Options(encoders=("mini",), workers=0))
    with Store.open(tmp_path / "store") as store:
        logdir = write_logdir(store, tmp_path / "log", options=PLAIN).logdir
        ids = store.catalog.ids("ok").tolist()
        assert len(ids) == len(odd)
        for image_id in ids:
            assert [place.row for place in _places(store, logdir, image_id)] == [image_id]


def test_a_hostile_logdir_names_nothing_outside_and_blocks_nothing(
    store: Store, tmp_path: Path
) -> None:
    logdir = write_logdir(store, tmp_path / "log", options=PLAIN).logdir
    (run,) = runs(logdir)
    manifest = json.loads((logdir / "projector.json").read_text())
    (key,) = manifest["runs"]

    def named(folder: str) -> list[ProjectorPlace]:
        manifest["runs"][key]["folder"] = folder
        (logdir / "projector.json").write_text(json.dumps(manifest))
        return _places(store, logdir, 1)

    assert named(run.name)
    shutil.copytree(run, tmp_path / "outside")
    for folder in ("../outside", str(tmp_path / "outside"), "..", "", "a/b", "none", "\0"):
        assert named(folder) == []
    (run / "metadata.tsv").rename(tmp_path / "metadata.tsv")
    if os.name == "posix":
        (run / "metadata.tsv").symlink_to(tmp_path / "metadata.tsv")
        assert named(run.name) == []
        (run / "metadata.tsv").unlink()
        os.mkfifo(run / "metadata.tsv")
        assert named(run.name) == []
        (run / "metadata.tsv").unlink()
    (run / "metadata.tsv").write_bytes(b"\n" * 100)
    assert named(run.name) == []
    with (run / "metadata.tsv").open("wb") as file:
        file.truncate(1 << 40)
    assert named(run.name) == []
    (logdir / "projector.json").write_text("{")
    assert _places(store, logdir, 1) == []
