"""The exceptions of imgrec: one tree.

`ImgrecError` is the root of what a user can cause and mend, so one `except ImgrecError` catches all
of it. A wrong argument of a Python call is a `WrongTypeError` or a `WrongValueError`, which are a
`TypeError` and a `ValueError` too. The text of each says what is wrong, the value, and what to do,
in one line, because commands print just that line.
"""


def cause_of(error: Exception) -> str:
    """Return what an error says, without the number and the path that the system puts around it.

    A message that names the file itself then reads as a sentence of one language.
    """
    return getattr(error, "strerror", None) or str(error)


class ImgrecError(Exception):
    """A state that the user can mend; commands print its text as one line and exit with 2."""


class WrongTypeError(ImgrecError, TypeError):
    """An argument has a type that means nothing there; the text names the argument."""


class WrongValueError(ImgrecError, ValueError):
    """An argument has a value that is out of range or unknown; the text names the argument."""


class StoreError(ImgrecError):
    """The store is absent, damaged, locked, of another format, or lacks what was asked for."""


class EncoderError(ImgrecError):
    """An encoder is unknown, or its weights cannot be loaded or do not match it."""


class WorkersError(ImgrecError):
    """Worker processes cannot be started, or one was killed: this machine's memory is too small."""


class PictureError(ImgrecError):
    """A file cannot be decoded as a picture.

    Attributes:
        reason: the code that the catalog stores, one of `imgrec.pictures.decoding.REASONS`.
    """

    def __init__(self, reason: str, message: str) -> None:
        super().__init__(message)
        self.reason = reason

    def __reduce__(self) -> tuple[type["PictureError"], tuple[str, str]]:
        return type(self), (self.reason, str(self))


class MemoryShortageError(PictureError):
    """Memory does not suffice to decode a picture that is within the limits.

    It says nothing about the file: in the catalog the picture stays as it is, and the next run
    reads it again.
    """

    def __init__(self, message: str) -> None:
        super().__init__("no-memory", message)

    def __reduce__(self) -> tuple[type["MemoryShortageError"], tuple[str]]:  # type: ignore[override]
        return type(self), (str(self),)
