"""The exception of this package."""

from imgrec.errors import ImgrecError


class ProjectorError(ImgrecError):
    """A logdir cannot be written, replaced or served."""
