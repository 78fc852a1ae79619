"""The size of a WebP from its header, against Pillow's decoder."""

import io

import pytest
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image

from imgrec.maps.webp_header import webp_size


def _webp(width: int, height: int, **options: object) -> bytes:
    buffer = io.BytesIO()
    mode = "RGBA" if options.pop("transparent", False) else "RGB"
    Image.new(mode, (width, height), "red").save(buffer, "WEBP", **options)
    return buffer.getvalue()


def _cut(data: bytes, size: int) -> bytes:
    """Return the first bytes of a WebP, whose container and chunk state the size that is left."""
    container, chunk = ((size - offset).to_bytes(4, "little") for offset in (8, 20))
    return data[:4] + container + data[8:16] + chunk + data[20:size]


@given(st.integers(1, 300), st.integers(1, 300), st.integers(0, 100))
def test_the_size_is_that_of_the_picture(width: int, height: int, quality: int) -> None:
    assert webp_size(_webp(width, height, quality=quality)) == (width, height)


def test_a_large_side_is_read() -> None:
    assert webp_size(_webp(16_383, 1)) == (16_383, 1)


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b"RIFF",
        _webp(8, 8, lossless=True),
        _webp(8, 8, exif=b"Exif\0\0MM\0*"),
        _webp(8, 8)[:-1],
        _webp(8, 8) + b"\0",
        _webp(8, 8)[:20] + b"\x01" + _webp(8, 8)[21:],
        _webp(8, 8)[:23] + b"\0" + _webp(8, 8)[24:],
        # Cut short, with sizes that say so.
        _cut(_webp(99, 99), 34),
        _cut(_webp(99, 99), 44),
        # The chunk is said to end early.
        _webp(8, 8)[:16] + b"\x0c\0\0\0" + _webp(8, 8)[20:],
    ],
)
def test_what_is_no_whole_lossy_webp_is_refused(data: bytes) -> None:
    with pytest.raises(ValueError, match="WebP"):
        webp_size(data)


@given(st.binary(max_size=60))
def test_any_bytes_give_a_size_or_a_value_error(data: bytes) -> None:
    try:
        width, height = webp_size(data)
    except ValueError:
        return
    assert 0 <= width < 1 << 14
    assert 0 <= height < 1 << 14
