"""Lanes (devices that compute vectors): batches are distributed, results come in order."""

from collections import deque
from threading import Event, Thread

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
    ThreadLanes,
    devices_of,
    lane_threads,
    lanes_on,
    shares,
    side_by_side,
)
from imgrec.encoders.networks import normalization_of
from imgrec.encoders.pixel_network import PixelNetwork
from imgrec.pictures.preprocessing import Pixels
from simulated_cuda import simulate

CPU = torch.device("cpu")


def _network() -> PixelNetwork:
    torch.manual_seed(0)
    layers = nn.Sequential(nn.Conv2d(3, 8, 3), nn.ReLU(), nn.AdaptiveAvgPool2d(1), nn.Flatten())
    return PixelNetwork(layers, normalization_of("resnet18")).eval()


def _batches(count: int, size: int = 3) -> list[np.ndarray]:
    rng = np.random.default_rng(0)
    return [rng.integers(0, 256, (size, 16, 16, 3)).astype(np.uint8) for _ in range(count)]


class Device:
    """A lane that computes a batch only when its result is requested."""

    def __init__(self, ahead: int) -> None:
        self.ahead = ahead
        self.held = self.most = self.given = 0

    def begin(self, pixels: Pixels) -> Finish:
        self.given += 1
        self.held += 1
        self.most = max(self.most, self.held)

        def finish() -> np.ndarray:
            self.held -= 1
            return pixels[:, 0, 0, :1].astype(np.float32)

        return finish


@pytest.mark.parametrize("count", [1, 2, 3])
def test_batches_are_distributed_and_no_device_holds_more_than_its_limit(count: int) -> None:
    devices = [Device(ahead=2) for _ in range(count)]
    lanes = Lanes(devices)
    in_flight: deque[Finish] = deque()
    results: list[float] = []
    for i in range(4 * count):
        if len(in_flight) == lanes.ahead:
            results.append(in_flight.popleft()()[0, 0])
        in_flight.append(lanes.begin(np.full((1, 1, 1, 3), i, np.uint8)))
    results += [finish()[0, 0] for finish in in_flight]
    assert results == list(range(4 * count))
    assert [device.given for device in devices] == [4] * count
    # Every device has held two batches at once: none was idle.
    assert [device.most for device in devices] == [2] * count


def test_vectors_are_the_same_on_any_number_of_devices() -> None:
    network, batches = _network(), _batches(5)
    with torch.inference_mode():
        expected = [network(torch.from_numpy(batch)).numpy() for batch in batches]
    for count in (1, 2, 3):
        lanes = lanes_on([CPU] * count, network)
        # The CPU computes immediately, so no batch is begun ahead.
        assert lanes.ahead == 0
        for batch, wanted in zip(batches, expected, strict=True):
            assert np.allclose(lanes.begin(batch)(), wanted, atol=1e-6)


def test_parallel_passes_give_the_same_vectors_in_order() -> None:
    network, before = _network(), torch.get_num_threads()
    direct, lanes = DirectLane(network, CPU), side_by_side(DirectLane(network, CPU))
    batches = _batches(7, size=2 * PASS + 3)
    finishes = [lanes.begin(batch) for batch in batches]
    for batch, finish in zip(batches, finishes, strict=True):
        assert np.allclose(finish(), direct.begin(batch)(), atol=1e-6)
    # The number of threads of the calling thread is unchanged.
    assert torch.get_num_threads() == before
    assert lanes.ahead == shares()[0] >= 1


def test_threads_of_lanes_have_their_thread_count_and_pass_errors_on() -> None:
    class Told:
        ahead = 0

        def begin(self, pixels: Pixels) -> Finish:
            if not pixels.any():
                raise RuntimeError("out of memory")
            return lambda: np.full((len(pixels), 1), torch.get_num_threads(), np.float32)

    lanes = ThreadLanes(Told(), count=2, threads=1)
    assert lanes.begin(np.ones((PASS + 1, 2, 2, 3), np.uint8))().tolist() == [[1.0]] * (PASS + 1)
    with pytest.raises(RuntimeError, match="out of memory"):
        lanes.begin(np.zeros((1, 2, 2, 3), np.uint8))()


def test_a_thread_whose_core_is_taken_holds_no_other_up() -> None:
    """The first pass waits for the last: with batches dealt out in turns nobody computed that."""
    last = Event()

    class Slow:
        ahead = 0

        def begin(self, pixels: Pixels) -> Finish:
            number = int(pixels.max())
            if number == 0:
                assert last.wait(60), "the passes behind the first one are not computed"
            if number == 6:
                last.set()
            return lambda: np.full((len(pixels), 1), number, np.float32)

    lanes = ThreadLanes(Slow(), count=2, threads=1)
    finishes = [lanes.begin(np.full((PASS, 1, 1, 3), i, np.uint8)) for i in range(7)]
    assert [finish()[0, 0] for finish in finishes] == list(range(7))


