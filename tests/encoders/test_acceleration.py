"""Folded and compiled networks, against the vectors of the unmodified network on the CPU."""

import logging
import os
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
import torch
from torch import nn

from classifiers import random_weights
from imgrec import EncoderError
from imgrec.encoders import load_encoder, passes
from imgrec.encoders.acceleration import (
    CompiledLane,
    cache_folder,
    compiler,
    folded,
    leave,
    mark_of,
    pays,
)
from imgrec.encoders.lanes import PASS, DirectLane, side_by_side
from imgrec.encoders.networks import Head, build_model, normalization_of, preprocessing_of
from imgrec.encoders.pixel_network import PixelNetwork
from imgrec.encoders.spec import EncoderSpec
from imgrec.pictures.preprocessing import Preprocessing

SPEC = EncoderSpec("resnet18", 8, Preprocessing(16, 16))


def _pixels(count: int, side_px: int = 16) -> np.ndarray:
    shape = count, side_px, side_px, 3
    return np.random.default_rng(0).integers(0, 256, shape).astype(np.uint8)


def _cosines(found: np.ndarray, expected: np.ndarray) -> np.ndarray:
    lengths = np.linalg.norm(found, axis=1) * np.linalg.norm(expected, axis=1)
    return (found * expected).sum(axis=1) / lengths


def _small() -> PixelNetwork:
    torch.manual_seed(0)
    layers = nn.Sequential(
        *(nn.Conv2d(3, 8, 3, bias=False), nn.BatchNorm2d(8), nn.ReLU()),
        *(nn.AdaptiveAvgPool2d(1), nn.Flatten()),
    )
    layers[1].running_mean.normal_(0, 0.1)
    layers[1].running_var.uniform_(0.5, 1.5)
    return PixelNetwork(layers, normalization_of("resnet18")).eval()


@pytest.mark.parametrize("name", ["resnet18", "mobilenet_v3_small", "squeezenet1_1", "googlenet"])
def test_folding_changes_no_vector(name: str, tmp_path: Path) -> None:
    model = build_model(name)
    weights = random_weights(tmp_path / "weights.pth", name)
    model.load_state_dict(torch.load(weights, weights_only=True))
    Head.of(model.eval()).take_off(model)
    pixels = _pixels(2, preprocessing_of(name).crop_px)
    with torch.inference_mode():
        expected = PixelNetwork(model, normalization_of(name))(torch.from_numpy(pixels)).numpy()
        quick = folded(model)
        found = PixelNetwork(quick, normalization_of(name))(torch.from_numpy(pixels)).numpy()
    assert not any(isinstance(module, nn.BatchNorm2d) for module in quick.modules())
    assert found.shape == expected.shape
    assert _cosines(found, expected).min() >= 0.99999
    assert np.allclose(found, expected, rtol=1e-3, atol=1e-4 * np.abs(expected).max())


def test_a_network_that_cannot_be_traced_is_left_unchanged() -> None:
    class Odd(nn.Module):
        def forward(self, values: torch.Tensor) -> torch.Tensor:
            return values if values.sum() > 0 else -values

    model = Odd()
    assert folded(model) is model


