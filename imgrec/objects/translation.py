"""Translates what obstore raises into errors of ours, of one line and without credentials.

obstore tells apart what is absent, refused or changed. All else is one class, whose text alone says
whether the same request may succeed later. That text may hold the address of the request, with a
signature in its query, and the server's answer, which may name a key: both are left out.
"""

import re
from collections.abc import Iterator
from contextlib import contextmanager

from imgrec.errors import cause_of
from imgrec.objects.errors import (
    ChangedObjectError,
    MissingObjectError,
    ObjectError,
    PassingObjectError,
    UnnamedObjectError,
)
from imgrec.system.file_names import printable

# A lost connection; an answer that says the server is busy or has failed.
_PASSING = re.compile(r"HTTP error|status code: (5\d\d|429)", re.IGNORECASE)
_SERVER = re.compile(r"https?://[^/\s]+")
_QUERY = re.compile(r"\?[^\s)]*")
_LONGEST = 300
_REFUSED = re.compile(r"status code: 40[13]")
_CREDENTIALS = (
    "credentials come from the environment, such as AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY "
    "(AWS_SKIP_SIGNATURE=true for a public bucket)"
)


@contextmanager
def translated(where: str) -> Iterator[None]:
    """Raise errors of ours for those of obstore; `AlreadyExistsError` is left to the caller.

    Args:
        where: the address that is asked for, for the text of an error.

    Raises:
        MissingObjectError: nothing is there.
        ChangedObjectError: it is not the version that was asked for.
        PassingObjectError: the connection was lost, or the server is busy.
        UnnamedObjectError: the key, or one of those that are listed, is no path.
        ObjectError: refused, or any other failure.
    """
    from obstore.exceptions import (
        AlreadyExistsError,
        BaseError,
        NotFoundError,
        PermissionDeniedError,
        PreconditionError,
        UnauthenticatedError,
    )

    where = printable(where)
    try:
        yield
    except AlreadyExistsError:
        raise
    except PreconditionError as error:
        raise ChangedObjectError(f"{where} changed while it was read") from error
    except (NotFoundError, FileNotFoundError) as error:
        raise MissingObjectError(f"there is no {where}") from error
    except (PermissionDeniedError, UnauthenticatedError, PermissionError) as error:
        raise refused(where) from error
    except (BaseError, OSError, ValueError) as error:
        raise _other(where, error) from error


def refused(where: str) -> ObjectError:
    """Return the error of what credentials do not allow."""
    return ObjectError(f"{where} is refused: {_CREDENTIALS}")


def _other(where: str, error: Exception) -> ObjectError:
    why = _first_line(error)
    if _PASSING.search(why):
        return PassingObjectError(f"{where} cannot be reached ({why})")
    if _REFUSED.search(why):
        return refused(where)
    if "status code: 404" in why:
        return MissingObjectError(f"there is no {where}")
    if "non-partial response" in why:
        return ObjectError(
            f"{where} was answered whole where a range of it was asked for: this storage does not "
            "answer ranges, which tar files and --no-vectors need"
        )
    if "Missing" in why or "metadata endpoint" in why or "169.254.169.254" in why:
        return ObjectError(f"{where} cannot be asked ({why}): {_CREDENTIALS}")
    if "arsing path" in why or "path segment" in why or "parse path" in why:
        return UnnamedObjectError(
            f"{where} holds or names an object whose key cannot be read ({why}): rename it, or "
            "name a prefix without it"
        )
    return ObjectError(f"{where} cannot be reached ({why})")


def _first_line(error: Exception) -> str:
    line = (cause_of(error).strip().splitlines() or [type(error).__name__])[0]
    # Behind the last dash is what went wrong, before it the request.
    request, _, wrong = line.partition("<")[0].rpartition(" - ")
    server = _SERVER.search(request)
    told = f"{wrong.strip(' :')}{f', {server[0]}' if server else ''}"
    # A key may hold what a terminal obeys.
    return printable(_QUERY.sub("", told))[:_LONGEST]
