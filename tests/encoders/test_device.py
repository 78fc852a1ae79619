"""Encoders on a device, with a head and without, against the same encoder in plain numpy."""

import json
import os
import shutil
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

import imgrec.indexing.jobs
import imgrec.indexing.read
from graph.__main__ import main as graph
from imgrec import EncoderError, Options, Recommender, Store, index_folders
from imgrec.catalog import main as catalog
from imgrec.doctor import main as doctor
from imgrec.encoders.device import device_encoders
from imgrec.encoders.registry import load_encoder
from imgrec.index import main as index
from imgrec.indexing.options import PART_ROWS
from imgrec.neighbors.graph import neighbors_of
from imgrec.pictures.decoding import decode, pixels_for
from imgrec.query import main as query
from imgrec.report import main as report
from paths import HELPERS
from projector.__main__ import main as projector
from stores import contents
from stub_encoders import KINDS, Plain, Queued, mean_colors, registered

HEADLESS = ("stub-plain", "stub-queued")
CLASSES = {"class", "confidence"}


@pytest.fixture(scope="module", autouse=True)
def _stubs() -> Iterator[None]:
    with registered():
        imgrec.indexing.read._encoder.cache_clear()
        yield


def _options(*names: str, batch_size: int = 5, part_rows: int = PART_ROWS) -> Options:
    return Options(names, workers=0, batch_size=batch_size, part_rows=part_rows)


