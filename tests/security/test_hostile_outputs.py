"""Folders that a command is told to write to, made by somebody who wants other files deleted."""

import json
import os
from collections.abc import Callable
from pathlib import Path

import pytest

from ground import SECRET, Ground, make_home
from imgrec.errors import ImgrecError
from imgrec.samples.collection import sample_path, write_samples
from imgrec.system.atomic_folders import new_folder
from imgrec.system.output_folder import (
    LANCE,
    LOGDIR,
    PARQUET,
    REPORT,
    REVIEW,
    SITE,
    OutputFolder,
)

_KINDS = [SITE, REPORT, REVIEW, LOGDIR, PARQUET, LANCE]
_OWN = {
    SITE: "index.html",
    REPORT: "figures/map-pca.svg",
    REVIEW: "pictures/1.jpg",
    LOGDIR: "all/tensor.bytes",
    PARQUET: "part-000000.parquet",
    LANCE: "data/0a.lance",
}
posix = pytest.mark.skipif(os.name != "posix", reason="links and pipes as POSIX has them")


@pytest.fixture
def ground(tmp_path: Path) -> Ground:
    """Return a canary tree without a store."""
    made = Ground(tmp_path)
    make_home(made.home)
    made.out.mkdir(parents=True)
    return made


def _write(kind: OutputFolder, out: Path, text: str = "new") -> None:
    """Replace an output folder as the commands do."""
    kind.check_place(out)
    with new_folder(out, kind.check_place) as folder:
        (folder / _OWN[kind]).parent.mkdir(exist_ok=True)
        (folder / _OWN[kind]).write_text(text)
        (folder / kind.marker).write_text(kind.described(folder, {}), "utf-8")


def _marker(kind: OutputFolder, folder: Path, files: object, **more: object) -> None:
    """Write a marker that claims some files."""
    described = {"format": kind.format, "written_by": "imgrec 0.1.0", "files": files, **more}
    (folder / kind.marker).write_text(json.dumps(described), "utf-8")


def _refused(kind: OutputFolder, ground: Ground, out: Path) -> None:
    before = ground.snapshot(), sorted(map(str, ground.out.rglob("*")))
    with pytest.raises((ImgrecError, OSError)):
        _write(kind, out)
    assert (ground.snapshot(), sorted(map(str, ground.out.rglob("*")))) == before


@pytest.mark.parametrize("kind", _KINDS)
def test_a_folder_of_our_own_is_replaced(kind: OutputFolder, ground: Ground) -> None:
    for text in ("old", "new"):
        _write(kind, ground.out / "made", text)
    assert (ground.out / "made" / _OWN[kind]).read_text() == "new"
    assert [path.name for path in ground.out.iterdir()] == ["made"]


@pytest.mark.parametrize("kind", _KINDS)
@pytest.mark.parametrize(
    "name",
    ["letter.txt", "Documents/letter.txt", "IMG_0001.jpg", "pages/letter.html", "figures/a.jpg",
     "index.html.bak", "sheets/.jpg", "assets/index.html", "a/b/tensor.bytes",
     "run/notes.tsv", ".bashrc", "index.html\n"],
)  # fmt: skip
def test_a_marker_cannot_claim_files_of_the_owner(
    kind: OutputFolder, name: str, ground: Ground
) -> None:
    out = ground.out / "theirs"
    (out / name).parent.mkdir(parents=True)
    (out / name).write_text(SECRET)
    _marker(kind, out, [name, f"./{name}", str(out / name)])
    _refused(kind, ground, out)


@posix
@pytest.mark.parametrize("kind", _KINDS)
@pytest.mark.parametrize("target", ["Documents", "letter.txt", "nothing there"])
def test_a_marker_cannot_claim_links(kind: OutputFolder, target: str, ground: Ground) -> None:
    out = ground.out / "made"
    _write(kind, out)
    own = out / _OWN[kind]
    own.unlink()
    own.symlink_to(ground.home / target)
    _refused(kind, ground, out)


@posix
@pytest.mark.parametrize("kind", _KINDS)
@pytest.mark.parametrize("place", ["marker", "own"])
def test_a_pipe_is_not_opened(kind: OutputFolder, place: str, ground: Ground) -> None:
    out = ground.out / "made"
    _write(kind, out)
    path = out / (kind.marker if place == "marker" else _OWN[kind])
    path.unlink()
    os.mkfifo(path)
    _refused(kind, ground, out)


