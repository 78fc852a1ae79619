"""Why a file could not be read: one of few codes, from whatever a decoder raises or prints."""

import logging
import os
import threading
import warnings
from collections.abc import Iterator
from contextlib import contextmanager

from PIL import Image, UnidentifiedImageError

from imgrec.errors import PictureError
from imgrec.pictures.formats import why_unidentified

REASONS = {
    "empty": "the file has no bytes",
    "not-an-image": "the content is of no picture format",
    "truncated": "the file ends too early",
    "damaged": "the decoder gave up",
    "too-large": "more pixels or bytes than the bound",
    "unsupported": "a picture format that the installed Pillow does not read",
    "unreadable": "the file cannot be opened or read",
    "timeout": "took longer than the bound",
    "crashed": "the decoder ended its process",
}
_TRUNCATED = ("truncated", "end of file", "unexpected eof", "not enough image data")
_UNSUPPORTED = ("not supported", "unsupported", "unimplemented", "unknown", "cannot handle",
                "not available")  # fmt: skip
# Pillow logs what it finds odd about a file, which without a handler goes to stderr.
logging.getLogger("PIL").addHandler(logging.NullHandler())
_stderr = threading.Lock()


@contextmanager
def translated(data: bytes = b"") -> Iterator[None]:
    """Turn what a decoder of `data` raises into a PictureError; its warnings are not shown.

    Raises:
        PictureError: with one of `REASONS`.
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
        except MemoryError as error:
            raise PictureError("too-large", "not enough memory to decode it") from error
        except Exception as error:  # forty decoders, many in Python: any kind there is
            raise PictureError(reason_of(error), str(error) or type(error).__name__) from error


@contextmanager
def muffled() -> Iterator[None]:
    """Let C code print nothing: libtiff tells stderr of each fault, and takes no handler here.

    The descriptor is the whole process's, so that one thread at a time may have it.
    """
    with _stderr:
        try:
            kept = os.dup(2)
        except OSError:  # there is none
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


def reason_of(error: Exception) -> str:
    """Return the reason code for what a decoder raised, by its words."""
    text = str(error).lower()
    if any(words in text for words in _TRUNCATED) or isinstance(error, EOFError):
        return "truncated"
    if any(words in text for words in _UNSUPPORTED):
        return "unsupported"
    return "damaged"
