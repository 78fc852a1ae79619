"""Files of formats that Pillow reads and does not write, built from the format descriptions.

All show the same picture, as far as their pixels allow: see `SHOWN`.
"""

import io
import struct
from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray
from PIL import Image

WIDTH, HEIGHT = 16, 12
_Y, _X = np.mgrid[:HEIGHT, :WIDTH]
GRAY = (_Y * 16 + _X * 4).astype(np.uint8)
COLOR = np.stack([GRAY, 255 - GRAY, np.full_like(GRAY, 90)], -1)


def _sun() -> bytes:
    return (
        struct.pack(">8I", 0x59A66A95, WIDTH, HEIGHT, 24, 0, 1, 0, 0) + COLOR[..., ::-1].tobytes()
    )


def _xpm() -> bytes:
    letters = "abcdefgh"
    head = [f"{WIDTH} {HEIGHT} 8 1", *(f"{c} c #{k * 32:02x}40ff" for k, c in enumerate(letters))]
    rows = ["".join(letters[x % 8] for x in range(WIDTH))] * HEIGHT
    lines = ",\n".join(f'"{line}"' for line in head + rows)
    return f"/* XPM */\nstatic char *p[] = {{\n{lines}\n}};\n".encode()


def _fits() -> bytes:
    cards = ("SIMPLE  =                    T", "BITPIX  =                    8", "NAXIS   = 2",
             f"NAXIS1  = {WIDTH}", f"NAXIS2  = {HEIGHT}", "END")  # fmt: skip
    header = "".join(card.ljust(80) for card in cards).ljust(2880).encode()
    # FITS stores the bottom row first.
    return header + GRAY[::-1].tobytes().ljust(2880, b"\0")


def _fli() -> bytes:
    palette = struct.pack("<IHHBB", 6 + 4 + 768, 4, 1, 0, 0) + bytes(
        np.repeat(np.arange(256), 3).tolist()
    )
    pixels = struct.pack("<IH", 6 + GRAY.size, 16) + GRAY.tobytes()
    frame = struct.pack("<IHH8x", 16 + len(palette) + len(pixels), 0xF1FA, 2) + palette + pixels
    header = struct.pack("<IHHHHHHI", 128 + len(frame), 0xAF12, 1, WIDTH, HEIGHT, 8, 3, 70)
    return header.ljust(128, b"\0") + frame


def _psd() -> bytes:
    header = struct.pack(">4sH6xHIIHH", b"8BPS", 1, 3, HEIGHT, WIDTH, 8, 3)
    return header + bytes(12) + b"\0\0" + COLOR.transpose(2, 0, 1).tobytes()


def _cur() -> bytes:
    info = struct.pack("<IiiHHIIiiII", 40, WIDTH, 2 * HEIGHT, 1, 24, 0, 0, 0, 0, 0, 0)
    bitmap = info + COLOR[::-1, :, ::-1].tobytes() + bytes(4 * HEIGHT)
    entry = struct.pack("<BBBBHHII", WIDTH, HEIGHT, 0, 0, 0, 0, len(bitmap), 22)
    return struct.pack("<HHH", 0, 2, 1) + entry + bitmap


def _dcx() -> bytes:
    page = io.BytesIO()
    Image.fromarray(COLOR).save(page, "PCX")
    return struct.pack("<III", 0x3ADE68B1, 12, 0) + page.getvalue()


def _ftex() -> bytes:
    return b"FTEX" + struct.pack("<8i", 1, WIDTH, HEIGHT, 1, 1, 1, 32, COLOR.size) + COLOR.tobytes()


def _gbr() -> bytes:
    return struct.pack(">5I4sI", 29, 2, WIDTH, HEIGHT, 1, b"GIMP", 10) + b"\0" + GRAY.tobytes()


def _imt() -> bytes:
    return f"* made by hand\nwidth {WIDTH}\nheight {HEIGHT}\npixel n8\n\f".encode() + GRAY.tobytes()


def _mcidas() -> bytes:
    words = [0, 4, *[0] * 6, HEIGHT, WIDTH, 1, 0, 0, 1, *[0] * 19, 256, *[0] * 30]
    return struct.pack(">64i", *words) + GRAY.tobytes()


def _pcd() -> bytes:
    head = bytes(2048) + b"PCD_"
    # Luma of two rows, and the chroma of gray.
    two_rows = bytes([100] * 2 * 768 + [156] * 384 + [137] * 384)
    return head.ljust(96 * 2048, b"\0") + two_rows * 256


def _pixar() -> bytes:
    header = bytearray(1024)
    header[:4] = b"\x80\xe8\0\0"
    header[416:420] = struct.pack("<HH", HEIGHT, WIDTH)
    header[424:428] = struct.pack("<HH", 14, 2)
    return bytes(header) + COLOR.tobytes()


def _xvthumb() -> bytes:
    return f"P7 332\n#END_OF_COMMENTS\n{WIDTH} {HEIGHT} 255\n".encode() + GRAY.tobytes()


def _steps() -> NDArray[np.uint8]:
    shown = np.array([(k * 32, 0x40, 0xFF) for k in range(8)] * 2, np.uint8)
    return np.broadcast_to(shown, (HEIGHT, WIDTH, 3))


def _as_332() -> NDArray[np.uint8]:
    codes = GRAY.astype(int)
    parts = [(codes >> 5) * 255 // 7, (codes >> 2 & 7) * 255 // 7, (codes & 3) * 85]
    return np.stack(parts, -1).astype(np.uint8)


_AS_GRAY = np.repeat(GRAY[..., None], 3, 2)
# By Pillow's name of the format: the function that builds the file, and its pixels (h, w, 3).
FILES: dict[str, tuple[Callable[[], bytes], NDArray[np.uint8]]] = {
    "SUN": (_sun, COLOR),
    "XPM": (_xpm, _steps()),
    "FITS": (_fits, _AS_GRAY),
    "FLI": (_fli, _AS_GRAY),
    "PSD": (_psd, COLOR),
    "CUR": (_cur, COLOR),
    "DCX": (_dcx, COLOR),
    "FTEX": (_ftex, COLOR),
    "GBR": (_gbr, _AS_GRAY),
    "IMT": (_imt, _AS_GRAY),
    "MCIDAS": (_mcidas, _AS_GRAY),
    "PCD": (_pcd, np.full((512, 768, 3), round(1.3584 * 100), np.uint8)),
    "PIXAR": (_pixar, COLOR),
    "XVTHUMB": (_xvthumb, _as_332()),
}
