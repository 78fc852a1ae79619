"""Indexing: one pass, odd files, rescans, and a run that is killed."""

import os
import random
import shutil
import signal
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from pictures import encoded, picture, rotated_jpeg, write_pictures
from PIL import Image

from imgrec import ImgrecError, Options, Store, StoreError, Summary, index_folders
from imgrec.encoders import load_encoder
from imgrec.images import decode, pixels_for, thumbnail
from imgrec.index import main, report

HERE = Options(encoders=("mini",), workers=0)


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


def test_the_store_may_lie_in_the_folder(tmp_path: Path) -> None:
    write_pictures(tmp_path, each=1)
    for _ in range(2):
        index_folders([tmp_path], tmp_path / "store", HERE)
    assert len(_statuses(tmp_path / "store")) == 3


class TestRescan:
    """What a second run makes of a folder that changed."""

    @pytest.fixture
    def folder(self, tmp_path: Path) -> Path:
        write_pictures(tmp_path / "photos", each=3)
        (tmp_path / "photos" / "bad.jpg").write_text("words")
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

    def test_overlapping_roots_are_refused(self, folder: Path) -> None:
        for overlapping in (folder / "discs", folder.parent):
            with pytest.raises(StoreError, match="overlap"):
                index_folders([overlapping], folder.parent / "store", HERE)

    def test_an_offline_root_keeps_its_pictures(self, folder: Path) -> None:
        folder.rename(folder.parent / "unplugged")
        summary = index_folders([], folder.parent / "store", HERE)
        assert summary.counts["ok"] == 9
        assert "not there now" in summary.warnings[0]

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
        (folder / "bad.jpg").write_bytes(encoded(picture("discs", 1), "JPEG"))
        os.utime(folder / "bad.jpg", ns=(state.st_atime_ns, state.st_mtime_ns))
        with Store.open(folder.parent / "store") as store:
            store.close()
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


def test_a_worker_that_dies_costs_one_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    folder = tmp_path / "photos"
    write_pictures(folder, each=25)
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
    assert summary.counts == {"new": 0, "ok": 75, "failed": 1, "missing": 0}
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


def test_ctrl_c_is_one_line_and_130(tmp_path: Path) -> None:
    write_pictures(tmp_path / "photos", each=200)
    command = [sys.executable, "-m", "imgrec.index", str(tmp_path / "photos"), "--store"]
    run = subprocess.Popen(
        [*command, str(tmp_path / "store"), "--encoder", "mini", "--workers", "2"],
        stderr=subprocess.PIPE,
        start_new_session=True,
    )
    while not (tmp_path / "store" / "features" / "rgb").exists():
        time.sleep(0.01)
    os.killpg(run.pid, signal.SIGINT)  # as a terminal does: the workers get it too
    _, err = run.communicate(timeout=60)
    assert run.returncode == 130
    assert b"Traceback" not in err
    assert b"goes on where it was" in err


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
    assert fourth.startswith("this run: 25 new, 0 of them changed, 0 moved, 0 gone, 25 read in")
    assert "bad.jpg: not-an-image" in err
    assert report(Summary(counts={"ok": 0, "failed": 0, "missing": 0})).count("\n") == 3


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
