"""The pixels of a Pillow image as an array that shares its memory.

Pillow stores a pixel of RGB in four bytes, of which the last means nothing. `numpy.asarray` copies
them into three bytes each; here they are read where they lie. Pillow exports its memory by the
Arrow C data interface, of which NumPy knows nothing, so the two structures are read by ctypes.
Where Pillow exports none (before 11.3, or of an image that does not lie in one piece), the pixels
are copied.

Source: the Arrow C data interface, https://arrow.apache.org/docs/format/CDataInterface.html.
"""

import ctypes
from math import prod
from typing import Any

import numpy as np
from numpy.typing import NDArray
from PIL import Image

_BYTES = 4


class _ArrowArray(ctypes.Structure):
    """`struct ArrowArray`."""


_ArrowArray._fields_ = [
    *((name, ctypes.c_int64) for name in ("length", "null_count", "offset")),
    *((name, ctypes.c_int64) for name in ("n_buffers", "n_children")),
    ("buffers", ctypes.POINTER(ctypes.c_void_p)),
    ("children", ctypes.POINTER(ctypes.POINTER(_ArrowArray))),
    *((name, ctypes.c_void_p) for name in ("dictionary", "release", "private_data")),
]
_address_in = ctypes.pythonapi.PyCapsule_GetPointer
_address_in.argtypes, _address_in.restype = [ctypes.py_object, ctypes.c_char_p], ctypes.c_void_p


class _Exported:
    """What NumPy makes an array of; it keeps the memory alive as long as the array lives."""

    def __init__(self, owner: object, address: int, shape: tuple[int, ...]) -> None:
        self.owner = owner
        self.__array_interface__ = {
            "version": 3, "data": (address, True), "shape": shape, "typestr": "|u1",
        }  # fmt: skip


def pixels_of(image: Image.Image) -> NDArray[np.uint8]:
    """Return the pixels of an RGB image, (h, w, 4) uint8; the last byte of each means nothing.

    The array is read-only, and shares the memory of the image where that is possible: it shows
    what is drawn into the image later.

    Raises:
        ValueError: the image is of another mode.
    """
    if image.mode != "RGB":
        raise ValueError(f"pixels are read of RGB, not of {image.mode}: convert the image")
    try:
        _, array = image.__arrow_c_array__()
        return np.asarray(_exported(array, (image.height, image.width, _BYTES)))
    except (AttributeError, ValueError):
        return np.asarray(image.convert("RGBX"))


def _exported(capsule: Any, shape: tuple[int, ...]) -> _Exported:
    """Return the memory of an exported array of pixels.

    Raises:
        ValueError: it has another layout than pixels of four bytes.
    """
    array = _ArrowArray.from_address(_address_in(capsule, b"arrow_array"))
    values = array.children[0].contents if array.n_children == 1 else None
    if values is None or array.offset or values.offset or values.length != prod(shape):
        raise ValueError("the memory of the image has another layout")
    return _Exported(capsule, values.buffers[1], shape)
