"""Indexing: one pass, odd files, rescans, and a run that is killed."""

import os
import random
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Generator, Iterable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

from imgrec import (
    ImgrecError,
    Options,
    PictureError,
    Store,
    StoreError,
    Summary,
    index_folders,
)
from imgrec.encoders import load_encoder
from imgrec.encoders.rgb import RgbHistogram
from imgrec.extract import Readings, Task
from imgrec.images import decode, digest, pixels_for, thumbnail
from imgrec.index import main, report
from imgrec.pool import readings
from imgrec.walk import FoundFile
from pictures import encoded, picture, rotated_jpeg, write_pictures

HERE = Options(encoders=("mini",), workers=0)
LATER = encoded(picture("discs", 1), "JPEG")


def _contents(path: Path) -> dict[str, Any]:
    """Everything a store holds, whatever parts it is cut into."""
    with Store.open(path) as store:
        columns = "SELECT id, path, digest, width, height, format, status, reason FROM images"
        rows = store.catalog.db.execute(columns + " ORDER BY id").fetchall()
        ids = store.catalog.ids("ok")
        thumbs, labels = store.thumbs(), store.catalog.labels(ids)
        vectors = {name: store.feature(name) for name in store.feature_names()}
        return {
            "rows": rows,
            "labels": labels,
            "thumbs": [thumbs.get(int(i)) for i in ids],
            "ids": {name: feature.ids.tolist() for name, feature in vectors.items()},
            "vectors": {name: feature.load().tobytes() for name, feature in vectors.items()},
        }


def _statuses(path: Path) -> dict[str, str]:
    with Store.open(path) as store:
        query = "SELECT path, coalesce(reason, status) FROM images ORDER BY id"
        return dict(store.catalog.db.execute(query))