@posix
@pytest.mark.parametrize("kind", _KINDS)
def test_a_marker_that_is_a_link_is_no_marker(kind: OutputFolder, ground: Ground) -> None:
    out = ground.out / "made"
    _write(kind, out)
    (out / kind.marker).rename(ground.home / "marker")
    (out / kind.marker).symlink_to(ground.home / "marker")
    _refused(kind, ground, out)


_MARKERS: dict[str, Callable[[Path], object]] = {
    "lists 100,000 deep": lambda path: path.write_bytes(b"[" * 100_000),
    "20 GiB of NUL": lambda path: path.write_bytes(b"") or os.truncate(path, 20 << 30),
    "no UTF-8": lambda path: path.write_bytes(b"\xff\xfe{}"),
    "a list": lambda path: path.write_text("[1, 2]"),
    "NaN": lambda path: path.write_text("NaN"),
    "a number of 20,000 digits": lambda path: path.write_text("1" * 20_000),
    "files of other types": lambda path: _marker(SITE, path.parent, [1, None, {}, [[]]]),
    "files that are a text": lambda path: _marker(SITE, path.parent, "index.html"),
    "files that are an object": lambda path: _marker(SITE, path.parent, {"index.html": 1}),
    "another format": lambda path: _marker(SITE, path.parent, ["index.html"], format=2),
    "a format that is a list": lambda path: _marker(SITE, path.parent, [], format=[1]),
    "another writer": lambda path: _marker(SITE, path.parent, [], written_by="make"),
    "a writer that is a number": lambda path: _marker(SITE, path.parent, [], written_by=7),
}


@pytest.mark.parametrize("what", _MARKERS)
def test_a_marker_that_is_none_keeps_the_folder(what: str, ground: Ground) -> None:
    out = ground.out / "made"
    _write(SITE, out)
    _MARKERS[what](out / SITE.marker)
    _refused(SITE, ground, out)


@posix
@pytest.mark.parametrize("kind", _KINDS)
@pytest.mark.parametrize("place", ["Documents", "letter.txt", "nothing there", ".", "/dev/null"])
def test_a_link_at_the_place_is_not_replaced(
    kind: OutputFolder, place: str, ground: Ground
) -> None:
    link = ground.out / "made"
    link.symlink_to(ground.home / place)
    before = ground.snapshot()
    with pytest.raises((ImgrecError, OSError)):
        _write(kind, link)
    assert ground.snapshot() == before
    assert link.is_symlink()


@posix
def test_a_link_to_a_folder_of_our_own_replaces_that_folder(ground: Ground) -> None:
    """The commands resolve the place first: whoever keeps the site on another disk links to it."""
    _write(SITE, ground.out / "on another disk", "old")
    (ground.out / "made").symlink_to("on another disk")
    _write(SITE, (ground.out / "made").resolve(), "new")
    assert (ground.out / "made").is_symlink()
    assert (ground.out / "made" / "index.html").read_text() == "new"


@posix
def test_samples_are_not_written_or_deleted_through_links(ground: Ground) -> None:
    out, family = ground.out / "samples", sample_path(0).parent.name
    write_samples(out, 1, workers=1, size_px=32)
    (out / sample_path(0)).unlink()
    (out / family).rmdir()
    (ground.home / sample_path(0).name).write_text(SECRET)
    (out / family).symlink_to(ground.home)
    before = ground.snapshot()
    for seed in (0, 1):
        with pytest.raises(ImgrecError, match="link"):
            write_samples(out, 1, seed=seed, workers=1, size_px=32)
        assert ground.snapshot() == before


@posix
@pytest.mark.parametrize("what", ["link", "pipe", "nested"])
def test_a_manifest_of_samples_that_is_none_is_refused(what: str, ground: Ground) -> None:
    out = ground.out / "samples"
    out.mkdir()
    manifest = out / "samples.json"
    if what == "link":
        manifest.symlink_to(ground.home / "letter.txt")
    elif what == "pipe":
        os.mkfifo(manifest)
    else:
        manifest.write_bytes(b"[" * 100_000)
    before = ground.snapshot()
    with pytest.raises(ImgrecError):
        write_samples(out, 1, workers=1, size_px=32)
    assert ground.snapshot() == before
