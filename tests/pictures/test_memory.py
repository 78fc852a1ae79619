"""The memory of decoding: estimates compared with measured peaks, bombs, limits, shortage."""

import io
import os
import struct
import sys
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from bombs import bombs, icon
from imgrec.errors import MemoryShortageError, PictureError
from imgrec.pictures.decoder_memory import decoder_bytes, icon_in
from imgrec.pictures.decoding import MAX_MEMORY, Limits, decode, prepared
from imgrec.pictures.formats import readable_formats
from imgrec.pictures.memory import fit, needed_bytes
from imgrec.pictures.webp import first_frame
from imgrec.sources.files import read_file
from peak_memory import ANY_SIZE, allocate, decode_within, in_worker, peaks
from pictures import encoded, picture

_ON_LINUX = pytest.mark.skipif(sys.platform != "linux", reason="measured through /proc")
_SIDE = 2048


def _noise(mode: str) -> Image.Image:
    gray = Image.effect_noise((_SIDE // 8, _SIDE // 8), 60).resize((_SIDE, _SIDE))
    return Image.merge(mode, [gray] * len(mode)) if len(mode) > 1 else gray


def _flat(mode: str) -> Image.Image:
    return Image.new(mode, (_SIDE, _SIDE))


def _wide(kind: type) -> Image.Image:
    return Image.fromarray(np.zeros((_SIDE, _SIDE), kind))


def _photoshop() -> bytes:
    header = struct.pack(">H6xHIIHH", 1, 3, _SIDE, _SIDE, 8, 3)
    return b"8BPS" + header + bytes(14) + bytes(3 * _SIDE * _SIDE)


def _turned() -> Image.Exif:
    exif = Image.Exif()
    exif[0x0112] = 6
    return exif


_MEASURED: dict[str, Callable[[], bytes]] = {
    "PNG": lambda: encoded(_flat("RGB"), "PNG"),
    "PNG alpha, turned": lambda: encoded(_flat("RGBA"), "PNG", exif=_turned()),
    "PNG gray alpha": lambda: encoded(_flat("LA"), "PNG"),
    "PNG 16 bits": lambda: encoded(_wide(np.uint16), "PNG"),
    "PNG palette": lambda: encoded(_flat("P"), "PNG", transparency=0),
    "PNG strip": lambda: encoded(Image.new("RGBA", (16 * _SIDE, _SIDE // 16)), "PNG"),
    "GIF": lambda: encoded(_flat("P"), "GIF"),
    "BMP": lambda: encoded(_flat("RGB"), "BMP"),
    "TIFF": lambda: encoded(_flat("RGB"), "TIFF"),
    "TIFF one strip": lambda: encoded(
        _flat("RGB"), "TIFF", compression="tiff_adobe_deflate", strip_size=1 << 30
    ),
    "TIFF float": lambda: encoded(_wide(np.float32), "TIFF", compression="tiff_adobe_deflate"),
    "TIFF int": lambda: encoded(_wide(np.int32), "TIFF"),
    "WEBP": lambda: encoded(_flat("RGB"), "WEBP", lossless=True, method=0),
    "WEBP noise": lambda: encoded(_noise("RGBA"), "WEBP", method=0),
    "JPEG progressive": lambda: encoded(_noise("RGB"), "JPEG", progressive=True, subsampling=0),
    "JPEG CMYK": lambda: encoded(_noise("CMYK"), "JPEG", progressive=True),
    "JPEG2000": lambda: encoded(_flat("RGB"), "JPEG2000"),
    "JPEG2000 noise": lambda: encoded(_noise("L"), "JPEG2000", quality_layers=[20]),
    "JPEG2000 tiles": lambda: encoded(_flat("RGB"), "JPEG2000", tile_size=(512, 512)),
    "JPEG2000 blocks": lambda: encoded(_flat("L"), "JPEG2000", codeblock_size=(8, 8)),
    "JPEG2000 precincts": lambda: encoded(
        _flat("L"), "JPEG2000", codeblock_size=(32, 32), precinct_size=(64, 64)
    ),
    "QOI": lambda: encoded(_flat("RGBA"), "QOI"),
    "ICO": lambda: icon(encoded(_flat("RGBA"), "PNG")),
    "PSD": _photoshop,
    "SGI": lambda: encoded(_flat("RGB"), "SGI"),
    "PPM": lambda: encoded(_wide(np.uint16), "PPM"),
    "AVIF": lambda: encoded(_flat("RGBA"), "AVIF", speed=10),
}


def _estimate(data: bytes) -> int:
    image = icon_in(data) or first_frame(_opened(data))
    return fit(image, 512, len(data), ANY_SIZE).memory_bytes


def _difference(a: Image.Image, b: Image.Image) -> float:
    a, b = a.resize((64, 64)), b.resize((64, 64))
    return float(np.abs(np.asarray(a, int) - np.asarray(b, int)).mean())


def _opened(data: bytes) -> Image.Image:
    return Image.open(io.BytesIO(data), formats=readable_formats())


@_ON_LINUX
@pytest.mark.filterwarnings("ignore:Image was not the expected size")
def test_no_format_takes_more_memory_than_was_estimated(tmp_path: Path) -> None:
    files, estimates = [], []
    for number, (name, make) in enumerate(_MEASURED.items()):
        if name == "AVIF" and "AVIF" not in readable_formats():
            continue
        data = make()
        files.append(tmp_path / f"{number} {name}")
        files[-1].write_bytes(data)
        estimates.append(_estimate(data))
    for file, estimate, peak in zip(files, estimates, peaks(files), strict=True):
        assert peak <= estimate, file.name
        # An estimate that is far too large would refuse what can be decoded.
        assert estimate <= 2 * peak + 30_000_000, file.name


@pytest.mark.parametrize("name", bombs())
def test_a_bomb_of_some_bytes_is_refused_by_its_header(name: str) -> None:
    data = bombs()[name]
    assert len(data) < 1000
    with pytest.raises(PictureError, match=r"13000 x 13000 .* MB of memory, the limit is 512 MB"):
        decode(data)


def test_the_limit_is_reached_at_the_estimate() -> None:
    data = encoded(picture("discs", 1), "PNG")
    needed = fit(_opened(data), 512, len(data)).memory_bytes
    assert decode(data, limits=Limits(memory_bytes=needed)).width == 96
    with pytest.raises(PictureError, match="96 x 72 pixels of PNG") as caught:
        decode(data, limits=Limits(memory_bytes=needed - 1))
    assert caught.value.reason == "too-large"


@pytest.mark.parametrize(("chroma", "bits", "each"), [(1, 8, 5), (3, 8, 8), (1, 10, 8)])
def test_a_heic_of_phones_takes_less_than_others(chroma: int, bits: int, each: int) -> None:
    # The configuration record of HEVC, of which two bytes are read; the first picture is 4:2:0.
    sound, record = (
        b"hvcC" + bytes(16) + bytes([0xFC | kind, 0xF8 | depth - 8]) + bytes(4)
        for kind, depth in ((1, 8), (chroma, bits))
    )
    image = Image.new("RGB", (1000, 1000))
    image.format = "HEIF"
    image.fp = io.BytesIO(sound + record)  # type: ignore[attr-defined]
    assert decoder_bytes(image, 1, 0) == each * 1_000_000


def test_a_webp_frees_the_canvases_before_its_pixels_are_stored() -> None:
    data = encoded(picture("discs", 1), "WEBP", lossless=True, save_all=True,
                   append_images=[picture("discs", 2)])  # fmt: skip
    opened_here = _opened(data)
    expected = np.asarray(opened_here.convert("RGB"))
    # A picture that a caller has opened can still be sought.
    assert np.array_equal(np.asarray(prepared(opened_here)), expected)
    opened_here.seek(1)
    first = first_frame(_opened(data))
    first.load()
    assert first._decoder is None  # type: ignore[attr-defined]
    assert np.array_equal(np.asarray(decode(data).image), expected)


def test_a_file_counts_with_its_bytes() -> None:
    data = encoded(picture("discs", 1), "BMP")
    assert (
        fit(_opened(data), 512, 1000).memory_bytes == 1000 + fit(_opened(data), 512, 0).memory_bytes
    )


@pytest.mark.filterwarnings("ignore::PIL.Image.DecompressionBombWarning")
def test_an_opened_bomb_is_refused_too() -> None:
    with pytest.raises(PictureError, match="512 MB"):
        prepared(_opened(bombs()["webp"]))


def test_a_strip_as_jpeg_is_scaled_further_to_fit() -> None:
    strip = encoded(Image.linear_gradient("L").resize((20_000, 700)).convert("RGB"), "JPEG")
    whole = decode(strip)
    assert whole.image.size == (20_000, 700)
    small = decode(strip, limits=Limits(memory_bytes=50_000_000))
    assert (small.width, small.height) == (20_000, 700)
    assert small.image.size == (5000, 175)
    near = np.asarray(whole.image.resize((500, 20)), int) - np.asarray(
        small.image.resize((500, 20))
    )
    assert np.abs(near).mean() < 2


@pytest.mark.parametrize(("power", "side"), [(4, 326), (8, 163)])
def test_a_jpeg_2000_is_decoded_in_a_lower_resolution_to_fit(power: int, side: int) -> None:
    # Odd in both directions, at each resolution.
    data = encoded(picture("discs", 1, (1303, 1101)), "JPEG2000")
    whole = decode(data)
    limit = needed_bytes(_opened(data), power, 512, len(data))
    small = decode(data, limits=Limits(memory_bytes=limit))
    assert (small.width, small.height) == (1303, 1101)
    assert small.image.size[0] == side
    assert _difference(whole.image, small.image) < 3


def test_a_large_picture_is_turned_after_it_was_reduced() -> None:
    gray = Image.linear_gradient("L").resize((4200, 4100))
    turned = decode(encoded(gray, "PNG", exif=_turned()))
    upright = decode(encoded(gray.transpose(Image.Transpose.ROTATE_270), "PNG"))
    assert (turned.width, turned.height) == (upright.width, upright.height) == (4100, 4200)
    near = np.asarray(turned.image.resize((64, 64)), int) - np.asarray(
        upright.image.resize((64, 64))
    )
    assert np.abs(near).mean() < 1


@_ON_LINUX
def test_a_decoder_that_wants_more_than_its_header_says_is_stopped_in_a_worker() -> None:
    limits = Limits(memory_bytes=10_000_000)
    assert in_worker(allocate, 20_000_000, limits) is None
    with pytest.raises(PictureError, match="its header lies") as caught:
        in_worker(allocate, 4_000_000_000, limits)
    assert caught.value.reason == "too-large"


@_ON_LINUX
def test_a_shortage_of_memory_is_no_verdict_on_the_file() -> None:
    data = encoded(Image.new("RGB", (4000, 4000)), "PNG")
    assert in_worker(decode_within, data, 400_000_000) == (4000, 4000)
    with pytest.raises(MemoryShortageError, match="are not free"):
        in_worker(decode_within, data, 40_000_000)
    # Whereas a file that is damaged is so with little memory, too.
    small = encoded(picture("discs", 1), "PNG")
    with pytest.raises(PictureError) as caught:
        in_worker(decode_within, small[: len(small) // 2], 40_000_000)
    assert caught.value.reason == "truncated"


def test_a_file_that_is_too_large_is_not_read(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    sparse = tmp_path / "sparse.jpg"
    with sparse.open("wb") as file:
        file.truncate(MAX_MEMORY + 1)
    opened: list[object] = []
    monkeypatch.setattr(os, "open", opened.append)
    with pytest.raises(PictureError, match="the limit is 512 MB") as caught:
        read_file(sparse)
    assert caught.value.reason == "too-large"
    assert opened == []


@pytest.mark.skipif(sys.platform == "win32", reason="Windows has no FIFO in a folder")
def test_a_pipe_is_not_waited_for(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe.jpg")
    with pytest.raises(PictureError, match="not a regular file") as caught:
        read_file(tmp_path / "pipe.jpg")
    assert caught.value.reason == "unreadable"


def test_no_buffer_is_larger_than_the_file(tmp_path: Path) -> None:
    import tracemalloc

    (tmp_path / "small.jpg").write_bytes(b"x" * 1000)
    tracemalloc.start()
    try:
        assert read_file(tmp_path / "small.jpg") == b"x" * 1000
        assert read_file(tmp_path / "small.jpg", 10) == b"x" * 10
        assert tracemalloc.get_traced_memory()[1] < 1_000_000
    finally:
        tracemalloc.stop()
