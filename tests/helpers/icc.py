"""ICC profiles built by hand, and the sRGB values of their colors, computed with numpy.

Source: ICC.1:2001-04 (version 2); matrices adapted to D50 by Bradford's method.
"""

import struct

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]

SRGB = np.array(
    [[0.43607, 0.38515, 0.14307], [0.22249, 0.71687, 0.06061], [0.01392, 0.09708, 0.71410]]
)
ADOBE_RGB = np.array(
    [[0.60974, 0.20528, 0.14919], [0.31111, 0.62567, 0.06322], [0.01947, 0.06087, 0.74457]]
)
DISPLAY_P3 = np.array(
    [[0.51512, 0.29198, 0.15710], [0.24120, 0.69225, 0.06657], [-0.00105, 0.04189, 0.78407]]
)
D50 = np.array([0.9642, 1.0, 0.8249])
# Combinations of the CMYK profile: each of four inks is full or absent.
INKS = 16


def srgb_of(linear_xyz: Floats) -> Floats:
    """Return sRGB values (m, 3), 0 to 255, for XYZ under D50 (m, 3)."""
    linear = np.clip(linear_xyz @ np.linalg.inv(SRGB).T, 0, 1)
    encoded = np.where(linear <= 0.0031308, 12.92 * linear, 1.055 * linear ** (1 / 2.4) - 0.055)
    return encoded * 255


def matrix_colors(colors: NDArray[np.uint8], matrix: Floats, gamma: float) -> Floats:
    """Return sRGB values (m, 3) of colors (m, 3) under a profile by `matrix_profile`."""
    return srgb_of((colors / 255) ** gamma @ matrix.T)


def gray_levels(levels: NDArray[np.uint8], gamma: float) -> Floats:
    """Return sRGB values (m, 3) of gray levels (m,) under a profile by `gray_profile`."""
    return srgb_of(((levels / 255) ** gamma)[:, None] * D50)


def ink_colors(lab: NDArray[np.int_]) -> Floats:
    """Return sRGB values (m, 3) for CIELAB under D50 (m, 3)."""
    y = (lab[:, 0] + 16) / 116
    f = np.stack([y + lab[:, 1] / 500, y, y - lab[:, 2] / 200], -1)
    xyz = np.where(f > 6 / 29, f**3, 3 * (6 / 29) ** 2 * (f - 4 / 29)) * D50
    return srgb_of(xyz)


def matrix_profile(matrix: Floats, gamma: float, name: str = "made by hand") -> bytes:
    """Return an RGB profile whose primaries are the columns of `matrix` (3, 3)."""
    tags = {f"{c}XYZ": _xyz(column) for c, column in zip("rgb", matrix.T, strict=True)}
    curves = {f"{c}TRC": _gamma(gamma) for c in "rgb"}
    return _profile(b"RGB ", b"XYZ ", {**tags, **curves, "wtpt": _xyz(D50)}, name)


def srgb_profile(name: str) -> bytes:
    """Return an sRGB profile of any name, with its curve as a table."""
    steps = np.linspace(0, 1, 1024)
    linear = np.where(steps <= 0.04045, steps / 12.92, ((steps + 0.055) / 1.055) ** 2.4)
    table = np.rint(linear * 65535).astype(">u2").tobytes()
    tags = {f"{c}XYZ": _xyz(column) for c, column in zip("rgb", SRGB.T, strict=True)}
    curves = {f"{c}TRC": b"curv\0\0\0\0" + struct.pack(">I", 1024) + table for c in "rgb"}
    return _profile(b"RGB ", b"XYZ ", {**tags, **curves, "wtpt": _xyz(D50)}, name)


def gray_profile(gamma: float) -> bytes:
    """Return a gray profile with a gamma curve."""
    return _profile(b"GRAY", b"XYZ ", {"kTRC": _gamma(gamma), "wtpt": _xyz(D50)}, "gray")


def cmyk_profile(lab: NDArray[np.int_]) -> bytes:
    """Return a CMYK profile by CIELAB (16, 3) of no ink, K, Y, YK, M, …, CMYK; linear between."""
    identity = bytes(range(256))
    head = b"mft1\0\0\0\0" + bytes([4, 3, 2, 0])
    head += struct.pack(">9i", *(65536 * int(k) for k in np.eye(3).ravel()))
    cells = np.stack([np.rint(lab[:, 0] * 2.55), lab[:, 1] + 128, lab[:, 2] + 128], -1)
    table = head + identity * 4 + cells.astype(np.uint8).tobytes() + identity * 3
    return _profile(b"CMYK", b"Lab ", {"A2B0": table, "wtpt": _xyz(D50)}, "inks", b"prtr")


def _xyz(values: Floats) -> bytes:
    return b"XYZ \0\0\0\0" + struct.pack(">3i", *(round(float(v) * 65536) for v in values))


def _gamma(gamma: float) -> bytes:
    return b"curv\0\0\0\0" + struct.pack(">IH", 1, round(gamma * 256))


def _profile(
    space: bytes, between: bytes, tags: dict[str, bytes], name: str, kind: bytes = b"mntr"
) -> bytes:
    text = name.encode() + b"\0"
    described = b"desc\0\0\0\0" + struct.pack(">I", len(text)) + text + bytes(78)
    tags = {"desc": described, "cprt": b"text\0\0\0\0none\0", **tags}
    directory, body = struct.pack(">I", len(tags)), b""
    start = 128 + 4 + 12 * len(tags)
    for tag, content in tags.items():
        directory += tag.encode() + struct.pack(">II", start + len(body), len(content))
        body += content + bytes(-len(content) % 4)
    head = struct.pack(">I4sI4s4s4s", start + len(body), b"none", 0x02100000, kind, space, between)
    head += struct.pack(">6H4s", 2026, 1, 1, 0, 0, 0, b"acsp").ljust(44, b"\0")
    head += struct.pack(">3i", *(round(float(v) * 65536) for v in D50))
    return head.ljust(128, b"\0") + directory + body
