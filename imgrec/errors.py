"""The errors of imgrec: one small tree, each text says what, the value and what to do."""


class ImgrecError(Exception):
    """A state the user can mend; commands print it as one line and exit with 2."""


class StoreError(ImgrecError):
    """The store is absent, damaged, busy, of another format or lacks what was asked for."""


class EncoderError(ImgrecError):
    """An encoder is unknown, or its weights cannot be had or do not fit."""


class PictureError(ImgrecError):
    """A file could not be read as a picture.

    Attributes:
        reason: the code kept in the catalog, one of `imgrec.pictures.decoding.REASONS`.
    """

    def __init__(self, reason: str, message: str) -> None:
        super().__init__(message)
        self.reason = reason

    def __reduce__(self) -> tuple[type["PictureError"], tuple[str, str]]:
        return type(self), (self.reason, str(self))
