"""What can go wrong with object storage, in words a user can act on."""

from imgrec.errors import ImgrecError


class ObjectError(ImgrecError):
    """Object storage cannot be reached, refuses, or lacks what was asked for."""


class MissingObjectError(ObjectError):
    """There is no object of this key."""


class ChangedObjectError(ObjectError):
    """The object is not the version that was asked for."""


class PassingObjectError(ObjectError):
    """A connection was lost, or the server is busy: the same request may succeed later."""


class LargeObjectError(ObjectError):
    """The object is larger than what was asked for."""


class UnnamedObjectError(ObjectError):
    """A key cannot be asked for: it has an empty part, `.` or `..`, or a control character."""
