"""Optional packages: what only some users need is an extra, and a missing one says how to get it.

`pip install imgrec` brings what every command needs. A package that one option needs is imported
where that option is used, behind `require`, so that the user reads one line that can be copied to a
shell instead of a traceback.
"""

from importlib.util import find_spec

from imgrec.errors import ImgrecError


def require(package: str, *, extra: str, why: str) -> None:
    """Check that an optional package is installed; it is not imported.

    Args:
        package: the name it is imported by, of the top level.
        extra: the extra of imgrec that installs it.
        why: what needs it, the beginning of the message, as "a Parquet table".

    Raises:
        ImgrecError: it is not installed; the message ends with `install_line(extra)`.
    """
    if find_spec(package) is None:
        raise ImgrecError(f"{why} needs {package}, which is not installed: {install_line(extra)}")


def install_line(extra: str) -> str:
    """Return the shell command that installs an extra: "pip install 'imgrec[redis]'"."""
    return f"pip install 'imgrec[{extra}]'"
