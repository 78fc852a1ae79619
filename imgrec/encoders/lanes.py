"""Lanes: devices with a network on them, to which batches are queued in turn.

A lane takes a batch with `begin`, which returns a function that waits for the result. A device
that works asynchronously (CUDA, a thread) returns from `begin` at once, so that several batches
are in flight on several devices while the caller goes on. Results do not depend on which lane
computed them, nor on how many there are.
"""

import copy
import weakref
from collections.abc import Callable, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass
from threading import Barrier
from typing import Protocol

import numpy as np
import torch
from numpy.typing import NDArray

from imgrec.encoders.pixel_network import PixelNetwork
from imgrec.errors import EncoderError
from imgrec.pictures.preprocessing import Pixels

Output = NDArray[np.float32]  # (b, w)
Finish = Callable[[], Output]  # waits until a batch is done

# Pictures a forward pass on the CPU: the activations of more do not fit into its cache.
PASS = 16
# Concurrent forward passes on a CPU, at most: each holds the activations of its pictures.
_MOST_PASSES = 4
# Batches in flight on a CUDA device: one is computed while the next is copied.
_IN_FLIGHT = 2


class Lane(Protocol):
    """A device with a network on it."""

    @property
    def ahead(self) -> int:
        """The number of batches to queue on it before the first of them is waited for."""
        ...

    def begin(self, pixels: Pixels) -> Finish:
        """Queue a batch (b, h, w, 3); return a function that waits for its result."""
        ...


class Lanes:
    """Several lanes that take batches in turn (round robin)."""

    def __init__(self, lanes: Sequence[Lane]) -> None:
        self._lanes = lanes
        self._turn = 0

    @property
    def ahead(self) -> int:
        """The number of batches to queue before the first of them is waited for."""
        return sum(lane.ahead for lane in self._lanes)

    def begin(self, pixels: Pixels) -> Finish:
        """Queue a batch on the next lane; return a function that waits for its result."""
        lane = self._lanes[self._turn % len(self._lanes)]
        self._turn += 1
        return lane.begin(pixels)


class DirectLane:
    """A device that computes synchronously: the CPU, or MPS."""

    ahead = 0

    def __init__(self, network: PixelNetwork, device: torch.device) -> None:
        self._network = network.eval().to(device).to(memory_format=torch.channels_last)
        self._device = device

    def begin(self, pixels: Pixels) -> Finish:
        """Compute a batch (b, h, w, 3) before returning."""
        with torch.inference_mode():
            output: Output = self._network(_tensor(pixels).to(self._device)).cpu().numpy()
        return lambda: output


class ThreadLanes:
    """Threads that share the cores of a CPU, and take forward passes from one queue.

    The threads of one forward pass synchronize after each layer: where a process that decodes
    takes a core away for a moment, all of them wait. Concurrent passes on a core each do not; and
    a thread that is done takes the next pass, of whichever batch, so that none waits for one whose
    core was taken.

    A batch is computed only while somebody can ask for its result: at the end of a process Python
    waits for the threads, and after a Ctrl-C or an error they would first compute all that is
    queued.
    """

    def __init__(self, lane: Lane, count: int, threads: int) -> None:
        """Start the threads.

        Args:
            lane: synchronous, on the CPU; called from all threads.
            count: of concurrent passes.
            threads: of torch, in each layer of a pass.
        """
        self.ahead = count
        self._lane = lane
        self._threads = lane_threads(count, threads)

    def begin(self, pixels: Pixels) -> Finish:
        """Queue a batch (b, h, w, 3) in passes of at most `PASS`, which any thread computes."""
        starts = range(0, max(1, len(pixels)), PASS)
        passes = [self._threads.submit(self._computed, pixels[i : i + PASS]) for i in starts]

        def finish() -> Output:
            return np.concatenate([computed.result() for computed in passes])

        weakref.finalize(finish, _cancel, passes).atexit = False
        return finish

    def _computed(self, pixels: Pixels) -> Output:
        return self._lane.begin(pixels)()