@pytest.fixture(scope="module")
def headless(photos: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Index a store with a device encoder without a head; tests must not change it."""
    path = tmp_path_factory.mktemp("headless") / "store"
    index_folders([photos], path, _options("stub-queued"))
    return path


def _expected(store: Store, photos: Path, name: str) -> np.ndarray:
    preprocessing = store.spec(name).preprocessing
    entries = store.catalog.entries(store.catalog.ids("ok"))
    images = [decode((photos / entry.path).read_bytes()).image for entry in entries]
    return mean_colors(np.stack([pixels_for(image, preprocessing) for image in images]))


@pytest.mark.parametrize("name", KINDS)
def test_every_kind_of_encoder_is_indexed(name: str, photos: Path, tmp_path: Path) -> None:
    summary = index_folders([photos], tmp_path / "store", _options(name))
    assert summary.done == 24
    assert summary.features == {name: 48, "rgb": 768}
    with Store.open(tmp_path / "store") as store:
        feature, ids = store.feature(name), store.catalog.ids("ok")
        assert store.encoder == name
        assert np.array_equal(feature.ids, ids)
        vectors = feature.load()
        assert np.array_equal(vectors, _expected(store, photos, name))
        kinds = set(store.catalog.labels.kinds())
        if not name.endswith("head"):
            assert store.class_encoders() == []
            assert not kinds & CLASSES
            return
        found = store.classes()
        assert (found.encoder, found.categories) == (name, ("red", "green", "blue"))
        assert np.array_equal(found.ids, ids)
        strongest = vectors.reshape(24, -1, 3).mean(axis=1).argmax(axis=1)
        assert np.array_equal(found.top[:, 0], strongest)
        labels = store.catalog.labels.of(ids)
        assert [labels[i]["class"] for i in ids.tolist()] == [
            found.categories[c] for c in strongest
        ]


def test_several_device_encoders_and_a_classifier_in_one_run(photos: Path, tmp_path: Path) -> None:
    together, names = tmp_path / "together", ("stub-queued", "mini", "stub-head", "stub-plain")
    summary = index_folders([photos], together, _options(*names))
    assert set(summary.features) == {*names, "rgb"}
    assert "stub-queued is slow today" in summary.warnings
    with Store.open(together) as store:
        assert store.encoder == "stub-queued"
        assert store.class_encoders() == ["stub-head"]
        assert set(store.catalog.labels.kinds()) >= CLASSES
    # Each encoder gives the vectors that it gives when run alone.
    for name in names:
        index_folders([photos], tmp_path / name, _options(name))
        alone, of_all = contents(tmp_path / name), contents(together)
        assert of_all["vectors"][name] == alone["vectors"][name]
        assert of_all["ids"][name] == alone["ids"][name]


def test_a_device_encoder_is_added_to_a_store_and_to_new_pictures(
    photos: Path, own_store: Path, tmp_path: Path
) -> None:
    before = contents(own_store)
    assert index_folders([photos], own_store, _options("stub-queued")).done == 24
    after = contents(own_store)
    assert after["vectors"].keys() == {"mini", "rgb", "stub-queued"}
    assert after["vectors"]["mini"] == before["vectors"]["mini"]
    assert index_folders([photos], own_store, _options("stub-queued")).done == 0
    more = Path(shutil.copytree(photos / "discs", tmp_path / "more"))
    Image.new("RGB", (60, 40), (200, 30, 30)).save(more / "red.png")
    files = len(list(more.iterdir()))
    assert index_folders([photos, more], own_store).done == files
    with Store.open(own_store) as store:
        ids = store.catalog.ids("ok")
        assert all(np.array_equal(store.feature(n).ids, ids) for n in store.feature_names())
    (more / "broken.png").write_bytes(b"words")
    assert index_folders([], own_store).counts["failed"] == 1


def test_a_device_is_prepared_for_the_number_of_pictures_to_encode(
    photos: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    stub = Queued()
    monkeypatch.setattr("stub_encoders.KINDS", {"stub-queued": lambda name: stub})
    index_folders([photos], tmp_path / "store", _options("stub-queued"))
    Image.new("RGB", (9, 9)).save(tmp_path / "new.png")
    shutil.copytree(photos, tmp_path / "photos")
    index_folders([tmp_path / "photos"], tmp_path / "other", _options("mini"))
    shutil.copy(tmp_path / "new.png", tmp_path / "photos")
    index_folders([tmp_path / "photos"], tmp_path / "store")
    # The second folder is a root of its own, so all 25 of its pictures are new.
    assert stub.prepared == [24, 25]


def test_a_killed_run_resumes_with_the_first_uncommitted_part(
    tmp_path: Path, photos: Path, headless: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    # The thumbnails of a part are written last.
    thumbs = tmp_path / "store" / "thumbs"
    script = (
        "import os, pathlib, signal, time, stub_encoders\n"
        "from imgrec import Options, index_folders\n"
        "stub_encoders.register()\n"
        "kept, done = stub_encoders.mean_colors, []\n"
        "def dying(pixels):\n"
        "    done.append(len(pixels))\n"
        "    if sum(done) > 20:\n"
        f"        while not list(pathlib.Path({str(thumbs)!r}).glob('part-*')): time.sleep(0.01)\n"
        "        os.kill(os.getpid(), signal.SIGKILL)\n"
        "    return kept(pixels)\n"
        "stub_encoders.mean_colors = dying\n"
        f"index_folders([{str(photos)!r}], {str(tmp_path / 'store')!r},"
        " Options(('stub-queued',), workers=0, batch_size=4, part_rows=8))\n"
    )
    environment = {**os.environ, "PYTHONPATH": str(HELPERS)}
    killed = subprocess.run([sys.executable, "-c", script], check=False, env=environment)
    assert killed.returncode == -signal.SIGKILL
    encoded: list[int] = []

    def counted(pixels: np.ndarray) -> np.ndarray:
        encoded.append(len(pixels))
        return mean_colors(pixels)

    monkeypatch.setattr("stub_encoders.mean_colors", counted)
    options = _options("stub-queued", batch_size=4, part_rows=8)
    summary = index_folders([photos], tmp_path / "store", options)
    # Only parts that were not committed are encoded again, whole.
    assert sum(encoded) in (8, 16)
    assert summary.done <= 16
    assert contents(tmp_path / "store") == contents(headless)


def test_a_failing_device_ends_the_run_with_a_one_line_error(
    photos: Path,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    def failing(pixels: np.ndarray) -> np.ndarray:
        raise EncoderError("the device gave up: try another")

    command = [str(photos), "--store", str(tmp_path / "store"), "--encoder", "stub-queued"]
    command += ["--workers", "0"]
    with monkeypatch.context() as patched:
        patched.setattr("stub_encoders.mean_colors", failing)
        assert index(command) == 2
    assert "the device gave up: try another" in capsys.readouterr().err
    with monkeypatch.context() as patched:
        patched.setattr("stub_encoders.mean_colors", lambda p: np.full((len(p), 48), np.nan, "f4"))
        assert index(command) == 2
    assert "NaN" in capsys.readouterr().err
    assert index(command) == 0


@pytest.mark.parametrize("name", HEADLESS)
def test_a_query_by_a_new_picture(name: str, photos: Path, tmp_path: Path) -> None:
    index_folders([photos], tmp_path / "store", _options(name))
    original = photos / "discs" / "003.jpg"
    with Image.open(original) as image:
        image.resize((image.width * 3 // 4, image.height * 3 // 4)).save(tmp_path / "new.png")
    with Recommender.open(tmp_path / "store", cache="none") as recommender:
        answer = recommender.query([tmp_path / "new.png"], k=3)
        stored = recommender.query([original], k=3)
    assert (answer.encoder, len(answer.results)) == (name, 3)
    assert answer.results[0].path == "discs/003.jpg"
    assert answer.results[0].distance < 0.001
    assert len(stored.results) == 3
    assert "discs/003.jpg" not in [result.path for result in stored.results]


def test_every_command_on_a_store_without_classes(
    headless: Path, photos: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    store = Path(shutil.copytree(headless, tmp_path / "store"))
    at = ["--store", str(store)]
    assert query([str(photos / "discs/000.jpg"), *at, "--json"]) == 0
    assert json.loads(capsys.readouterr().out)["encoder"] == "stub-queued"
    assert catalog([*at, "--json"]) == 0
    assert json.loads(capsys.readouterr().out)["features"]["stub-queued"]
    assert graph([*at, "--out", str(tmp_path / "site")]) == 0
    assert projector([*at, "--out", str(tmp_path / "logdir")]) == 0
    assert report([*at, "--out", str(tmp_path / "report")]) == 0
    capsys.readouterr()
    checked = [*at, "--site", str(tmp_path / "site"), "--logdir", str(tmp_path / "logdir")]
    assert doctor(checked) == 0, capsys.readouterr().out
    page = "".join(path.read_text("utf-8") for path in (tmp_path / "report").rglob("*.html"))
    assert "The store holds no classes" in page
    with Store.open(store) as opened:
        kinds = set(opened.catalog.labels.kinds())
    assert "community" in kinds
    assert not kinds & CLASSES


def test_neighbors_are_kept_for_a_device_encoder(headless: Path, tmp_path: Path) -> None:
    own = Path(shutil.copytree(headless, tmp_path / "store"))
    with Store.create(own) as store:
        vectors = store.feature().load().astype(float)
        found = neighbors_of(store, k=5)
    unit = vectors / np.linalg.norm(vectors, axis=1, keepdims=True)
    distances = 1 - unit @ unit.T
    np.fill_diagonal(distances, np.inf)
    assert np.allclose(found.distances, np.sort(distances, axis=1)[:, :5], atol=1e-5)


def test_encoders_that_run_in_workers_are_no_device_encoders() -> None:
    encoders = {name: load_encoder(name) for name in ("mini", "rgb", *KINDS)}
    assert [*device_encoders(encoders)] == [n for n in KINDS if n != "stub-light-head"]
    plain = device_encoders({"stub-plain": Plain()})["stub-plain"]
    pixels = np.zeros((2, 16, 16, 3), np.uint8)
    assert (plain.ahead, plain.prepare(10, 2, "on")) == (0, "")
    assert plain.begin(pixels)().scores is None
    assert np.array_equal(plain.begin(pixels)().vectors, plain.encode(pixels))