@pytest.mark.compiler
@pytest.mark.skipif(compiler() is None, reason="no C++ compiler")
def test_compiling_changes_no_vector(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    # Set first, so that monkeypatch restores the original value.
    monkeypatch.setenv("TORCHINDUCTOR_CACHE_DIR", "x")
    monkeypatch.delenv("TORCHINDUCTOR_CACHE_DIR")
    network = _small()
    lane = CompiledLane(network, batch=8, side_px=16)
    lanes = side_by_side(lane)
    for count in (8, 7, 5, 4, 1, 9):
        pixels = _pixels(count)
        with torch.inference_mode():
            expected = network(torch.from_numpy(pixels)).numpy()
        found = lanes.begin(pixels)()
        assert found.shape == expected.shape
        assert np.allclose(found, expected, atol=1e-5)
    before = {count: lanes.begin(_pixels(count))() for count in (8, 7, 5, 4, 1, 9)}
    # The compiled code contains the weights as constants, so it does not see this change.
    with torch.no_grad():
        network.model[0].weight.zero_()
    unchanged = {n for n in before if np.array_equal(lanes.begin(_pixels(n))(), before[n])}
    # 7 pictures are padded to a batch of 8; at most half a batch, or more than one, runs
    # uncompiled.
    assert unchanged == {8, 7, 5}
    assert cache_folder() == tmp_path / "imgrec" / "inductor"
    assert any(cache_folder().rglob("*.so"))
    assert logging.root.manager.disable == logging.NOTSET


def test_a_missing_compiler_gives_a_one_line_reason(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    weights = random_weights(tmp_path / "weights.pth", "squeezenet1_1")
    encoder = load_encoder("squeezenet1_1", weights, "cpu")
    pixels = _pixels(2, 224)
    before = encoder.encode(pixels)
    for broken in (str(tmp_path / "absent-g++"), "false"):
        monkeypatch.setenv("CXX", broken)
        # A compiler that exists and fails.
        if broken == "false":
            monkeypatch.setattr(torch, "compile", _fails)
        line = encoder.prepare(1000, 8, "on")
        assert line.startswith("squeezenet1_1 runs uncompiled, slower: ")
        assert line.count("\n") == 0
        assert ("no C++ compiler (install g++" in line) == (broken != "false")
        assert _cosines(encoder.encode(pixels), before).min() >= 0.9995
    assert capfd.readouterr() == ("", "")


def _fails(*_: object, **__: object) -> object:
    def network(_: torch.Tensor) -> torch.Tensor:
        raise RuntimeError("CppCompileError: C++ compile error\n\nCommand:\ng++ …")

    return network


def test_compiling_pays_above_a_number_of_pictures(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setenv("TORCHINDUCTOR_CACHE_DIR", str(tmp_path))
    network, mark = _small(), mark_of(SPEC, 8)
    # Of the only convolution, per picture.
    operations = 2 * 14 * 14 * 8 * 3 * 9
    limits = 1000 * operations, 10 * operations
    assert pays(1000, network, 16, mark, *limits)
    assert not pays(999, network, 16, mark, *limits)
    leave(mark)
    assert pays(10, network, 16, mark, *limits)
    assert not pays(9, network, 16, mark, *limits)
    assert mark_of(SPEC, 16) != mark


def test_nothing_is_compiled_for_few_pictures_or_if_switched_off(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    weights = random_weights(tmp_path / "weights.pth", "squeezenet1_1")
    encoder = load_encoder("squeezenet1_1", weights, "cpu")
    monkeypatch.setattr("imgrec.encoders.passes.CompiledLane", _refused)
    assert encoder.prepare(0, 8, "on") == ""
    assert encoder.prepare(10, 8, "auto") == ""
    assert encoder.prepare(10**9, 8, "off") == ""
    assert encoder.prepare(10**9, 8, "auto").endswith("refused")


def _refused(*_: object) -> None:
    raise EncoderError("refused")


def test_a_failing_compiler_is_reported_in_one_line_of_the_run(
    photos: Path, tmp_path: Path
) -> None:
    weights = random_weights(tmp_path / "weights.pth", "squeezenet1_1")
    command = [sys.executable, "-m", "imgrec.index", str(photos), "--store", str(tmp_path / "s")]
    command += ["--encoder", "squeezenet1_1", "--weights", str(weights), "--device", "cpu"]
    command += ["--workers", "0", "--compile", "on"]
    failing = tmp_path / "failing-c++"
    failing.write_text("#!/bin/sh\necho no header >&2\nexit 1\n")
    failing.chmod(0o755)
    environment = {**os.environ, "CXX": str(failing), "XDG_CACHE_HOME": str(tmp_path / "cache")}
    done = subprocess.run(command, capture_output=True, text=True, check=False, env=environment)
    lines = [line for line in done.stderr.splitlines() if "uncompiled" in line]
    assert done.returncode == 0, done.stderr
    assert len(lines) == 1
    assert "Traceback" not in done.stderr and "Warning" not in done.stderr
    assert done.stdout.startswith("24 pictures, 24 new, 24 read ")


def test_a_network_is_compiled_once_for_each_number_of_pictures_a_pass(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """As where a crew works in the process of its driver: both prepare the encoder."""
    compiled: list[int] = []

    class Lane(DirectLane):
        def __init__(self, network: PixelNetwork, batch: int, side_px: int) -> None:
            compiled.append(batch)
            super().__init__(network, torch.device("cpu"))

    monkeypatch.setenv("TORCHINDUCTOR_CACHE_DIR", str(tmp_path))
    monkeypatch.setattr(passes, "CompiledLane", Lane)
    network = _small().model
    made = passes.Passes(SPEC, network, normalization_of("resnet18"), [torch.device("cpu")])
    for batch in (4, 4, 100, PASS):
        assert made.prepare(1, batch, "on") == ""
    assert compiled == [4, PASS]
    assert made.begin(_pixels(5))().shape == (5, 8)
