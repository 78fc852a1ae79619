"""Fuzzed files: each gives a valid picture or a known failure reason, and no other output."""

import io
import os
import re
import struct
import threading
import zlib
from contextlib import suppress
from types import ModuleType

import numpy as np
import pytest
from PIL import Image

from imgrec import PictureError
from imgrec.pictures.decoding import decode
from imgrec.pictures.failures import REASONS, muffled, translated
from imgrec.pictures.formats import FORMATS
from matrix import bitmaps, codecs, png, tiff
from mutations import MUTATIONS
from pictures import encoded
from valid_pictures import VALID

OF_THE_CONTENT = {*REASONS} - {"empty", "unreadable", "crashed", "timeout"}


def _outcome(data: bytes) -> str:
    """Return the failure reason, or "ok" for a picture; assert the invariants of both."""
    try:
        found = decode(data)
    except PictureError as error:
        assert error.reason in OF_THE_CONTENT
        assert str(error)
        return error.reason
    assert found.image.mode == "RGB"
    assert found.format.upper() in FORMATS
    assert min(found.width, found.height, *found.image.size) >= 1
    assert found.image.width <= found.width
    assert found.image.height <= found.height
    assert np.asarray(found.image).shape == (found.image.height, found.image.width, 3)
    return "ok"


@pytest.mark.parametrize("name", VALID)
def test_changed_files_are_read_or_fail_for_a_known_reason(
    name: str, capfd: pytest.CaptureFixture[str]
) -> None:
    valid = VALID[name][0]()
    rng = np.random.default_rng(list(name.encode()))
    outcomes = set()
    for mutate in MUTATIONS * 4:
        outcomes.add(_outcome(mutate(valid, rng)))
    # At least one change makes the file fail.
    assert outcomes - {"ok"}
    assert capfd.readouterr() == ("", "")


@pytest.mark.parametrize("group", [png, tiff, bitmaps, codecs], ids=lambda group: group.__name__)
def test_changed_cells_of_the_matrix_are_read_or_fail_for_a_known_reason(
    group: ModuleType, capfd: pytest.CaptureFixture[str]
) -> None:
    cells = [*group.cells()]
    rng = np.random.default_rng(len(cells))
    for number, place in enumerate(rng.permutation(len(cells))[:40]):
        _outcome(MUTATIONS[number % len(MUTATIONS)](cells[place].data, rng))
    assert capfd.readouterr() == ("", "")


@pytest.mark.parametrize("name", VALID)
def test_a_file_truncated_anywhere_is_read_or_fails_for_a_known_reason(name: str) -> None:
    valid = VALID[name][0]()
    for length in np.linspace(1, len(valid) - 1, 25).astype(int):
        _outcome(valid[:length])


@pytest.mark.parametrize("kind", ["JPEG", "PNG", "GIF", "TIFF", "BMP", "PSD", "QOI", "WEBP", "DDS"])
def test_half_a_file_is_reported_as_truncated(kind: str) -> None:
    valid = VALID[kind][0]()
    assert _outcome(valid[: len(valid) // 2]) in {"truncated", "damaged"}
    assert _outcome(valid[: len(valid) // 2 + 3]) in {"truncated", "damaged"}


def test_messages_of_libtiff_are_suppressed(capfd: pytest.CaptureFixture[str]) -> None:
    fax = bytearray(VALID["TIFF of a fax"][0]())
    # These bytes are in the strip of pixels, which comes first in the file.
    fax[8:28] = bytes(range(200, 220))
    with Image.open(io.BytesIO(fax)) as image, suppress(OSError):
        image.load()
    assert "Fax" in capfd.readouterr().err
    with suppress(PictureError):
        decode(bytes(fax))
    assert capfd.readouterr() == ("", "")


def test_stderr_is_restored_after_many_threads(capfd: pytest.CaptureFixture[str]) -> None:
    def quiet() -> None:
        for _ in range(50):
            with muffled():
                pass

    threads = [threading.Thread(target=quiet) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    os.write(2, b"heard")
    assert capfd.readouterr().err == "heard"


@pytest.mark.parametrize(
    ("raised", "reason"),
    [
        (KeyError("x"), "damaged"),
        (ImportError("no such codec"), "damaged"),
        (EOFError(), "truncated"),
        (OSError("image file is truncated (3 bytes not processed)"), "truncated"),
        (OSError("decoder foo not available"), "unsupported"),
        (Image.DecompressionBombError("too many"), "too-large"),
        (PictureError("empty", "0 bytes"), "empty"),
    ],
)
def test_every_exception_is_mapped_to_a_reason(raised: Exception, reason: str) -> None:
    with pytest.raises(PictureError) as caught, translated():
        raise raised
    assert caught.value.reason == reason
    assert str(caught.value)


def _png_of(width: int, height: int) -> bytes:
    """Return a small PNG with a header of these dimensions."""
    png = encoded(Image.new("L", (9, 9)), "PNG")
    head = png[12:16] + struct.pack(">II", width, height) + png[24:29]
    return png[:12] + head + zlib.crc32(head).to_bytes(4, "big") + png[33:]


def _jpeg_of(width: int, height: int, **options: object) -> bytes:
    jpeg = encoded(Image.new("RGB", (9, 9)), "JPEG", **options)
    place = re.search(rb"\xff[\xc0\xc2]\x00\x11\x08", jpeg).end()  # type: ignore[union-attr]
    return jpeg[:place] + struct.pack(">HH", height, width) + jpeg[place + 4 :]


@pytest.mark.parametrize(
    "bomb",
    [
        _png_of(60_000, 60_000),
        _png_of(1, 2**31 - 1),
        _png_of(20_000, 9_000),
        _jpeg_of(65_500, 65_500),
        _jpeg_of(20_000, 18_000, progressive=True, subsampling=0),
        VALID["BMP"][0]()[:18] + struct.pack("<ii", 50_000, 50_000) + VALID["BMP"][0]()[26:],
        VALID["QOI"][0]()[:4] + struct.pack(">II", 70_000, 70_000) + bytes(99),
    ],
    ids=["square", "one column", "just above the limit", "JPEG", "progressive JPEG", "BMP", "QOI"],
)
def test_a_decompression_bomb_is_too_large(bomb: bytes) -> None:
    assert _outcome(bomb) == "too-large"


@pytest.mark.parametrize("size", [(1, 1), (30_000, 2), (2, 30_000), (1, 60_000), (3, 1)])
@pytest.mark.parametrize("kind", ["PNG", "JPEG", "TIFF"])
def test_extreme_aspect_ratios_are_read(size: tuple[int, int], kind: str) -> None:
    assert _outcome(encoded(Image.new("RGB", size, "red"), kind)) == "ok"
