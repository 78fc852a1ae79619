"""An indexing run: vectors and thumbnails against a direct decode, odd files, printed lines."""

import re
import shutil
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

from imgrec import (
    ImgrecError,
    Options,
    Store,
    Summary,
    index_folders,
)
from imgrec.encoders import load_encoder
from imgrec.encoders.rgb import RgbHistogram
from imgrec.index import main, report
from imgrec.indexing.jobs import PartJob, plan_jobs
from imgrec.pictures.color_word import dominant_color
from imgrec.pictures.decoding import decode, pixels_for, thumbnail
from pictures import encoded, picture, rotated_jpeg, write_pictures
from projector.files.formats import HEADER
from stores import HERE, contents, statuses


def test_vectors_and_thumbnails_equal_those_of_the_decoded_picture(
    photos: Path, store: Store
) -> None:
    ids = store.catalog.ids("ok")
    for name in ("mini", "rgb"):
        encoder, feature = load_encoder(name), store.feature(name)
        assert np.array_equal(feature.ids, ids)
        for entry in store.catalog.entries(ids[::5]):
            decoded = decode((photos / entry.path).read_bytes())
            pixels = pixels_for(decoded.image, encoder.spec.preprocessing)
            assert np.array_equal(feature.take(np.array([entry.id])), encoder.encode(pixels[None]))
            assert store.thumbs().get(entry.id) == thumbnail(decoded.image)
            word = dominant_color(np.asarray(decoded.image.resize((32, 32))))
            assert store.catalog.labels.of([entry.id])[entry.id]["color"] == word
            assert (entry.width, entry.height) in ((96, 72), (60, 90))


def test_worker_processes_give_the_same_store(
    photos: Path, photo_store: Path, tmp_path: Path
) -> None:
    shutil.copytree(photos, tmp_path / "photos")
    # Enough pictures that worker processes are started.
    for seed in range(60):
        picture("discs", 100 + seed, (30, 20)).save(tmp_path / "photos" / f"{seed}.png")
    for workers in (0, 2):
        options = Options(encoders=("mini",), workers=workers, batch_size=7)
        index_folders([tmp_path / "photos"], tmp_path / str(workers), options)
    assert contents(tmp_path / "0") == contents(tmp_path / "2")


def test_rgb_is_a_histogram_that_sums_to_one(store: Store) -> None:
    histograms = store.feature("rgb").load()
    assert (histograms >= 0).all()
    assert np.allclose(histograms.sum(axis=1), 1)
    pixels = np.random.default_rng(0).integers(0, 256, (2, 224, 224, 3)).astype(np.uint8)
    found = load_encoder("rgb", bins=8).encode(pixels)
    expected = [
        [np.histogram(p[..., c], bins=8, range=(0, 256))[0] for c in range(3)] for p in pixels
    ]
    assert np.allclose(found.reshape(2, 3, 8), np.array(expected) / (3 * 224 * 224))


def test_every_odd_file_is_ok_or_fails_for_the_expected_reason(
    odd_store: tuple[Path, dict[str, str]],
) -> None:
    path, expected = odd_store
    assert statuses(path) == expected
    with Store.open(path) as store:
        ok = [entry.id for entry in store.catalog.entries(store.catalog.ids("ok"))]
        assert store.feature("mini").ids.tolist() == ok
        assert np.isfinite(store.feature("mini").load()).all()


def test_a_picture_turned_by_exif_has_the_vector_of_the_turned_pixels(tmp_path: Path) -> None:
    (tmp_path / "photos").mkdir()
    upright = picture("stripes", 3, (90, 60))
    lying = upright.transpose(Image.Transpose.ROTATE_90)
    (tmp_path / "photos" / "a.jpg").write_bytes(rotated_jpeg(upright, 1))
    (tmp_path / "photos" / "b.jpg").write_bytes(rotated_jpeg(lying, 6))
    index_folders([tmp_path / "photos"], tmp_path / "store", HERE)
    with Store.open(tmp_path / "store") as store:
        first, second = store.feature().load()
        assert first @ second > 0.99


