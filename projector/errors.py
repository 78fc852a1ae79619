"""The error of this package."""

from imgrec.errors import ImgrecError


class ProjectorError(ImgrecError):
    """A logdir cannot be made, replaced or served as asked."""