def test_vectors_and_thumbnails_are_those_of_the_decoded_picture(
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
            assert (entry.width, entry.height) in ((96, 72), (60, 90))


def test_worker_processes_change_nothing(photos: Path, photo_store: Path, tmp_path: Path) -> None:
    shutil.copytree(photos, tmp_path / "photos")
    for seed in range(60):  # enough that workers are started
        picture("discs", 100 + seed, (30, 20)).save(tmp_path / "photos" / f"{seed}.png")
    for workers in (0, 2):
        options = Options(encoders=("mini",), workers=workers, batch_size=7)
        index_folders([tmp_path / "photos"], tmp_path / str(workers), options)
    assert _contents(tmp_path / "0") == _contents(tmp_path / "2")


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


def test_every_odd_file_is_ok_or_has_its_reason(odd_store: tuple[Path, dict[str, str]]) -> None:
    path, expected = odd_store
    assert _statuses(path) == expected
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
def test_folders_without_pictures_are_one_line(
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


def test_an_unknown_encoder_lists_the_known(
    photos: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main([str(photos), "--store", str(tmp_path / "store"), "--encoder", "resnet5"]) == 2
    err = capsys.readouterr().err
    assert "'resnet5'" in err and "mini, rgb" in err and "resnet50" in err
    assert err.count("\n") == 1
    assert not (tmp_path / "store").exists()


def test_what_imgrec_writes_into_the_folder_is_no_picture_of_it(tmp_path: Path) -> None:
    write_pictures(tmp_path, each=1)
    markers = {
        "store": None,
        "site": ("site.json", '{"format": 1, "written_by": "imgrec 0.1.0"}'),
        "logdir": ("projector_config.pbtxt", "# made by python -m projector, which …"),
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
    assert "mine/sheet.jpg" in _statuses(tmp_path / "store")
    assert len(summary.warnings) == 3


class TestRescan:
    """What a second run makes of a folder that changed."""

    @pytest.fixture
    def folder(self, tmp_path: Path) -> Path:
        write_pictures(tmp_path / "photos", each=3)
        (tmp_path / "photos" / "bad.jpg").write_bytes(b"x" * len(LATER))
        index_folders([tmp_path / "photos"], tmp_path / "store", HERE)
        return tmp_path / "photos"

    def _again(self, folder: Path, options: Options = HERE) -> Summary:
        return index_folders([folder], folder.parent / "store", options)

    def test_nothing_new_is_nothing_done(self, folder: Path) -> None:
        before = _contents(folder.parent / "store")
        summary = self._again(folder)
        assert (summary.done, summary.new, summary.gone) == (0, 0, 0)
        assert summary.counts == {"new": 0, "ok": 9, "failed": 1, "missing": 0}
        assert _contents(folder.parent / "store") == before

    def test_added(self, folder: Path) -> None:
        picture("discs", 50).save(folder / "discs" / "new.jpg")
        summary = self._again(folder)
        assert (summary.done, summary.new, summary.counts["ok"]) == (1, 1, 10)

    def test_touched_keeps_its_vectors(self, folder: Path) -> None:
        os.utime(folder / "discs" / "000.jpg", (1, 1))
        summary = self._again(folder)
        assert (summary.done, summary.new, summary.moved) == (0, 0, 0)

    def test_changed_is_done_again_under_a_new_id(self, folder: Path) -> None:
        with Store.open(folder.parent / "store") as store:
            old = store.catalog.find_path("discs/000.jpg")
            picture("checks", 60).save(folder / "discs" / "000.jpg")
        summary = self._again(folder)
        assert (summary.done, summary.changed, summary.gone) == (1, 1, 0)
        with Store.open(folder.parent / "store") as store:
            new = store.catalog.find_path("discs/000.jpg")
            assert old and new and new.id != old.id
            assert old.id not in store.feature().ids
            assert new.id in store.feature().ids

    def test_gone_is_missing_and_back_is_the_same(self, folder: Path) -> None:
        before = _contents(folder.parent / "store")
        (folder / "discs" / "000.jpg").rename(folder.parent / "aside.jpg")
        summary = self._again(folder)
        assert (summary.gone, summary.counts["missing"], summary.counts["ok"]) == (1, 1, 8)
        (folder.parent / "aside.jpg").rename(folder / "discs" / "000.jpg")
        summary = self._again(folder)
        assert (summary.done, summary.counts["missing"]) == (0, 0)
        assert _contents(folder.parent / "store") == before

    def test_moved_keeps_id_and_vectors_and_gets_its_new_folder(self, folder: Path) -> None:
        with Store.open(folder.parent / "store") as store:
            old = store.catalog.find_path("discs/000.jpg")
        (folder / "elsewhere").mkdir()
        (folder / "discs" / "000.jpg").rename(folder / "elsewhere" / "renamed.jpg")
        summary = self._again(folder)
        assert (summary.done, summary.moved, summary.gone, summary.new) == (0, 1, 0, 0)
        with Store.open(folder.parent / "store") as store:
            new = store.catalog.find_path("elsewhere/renamed.jpg")
            assert old and new and new.id == old.id
            assert store.catalog.labels([new.id])[new.id] == {"folder": "elsewhere"}

    def test_two_that_change_places(self, folder: Path) -> None:
        a, b, aside = folder / "discs/000.jpg", folder / "checks/001.jpg", folder / "aside"
        before = _contents(folder.parent / "store")["vectors"]
        a.rename(aside)
        b.rename(a)
        aside.rename(b)
        summary = self._again(folder)
        assert (summary.done, summary.counts["ok"], summary.counts["missing"]) == (0, 9, 0)
        assert (summary.moved, summary.changed, summary.gone) == (2, 0, 0)
        assert _contents(folder.parent / "store")["vectors"] == before

    def test_another_root_is_added_or_takes_the_place(self, folder: Path) -> None:
        before = _contents(folder.parent / "store")
        other = folder.parent / "other"
        other.mkdir()
        picture("discs", 70).save(other / "a.jpg")
        assert self._again(other).counts["ok"] == 10
        only = Options(encoders=("mini",), workers=0, only=True)
        assert self._again(other, only).counts == {"new": 0, "ok": 1, "failed": 0, "missing": 10}
        back = self._again(folder, only)
        assert (back.done, back.counts["ok"]) == (0, 9)
        after = _contents(folder.parent / "store")
        assert after["vectors"] == before["vectors"]

    def test_a_file_of_another_root_is_not_taken_for_one_of_the_same_name(
        self, tmp_path: Path
    ) -> None:
        for name, colour in (("a", "red"), ("b", "blue")):
            (tmp_path / name).mkdir()
            Image.new("RGB", (40, 30), colour).save(tmp_path / name / "0.bmp")
            os.utime(tmp_path / name / "0.bmp", (1, 1))  # same name, size and time
        only = Options(encoders=("mini",), workers=0, only=True)
        index_folders([tmp_path / "a"], tmp_path / "store", only)
        assert index_folders([tmp_path / "b"], tmp_path / "store", only).done == 1

    def test_a_root_that_was_moved_keeps_its_ids(self, folder: Path) -> None:
        before = _contents(folder.parent / "store")["vectors"]
        moved = folder.rename(folder.parent / "elsewhere")
        summary = index_folders([moved], folder.parent / "store", HERE)
        assert (summary.new, summary.counts["ok"], summary.counts["missing"]) == (0, 9, 0)
        assert summary.moved == 10
        assert _contents(folder.parent / "store")["vectors"] == before

    @pytest.mark.parametrize("order", [("photos", "other"), ("other", "photos")])
    def test_moved_from_root_to_root(self, folder: Path, order: tuple[str, str]) -> None:
        (folder.parent / "other").mkdir()
        roots = [folder.parent / name for name in order]
        picture("checks", 71).save(folder.parent / "other" / "own.jpg")
        index_folders(roots, folder.parent / "store", HERE)
        (folder / "discs" / "000.jpg").rename(folder.parent / "other" / "moved.jpg")
        summary = index_folders(roots, folder.parent / "store", HERE)
        assert (summary.done, summary.moved, summary.gone, summary.new) == (0, 1, 0, 0)

    def test_touched_and_unreadable_keeps_its_id(
        self, folder: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        before = _contents(folder.parent / "store")
        os.utime(folder / "discs" / "000.jpg", (1, 1))
        with monkeypatch.context() as patched:
            patched.setattr("imgrec.scan._digest", lambda file: None)
            self._again(folder)
        assert self._again(folder).new == 0
        assert _contents(folder.parent / "store") == before

    def test_an_unreadable_file_is_tried_again_and_costs_nobody_else(
        self, folder: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        from imgrec.images import read_file

        def refusing(path: Path) -> bytes:
            if path.name == "locked.jpg":
                raise PictureError("unreadable", "Permission denied")
            return read_file(path)

        picture("discs", 55).save(folder / "locked.jpg")
        with monkeypatch.context() as patched:
            patched.setattr("imgrec.extract.read_file", refusing)
            summary = self._again(folder)  # a batch of nothing but this
        assert summary.failures == {"unreadable": 1, "not-an-image": 1}
        assert self._again(folder).counts["ok"] == 10

    def test_a_known_picture_that_cannot_be_read_now_stays_ok(
        self, folder: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        shutil.rmtree(folder.parent / "store" / "features" / "mini")
        with monkeypatch.context() as patched:
            patched.setattr("imgrec.extract.read_file", _unreadable)
            assert self._again(folder).counts["ok"] == 9
        self._again(folder)
        with Store.open(folder.parent / "store") as store:
            assert len(store.feature("mini")) == 9

    def test_many_files_of_one_size_are_compared_once_each(
        self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        (tmp_path / "photos").mkdir()
        for number in range(12):
            Image.new("RGB", (8, 8), (number, 0, 0)).save(tmp_path / "photos" / f"{number}.bmp")
        index_folders([tmp_path / "photos"], tmp_path / "store", HERE)
        (tmp_path / "photos").rename(tmp_path / "moved")
        asked: list[str] = []

        def counting(file: FoundFile) -> str:
            asked.append(file.path)
            return digest(Path(file.root, file.path).read_bytes())

        monkeypatch.setattr("imgrec.scan._digest", counting)
        assert index_folders([tmp_path / "moved"], tmp_path / "store", HERE).moved == 12
        assert sorted(asked) == sorted(set(asked))

    def test_an_emptied_root_does_not_stop_the_others(self, folder: Path) -> None:
        other = folder.parent / "other"
        other.mkdir()
        picture("discs", 70).save(other / "a.jpg")
        self._again(other)
        shutil.rmtree(folder)
        folder.mkdir()
        picture("discs", 72).save(other / "b.jpg")
        summary = index_folders([], folder.parent / "store", HERE)
        assert (summary.new, summary.counts["ok"]) == (1, 11)
        assert "no pictures in" in summary.warnings[0]

    def test_all_features_are_kept_up_to_date(self, folder: Path) -> None:
        index_folders([], folder.parent / "store", Options(encoders=("rgb",), workers=0))
        picture("discs", 73).save(folder / "new.jpg")
        index_folders([], folder.parent / "store", Options(workers=0))
        with Store.open(folder.parent / "store") as store:
            assert len(store.feature("mini")) == len(store.feature("rgb")) == 10

    def test_overlapping_roots_are_refused(self, folder: Path) -> None:
        for overlapping in (folder / "discs", folder.parent):
            with pytest.raises(StoreError, match="overlap"):
                index_folders([overlapping], folder.parent / "store", HERE)

    def test_an_offline_root_keeps_its_pictures(self, folder: Path) -> None:
        folder.rename(folder.parent / "unplugged")
        summary = index_folders([], folder.parent / "store", HERE)
        assert summary.counts["ok"] == 9
        assert "its pictures stay as they are" in summary.warnings[0]

    def test_two_named_roots_that_overlap_leave_all_as_it_was(self, folder: Path) -> None:
        with pytest.raises(StoreError, match="overlap"):
            index_folders([folder, folder / "discs"], folder.parent / "fresh", HERE)
        with Store.open(folder.parent / "fresh") as store:
            assert sum(store.catalog.counts().values()) == 0

    def test_an_unreadable_folder_keeps_its_pictures(
        self, folder: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        scandir = os.scandir

        def refusing(path: str) -> Any:
            if str(path).endswith("discs"):
                raise PermissionError(13, "Permission denied", str(path))
            return scandir(path)

        monkeypatch.setattr(os, "scandir", refusing)
        summary = self._again(folder)
        assert summary.counts["ok"] == 9
        assert any("discs cannot be listed" in line for line in summary.warnings)

    def test_failed_is_read_again_when_asked(self, folder: Path) -> None:
        state = (folder / "bad.jpg").stat()
        assert self._again(folder).done == 0
        (folder / "bad.jpg").write_bytes(LATER)
        os.utime(folder / "bad.jpg", ns=(state.st_atime_ns, state.st_mtime_ns))
        assert self._again(folder).counts["failed"] == 1
        again = Options(encoders=("mini",), workers=0, retry_failed=True)
        assert self._again(folder, again).counts["ok"] == 10

    def test_an_encoder_added_later_covers_all(self, folder: Path) -> None:
        shutil.rmtree(folder.parent / "store" / "features" / "mini")
        assert self._again(folder).done == 9
        with Store.open(folder.parent / "store") as store:
            assert len(store.feature("mini")) == 9

    def test_links_are_not_followed(self, folder: Path) -> None:
        (folder / "loop").symlink_to(folder)
        (folder / "link.jpg").symlink_to(folder / "discs" / "000.jpg")
        summary = self._again(folder)
        assert summary.new == 0
        assert any("2 links" in line for line in summary.warnings)


def _unreadable(path: Path) -> bytes:
    raise PictureError("unreadable", f"{path} is locked")


@pytest.mark.parametrize("name", ["mini", "rgb"])
def test_no_pictures_are_no_vectors(name: str) -> None:
    encoder = load_encoder(name)
    side = encoder.spec.preprocessing.crop_px
    vectors = encoder.encode(np.zeros((0, side, side, 3), np.uint8))
    assert vectors.shape == (0, encoder.spec.dimensions)


@pytest.mark.parametrize("workers", [0, 1])
def test_a_folder_of_nothing_but_bad_files(workers: int, tmp_path: Path) -> None:
    (tmp_path / "photos").mkdir()
    (tmp_path / "photos" / "bad.jpg").write_text("words")
    options = Options(encoders=("mini",), workers=workers)
    summary = index_folders([tmp_path / "photos"], tmp_path / "store", options)
    assert summary.counts == {"new": 0, "ok": 0, "failed": 1, "missing": 0}


def test_ctrl_c_keeps_what_was_read(
    photos: Path, photo_store: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def interrupted(tasks: Iterable[Task], workers: int) -> Generator[Readings]:
        for number, read in enumerate(readings(tasks, workers)):
            if number == 2:
                raise KeyboardInterrupt
            yield read

    options = Options(encoders=("mini",), workers=0, batch_size=5)
    with monkeypatch.context() as patched:
        patched.setattr("imgrec.indexing.readings", interrupted)
        with pytest.raises(KeyboardInterrupt):
            index_folders([photos], tmp_path / "store", options)
    with Store.open(tmp_path / "store") as store:
        assert store.catalog.counts()["ok"] == len(store.feature()) == 10
    assert index_folders([photos], tmp_path / "store", options).done == 14
    assert _contents(tmp_path / "store") == _contents(photo_store)


def test_vectors_that_are_no_numbers_are_refused(
    photos: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def broken(self: RgbHistogram, pixels: np.ndarray) -> np.ndarray:
        return np.full((len(pixels), self.spec.dimensions), np.nan, np.float32)

    monkeypatch.setattr(RgbHistogram, "encode", broken)
    with pytest.raises(ImgrecError, match="rgb gave vectors"):
        index_folders([photos], tmp_path / "store", HERE)
    with Store.open(tmp_path / "store") as store:
        assert store.catalog.counts()["new"] == 24


def test_a_script_without_a_guard_is_told_so_and_no_picture_blamed(
    photos: Path, tmp_path: Path
) -> None:
    script = (
        "from imgrec import Options, index_folders\n"
        f"index_folders([{str(photos)!r}], {str(tmp_path / 'store')!r}, "
        "Options(encoders=('mini',), workers=2))\n"
    )
    (tmp_path / "script.py").write_text(script)
    command = [sys.executable, str(tmp_path / "script.py")]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode != 0
    assert "worker processes cannot be started" in done.stderr
    with Store.open(tmp_path / "store") as store:
        assert store.catalog.counts() == {"new": 24, "ok": 0, "failed": 0, "missing": 0}


def test_workers_end_with_a_parent_that_was_killed(tmp_path: Path) -> None:
    write_pictures(tmp_path / "photos", each=400)
    command = [sys.executable, "-m", "imgrec.index", str(tmp_path / "photos"), "--store"]
    run = subprocess.Popen(
        [*command, str(tmp_path / "store"), "--encoder", "mini", "--workers", "2"],
        stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, start_new_session=True,
    )  # fmt: skip
    while not (tmp_path / "store" / "features" / "rgb").exists():
        time.sleep(0.01)
    time.sleep(0.3)  # the workers are up, or about to be
    run.kill()
    run.wait()
    assert _group_ends(run.pid)


def _group_ends(group: int) -> bool:
    """Wait until no process of a group is left."""
    end = time.monotonic() + 20
    while time.monotonic() < end:
        try:
            os.killpg(group, 0)
        except ProcessLookupError:
            return True
        time.sleep(0.05)
    return False


@pytest.mark.parametrize("each", [5, 25])
def test_a_worker_that_dies_costs_one_file(
    each: int, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = tmp_path / "photos"
    write_pictures(folder, each=each)
    (folder / "killer.jpg").write_bytes(encoded(picture("discs", 1, (31, 17)), "JPEG"))
    site = tmp_path / "site"
    site.mkdir()
    (site / "sitecustomize.py").write_text(
        "import os, imgrec.extract as extract\n"
        "kept = extract.thumbnail\n"
        "def dying(image, side_px=128):\n"
        "    if image.size == (31, 17): os._exit(9)\n"
        "    return kept(image, side_px)\n"
        "extract.thumbnail = dying\n"
    )
    monkeypatch.setenv("PYTHONPATH", str(site))
    options = Options(encoders=("mini",), workers=2, batch_size=8)
    summary = index_folders([folder], tmp_path / "store", options)
    assert summary.counts == {"new": 0, "ok": 3 * each, "failed": 1, "missing": 0}
    assert _statuses(tmp_path / "store")["killer.jpg"] == "crashed"


def test_a_run_killed_at_any_moment_goes_on_to_the_same_end(tmp_path: Path) -> None:
    folder = tmp_path / "photos"
    for number in range(300):
        (folder / f"{number // 50}").mkdir(parents=True, exist_ok=True)
        data = encoded(picture("discs", number, (40, 30)), "JPEG")
        (folder / f"{number // 50}" / f"{number}.jpg").write_bytes(data if number % 17 else b"no")
    program = (
        "import sys, imgrec.jobs, time\n"
        "from imgrec.index import main\n"
        "imgrec.jobs.PART_ROWS = 20\n"
        "if __name__ == '__main__': sys.exit(main())\n"
    )
    (tmp_path / "small_parts.py").write_text(program)

    def start(store: str) -> "subprocess.Popen[bytes]":
        command = [sys.executable, str(tmp_path / "small_parts.py"), str(folder)]
        command += ["--store", str(tmp_path / store), "--encoder", "mini", "--workers", "0"]
        quiet = subprocess.DEVNULL
        return subprocess.Popen(command, stdout=quiet, stderr=quiet)

    assert start("unbroken").wait() == 0
    rng = random.Random(0)
    killed = 0
    for _ in range(12):
        run = start("broken")
        catalogue = tmp_path / "broken" / "catalog.sqlite"
        while not catalogue.exists() and run.poll() is None:
            time.sleep(0.005)
        time.sleep(rng.uniform(0, 0.25))
        run.send_signal(signal.SIGKILL)
        killed += run.wait() == -signal.SIGKILL
    assert killed >= 3
    assert start("broken").wait() == 0
    assert _contents(tmp_path / "broken") == _contents(tmp_path / "unbroken")
    assert not list((tmp_path / "broken").rglob(".tmp-*"))


@pytest.mark.parametrize(("times", "wait_s"), [(1, 0.0), (3, 0.1), (3, 0.8)])
def test_ctrl_c_is_one_line_and_130(times: int, wait_s: float, tmp_path: Path) -> None:
    write_pictures(tmp_path / "photos", each=700)
    command = [sys.executable, "-m", "imgrec.index", str(tmp_path / "photos"), "--store"]
    run = subprocess.Popen(
        [*command, str(tmp_path / "store"), "--encoder", "mini", "--workers", "2"],
        stderr=subprocess.PIPE,
        start_new_session=True,
    )
    while not (tmp_path / "store" / "features" / "rgb").exists():
        time.sleep(0.01)
    time.sleep(wait_s)
    for _ in range(times):
        os.killpg(run.pid, signal.SIGINT)  # as a terminal does: the workers get it too
        time.sleep(0.05)
    _, err = run.communicate(timeout=60)
    assert run.returncode == 130
    assert b"Traceback" not in err
    assert b"goes on where it was" in err
    assert _group_ends(run.pid)


def test_what_a_run_says(photos: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    shutil.copytree(photos, tmp_path / "photos")
    (tmp_path / "photos" / "bad.jpg").write_text("words")
    command = [str(tmp_path / "photos"), "--store", str(tmp_path / "store"), "--encoder", "mini"]
    assert main([*command, "--workers", "0"]) == 0
    out, err = capsys.readouterr()
    first, second, third, fourth = out.splitlines()
    assert first == "24 pictures, 1 failed, 0 missing"
    assert second == "failed: 1 not-an-image"
    assert third.startswith("features: mini (")
    assert fourth.startswith("this run: 25 new, 25 read in")
    assert "bad.jpg: not-an-image" in err
    assert report(Summary(counts={"new": 0, "ok": 0, "failed": 0, "missing": 0})).count("\n") == 3


def test_a_changed_picture_met_while_reading_gets_no_row(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    write_pictures(tmp_path / "photos", each=1)
    index_folders([tmp_path / "photos"], tmp_path / "store", HERE)
    shutil.rmtree(tmp_path / "store" / "features" / "mini")
    target = tmp_path / "photos" / "discs" / "000.jpg"
    state = target.stat()
    changed = encoded(picture("checks", 9), "JPEG")
    target.write_bytes(changed[: state.st_size].ljust(state.st_size, b"\0"))
    os.utime(target, ns=(state.st_atime_ns, state.st_mtime_ns))  # no scan can see it
    summary = index_folders([tmp_path / "photos"], tmp_path / "store", HERE)
    assert any("changed while it was read" in line for line in summary.warnings)
    with Store.open(tmp_path / "store") as store:
        assert len(store.feature("mini")) == 2
    index_folders([tmp_path / "photos"], tmp_path / "store", HERE)
    with Store.open(tmp_path / "store") as store:
        assert len(store.feature("mini")) == 3


def test_folders_must_be_named_for_a_new_store(tmp_path: Path) -> None:
    with pytest.raises(ImgrecError, match="no folder named"):
        index_folders([], tmp_path / "store")
