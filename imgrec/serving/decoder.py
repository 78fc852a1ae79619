"""Decoding of pictures from outside, in worker processes that may be killed at any moment.

A picture that somebody uploads, and one whose file may have changed since it was indexed, is never
decoded in the process of the server: a decoder that crashes, hangs or takes all memory costs its
worker, and the server starts another. A few decode at once and a few wait; whoever comes then is
told to try again, so that memory is bounded however many come.
"""

import threading
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from typing import Any, TypeVar

from PIL import Image

from imgrec.errors import MemoryShortageError, PictureError
from imgrec.pictures.decoding import Picture, Scales, base_px, decode, digest, prepared
from imgrec.pictures.scaling import webp_of
from imgrec.serving.errors import BusyError
from imgrec.system.worker import Worker, WorkerDiedError, beat

_T = TypeVar("_T")
# The longer side of what is shown of an upload.
SHOWN_PX = 512
# Of a part of a picture so much is decoded that it has enough pixels of its own, up to this.
_MOST_NEED_PX = 1024
_MARK = "a picture"

# Left, top, width and height, in fractions of the upright picture.
Fractions = tuple[float, float, float, float]


@dataclass(frozen=True)
class Opened:
    """An uploaded file, decoded.

    Attributes:
        digest: of its bytes.
        images: upright RGB, by the least length of the shorter side (`base_px`).
        width: of the upright original, in pixels.
        height: of the upright original, in pixels.
        format: such as "JPEG".
        warning: "" for a sound file.
        shown: a WebP of it, its longer side at most `SHOWN_PX`.
    """

    digest: str
    images: dict[int, Image.Image]
    width: int
    height: int
    format: str
    warning: str
    shown: bytes

    @property
    def bytes(self) -> int:
        """The bytes in memory."""
        pixels = sum(image.width * image.height for image in self.images.values())
        return 3 * pixels + len(self.shown)


class GuardedDecoder:
    """Decodes pictures in worker processes; thread-safe.

    A process is started when it is needed, and another in the place of one that ended.

    Attributes:
        workers: number of processes, at most.
    """

    def __init__(self, workers: int = 2, within_s: float = 30.0, most_waiting: int = 32) -> None:
        """Make a decoder; no process is started yet.

        Args:
            workers: number of processes, each of which decodes one picture at a time.
            within_s: time limit for one picture.
            most_waiting: number of callers that wait for a process.
        """
        self.workers = workers
        self._within_s, self._most = within_s, workers + most_waiting
        self._slots = threading.Semaphore(workers)
        self._lock = threading.Lock()
        self._callers = 0
        self._idle: list[Worker] = []
        self._busy: set[Worker] = set()
        self._closed = False

    def start(self) -> None:
        """Start a process in the background, so that the first picture does not wait for it."""
        threading.Thread(target=self._warm, daemon=True).start()

    def close(self) -> None:
        """End the processes; pictures that are being decoded fail."""
        with self._lock:
            self._closed = True
            idle, self._idle = self._idle, []
            for worker in self._busy:
                worker.kill()
        for worker in idle:
            worker.close()

    def decode(self, data: bytes, need_px: int = 256) -> Picture:
        """Return what `imgrec.pictures.decoding.decode` returns.

        Raises:
            PictureError: the picture cannot be decoded, or took too long.
            BusyError: too many wait, or memory is short.
        """
        return self._call(decode, data, need_px)

    def opened(self, data: bytes, needs_px: Sequence[int]) -> Opened:
        """Return an uploaded file, decoded for some needs in pixels; see `decode`."""
        return self._call(_opened, data, tuple(needs_px))

    def part(self, data: bytes, box: Fractions, needs_px: Sequence[int]) -> dict[int, Image.Image]:
        """Return a part of a picture for some needs, by the shorter side; see `decode`."""
        return self._call(_part, data, box, tuple(needs_px))

    def drawn(self, data: bytes, side_px: int) -> bytes:
        """Return a WebP of a file, its longer side at most `side_px`; see `decode`."""
        return self._call(_drawn, data, side_px)

    def pids(self) -> list[int]:
        """Return the process ids of the processes."""
        with self._lock:
            return [worker.pid for worker in (*self._idle, *self._busy) if worker.pid is not None]

    def _call(self, function: Callable[..., _T], *arguments: Any) -> _T:
        with self._turn():
            try:
                return self._once(function, *arguments)
            except WorkerDiedError as died:
                if died.mark is not None or not died.started:
                    raise _told(died) from died
            # It had ended before it began with this picture.
            try:
                return self._once(function, *arguments)
            except WorkerDiedError as died:
                raise _told(died) from died

    def _once(self, function: Callable[..., _T], *arguments: Any) -> _T:
        with self._worker() as worker:
            try:
                result: _T = worker.call(_within, (self._within_s, function, *arguments))
            except (MemoryError, MemoryShortageError) as error:
                raise BusyError("memory is short: try again in a moment") from error
            except (PictureError, WorkerDiedError):
                raise
            # What no decoder should raise; `imgrec index` takes it for damage too.
            except Exception as error:
                raise PictureError("damaged", f"{type(error).__name__}: {error}") from error
            return result

    @contextmanager
    def _turn(self) -> Iterator[None]:
        """Wait for a turn in this block.

        Raises:
            BusyError: too many wait.
        """
        with self._lock:
            if self._closed or self._callers >= self._most:
                raise BusyError("too many pictures are being decoded: try again in a moment")
            self._callers += 1
        try:
            with self._slots:
                yield
        finally:
            with self._lock:
                self._callers -= 1

    @contextmanager
    def _worker(self) -> Iterator[Worker]:
        with self._lock:
            worker = self._idle.pop() if self._idle else None
        worker = worker or Worker()
        with self._lock:
            self._busy.add(worker)
            if self._closed:
                worker.kill()
        try:
            yield worker
        finally:
            with self._lock:
                self._busy.discard(worker)
                keep = not (worker.dead or self._closed)
                if keep:
                    self._idle.append(worker)
            if not keep:
                worker.close()

    def _warm(self) -> None:
        with suppress(BusyError, PictureError):
            self._call(_ready)