def test_a_batch_that_nobody_waits_for_any_more_is_not_computed() -> None:
    """As after a Ctrl-C: at its end the process waits for the threads of the lanes."""
    begun, go_on = Event(), Event()
    computed: list[int] = []

    class Held:
        ahead = 0

        def begin(self, pixels: Pixels) -> Finish:
            computed.append(int(pixels.max()))
            begun.set()
            assert go_on.wait(60)
            return lambda: np.zeros((len(pixels), 1), np.float32)

    lanes = ThreadLanes(Held(), count=1, threads=1)
    finishes = [lanes.begin(np.full((3 * PASS, 1, 1, 3), i, np.uint8)) for i in range(3)]
    assert begun.wait(60)
    finishes.clear()
    go_on.set()
    # Passes are taken in order: those before this one have been computed or dropped.
    lanes.begin(np.full((1, 1, 1, 3), 9, np.uint8))()
    assert computed == [0, 9]


def test_other_threads_keep_their_number_of_threads_of_torch() -> None:
    before, found = torch.get_num_threads(), list[int]()
    with lane_threads(2, before + 1) as pool:
        assert pool.submit(torch.get_num_threads).result() == before + 1
        # Torch gives new threads the number that was set last, in whichever thread.
        later = Thread(target=lambda: found.append(torch.get_num_threads()))
        later.start()
        later.join()
    assert [*found, torch.get_num_threads()] == [before, before]


def test_threads_that_cannot_all_be_started_are_ended(monkeypatch: pytest.MonkeyPatch) -> None:
    started: list[Thread] = []
    start = Thread.start

    def limited(thread: Thread) -> None:
        if started:
            raise RuntimeError("can't start new thread")
        started.append(thread)
        start(thread)

    monkeypatch.setattr(Thread, "start", limited)
    with pytest.raises(RuntimeError, match="can't start new thread"):
        lane_threads(2, 1)
    started[0].join(60)
    assert not started[0].is_alive()


def test_a_batch_without_pictures_has_no_vectors() -> None:
    empty = _batches(1)[0][:0]
    assert side_by_side(DirectLane(_network(), CPU)).begin(empty)().shape == (0, 8)


@pytest.mark.parametrize("cores", range(1, 34))
def test_passes_use_all_cores_but_one_at_most(cores: int, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(torch, "get_num_threads", lambda: cores)
    count, threads = shares()
    assert 1 <= count <= 4
    assert count > 1 or cores == 1
    assert cores - 1 <= count * threads <= cores


def test_read_only_and_non_contiguous_pixels() -> None:
    lane, batch = DirectLane(_network(), CPU), _batches(1)[0]
    wanted = lane.begin(batch)()
    turned = np.ascontiguousarray(batch[:, :, ::-1])[:, :, ::-1]
    turned.flags.writeable = False
    assert np.array_equal(lane.begin(turned)(), wanted)


def test_a_device_name_selects_devices(monkeypatch: pytest.MonkeyPatch) -> None:
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


@pytest.mark.skipif(torch.cuda.is_available(), reason="a real CUDA device is there")
def test_a_simulated_cuda_device_that_defers_all_work_gives_the_same_vectors(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    network, batches = _network(), _batches(4)
    with torch.inference_mode():
        expected = [network(torch.from_numpy(batch)).numpy() for batch in batches]
    cuda = simulate(monkeypatch, network, width=8)
    lane = CudaLane(network, CPU)
    finishes = [lane.begin(batch) for batch in batches]
    # `begin` must not synchronize with the device.
    assert (cuda.computed, cuda.waited) == (0, 0)
    found = [finish().copy() for finish in finishes]
    monkeypatch.undo()
    for one, wanted in zip(found, expected, strict=True):
        assert np.allclose(one, wanted, atol=1e-6)
    # One batch is computed while another is copied.
    assert lane.ahead >= 2


@pytest.mark.skipif(not torch.cuda.is_available(), reason="no CUDA device")
def test_a_real_cuda_device_gives_the_vectors_of_the_cpu() -> None:
    network, batches = _network(), _batches(6)
    lane = CudaLane(network, torch.device("cuda"))
    finishes = [lane.begin(batch) for batch in batches]
    for batch, finish in zip(batches, finishes, strict=True):
        with torch.inference_mode():
            expected = network(torch.from_numpy(batch)).numpy()
        assert np.allclose(finish(), expected, atol=1e-3)
