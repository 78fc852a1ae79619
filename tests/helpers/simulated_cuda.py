"""A CUDA device simulated in plain Python, which does all work as late as synchronization allows.

Work given to a stream waits until an event recorded after it is synchronized with. A stream that
waits for another one runs that one's work first. Memory is reused as soon as its tensor is freed,
except for streams it was recorded on. So a lane that misses a dependency reads memory that was not
yet written, or was overwritten by another batch: it gives wrong vectors always, as it would
sometimes on a real device.
"""

import weakref
from collections import deque
from collections.abc import Callable, Iterator
from contextlib import contextmanager

import pytest
import torch

from imgrec.encoders.pixel_network import PixelNetwork

_copy = torch.Tensor.copy_
# The content of memory before it is written, and after it is freed.
_ABSENT = 99


class Stream:
    """A queue of work, done in order when it is waited for."""

    def __init__(self) -> None:
        self.work: deque[Callable[[], object]] = deque()
        self.done = 0

    def wait_stream(self, other: "Stream") -> None:
        upto = other.done + len(other.work)
        self.work.append(lambda: other.run(upto))

    def run(self, upto: int) -> None:
        """Do the first `upto` items of all work that was ever queued."""
        while self.done < upto:
            self.done += 1
            with torch.inference_mode():
                self.work.popleft()()


class Event:
    """A position in a stream."""

    def record(self, stream: Stream) -> None:
        self._stream, self._upto = stream, stream.done + len(stream.work)

    def synchronize(self) -> None:
        self._stream.run(self._upto)


class Cuda:
    """The state of the device: the current stream, and counts of work and waits."""

    def __init__(self) -> None:
        self.default = Stream()
        self.current = self.default
        self.computed = 0
        self.waited = 0
        self.recorded: set[int] = set()
        self.given_away: list[torch.Tensor] = []

    @contextmanager
    def stream(self, stream: Stream) -> Iterator[None]:
        before, self.current = self.current, stream
        yield
        self.current = before

    def later(self, work: Callable[[], object]) -> None:
        self.current.work.append(work)


class LateNetwork(PixelNetwork):
    """A network that computes in the current stream of a simulated device."""

    cuda: Cuda
    width: int

    def forward(self, pixels: torch.Tensor) -> torch.Tensor:
        output = torch.full((len(pixels), self.width), float(_ABSENT))
        memory, cuda = pixels.view_as(pixels), self.cuda

        def work() -> None:
            cuda.computed += 1
            for freed in cuda.given_away:
                freed.fill_(_ABSENT)
            _copy(output, PixelNetwork.forward(self, memory))

        cuda.later(work)
        return output

    def __deepcopy__(self, memo: dict[int, object]) -> "LateNetwork":
        return self


def simulate(patch: pytest.MonkeyPatch, network: PixelNetwork, width: int) -> Cuda:
    """Patch torch to simulate CUDA for a network that gives `width` features."""
    cuda = Cuda()
    network.__class__ = LateNetwork
    network.cuda, network.width = cuda, width  # type: ignore[assignment]
    empty, to = torch.empty, torch.Tensor.to

    def moved(tensor: torch.Tensor, *where: object, non_blocking: bool = False, **k: object):  # type: ignore[no-untyped-def]
        if tensor.dtype != torch.uint8:
            return to(tensor, *where, **k)
        there = torch.full_like(tensor, _ABSENT)
        memory, key, source = there.view_as(there), id(there), tensor.view_as(tensor)
        cuda.later(lambda: _copy(memory, source))
        if not non_blocking:
            _wait(cuda)

        def given_away() -> None:
            # The next batch may be copied into this memory immediately.
            if key not in cuda.recorded:
                cuda.given_away.append(memory)
            cuda.recorded.discard(key)

        weakref.finalize(there, given_away)
        return there

    def copied(tensor: torch.Tensor, other: torch.Tensor, non_blocking: bool = False) -> object:
        cuda.later(lambda: _copy(tensor, other))
        if not non_blocking:
            _wait(cuda)
        return tensor

    @contextmanager
    def on(device: torch.device) -> Iterator[None]:
        yield

    patch.setattr("torch.cuda.device", on)
    patch.setattr("torch.cuda.stream", cuda.stream)
    patch.setattr("torch.cuda.Stream", Stream)
    patch.setattr("torch.cuda.Event", Event)
    patch.setattr("torch.cuda.synchronize", lambda device: None)
    patch.setattr(torch, "empty", lambda shape, dtype, pin_memory: empty(shape, dtype=dtype))
    patch.setattr("torch.Tensor.pin_memory", lambda tensor: tensor.clone())
    patch.setattr("torch.Tensor.record_stream", lambda t, stream: cuda.recorded.add(id(t)))
    patch.setattr("torch.Tensor.to", moved)
    patch.setattr("torch.Tensor.copy_", copied)
    return cuda


def _wait(cuda: Cuda) -> None:
    cuda.waited += 1
    cuda.current.run(cuda.current.done + len(cuda.current.work))