def _told(died: WorkerDiedError) -> Exception:
    if died.late:
        return PictureError("timeout", "its decoder did not end in time")
    if died.killed or not died.started:
        return BusyError("memory is short: try again in a moment")
    return PictureError("crashed", "its decoder ended its process")


def _within(within_s: float, function: Callable[..., _T], *arguments: Any) -> _T:
    beat(_MARK, within_s)
    return function(*arguments)


def _ready() -> None:
    """Do nothing in a worker: its start has imported the decoders."""
    Image.init()


def _opened(data: bytes, needs_px: Sequence[int]) -> Opened:
    pictures = {base_px(need): decode(data, need) for need in needs_px}
    largest = pictures[max(pictures)]
    return Opened(
        digest(data),
        {base: _pixels(picture.image) for base, picture in pictures.items()},
        largest.width,
        largest.height,
        largest.format,
        largest.warning,
        webp_of(Scales(largest.image).fitted(SHOWN_PX)),
    )


def _part(data: bytes, box: Fractions, needs_px: Sequence[int]) -> dict[int, Image.Image]:
    need = min(_MOST_NEED_PX, int(max(needs_px) / min(box[2:])) + 1)
    return parts_of(decode(data, need).image, box, needs_px)


def parts_of(image: Image.Image, box: Fractions, needs_px: Sequence[int]) -> dict[int, Image.Image]:
    """Return a part of an upright RGB picture for some needs in pixels, by the shorter side."""
    x, y, width, height = box
    left, top = int(x * image.width), int(y * image.height)
    right = min(image.width, max(left + 1, round((x + width) * image.width)))
    bottom = min(image.height, max(top + 1, round((y + height) * image.height)))
    part = image.crop((min(left, right - 1), min(top, bottom - 1), right, bottom))
    return {base_px(need): _pixels(prepared(part, need)) for need in needs_px}


def _drawn(data: bytes, side_px: int) -> bytes:
    return webp_of(Scales(decode(data, max(1, side_px // 2)).image).fitted(side_px))


def _pixels(image: Image.Image) -> Image.Image:
    """Return a picture without what its file says, which would be sent along."""
    image.info = {}
    return image