class CudaLane:
    """A CUDA device on which the next batch is copied while one is computed.

    Copies go from pinned memory on a stream of their own, so that they overlap with the kernels;
    results are copied back to pinned memory. Only the function that `begin` returns waits. The
    network is moved to the device with the first batch: an unused device costs nothing.
    """

    ahead = _IN_FLIGHT

    def __init__(self, network: PixelNetwork, device: torch.device) -> None:
        self._network = network
        self._device = device
        self._copying: torch.cuda.Stream | None = None
        self._computing: torch.cuda.Stream | None = None

    def begin(self, pixels: Pixels) -> Finish:
        """Queue the copies and kernels of a batch (b, h, w, 3); return a function that waits."""
        with torch.inference_mode(), torch.cuda.device(self._device):
            copying, computing = self._streams()
            host = _tensor(pixels).pin_memory()
            with torch.cuda.stream(copying):
                batch = host.to(self._device, non_blocking=True)
            computing.wait_stream(copying)
            with torch.cuda.stream(computing):
                # The allocator may not reuse the batch's memory before the kernels have read it.
                batch.record_stream(computing)
                output = self._network(batch)
                back = torch.empty(output.shape, dtype=output.dtype, pin_memory=True)
                back.copy_(output, non_blocking=True)
                done = torch.cuda.Event()  # type: ignore[no-untyped-call]
                done.record(computing)
        return _Flight(host, back, done).finish

    def _streams(self) -> tuple[torch.cuda.Stream, torch.cuda.Stream]:
        if self._copying is None or self._computing is None:
            network = copy.deepcopy(self._network).eval()
            self._network = network.to(self._device).to(memory_format=torch.channels_last)
            torch.cuda.synchronize(self._device)
            new = torch.cuda.Stream  # carries no types
            self._copying, self._computing = new(), new()  # type: ignore[no-untyped-call]
        return self._copying, self._computing


@dataclass(frozen=True)
class _Flight:
    """A batch in flight; holds the pinned memory it is copied from and to."""

    pixels: torch.Tensor
    output: torch.Tensor
    done: torch.cuda.Event

    def finish(self) -> Output:
        self.done.synchronize()
        output: Output = self.output.numpy()
        return output


def devices_of(name: str) -> list[torch.device]:
    """Return the devices of a name: all GPUs for `cuda`, one for `cuda:1`.

    Args:
        name: `auto` (CUDA, then MPS, then CPU), or a torch device name.

    Raises:
        EncoderError: the device is unknown or cannot be used.
    """
    if name == "auto":
        found = "cuda" if torch.cuda.is_available() else "mps" if _has_mps() else "cpu"
        return devices_of(found)
    try:
        device = torch.device(name)
        torch.zeros(1, device=device).item()
    except (RuntimeError, AssertionError, NotImplementedError) as error:
        reason = str(error).splitlines()[0]
        raise EncoderError(f"the device {name!r} cannot be used ({reason}): try cpu") from error
    if device.type == "cuda" and device.index is None:
        return [torch.device("cuda", index) for index in range(torch.cuda.device_count())]
    return [device]


def side_by_side(lane: Lane) -> ThreadLanes:
    """Return lanes that share this CPU, each with an equal part of the cores.

    Args:
        lane: synchronous, on the CPU; called from several threads.
    """
    return ThreadLanes(lane, *shares())


def shares() -> tuple[int, int]:
    """Return the number of concurrent forward passes on this CPU, and the threads of each."""
    cores = torch.get_num_threads()
    # Of 6 cores three passes use all, where four would use 4. One pass alone would wait for itself.
    counts = range(min(2, cores), min(cores, _MOST_PASSES) + 1)
    count = max(counts, key=lambda count: (cores // count * count, count))
    return count, cores // count


def lane_threads(count: int, threads: int) -> ThreadPoolExecutor:
    """Return a pool of `count` threads that have begun, each with a number of threads of torch.

    Other threads keep theirs: `torch.set_num_threads` also sets what threads that begin later have.
    """
    before = torch.get_num_threads()
    pool = ThreadPoolExecutor(count, "imgrec-lane", _set_threads, (threads,))
    # A thread that waits takes no second call, so that each call begins a thread.
    all_there = Barrier(count)
    try:
        for there in [pool.submit(all_there.wait) for _ in range(count)]:
            there.result()
    except BaseException:
        # Those that wait would wait forever.
        all_there.abort()
        pool.shutdown(wait=False)
        raise
    finally:
        torch.set_num_threads(before)
    return pool


def lanes_on(devices: Sequence[torch.device], network: PixelNetwork) -> Lanes:
    """Return a lane for each of some devices, all with the same network."""
    kinds = {"cuda": CudaLane}
    return Lanes([kinds.get(device.type, DirectLane)(network, device) for device in devices])


def _set_threads(threads: int) -> None:
    torch.set_num_threads(threads)
    # A thread takes the number that was set last when it asks first: now, not after all have begun.
    torch.get_num_threads()


def _cancel(passes: Sequence[Future[Output]]) -> None:
    for computed in passes:
        computed.cancel()


def _has_mps() -> bool:
    return torch.backends.mps.is_available()


def _tensor(pixels: Pixels) -> torch.Tensor:
    return torch.from_numpy(np.require(pixels, requirements=["C", "W"]))
