"""TIFF cells: photometric interpretation, sample, byte order, planes, compression, alpha, tags."""

from collections.abc import Iterator
from itertools import product

import numpy as np

from matrix.cells import RAMPS, Cell, Pixels, Samples, as_rgb, over_white, samples
from matrix.tiff_files import (
    BYTE,
    CMYK,
    DEFLATE,
    FLOAT,
    LONG,
    LZW,
    MIN_IS_BLACK,
    MIN_IS_WHITE,
    NONE,
    PACKBITS,
    PALETTE,
    RGB,
    SHORT,
    SIGNED,
    YCBCR,
    Layout,
    Order,
    Tags,
    tiff,
)

ORIENTATION, COLOR_MAP, EXTRA_SAMPLES, SUBSAMPLING = 274, 320, 338, 530
_ORDERS: tuple[Order, ...] = ("<", ">")
_PACKINGS = {NONE: "", LZW: ", LZW", DEFLATE: ", deflate", PACKBITS: ", PackBits"}
_ALPHAS = ("unspecified sample", "associated alpha", "unassociated alpha")


def cells() -> Iterator[Cell]:
    """Yield the combinations of photometric interpretation and sample with layouts and tags."""
    for order, compression in product(_ORDERS, _PACKINGS):
        yield from _grays(order, compression)
        yield from _wide(order, compression)
        yield from _palettes(order, compression)
        for planar in (False, True):
            yield from _colors(order, compression, planar)
            yield from _alphas(order, compression, planar)
    for order, compression, bits in product(_ORDERS, (LZW, DEFLATE), (8, 16)):
        layout = Layout(RGB, bits, order, compression, predictor=True)
        values = samples(3, bits)
        yield _cell(f"RGB {bits} bits, predictor", values, layout, as_rgb(values, bits))
    for order, big in product(_ORDERS, (False, True)):
        yield from _orientations(order, big)


def _cell(what: str, values: Samples, layout: Layout, shown: Pixels, near: float = 1.0) -> Cell:
    order = "little" if layout.order == "<" else "big"
    planes = ", planar" if layout.planar else ""
    kind = "BigTIFF" if layout.big else "TIFF"
    name = f"{kind} {what}, {order}{_PACKINGS[layout.compression]}{planes}"
    return Cell(name, "tif", tiff(values, layout), shown, near)


def _grays(order: Order, compression: int) -> Iterator[Cell]:
    for photometric, bits in product((MIN_IS_WHITE, MIN_IS_BLACK), (1, 2, 4, 8, 12, 16, 32)):
        values = samples(1, bits)
        shown = as_rgb(values, bits)
        shown = 255 - shown if photometric == MIN_IS_WHITE else shown
        layout = Layout(photometric, bits, order, compression)
        yield _cell(f"gray {bits} bits, photometric {photometric}", values, layout, shown)


def _wide(order: Order, compression: int) -> Iterator[Cell]:
    """Yield floats in 0 to 1, and signed integers, which are stretched."""
    kinds = product((MIN_IS_WHITE, MIN_IS_BLACK, RGB), (16, 32, 64))
    for photometric, bits in kinds:
        values = RAMPS[..., : 3 if photometric == RGB else 1].astype(f"f{bits // 8}")
        shown = as_rgb(values * 255.0, 8)
        shown = 255 - shown if photometric == MIN_IS_WHITE else shown
        layout = Layout(photometric, bits, order, compression, kind=FLOAT)
        yield _cell(f"{bits}-bit floats, photometric {photometric}", values, layout, shown)
    for bits in (8, 16, 32):
        values = np.rint((RAMPS[..., :1] * 2 - 1) * (2 ** (bits - 1) - 1)).astype(f"i{bits // 8}")
        layout = Layout(MIN_IS_BLACK, bits, order, compression, kind=SIGNED)
        yield _cell(f"signed {bits} bits", values, layout, as_rgb(RAMPS[..., :1] * 255.0, 8))


