"""Devices that compute: batches go round them, and what is begun is finished in order."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import numpy as np
import pytest
import torch
from torch import nn

from imgrec import EncoderError
from imgrec.encoders.lanes import (
    PASS,
    CudaLane,
    DirectLane,
    Finish,
    Lanes,
    ThreadLane,
    devices_of,
    lanes_on,
    shares,
    side_by_side,
)
from imgrec.encoders.networks import PixelNetwork
from imgrec.pictures.preprocessing import Pixels

CPU = torch.device("cpu")


def _network() -> PixelNetwork:
    torch.manual_seed(0)
    layers = nn.Sequential(nn.Conv2d(3, 8, 3), nn.ReLU(), nn.AdaptiveAvgPool2d(1), nn.Flatten())
    return PixelNetwork("resnet18", layers).eval()


def _batches(count: int, size: int = 3) -> list[np.ndarray]:
    rng = np.random.default_rng(0)
    return [rng.integers(0, 256, (size, 16, 16, 3)).astype(np.uint8) for _ in range(count)]


class Recorded:
    """A lane that writes down what it is given."""

    def __init__(self, name: str, ahead: int, told: list[str]) -> None:
        self.ahead = ahead
        self._name = name
        self._told = told

    def begin(self, pixels: Pixels) -> Finish:
        self._told.append(f"{self._name}{pixels[0, 0, 0, 0]}")
        return lambda: np.full((1, 1), pixels[0, 0, 0, 0], np.float32)


def test_each_device_has_its_turn() -> None:
    told: list[str] = []
    lanes = Lanes([Recorded(name, 2, told) for name in "abc"])
    pixels = [np.full((1, 1, 1, 3), i, np.uint8) for i in range(7)]
    finishes = [lanes.begin(batch) for batch in pixels]
    assert told == ["a0", "b1", "c2", "a3", "b4", "c5", "a6"]
    assert [finish()[0, 0] for finish in finishes] == list(range(7))
    assert lanes.ahead == 6


def test_vectors_are_the_same_on_any_number_of_devices() -> None:
    network, batches = _network(), _batches(5)
    with torch.inference_mode():
        expected = [network(torch.from_numpy(batch)).numpy() for batch in batches]
    for count in (1, 2, 3):
        lanes = lanes_on([CPU] * count, network)
        assert lanes.ahead == 0  # the CPU computes at once
        for batch, wanted in zip(batches, expected, strict=True):
            assert np.allclose(lanes.begin(batch)(), wanted, atol=1e-6)


def test_passes_beside_each_other_give_the_same_in_order() -> None:
    network, before = _network(), torch.get_num_threads()
    direct, lanes = DirectLane(network, CPU), side_by_side(DirectLane(network, CPU))
    batches = _batches(7, size=2 * PASS + 3)
    finishes = [lanes.begin(batch) for batch in batches]
    for batch, finish in zip(batches, finishes, strict=True):
        assert np.allclose(finish(), direct.begin(batch)(), atol=1e-6)
    assert torch.get_num_threads() == before  # those of this thread
    assert lanes.ahead == shares()[0] >= 1


def test_a_lane_of_its_own_thread_has_its_threads_and_tells_what_went_wrong() -> None:
    class Told:
        ahead = 0

        def begin(self, pixels: Pixels) -> Finish:
            if not pixels.any():
                raise RuntimeError("out of memory")
            return lambda: np.full((len(pixels), 1), torch.get_num_threads(), np.float32)

    lane = ThreadLane(Told(), threads=1)
    assert lane.begin(np.ones((PASS + 1, 2, 2, 3), np.uint8))().tolist() == [[1.0]] * (PASS + 1)
    with pytest.raises(RuntimeError, match="out of memory"):
        lane.begin(np.zeros((1, 2, 2, 3), np.uint8))()


def test_pixels_that_are_a_view_or_cannot_be_written() -> None:
    lane, batch = DirectLane(_network(), CPU), _batches(1)[0]
    wanted = lane.begin(batch)()
    turned = np.ascontiguousarray(batch[:, :, ::-1])[:, :, ::-1]
    turned.flags.writeable = False
    assert np.array_equal(lane.begin(turned)(), wanted)


def test_a_name_means_devices(monkeypatch: pytest.MonkeyPatch) -> None:
    assert devices_of("cpu") == [CPU]
    with pytest.raises(EncoderError, match=r"'warp' cannot be used .*: try cpu"):
        devices_of("warp")
    zeros = torch.zeros
    monkeypatch.setattr(torch, "zeros", lambda count, device: zeros(count))
    monkeypatch.setattr("torch.cuda.is_available", lambda: True)
    monkeypatch.setattr("torch.cuda.device_count", lambda: 3)
    all_of_them = [torch.device("cuda", index) for index in range(3)]
    assert devices_of("cuda") == devices_of("auto") == all_of_them
    assert devices_of("cuda:1") == all_of_them[1:2]


@pytest.mark.skipif(torch.cuda.is_available(), reason="the real thing is there")
def test_the_order_of_work_on_a_cuda_device(monkeypatch: pytest.MonkeyPatch) -> None:
    network, batches = _network(), _batches(2)
    told: list[str] = []
    current: list[Any] = []

    class Stream:
        def __init__(self) -> None:
            self.name = "computing" if "copying" in made else "copying"
            made.append(self.name)

        def wait_stream(self, other: "Stream") -> None:
            told.append(f"{self.name} waits for {other.name}")

    class Event:
        def record(self, stream: Stream) -> None:
            told.append(f"event on {stream.name}")

        def synchronize(self) -> None:
            told.append("synchronized")

    @contextmanager
    def on(stream: Stream) -> Iterator[None]:
        current.append(stream)
        yield
        current.pop()

    made: list[str] = []
    empty, to, copy = torch.empty, torch.Tensor.to, torch.Tensor.copy_

    def moved(tensor: torch.Tensor, *where: object, non_blocking: bool = False, **k: object):  # type: ignore[no-untyped-def]
        if non_blocking:
            told.append(f"copy there on {current[-1].name}")
        return to(tensor, *where, **k)

    def copied(tensor: torch.Tensor, other: torch.Tensor, non_blocking: bool = False) -> object:
        if non_blocking:
            told.append(f"copy back on {current[-1].name}")
        return copy(tensor, other)

    monkeypatch.setattr("torch.cuda.device", lambda device: on(Stream.__new__(Stream)))
    monkeypatch.setattr("torch.cuda.stream", on)
    monkeypatch.setattr("torch.cuda.Stream", Stream)
    monkeypatch.setattr("torch.cuda.Event", Event)
    monkeypatch.setattr("torch.cuda.synchronize", lambda device: None)
    monkeypatch.setattr(torch, "empty", lambda shape, dtype, pin_memory: empty(shape, dtype=dtype))
    monkeypatch.setattr("torch.Tensor.pin_memory", lambda tensor: tensor.clone())
    monkeypatch.setattr("torch.Tensor.record_stream", lambda tensor, stream: None)
    monkeypatch.setattr("torch.Tensor.to", moved)
    monkeypatch.setattr("torch.Tensor.copy_", copied)

    lane = CudaLane(network, CPU)
    assert lane.ahead == 2
    first, second = [lane.begin(batch) for batch in batches]
    begun = [
        *("copy there on copying", "computing waits for copying"),
        *("copy back on computing", "event on computing"),
    ]
    assert told == begun * 2  # nothing is waited for
    with torch.inference_mode():
        expected = [network(torch.from_numpy(batch)).numpy() for batch in batches]
    assert np.allclose(first(), expected[0], atol=1e-6)
    assert np.allclose(second(), expected[1], atol=1e-6)
    assert told[len(begun) * 2 :] == ["synchronized"] * 2
