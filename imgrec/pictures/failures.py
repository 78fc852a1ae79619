"""Reason codes: why a file could not be read, derived from whatever its decoder raises or prints.

Pillow has some forty decoders, many in Python, and their exceptions are of any type. All are
translated here into a `PictureError` with one of the codes in `REASONS`, so that no file can end a
run with an unexpected exception.
"""

import logging
import os
import threading
import warnings
from collections.abc import Iterator
from contextlib import contextmanager

from PIL import Image, UnidentifiedImageError

from imgrec.errors import PictureError
from imgrec.pictures.refusals import why_failed, why_unidentified

REASONS = {
    "empty": "the file has 0 bytes",
    "not-an-image": "the content is not of a known picture format",
    "truncated": "the file ends too early",
    "damaged": "the decoder reported an error",
    "too-large": "more pixels or bytes than the limit",
    "unsupported": "of a kind, or a variant of a format, that is not read; the message names it",
    "unreadable": "the file cannot be opened or read",
    "timeout": "decoding exceeded the time limit",
    "crashed": "the decoder crashed its process",
    "not-encoded": "it was decoded, and an encoder failed on it",
}
# Without a handler, Python prints what Pillow logs about odd files to stderr.
logging.getLogger("PIL").addHandler(logging.NullHandler())
_stderr = threading.Lock()


@contextmanager
def translated(data: bytes = b"") -> Iterator[None]:
    """Translate any exception in this block into a PictureError, and suppress warnings.

    Args:
        data: the bytes being decoded, to explain why they were not recognized.

    Raises:
        PictureError: its code is one of `REASONS`.
    """
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        try:
            yield
        except PictureError:
            raise
        except UnidentifiedImageError as error:
            raise PictureError(*why_unidentified(data)) from error
        except Image.DecompressionBombError as error:
            raise PictureError("too-large", str(error)) from error
        # A decoder may raise an exception of any type.
        except Exception as error:
            raise PictureError(*why_failed(error, data)) from error


@contextmanager
def muffled() -> Iterator[None]:
    """Redirect file descriptor 2 to the null device: libtiff prints its errors there.

    The descriptor belongs to the whole process, so only one thread at a time is in this block.
    """
    with _stderr:
        try:
            kept = os.dup(2)
        # The process was started without a stderr.
        except OSError:
            yield
            return
        try:
            nothing = os.open(os.devnull, os.O_WRONLY)
            os.dup2(nothing, 2)
            os.close(nothing)
            yield
        finally:
            os.dup2(kept, 2)
            os.close(kept)
