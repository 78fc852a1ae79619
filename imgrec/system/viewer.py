"""Open files in the program that the system shows them with.

Paths may come from a store of somebody else, and "open" means "run" for some files. So only regular
files with a suffix of pictures are opened, by absolute path, without a shell.
"""

import os
import shutil
import subprocess
import sys
from collections.abc import Collection, Mapping, Sequence
from pathlib import Path

from imgrec.errors import ImgrecError, cause_of

# Beyond so many windows nobody sees more.
MOST_OPENED = 20
# A viewer that could not be started says so within this time.
_WAIT_S = 5.0
_INSTEAD = "use --paths, or --grid FILE.png"


def viewer_command(
    platform: str = sys.platform, environment: Mapping[str, str] = os.environ
) -> tuple[str, ...]:
    """Return the command that opens files given to it; empty on Windows, which has a call.

    Raises:
        ImgrecError: this machine has none, or no screen.
    """
    if platform == "win32":
        return ()
    if platform == "darwin":
        return ("open",)
    # wslview opens the programs of Windows from its Linux.
    found = next(filter(shutil.which, ("xdg-open", "wslview")), None)
    if found is None:
        raise ImgrecError(f"--open: no viewer is here, xdg-open is not installed: {_INSTEAD}")
    if found == "xdg-open" and not {"DISPLAY", "WAYLAND_DISPLAY"} & environment.keys():
        raise ImgrecError(f"--open: there is no screen here (DISPLAY is not set): {_INSTEAD}")
    return (found,)


def check_viewable(files: Sequence[str], suffixes: Collection[str]) -> list[Path]:
    """Return files as paths after a check that each is one that a viewer should get.

    Args:
        files: absolute paths.
        suffixes: of pictures, in lower case, with the dot.

    Raises:
        ImgrecError: there are too many, or one is absent or no picture by its name.
    """
    if len(files) > MOST_OPENED:
        raise ImgrecError(
            f"--open: {len(files):,} pictures are too many windows: ask for up to {MOST_OPENED} "
            "by -k"
        )
    paths = [Path(file) for file in files]
    for path in paths:
        if not path.is_absolute() or path.suffix.lower() not in suffixes:
            raise ImgrecError(f"--open: {path} is no picture by its name: {_INSTEAD}")
        if not path.is_file():
            raise ImgrecError(f"--open: {path} is not there: {_INSTEAD}")
    return paths


def open_files(command: Sequence[str], files: Sequence[Path]) -> None:
    """Open files, each by itself, but all at once with `open` of macOS.

    Raises:
        ImgrecError: the viewer cannot be started, or says that it failed.
    """
    if not command:
        for file in files:
            os.startfile(file)  # type: ignore[attr-defined]
        return
    together = command == ("open",)
    for group in [list(files)] if together and files else [[file] for file in files]:
        _start([*command, *map(str, group)])


def _start(command: Sequence[str]) -> None:
    """Start a viewer in a session of its own; wait briefly for it to say that it failed."""
    try:
        process = subprocess.Popen(
            command,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            start_new_session=True,
        )
        code = process.wait(_WAIT_S)
    except subprocess.TimeoutExpired:
        # It shows the picture until its window is closed.
        return
    except OSError as error:
        raise ImgrecError(
            f"--open: {command[0]} cannot be started ({cause_of(error)}): {_INSTEAD}"
        ) from error
    if code:
        raise ImgrecError(f"--open: {command[0]} ended with {code}: {_INSTEAD}")
