"""Decoding in guarded workers: what a decoder does to its process costs nobody else."""

import os
import signal
import threading
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pytest
from PIL import Image

from imgrec.errors import MemoryShortageError, PictureError
from imgrec.pictures.decoding import base_px, decode, digest
from imgrec.serving.decoder import GuardedDecoder, parts_of
from imgrec.serving.errors import BusyError
from imgrec.system.worker import in_worker
from pictures import encoded, picture

_DISC = encoded(picture("discs", 3, (300, 200)), "PNG")


@pytest.fixture
def decoder() -> Iterator[GuardedDecoder]:
    made = GuardedDecoder(workers=2, within_s=60.0, most_waiting=4)
    yield made
    made.close()
    assert made.pids() == []


# What a worker is told to do with the bytes of a picture, in the place of decoding them.
def _ends(data: bytes, _need_px: int) -> None:
    os._exit(3)


def _is_killed(data: bytes, _need_px: int) -> None:
    os.kill(os.getpid(), signal.SIGKILL)


def _hangs(data: bytes, _need_px: int) -> None:
    time.sleep(600)


def _lacks_memory(data: bytes, _need_px: int) -> None:
    raise MemoryShortageError("too little")


def _raises(data: bytes, _need_px: int) -> None:
    raise ZeroDivisionError("odd\nfile")


def _here(data: bytes, _need_px: int) -> tuple[int, bool]:
    return os.getpid(), in_worker()


def test_a_picture_is_as_decoded_here(decoder: GuardedDecoder) -> None:
    found, expected = decoder.decode(_DISC), decode(_DISC)
    assert np.array_equal(np.asarray(found.image), np.asarray(expected.image))
    assert (found.width, found.height, found.format) == (300, 200, "PNG")


def test_it_is_decoded_in_another_process(decoder: GuardedDecoder) -> None:
    pid, guarded = decoder._call(_here, _DISC, 256)
    assert pid != os.getpid() and guarded and decoder.pids() == [pid]


@pytest.mark.parametrize("need_px", [64, 256, 400])
def test_an_upload_is_decoded_as_each_encoder_needs_it(
    decoder: GuardedDecoder, need_px: int
) -> None:
    data = encoded(picture("checks", 5, (2300, 1700)), "JPEG")
    opened = decoder.opened(data, [256, need_px])
    expected = decode(data, need_px)
    assert np.array_equal(np.asarray(opened.images[base_px(need_px)]), np.asarray(expected.image))
    assert opened.digest == digest(data) and (opened.width, opened.height) == (2300, 1700)
    assert opened.bytes >= sum(3 * image.width * image.height for image in opened.images.values())


@pytest.mark.parametrize(
    ("what", "error", "told"),
    [
        (_ends, PictureError, "ended its process"),
        (_is_killed, BusyError, "memory"),
        (_lacks_memory, BusyError, "memory"),
        (_raises, PictureError, "ZeroDivisionError"),
    ],
)
def test_a_decoder_that_fails_costs_its_picture(
    decoder: GuardedDecoder, what: object, error: type[Exception], told: str
) -> None:
    with pytest.raises(error, match=told):
        decoder._call(what, _DISC, 256)
    assert decoder.decode(_DISC).width == 300


def test_a_decoder_that_hangs_is_ended() -> None:
    decoder = GuardedDecoder(workers=1, within_s=0.5)
    try:
        with pytest.raises(PictureError) as raised:
            decoder._call(_hangs, _DISC, 256)
        assert raised.value.reason == "timeout"
        assert decoder.pids() == []
    finally:
        decoder.close()


def test_a_worker_that_was_killed_while_idle_is_replaced(decoder: GuardedDecoder) -> None:
    decoder.decode(_DISC)
    (pid,) = decoder.pids()
    os.kill(pid, signal.SIGKILL)
    assert decoder.decode(_DISC).width == 300
    assert decoder.pids() != [pid]


def test_what_is_no_picture_is_said(decoder: GuardedDecoder) -> None:
    with pytest.raises(PictureError) as raised:
        decoder.decode(b"words")
    assert raised.value.reason == "not-an-image"


def test_a_thousand_at_once_are_answered_or_refused(decoder: GuardedDecoder) -> None:
    together = threading.Barrier(100)

    def one(_: int) -> str:
        together.wait()
        try:
            return f"{decoder.decode(_DISC).width}"
        except BusyError:
            return "busy"

    with ThreadPoolExecutor(100) as threads:
        found = list(threads.map(one, range(1000)))
    assert set(found) == {"300", "busy"}
    assert len(decoder.pids()) <= 2
    assert decoder.decode(_DISC).width == 300


def test_closing_ends_what_is_being_decoded(decoder: GuardedDecoder) -> None:
    with ThreadPoolExecutor(1) as threads:
        waiting = threads.submit(decoder._call, _hangs, _DISC, 256)
        while not decoder.pids():
            time.sleep(0.01)
        decoder.close()
        with pytest.raises((PictureError, BusyError)):
            waiting.result()
    with pytest.raises(BusyError):
        decoder.decode(_DISC)


@pytest.mark.parametrize(
    "box", [(0, 0, 1, 1), (0.99, 0.99, 0.01, 0.01), (0.5, 0, 0.5, 1.0), (0.2, 0.4, 0.801, 0.1)]
)
@pytest.mark.parametrize("size", [(1, 1), (3, 2), (640, 480)])
def test_a_part_is_never_empty(box: tuple[float, ...], size: tuple[int, int]) -> None:
    (found,) = parts_of(Image.new("RGB", size, "red"), box, [256]).values()
    assert 1 <= found.width <= size[0] and 1 <= found.height <= size[1]
    assert found.getpixel((0, 0)) == (255, 0, 0)
