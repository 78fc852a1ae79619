"""Cells of formats that need an encoder: JPEG, WebP, JPEG 2000, and embedded color profiles.

The files are encoded by Pillow and changed by hand; other decoders say which pixels are right.
"""

import itertools
import struct
from collections.abc import Iterator

import numpy as np
from PIL import Image

import icc
from matrix.cells import HEIGHT, RAMPS, Cell, Pixels, as_rgb, over_white, samples
from matrix.tiff import upright
from pictures import encoded

Choices = dict[str, object]
_RGBA = np.rint(RAMPS * 255).astype(np.uint8)
_RGB = Image.fromarray(_RGBA[..., :3].copy())


def cells() -> Iterator[Cell]:
    """Yield the cells of each format."""
    yield from _jpeg_colors()
    yield from _jpeg_orientations()
    yield from _webp()
    yield from _jpeg_2000()
    yield from _profiles()


def _jpeg_colors() -> Iterator[Cell]:
    shown = _RGBA[..., :3].astype(float)
    for subsampling, progressive in itertools.product((0, 1, 2), (False, True)):
        data = encoded(_RGB, "JPEG", quality=100, subsampling=subsampling, progressive=progressive)
        name = f"JPEG YCbCr, subsampling {subsampling}{', progressive' if progressive else ''}"
        yield Cell(name, "jpg", data, shown, 4.0 + 6 * subsampling, browser=True)
    gray = Image.fromarray(_RGBA[..., 0].copy())
    data = encoded(gray, "JPEG", quality=100)
    yield Cell("JPEG gray", "jpg", data, as_rgb(_RGBA[..., :1], 8), 3.0, browser=True)
    data = encoded(_RGB, "JPEG", quality=100, subsampling=0, keep_rgb=True)
    yield Cell("JPEG RGB by Adobe's marker", "jpg", data, shown, 3.0, browser=True)
    yield Cell("JPEG RGB by component names", "jpg", without_app14(data), shown, 3.0, browser=True)
    inks = Image.fromarray(_RGBA, "CMYK")
    data = encoded(inks, "JPEG", quality=100, subsampling=0)
    light = (255.0 - _RGBA[..., :3]) * (255.0 - _RGBA[..., 3:]) / 255
    yield Cell("JPEG CMYK by Adobe's marker", "jpg", data, light, 4.0, browser=True)
    yield Cell("JPEG CMYK without a marker", "jpg", without_app14(data), light, 4.0, browser=True)
    place = data.index(b"Adobe") + 11
    ycck = data[:place] + b"\2" + data[place + 1 :]
    yield Cell("JPEG YCCK", "jpg", ycck, None, 4.0, browser=True)


def without_app14(jpeg: bytes) -> bytes:
    """Return a JPEG without Adobe's marker."""
    start = jpeg.index(b"\xff\xee")
    return jpeg[:start] + jpeg[start + 2 + int.from_bytes(jpeg[start + 2 : start + 4], "big") :]


def exif(orientation: int, order: str, kind: int) -> bytes:
    """Return EXIF with an orientation, of a byte order and type (1 BYTE, 3 SHORT, 4 LONG)."""
    code = {1: "B3x", 3: "H2x", 4: "I"}[kind]
    entry = struct.pack(f"{order}HHI{code}", 274, kind, 1, orientation)
    mark = b"II" if order == "<" else b"MM"
    return b"Exif\0\0" + mark + struct.pack(order + "HIH", 42, 8, 1) + entry + bytes(4)


def _jpeg_orientations() -> Iterator[Cell]:
    # Uniform blocks of 8 x 8, so that rotation and JPEG coding commute.
    tiles = np.repeat(np.repeat(_RGBA[:5, :7, :3], 8, 0), 8, 1)
    whole = encoded(Image.fromarray(tiles), "JPEG", quality=100, subsampling=0)
    for order, kind, orientation in itertools.product("<>", (1, 3, 4), range(10)):
        body = exif(orientation, order, kind)
        app1 = b"\xff\xe1" + struct.pack(">H", len(body) + 2) + body
        name = (
            f"JPEG orientation {orientation} of type {kind}, {'little' if order == '<' else 'big'}"
        )
        right = upright(tiles.astype(float), orientation)
        yield Cell(name, "jpg", whole[:2] + app1 + whole[2:], right, 3.0, browser=True)


