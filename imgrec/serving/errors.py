"""Why a request is refused: each error has the status code of HTTP that says so."""

from imgrec.errors import ImgrecError


class RequestError(ImgrecError):
    """A request that cannot be answered; its text is one line for the person who asked.

    Attributes:
        status: status code of HTTP.
    """

    status = 400


class NotAllowedError(RequestError):
    """The request is not from the page, or not for this server."""

    status = 403


class NotFoundError(RequestError):
    """There is no such picture, collection or route."""

    status = 404


class GoneError(RequestError):
    """A cursor or an upload was dropped; ask or upload again."""

    status = 410


class TooLargeError(RequestError):
    """The body is larger than the server takes."""

    status = 413


class MediaTypeError(RequestError):
    """The body is of another type than the route takes."""

    status = 415


class BusyError(RequestError):
    """Too much is being worked on at once; ask again in a moment."""

    status = 503
