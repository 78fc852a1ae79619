"""The tensor file of the projector: raw float32, little-endian, row by row."""

import numpy as np
from numpy.typing import NDArray


def tensor_bytes(columns: NDArray[np.float32]) -> bytes:
    """Return the bytes of a tensor file of rows (n, c).

    TensorBoard reads the file as text first, line by line, and takes it as binary when a line
    is no valid UTF-8: all zeros pass as text, and a line break before the first invalid byte
    is an internal error. No text begins with the byte 0xFF, therefore the first byte always
    is. It is the lowest of a mantissa: a value moves by at most 2**-15 of its size (and by
    less than 1e-42 where it is 0). All of the first column moves by this rule, so that values
    that are equal stay equal: the page would stretch the smallest difference over the screen.

    Source: `_read_tensor_tsv_file` of tensorboard/plugins/projector/projector_plugin.py.
    """
    words = columns.astype("<f4").view("<u4")  # (n, c)
    words[:, 0] |= 0xFF
    return words.tobytes()
