"""A CUDA device in plain Python: streams are queues, and nothing in one is done before it must be.

Work given to a stream waits until an event behind it is synchronized with. A stream that has to
wait for another one does that one's work first, and no stream waits unasked. Memory is given away
as soon as nothing holds its tensor, but for streams it was recorded on. So a lane that forgets a
dependency reads what was never computed, or what another batch has overwritten: its vectors are
wrong, as they would be, now and then, on a real device.
"""

import weakref
from collections import deque
from collections.abc import Callable, Iterator
from contextlib import contextmanager

import pytest
import torch

from imgrec.encoders.networks import PixelNetwork

_copy = torch.Tensor.copy_
_ABSENT = 99  # what memory holds before it is written, or after it was given away


class Stream:
    """Work that is done in order, when somebody waits for it."""

    def __init__(self) -> None:
        self.work: deque[Callable[[], object]] = deque()
        self.done = 0

    def wait_stream(self, other: "Stream") -> None:
        upto = other.done + len(other.work)
        self.work.append(lambda: other.run(upto))

    def run(self, upto: int) -> None:
        """Do the first `upto` pieces of all the work ever given."""
        while self.done < upto:
            self.done += 1
            with torch.inference_mode():
                self.work.popleft()()


class Event:
    """A place in a stream."""

    def record(self, stream: Stream) -> None:
        self._stream, self._upto = stream, stream.done + len(stream.work)

    def synchronize(self) -> None:
        self._stream.run(self._upto)


class Cuda:
    """The state of the device: the stream that is current, and what was waited for."""

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
    """Simulate CUDA, and put a network that gives `width` features on it."""
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
            if key not in cuda.recorded:  # the next batch is copied there at once
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
