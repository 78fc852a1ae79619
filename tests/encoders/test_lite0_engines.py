"""What computes `lite0`: integers on the CPU, torch on a GPU, always like the stored vectors."""

import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch

from golden import golden_pixels
from imgrec import EncoderError, Options, Store, index_folders
from imgrec.encoders import load_encoder, matching_encoder
from imgrec.encoders.accelerators import accelerated
from imgrec.encoders.device import DeviceEncoder
from imgrec.encoders.lite0.encoder import Lite0, spec_of
from imgrec.encoders.lite0.on_device import Lite0OnDevice
from imgrec.encoders.lite0.weights import DIGEST

CPU = torch.device("cpu")


@pytest.fixture
def gpu(monkeypatch: pytest.MonkeyPatch) -> None:
    """Make `auto` find a GPU, which is the CPU by torch."""
    monkeypatch.setattr("imgrec.encoders.lite0.encoder.accelerated", lambda device: device != "cpu")
    monkeypatch.setattr("imgrec.encoders.lanes.devices_of", lambda name: [CPU])


@pytest.fixture
def no_gpu(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("imgrec.encoders.accelerators.has_driver", lambda: False)


def _cosines(one: np.ndarray, other: np.ndarray) -> np.ndarray:
    lengths = np.linalg.norm(one, axis=1) * np.linalg.norm(other, axis=1)
    return (one * other).sum(axis=1) / lengths


def test_a_spec_binds_weights_and_precision_and_not_the_place(no_gpu: None) -> None:
    spec = load_encoder("lite0").spec
    assert (spec.name, spec.dimensions, spec.weights_digest) == ("lite0", 1280, DIGEST)
    assert (spec.precision, spec.in_worker) == ("int8", True)
    assert spec.identity() != spec_of("float32", in_worker=True).identity()
    assert spec.identity() == replace(spec, in_worker=False, weights="x").identity()


def test_new_vectors_are_integers_on_the_cpu_and_float32_on_a_gpu(gpu: None) -> None:
    assert load_encoder("lite0", device="cpu").spec.precision == "int8"
    encoder = load_encoder("lite0")
    assert isinstance(encoder, Lite0OnDevice)
    assert isinstance(encoder, DeviceEncoder)
    assert (encoder.spec.precision, encoder.spec.in_worker) == ("float32", False)


def test_stored_vectors_choose_what_reproduces_them(gpu: None) -> None:
    integers, floats = spec_of("int8", in_worker=True), spec_of("float32", in_worker=False)
    for device in ("auto", "cuda", "cpu"):
        assert load_encoder("lite0", device=device, like=integers).spec == integers
    assert matching_encoder(integers).spec == integers
    assert load_encoder("lite0", like=floats).spec == floats
    on_cpu = load_encoder("lite0", device="cpu", like=floats)
    assert isinstance(on_cpu, Lite0)
    assert on_cpu.spec == replace(floats, in_worker=True)
    # As in a worker process, which computes what it was sent and does not look for a GPU.
    assert isinstance(matching_encoder(on_cpu.spec), Lite0)


def test_an_encoder_of_another_version_does_not_match(no_gpu: None) -> None:
    with pytest.raises(EncoderError, match="lite0 vectors were made with"):
        matching_encoder(replace(spec_of("int8", in_worker=True), version=0))


def test_torch_and_onnx_runtime_agree_in_float32() -> None:
    pixels = golden_pixels(224)
    on_device = Lite0OnDevice(spec_of("float32", in_worker=False), [CPU])
    encoded = on_device.begin(pixels)()
    assert np.array_equal(encoded.vectors, on_device.encode(pixels))
    session = Lite0("float32")
    expected = session.encode(pixels)
    assert (_cosines(encoded.vectors, expected) > 0.9999).all()
    assert encoded.scores is not None
    assert np.allclose(encoded.scores, session.scores(expected), atol=1e-2)
    assert on_device.categories == session.categories
    assert (on_device.ahead, on_device.prepare(9, 3, "off")) == (0, "")


def test_a_device_out_of_memory_is_a_one_line_error(monkeypatch: pytest.MonkeyPatch) -> None:
    def full(*_: object) -> None:
        raise RuntimeError("CUDA out of memory\nmore")

    on_device = Lite0OnDevice(spec_of("float32", in_worker=False), [CPU])
    monkeypatch.setattr("imgrec.encoders.lite0.torch_network.TorchLite0.forward", full)
    with pytest.raises(EncoderError, match=r"lite0 failed on cpu with 2 pictures \(CUDA out of"):
        on_device.encode(golden_pixels(224)[:2])


def _indexed(store: Path, photos: Path, device: str) -> None:
    index_folders([photos], store, Options(("lite0",), device=device, workers=0))


def test_a_store_keeps_its_precision_on_another_machine(
    gpu: None, photos: Path, tmp_path: Path
) -> None:
    first, second = photos / "discs", photos / "stripes"
    made_on = {"float32": ("auto", "cpu"), "int8": ("cpu", "auto")}
    for precision, devices in made_on.items():
        store = tmp_path / precision
        for folder, device in zip((first, second), devices, strict=True):
            _indexed(store, folder, device)
        _indexed(tmp_path / f"{precision}-whole", photos, devices[0])
        with Store.open(store) as one, Store.open(tmp_path / f"{precision}-whole") as whole:
            assert one.spec("lite0").precision == precision
            vectors, expected = _by_location(one), _by_location(whole)
        assert len(vectors) == len(expected) // 3 * 2
        for location, vector in vectors.items():
            assert _cosines(vector[None], expected[location][None]) > 0.9999


def _by_location(store: Store) -> dict[str, np.ndarray]:
    feature = store.feature("lite0")
    entries = store.catalog.entries(feature.ids)
    return {e.location: row for e, row in zip(entries, feature.load(), strict=True)}


def test_a_device_name_means_a_gpu_unless_it_is_the_cpu(monkeypatch: pytest.MonkeyPatch) -> None:
    assert not accelerated("cpu")
    assert accelerated("cuda:1")
    monkeypatch.setattr("imgrec.encoders.accelerators.has_driver", lambda: True)
    for found, expected in ((CPU, False), (torch.device("cuda", 0), True)):
        monkeypatch.setattr("imgrec.encoders.lanes.devices_of", lambda name, d=found: [d])
        assert accelerated("auto") is expected


def test_torch_is_not_imported_where_there_is_no_driver() -> None:
    load_encoder("lite0", device="cpu")
    code = (
        "import sys; from imgrec.encoders import accelerators, load_encoder\n"
        "accelerators.has_driver = lambda: False\n"
        "load_encoder('lite0'); print(sorted({'torch', 'onnx'} & set(sys.modules)))"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"