@pytest.mark.parametrize("content", [None, [], ["a.txt"]])
def test_a_folder_without_pictures_is_a_one_line_error(
    content: list[str] | None, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    folder = tmp_path / "photos"
    if content is not None:
        folder.mkdir()
        for name in content:
            (folder / name).write_text("x")
    assert main([str(folder), "--store", str(tmp_path / "store"), "--encoder", "mini"]) == 2
    out, err = capsys.readouterr()
    assert out == ""
    assert err.count("\n") == 1
    assert str(folder) in err
    assert not (tmp_path / "store").exists()


def test_the_error_for_an_unknown_encoder_lists_the_known_ones(
    photos: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main([str(photos), "--store", str(tmp_path / "store"), "--encoder", "resnet5"]) == 2
    err = capsys.readouterr().err
    assert "'resnet5'" in err and "mini, rgb" in err and "resnet50" in err
    assert err.count("\n") == 1
    assert not (tmp_path / "store").exists()


def test_files_imgrec_writes_into_the_folder_are_not_indexed(tmp_path: Path) -> None:
    write_pictures(tmp_path, each=1)
    markers = {
        "store": None,
        "site": ("site.json", '{"format": 1, "written_by": "imgrec 0.1.0"}'),
        "report": ("report.json", '{"format": 1, "written_by": "imgrec 0.1.0"}'),
        "logdir": ("projector_config.pbtxt", HEADER),
        "mine": ("site.json", '{"title": "my holidays"}'),
    }
    index_folders([tmp_path], tmp_path / "store", HERE)
    for name, marker in markers.items():
        (tmp_path / name).mkdir(exist_ok=True)
        picture("discs", 80).save(tmp_path / name / "sheet.jpg")
        if marker:
            (tmp_path / name / marker[0]).write_text(marker[1], "utf-8")
    summary = index_folders([tmp_path], tmp_path / "store", HERE)
    assert summary.new == 1
    assert "mine/sheet.jpg" in statuses(tmp_path / "store")
    assert len(summary.warnings) == 4


@pytest.mark.parametrize("name", ["mini", "rgb"])
def test_an_empty_batch_gives_no_vectors(name: str) -> None:
    encoder = load_encoder(name)
    side = encoder.spec.preprocessing.crop_px
    vectors = encoder.encode(np.zeros((0, side, side, 3), np.uint8))
    assert vectors.shape == (0, encoder.spec.dimensions)


@pytest.mark.parametrize("workers", [0, 1])
def test_a_folder_of_only_unreadable_files(workers: int, tmp_path: Path) -> None:
    (tmp_path / "photos").mkdir()
    (tmp_path / "photos" / "bad.jpg").write_text("words")
    options = Options(encoders=("mini",), workers=workers)
    summary = index_folders([tmp_path / "photos"], tmp_path / "store", options)
    assert summary.counts == {"new": 0, "ok": 0, "failed": 1, "missing": 0, "left-out": 0}


def test_vectors_that_are_not_finite_are_refused(
    photos: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def broken(self: RgbHistogram, pixels: np.ndarray) -> np.ndarray:
        return np.full((len(pixels), self.spec.dimensions), np.nan, np.float32)

    monkeypatch.setattr(RgbHistogram, "encode", broken)
    with pytest.raises(ImgrecError, match="rgb gave vectors"):
        index_folders([photos], tmp_path / "store", HERE)
    with Store.open(tmp_path / "store") as store:
        assert store.catalog.totals.counts()["new"] == 24


def test_the_lines_a_run_prints(
    photos: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    shutil.copytree(photos, tmp_path / "photos")
    (tmp_path / "photos" / "bad.jpg").write_text("words")
    command = [str(tmp_path / "photos"), "--store", str(tmp_path / "store"), "--encoder", "mini"]
    assert main([*command, "--workers", "0", "--verbose"]) == 0
    out, err = capsys.readouterr()
    first, second, formats, third, axes, fourth = out.splitlines()
    assert re.fullmatch(r"rgb: \d+ principal components keep \d+\.\d% of the variance", axes)
    assert first == "24 pictures, 1 failed, 0 missing"
    assert second == "failed: 1 not-an-image"
    assert formats == "formats: 24 JPEG"
    assert third.startswith("features: mini (")
    last = r"24 pictures, 1 failed, 25 new, 25 read \(\d+/s\), [\d.]+ s: "
    assert re.fullmatch(last + re.escape(str(tmp_path / "store")), fourth)
    assert "bad.jpg: not-an-image" in err
    assert main([*command, "--workers", "0"]) == 0
    (line,) = capsys.readouterr().out.splitlines()
    assert line.startswith("24 pictures, 1 failed, nothing new, ")
    nothing = Summary(counts={"new": 0, "ok": 0, "failed": 0, "missing": 0, "left-out": 0})
    assert report(nothing) == ""
    assert report(nothing, verbose=True).count("\n") == 4


def test_a_picture_found_changed_while_reading_gets_no_row(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    write_pictures(tmp_path / "photos", each=1)
    index_folders([tmp_path / "photos"], tmp_path / "store", HERE)
    shutil.rmtree(tmp_path / "store" / "features" / "mini")
    target = tmp_path / "photos" / "discs" / "000.jpg"

    def changed_after_the_scan(*args: Any) -> list[PartJob]:
        target.write_bytes(encoded(picture("checks", 9), "JPEG"))
        return plan_jobs(*args)

    with monkeypatch.context() as patch:
        patch.setattr("imgrec.indexing.run.plan_jobs", changed_after_the_scan)
        summary = index_folders([tmp_path / "photos"], tmp_path / "store", HERE)
    assert any("changed while it was read" in line for line in summary.warnings)
    with Store.open(tmp_path / "store") as store:
        assert len(store.feature("mini")) == 2
    index_folders([tmp_path / "photos"], tmp_path / "store", HERE)
    with Store.open(tmp_path / "store") as store:
        assert len(store.feature("mini")) == 3


def test_a_new_store_needs_folders(tmp_path: Path) -> None:
    with pytest.raises(ImgrecError, match="no folder named"):
        index_folders([], tmp_path / "store")
