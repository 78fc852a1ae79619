"""The peak of resident memory while a picture is decoded, measured in a process of its own."""

import os
import resource
from collections.abc import Callable
from pathlib import Path

import numpy as np
from PIL import Image

from imgrec.pictures.decoding import Limits, Scales, decode
from imgrec.pictures.memory import guarded
from imgrec.system.worker import Worker
from pictures import encoded

ANY_SIZE = Limits(1 << 62, 1 << 62, 1 << 62)


def peaks(files: list[Path]) -> list[int]:
    """Return the growth of resident memory in bytes at the peak of decoding each file.

    Each is decoded in a fork of one worker, so that no memory freed by another is used again.
    """
    worker = Worker()
    try:
        worker.call(_warm, ())
        return [worker.call(_in_fork, (_peak, file)) for file in files]
    finally:
        worker.close()


def in_worker(function: Callable[..., object], *arguments: object) -> object:
    """Return the result of a function in a new worker, or raise its exception."""
    worker = Worker()
    try:
        return worker.call(function, arguments)
    finally:
        worker.close()


def allocate(count: int, limits: Limits) -> None:
    """Allocate memory as a decoder does whose header has lied."""
    with guarded(None, limits):
        np.empty(count, np.uint8)


def decode_within(data: bytes, spare_bytes: int) -> tuple[int, int]:
    """Decode a picture when the process may have only so much more memory; return its size."""
    _warm()
    pages = int(Path("/proc/self/statm").read_text().split()[0])
    most = pages * resource.getpagesize() + spare_bytes
    resource.setrlimit(resource.RLIMIT_AS, (most, resource.RLIM_INFINITY))
    picture = decode(data)
    return picture.width, picture.height


def growth_of(function: Callable[[], object]) -> int:
    """Return the growth of resident memory in bytes at the peak of a call."""
    Path("/proc/self/clear_refs").write_text("5")
    before = _status("VmRSS")
    function()
    return _status("VmHWM") - before


def _warm() -> None:
    """Load what the first picture of a process loads: plug-ins, codecs, color management."""
    decode(encoded(Image.new("RGB", (600, 600)), "JPEG"))


def _in_fork(function: Callable[[Path], int], file: Path) -> int:
    reading, writing = os.pipe()
    child = os.fork()
    if child == 0:
        try:
            os.write(writing, str(function(file)).encode())
        finally:
            os._exit(0)
    os.close(writing)
    with os.fdopen(reading) as answer:
        told = answer.read()
    os.waitpid(child, 0)
    return int(told)


def _peak(file: Path) -> int:
    Path("/proc/self/clear_refs").write_text("5")
    before = _status("VmRSS")
    picture = decode(file.read_bytes(), limits=ANY_SIZE)
    Scales(picture.image).thumbnail()
    return _status("VmHWM") - before


def _status(key: str) -> int:
    lines = Path("/proc/self/status").read_text().splitlines()
    return next(int(line.split()[1]) * 1024 for line in lines if line.startswith(key))