def _webp() -> Iterator[Cell]:
    shown, white = _RGBA[..., :3].astype(float), over_white(_RGBA[..., :3], _RGBA[..., 3] / 255)
    rgba = Image.fromarray(_RGBA)
    exact: Choices = {"lossless": True, "exact": True}
    data = encoded(_RGB, "WEBP", **exact)
    yield Cell("WebP lossless", "webp", data, shown, browser=True)
    data = encoded(rgba, "WEBP", **exact)
    yield Cell("WebP lossless with alpha", "webp", data, white, 2.0, browser=True)
    for name, image in {"WebP lossy": _RGB, "WebP lossy with alpha": rgba}.items():
        yield Cell(name, "webp", encoded(image, "WEBP", quality=100), None, 2.0, browser=True)
    for name, image, right in (("AVIF", _RGB, shown), ("AVIF with alpha", rgba, white)):
        data = encoded(image, "AVIF", quality=100, subsampling="4:4:4", speed=10)
        yield Cell(name, "avif", data, right, 3.0, browser=True, magick=False)
    data = encoded(_RGB, "WEBP", save_all=True, append_images=[_RGB.rotate(180)], **exact)
    yield Cell("WebP animated", "webp", data, shown, browser=True, magick=False)
    for orientation in range(10):
        data = encoded(_RGB, "WEBP", exif=exif(orientation, "<", 3), **exact)
        right = upright(shown, orientation)
        yield Cell(f"WebP orientation {orientation}", "webp", data, right, browser=True)


def _jpeg_2000() -> Iterator[Cell]:
    pictures: dict[str, tuple[Image.Image, Pixels]] = {
        "RGB": (_RGB, _RGBA[..., :3].astype(float)),
        "gray": (Image.fromarray(_RGBA[..., 0].copy()), as_rgb(_RGBA[..., :1], 8)),
        "gray 16 bits": (Image.fromarray(samples(1, 16)[..., 0]), as_rgb(samples(1, 16), 16)),
        "RGBA": (Image.fromarray(_RGBA), over_white(_RGBA[..., :3], _RGBA[..., 3] / 255)),
    }
    for (name, (image, shown)), bare in itertools.product(pictures.items(), (False, True)):
        suffix = "j2k" if bare else "jp2"
        data = encoded(image, "JPEG2000", irreversible=False, no_jp2=bare)
        yield Cell(f"{suffix.upper()} {name}", suffix, data, shown)


def _profiles() -> Iterator[Cell]:
    colors = _RGBA[..., :3].reshape(-1, 3)
    kinds: dict[str, Choices] = {"PNG": {}, "TIFF": {}, "WEBP": {"lossless": True}}
    spaces = {"Adobe RGB": icc.ADOBE_RGB, "Display P3": icc.DISPLAY_P3, "sRGB": icc.SRGB}
    for (space, matrix), (kind, options) in itertools.product(spaces.items(), kinds.items()):
        right = icc.matrix_colors(colors, matrix, 1.8).reshape(HEIGHT, -1, 3)
        data = encoded(_RGB, kind, icc_profile=icc.matrix_profile(matrix, 1.8), **options)
        name = f"{kind} profile {space} of gamma 1.8"
        yield Cell(name, kind.lower(), data, right, 3.0, browser=kind != "TIFF", magick=False)
    gray, profile = Image.fromarray(_RGBA[..., 0].copy()), icc.gray_profile(1.4)
    right = icc.gray_levels(_RGBA[..., 0].ravel(), 1.4).reshape(HEIGHT, -1, 3)
    kinds = {"PNG": {}, "TIFF": {}, "JPEG": {"quality": 100}}
    for kind, options in kinds.items():
        data, name = encoded(gray, kind, icc_profile=profile, **options), f"{kind} gray profile"
        yield Cell(name, kind.lower(), data, right, 5.0, browser=kind != "TIFF", magick=False)