def _palettes(order: Order, compression: int) -> Iterator[Cell]:
    for bits in (1, 2, 4, 8):
        colors = (np.arange(3 * 2**bits) * 7919 % 65536).reshape(3, -1)
        tags: Tags = {COLOR_MAP: (SHORT, colors.ravel().tolist())}
        indexes = samples(1, bits)
        layout = Layout(PALETTE, bits, order, compression, tags=tags)
        shown = colors[:, indexes[..., 0]].transpose(1, 2, 0) / 257
        yield _cell(f"palette {bits} bits", indexes, layout, shown)
        tags = {COLOR_MAP: (SHORT, (colors // 257).ravel().tolist())}
        layout = Layout(PALETTE, bits, order, compression, tags=tags)
        what = f"palette {bits} bits, of 8-bit colors"
        yield _cell(what, indexes, layout, shown // 1)


def _colors(order: Order, compression: int, planar: bool) -> Iterator[Cell]:
    for bits in (8, 16, 32):
        values = samples(3, bits)
        layout = Layout(RGB, bits, order, compression, planar)
        yield _cell(f"RGB {bits} bits", values, layout, as_rgb(values, bits))
    for bits in (8, 16):
        inks = samples(4, bits)
        absent = 1 - inks / (2**bits - 1)
        layout = Layout(CMYK, bits, order, compression, planar)
        yield _cell(f"CMYK {bits} bits", inks, layout, absent[..., :3] * absent[..., 3:] * 255, 2.0)
    values = samples(3, 8)
    layout = Layout(YCBCR, 8, order, compression, planar, tags={SUBSAMPLING: (SHORT, [1, 1])})
    yield _cell("YCbCr", values, layout, _of_ycbcr(values), 2.0)
    if compression == NONE and not planar:
        layout = Layout(YCBCR, 8, order, tags={SUBSAMPLING: (SHORT, [2, 2])})
        yield _cell("YCbCr with subsampled chroma", values, layout, _of_ycbcr(values))


def _of_ycbcr(values: Samples) -> Pixels:
    """Return RGB (h, w, 3) of YCbCr with Rec. 601 luma (h, w, 3)."""
    y, cb, cr = np.moveaxis(values.astype(float), -1, 0)
    red, blue = y + 1.402 * (cr - 128), y + 1.772 * (cb - 128)
    green = (y - 0.299 * red - 0.114 * blue) / 0.587
    shown: Pixels = np.clip(np.stack([red, green, blue], -1), 0, 255)
    return shown


def _alphas(order: Order, compression: int, planar: bool) -> Iterator[Cell]:
    """Yield RGB and gray with an extra sample: unspecified, associated and unassociated alpha."""
    for bits, channels, extra in product((8, 16), (3, 1), range(3)):
        values = np.rint(RAMPS[..., [*range(channels), 3]] * (2**bits - 1))
        alpha = values[..., -1] / (2**bits - 1)
        shown = as_rgb(values[..., :channels], bits)
        if extra == 1:
            values[..., :channels] = np.rint(values[..., :channels] * alpha[..., None])
        shown = over_white(shown, alpha) if extra else shown
        photometric = RGB if channels == 3 else MIN_IS_BLACK
        tags: Tags = {EXTRA_SAMPLES: (SHORT, [extra])}
        layout = Layout(photometric, bits, order, compression, planar, tags=tags)
        what = f"{'RGB' if channels == 3 else 'gray'} {bits} bits, {_ALPHAS[extra]}"
        yield _cell(what, values.astype(np.uint16), layout, shown, 2.0)


def _orientations(order: Order, big: bool) -> Iterator[Cell]:
    values = samples(3, 8)
    for kind, orientation in product((BYTE, SHORT, LONG), range(10)):
        layout = Layout(RGB, 8, order, big=big, tags={ORIENTATION: (kind, [orientation])})
        shown = upright(as_rgb(values, 8), orientation)
        yield _cell(f"orientation {orientation} of type {kind}", values, layout, shown, 0.0)


def upright(pixels: Pixels, orientation: int) -> Pixels:
    """Return stored pixels (h, w, 3) as an EXIF orientation says they are to be shown."""
    if orientation in (5, 6, 7, 8):
        pixels = pixels.transpose(1, 0, 2)
    # Rows and columns are stored in the opposite direction.
    down = -1 if orientation in (3, 4, 7, 8) else 1
    across = -1 if orientation in (2, 3, 6, 7) else 1
    return pixels[::down, ::across]
