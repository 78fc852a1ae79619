"""The stages of a decision: orientation-free candidates, thumbnails, and files in processes."""

import io
import os
import time
from pathlib import Path

import numpy as np
import pytest
from PIL import Image, ImageOps

from imgrec.duplicates import file_stage
from imgrec.duplicates.candidates import averaged
from imgrec.duplicates.comparison import Comparison, Difference, Verdict
from imgrec.duplicates.file_stage import UNREAD, Content, FileStage
from imgrec.duplicates.thumbnail_stage import deserving_by_block
from imgrec.encoders.mini import Mini, turned_columns
from imgrec.pictures.decoding import digest
from imgrec.samples.render import render_sample
from imgrec.system.worker import beat
from thumb_parts import write_thumbs


def _turned(pixels: np.ndarray, turn: int) -> np.ndarray:
    return np.rot90(pixels[:, ::-1] if turn > 3 else pixels, turn % 4)


@pytest.mark.parametrize("turn", range(8))
def test_the_vector_of_a_turned_picture_is_a_permutation(turn: int) -> None:
    pixels = np.stack([np.asarray(render_sample(0, n).resize((64, 64))) for n in range(6)])
    turned = np.stack([_turned(picture, turn) for picture in pixels])
    vectors, expected = Mini().encode(pixels), Mini().encode(np.ascontiguousarray(turned))
    columns = turned_columns(turn)
    assert sorted(columns.tolist()) == list(range(vectors.shape[1]))
    assert np.allclose(vectors[:, columns], expected, atol=2e-3)
    assert np.allclose(averaged(vectors), averaged(expected), atol=2e-3)


def test_averaged_vectors_have_the_cosines_of_the_mean_over_all_orientations() -> None:
    vectors = np.random.default_rng(0).normal(size=(9, 512)).astype(np.float32)
    mean = sum(vectors[:, turned_columns(turn)] for turn in range(8)) / 8
    assert np.allclose(averaged(vectors) @ averaged(vectors).T, mean @ mean.T, atol=1e-3)


def _thumbnail(image: Image.Image) -> bytes:
    buffer = io.BytesIO()
    image.thumbnail((128, 128))
    image.convert("RGB").save(buffer, "JPEG", quality=85)
    return buffer.getvalue()


def test_altered_pictures_deserve_their_files_and_most_others_do_not(tmp_path: Path) -> None:
    images: list[Image.Image] = []
    for number in range(12):
        whole = render_sample(0, number).resize((256, 256))
        images += [
            *(whole, ImageOps.grayscale(whole), whole.crop((30, 20, 256, 240))),
            *(ImageOps.mirror(whole), whole.rotate(90), whole.point(lambda v: v * 0.75)),
        ]
    jpegs = [_thumbnail(image) for image in images]
    pairs = np.array([(i, j) for i in range(len(images)) for j in range(i + 1, len(images))])
    write_thumbs(tmp_path, 0, np.arange(len(jpegs)), jpegs)
    blocks = [*deserving_by_block(pairs, tmp_path, block=1000)]
    assert np.array_equal(np.concatenate([block for block, _ in blocks]), pairs)
    deserves = np.concatenate([mask for _, mask in blocks])
    of_one = pairs[:, 0] // 6 == pairs[:, 1] // 6
    with_whole = of_one & (pairs[:, 0] % 6 == 0)
    assert deserves[with_whole].mean() >= 0.95
    assert deserves[~of_one].mean() < 0.3


def _content(path: Path, data: bytes, promised: bytes | None = None) -> Content:
    path.write_bytes(data)
    return Content(digest(promised or data), ((str(path.parent), path.name),))


def test_a_file_that_is_another_now_is_unread_and_a_copy_is_read_instead(tmp_path: Path) -> None:
    data = _thumbnail(render_sample(0, 1))
    there = _content(tmp_path / "a.jpg", data)
    changed = _content(tmp_path / "b.jpg", data, b"before")
    gone = Content(digest(data), ((str(tmp_path), "gone.jpg"),))
    copied = Content(digest(data), (*gone.places, *there.places))
    damaged = _content(tmp_path / "c.jpg", data[:40])
    with FileStage(0) as stage:
        found = [*stage.compared((there, other) for other in (changed, gone, damaged, copied))]
    assert found[:3] == [UNREAD] * 3
    assert (UNREAD.verdict, UNREAD.differences) == (Verdict.SIMILAR, Difference.UNREAD)
    assert found[3] == Comparison(Verdict.SAME, 1.0)


def _by_name(first: Content, second: Content, within_s: float) -> Comparison:
    """Stand in for the comparison in a worker process: crash, hang or answer."""
    beat(None, within_s)
    if second.digest == "crash":
        os._exit(3)
    if second.digest == "hang":
        time.sleep(60)
    return Comparison(Verdict.SIMILAR, len(second.digest) / 100)


def test_a_crash_and_a_hang_cost_one_pair_each(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(file_stage, "compare_contents", _by_name)
    names = ["a", "crash", "bb", "hang", "ccc", "dddd"]
    with FileStage(1, within_s=0.5) as stage:
        found = [*stage.compared((Content("x", ()), Content(name, ())) for name in names)]
    expected = {name: Comparison(Verdict.SIMILAR, len(name) / 100) for name in names}
    expected |= {"crash": UNREAD, "hang": UNREAD}
    assert found == [expected[name] for name in names]
