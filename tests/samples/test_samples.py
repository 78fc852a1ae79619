"""Test the sample collection: reproducible bytes, resuming, and no harm to other files."""

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

from imgrec.errors import ImgrecError
from imgrec.samples import FAMILIES, contact_sheet, render_sample, write_samples
from imgrec.samples.__main__ import main
from imgrec.samples.collection import CHUNK, MANIFEST_NAME, sample_path

SIZE_PX = 40


def pictures(folder: Path) -> dict[str, bytes]:
    return {
        path.relative_to(folder).as_posix(): path.read_bytes()
        for path in folder.rglob("*")
        if path.is_file() and path.name != MANIFEST_NAME
    }


@pytest.fixture(scope="module")
def collection(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A collection of 60 pictures, written by one process; tests must not change it."""
    folder = tmp_path_factory.mktemp("samples") / "collection"
    assert write_samples(folder, 60, seed=3, size_px=SIZE_PX, workers=1) == 60
    return folder


def test_bytes_do_not_depend_on_the_workers(tmp_path: Path, collection: Path) -> None:
    # There must be jobs for a second process.
    assert CHUNK * 2 < 60
    write_samples(tmp_path / "two", 60, seed=3, size_px=SIZE_PX, workers=2)
    assert pictures(tmp_path / "two") == pictures(collection)


def test_a_smaller_count_is_a_prefix(tmp_path: Path, collection: Path) -> None:
    write_samples(tmp_path / "few", 30, seed=3, size_px=SIZE_PX, workers=1)
    few = pictures(tmp_path / "few")
    assert len(few) == 30
    assert few.items() <= pictures(collection).items()


def test_a_larger_count_writes_only_missing_pictures(tmp_path: Path) -> None:
    write_samples(tmp_path, 5, size_px=SIZE_PX, workers=1)
    before = {name: (tmp_path / name).stat().st_mtime_ns for name in pictures(tmp_path)}
    assert write_samples(tmp_path, 8, size_px=SIZE_PX, workers=1) == 3
    assert len(pictures(tmp_path)) == 8
    assert (
        before.items()
        <= {name: (tmp_path / name).stat().st_mtime_ns for name in pictures(tmp_path)}.items()
    )


@pytest.mark.parametrize("index", range(len(FAMILIES)), ids=FAMILIES)
def test_every_family_obeys_seed_and_size(index: int) -> None:
    small, again = render_sample(1, index, SIZE_PX), render_sample(1, index, SIZE_PX)
    assert small.mode == "RGB"
    assert small.tobytes() == again.tobytes()
    assert small.tobytes() != render_sample(2, index, SIZE_PX).tobytes()
    assert max(render_sample(1, index, 2 * SIZE_PX).size) == pytest.approx(2 * max(small.size), 1)
    # A picture that is not blank.
    assert np.asarray(small).std() > 3


def test_every_family_has_a_folder_of_its_name(collection: Path) -> None:
    assert {path.name for path in collection.iterdir() if path.is_dir()} == set(FAMILIES)
    assert len(FAMILIES) >= 12
    for name in pictures(collection):
        family, file = name.split("/")
        assert file.startswith(f"{family}-")


def test_sizes_shapes_and_formats_vary(collection: Path) -> None:
    formats, shapes, long_sides = set(), set(), set()
    for name in pictures(collection):
        with Image.open(collection / name) as picture:
            width, height = picture.size
            formats.add(picture.format)
        shapes.add((width > height) - (width < height))
        long_sides.add(max(width, height))
    assert formats == {"JPEG", "PNG"}
    assert shapes == {-1, 0, 1}
    assert len(long_sides) > 5
    assert all(0.75 * SIZE_PX <= side <= 1.25 * SIZE_PX for side in long_sides)


def test_deleted_and_empty_pictures_are_rendered_again(tmp_path: Path) -> None:
    write_samples(tmp_path, 6, size_px=SIZE_PX, workers=1)
    before = pictures(tmp_path)
    (tmp_path / sample_path(4)).unlink()
    (tmp_path / sample_path(2)).write_bytes(b"")
    assert write_samples(tmp_path, 6, size_px=SIZE_PX, workers=1) == 2
    assert pictures(tmp_path) == before


@pytest.mark.parametrize("other", [{"seed": 1}, {"size_px": SIZE_PX + 8}])
def test_another_seed_or_size_renders_all_again(tmp_path: Path, other: dict[str, Any]) -> None:
    write_samples(tmp_path, 6, seed=0, size_px=SIZE_PX, workers=1)
    before = pictures(tmp_path)
    arguments = {"seed": 0, "size_px": SIZE_PX, **other}
    mine = tmp_path / FAMILIES[0] / "mine.jpg"
    mine.write_bytes(b"not yours")
    assert write_samples(tmp_path, 3, workers=1, **arguments) == 3
    after = pictures(tmp_path)
    assert after.pop(mine.relative_to(tmp_path).as_posix()) == b"not yours"
    # None of the old pictures is left.
    assert len(after) == 3
    assert all(before[name] != data for name, data in after.items())


def test_another_renderer_version_renders_all_again(tmp_path: Path) -> None:
    write_samples(tmp_path, 2, size_px=SIZE_PX, workers=1)
    manifest = json.loads((tmp_path / MANIFEST_NAME).read_text())
    (tmp_path / MANIFEST_NAME).write_text(json.dumps(manifest | {"renderer": -1}))
    assert write_samples(tmp_path, 2, size_px=SIZE_PX, workers=1) == 2
    assert json.loads((tmp_path / MANIFEST_NAME).read_text()) == manifest


def test_a_foreign_folder_is_refused_and_left_unchanged(tmp_path: Path) -> None:
    (tmp_path / "holiday.jpg").write_bytes(b"precious")
    with pytest.raises(ImgrecError, match="holds other files"):
        write_samples(tmp_path, 2, size_px=SIZE_PX, workers=1)
    assert pictures(tmp_path) == {"holiday.jpg": b"precious"}
    assert not (tmp_path / MANIFEST_NAME).exists()


@pytest.mark.parametrize("text", ["{", "[]", '{"name": "mine"}', "\udcff"])
def test_a_foreign_manifest_is_refused(tmp_path: Path, text: str) -> None:
    (tmp_path / MANIFEST_NAME).write_bytes(text.encode("utf-8", "surrogateescape"))
    with pytest.raises(ImgrecError, match="not a manifest"):
        write_samples(tmp_path, 2, size_px=SIZE_PX, workers=1)


@pytest.mark.parametrize(
    "arguments",
    [{"count": -1}, {"seed": -1}, {"size_px": 3}, {"size_px": 10**6}, {"workers": 0}],
)
def test_numbers_out_of_range_are_refused(tmp_path: Path, arguments: dict[str, Any]) -> None:
    with pytest.raises(ImgrecError, match="give"):
        write_samples(tmp_path / "new", **{"count": 1, **arguments})
    assert not (tmp_path / "new").exists()


def test_the_command_prints_how_many_it_wrote(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    command = [str(tmp_path / "new"), "--count", "3", "--size", str(SIZE_PX), "--workers", "1"]
    assert main(command) == 0
    assert "3 pictures rendered, 0 already there, " in capsys.readouterr().out
    assert main(command) == 0
    assert "0 pictures rendered, 3 already there, " in capsys.readouterr().out


@pytest.mark.parametrize("extra", [["--count", "-1"], ["--sheet", "sheet.nonsense"]])
def test_the_command_fails_in_one_line(
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
    extra: list[str],
) -> None:
    monkeypatch.chdir(tmp_path)
    assert main(["new", "--count", "0", *extra]) == 2
    assert capsys.readouterr().err.count("\n") == 1


def test_a_file_in_place_of_the_folder_is_refused(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "file").write_bytes(b"")
    assert main([str(tmp_path / "file")]) == 2
    assert "is a file" in capsys.readouterr().err
    assert main([str(tmp_path / "file" / "below")]) == 2
    assert capsys.readouterr().err.count("\n") == 1


def test_the_contact_sheet_has_a_cell_for_each_picture() -> None:
    red, blue = Image.new("RGB", (80, 20), "red"), Image.new("L", (20, 80), 255)
    sheet = contact_sheet([red, blue, red], columns=2, cell_px=32)
    assert sheet.size == (2 * 34 + 2, 2 * 34 + 2)
    assert sheet.getpixel((18, 18)) == (255, 0, 0)
    assert sheet.getpixel((52, 18)) == (255, 255, 255)
    assert sheet.getpixel((18, 52)) == (255, 0, 0)
    assert sheet.getpixel((52, 52)) == sheet.getpixel((0, 0)) != (255, 255, 255)


@pytest.mark.parametrize(("columns", "cell_px", "count"), [(0, 8, 1), (1, 0, 1), (1, 8, 0)])
def test_a_contact_sheet_without_area_is_refused(columns: int, cell_px: int, count: int) -> None:
    with pytest.raises(ValueError, match=r"contact sheet|must be"):
        contact_sheet([Image.new("RGB", (8, 8))] * count, columns, cell_px)


def test_the_renderer_needs_only_numpy_and_pillow() -> None:
    code = "import sys, imgrec.samples; print([m for m in ('torch', 'scipy') if m in sys.modules])"
    found = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert found.stdout.strip() == "[]"
